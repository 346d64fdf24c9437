"""A credential of an instance goes in, and only what it is known by comes out."""

import json
from typing import Any

import pytest

from channels.webpush.vapid import VapidSigner, generate_key
from tests.support.messages import DUEREN
from tests.support.service_accounts import key_file

ACCOUNT = key_file("warn-app-1")


@pytest.fixture
async def dueren(run: Any) -> None:
    assert (await run("instance", "add", "dueren", "--place", DUEREN)).exit_code == 0


async def shown(run: Any) -> Any:
    return json.loads((await run("instance", "show", "dueren", "--json")).stdout)["credentials"]


async def test_a_vapid_key_is_made_and_its_public_half_is_printed(run: Any, dueren: None, pool: Any) -> None:
    made = await run("instance", "credential", "dueren", "webpush", "--subject", "mailto:app@kreis-dueren.de")
    assert (made.exit_code, len(made.stdout.strip())) == (0, 87)
    other = await run("instance", "credential", "dueren", "webpush")
    newest, before = await shown(run)
    assert (newest["fingerprint"], newest["replaced"]) == (other.stdout.strip(), None)
    assert (before["fingerprint"], before["subject"]) == (made.stdout.strip(), "mailto:app@kreis-dueren.de")
    assert before["replaced"]
    assert made.stdout.strip()[:16] in (await run("instance", "show", "dueren")).stdout


async def test_one_of_ones_own_is_read_from_the_input_and_never_shown(
    run: Any, dueren: None, pool: Any
) -> None:
    pem = generate_key()
    done = await run("instance", "credential", "dueren", "webpush", "--stdin", input=pem)
    assert done.stdout.strip() == VapidSigner(pem, "mailto:a@kreis-dueren.de").public_key
    again = await run("instance", "credential", "dueren", "webpush", "--stdin", input=pem)
    assert (again.exit_code, "has this credential already" in again.stderr) == (1, True)
    opaque = await run("instance", "credential", "dueren", "fcm", "--stdin", input=ACCOUNT)
    assert (opaque.exit_code, opaque.stdout.partition("/")[0]) == (0, "warn-app-1")
    text = json.dumps([await shown(run), *map(str, await pool.fetch("SELECT * FROM instance_credential"))])
    assert "service_account" not in text
    assert pem.decode().splitlines()[1][:20] not in text


@pytest.mark.parametrize(
    ("arguments", "given", "ends"),
    [
        (("dueren", "fcm"), b"", (2, "comes from its provider: --stdin")),
        (("dueren", "letter"), b"", (2, "is not one of")),
        (("dueren", "sms", "--stdin"), b'{"url": "x", "GEHEIM": 1}', (2, "GEHEIM: there is no such member")),
        (("dueren", "webpush", "--stdin"), b"", (2, "1 to 32768 bytes")),
        (("dueren", "fcm", "--stdin"), b"x" * 40_000, (2, "1 to 32768 bytes")),
        (("dueren", "webpush", "--stdin"), b"no key", (2, "")),
        (("dueren", "webpush", "--subject", "mailto:a@b.example"), b"", (2, "reserved name")),
        (
            ("dueren", "fcm", "--stdin", "--subject", "mailto:a@kreis-dueren.de"),
            ACCOUNT,
            (2, "of webpush alone"),
        ),
        (("nobody", "webpush"), b"", (1, "there is no instance nobody")),
    ],
)
async def test_what_is_none_is_refused_without_a_word_of_it(
    run: Any, dueren: None, pool: Any, arguments: Any, given: bytes, ends: tuple[int, str]
) -> None:
    done = await run("instance", "credential", *arguments, input=given)
    said = " ".join(word for word in done.output.split() if word.strip("│╭╮╰╯─"))
    assert (done.exit_code, ends[1] in said) == (ends[0], True), done.output
    assert await pool.fetchval("SELECT count(*) FROM instance_credential") == 0
