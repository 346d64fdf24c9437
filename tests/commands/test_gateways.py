"""The SMS gateways, at the machine: which there are, and one SMS to see how one answers."""

import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.apps.channel_credentials import CredentialChannel, OfferedCredential
from dispatcher.model.principals import Instance
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.instances.credentials import InstanceCredentials
from dispatcher.store.sources import Sources
from tests.channels.far_side import FarSide, answer, far_side, hang, raw, respond
from tests.channels.sms.smpp.centre import scripted_centre
from tests.support.messages import DUEREN

NUMBER = "+4915100000001"
ESCAPE = "\x1b[31mrot\x1b[0m"


@pytest.fixture
async def side(surroundings: pytest.MonkeyPatch) -> AsyncIterator[FarSide]:
    """A provider that answers 200 whatever it means, behind two gateways of the settings."""
    async with far_side(answer(200, {}, b'{"messages": [{"status": "0", "message-id": "0A1"}]}')) as side:
        vonage = {
            "name": "vonage",
            "profile": "vonage",
            "url": f"{side.origin}/sms?v=geheim",
            "secrets": {"key": "geheim-key", "secret": "geheim-secret"},
            "sender": "KREIS",
            "weight": 2.5,
            "rate": 200,
            "parts_per_alert": 1_000_000,
        }
        plain = {"name": "plain", "url": f"{side.origin}/plain", "authorization": "Bearer geheim"}
        surroundings.setenv("WARN_SMS_GATEWAYS", json.dumps([vonage, plain]))
        surroundings.setenv("WARN_ALLOWED_ORIGINS", f"gateway={side.origin}")
        surroundings.setenv("WARN_REQUEST_TIMEOUT_S", "1")
        yield side


async def test_the_gateways_of_the_settings_are_listed(run: Any, side: FarSide) -> None:
    shown = await run("gateway", "list")
    assert (shown.exit_code, shown.stdout) == (
        0,
        (
            "Name    Profil  Absender  Gewicht  Teile/s  Teile je Warnung  Teile im Monat\n"
            "vonage  vonage  KREIS     2.5      200      1000000           -\n"
            "plain   -       WARNUNG   1        -        -                 -\n"
        ),
    )
    english = await run("gateway", "list", "--language", "en")
    assert english.stdout.startswith("name    profile  sender")
    lines = [json.loads(line) for line in (await run("gateway", "list", "--json")).stdout.splitlines()]
    assert lines[0] == {
        "name": "vonage",
        "profile": "vonage",
        "sender": "KREIS",
        "weight": 2.5,
        "rate": 200,
        "parts_per_alert": 1_000_000,
        "parts_per_month": None,
    }
    assert not side.seen


@pytest.mark.parametrize(
    ("setting", "gateway", "said"),
    [
        ("WARN_SMS_GATEWAYS", {"name": "a", "url": "http://sms.example/"}, "a: url: is http; use https"),
        ("WARN_SMS_GATEWAYS", {"name": "a", "url": "sms.example"}, "a: url: has no scheme"),
        (
            "WARN_SMPP_GATEWAYS",
            {"name": "a", "hosts": ["smpp://sms.example:99999"], "system_id": "x"},
            "is no port",
        ),
    ],
)
async def test_what_a_start_refuses_is_not_listed_as_if_it_worked(
    run: Any, surroundings: pytest.MonkeyPatch, setting: str, gateway: Any, said: str
) -> None:
    surroundings.setenv(setting, json.dumps([gateway]))
    listed = await run("gateway", "list")
    assert (listed.exit_code, listed.stdout) == (1, "")
    assert said in f"{listed.stderr}{listed.exception}"


async def test_a_message_centre_is_tried_like_any_gateway(run: Any, surroundings: Any) -> None:
    async with scripted_centre() as centre:
        smsc = {"name": "smsc", "hosts": [f"smpp://127.0.0.1:{centre.port}"], "system_id": "kreis"}
        surroundings.setenv("WARN_SMPP_GATEWAYS", json.dumps([smsc]))
        listed = await run("gateway", "list")
        done = await run("gateway", "test", "smsc", NUMBER, "--yes")
    assert "smsc  SMPP" in listed.stdout
    assert done.exit_code == 0, done.output
    (submit,) = centre.submits
    assert (submit.destination, submit.text[:5]) == (NUMBER[1:], b"TEST:")
    assert NUMBER[1:] not in done.output


async def test_without_gateways_that_is_said(run: Any, surroundings: Any) -> None:
    listed = await run("gateway", "list")
    assert (listed.exit_code, "keine SMS-Gateways" in listed.stderr) == (0, True)


async def test_one_sms_is_sent_and_shown_without_secrets(
    run: Any, side: FarSide, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    done = await run("gateway", "test", "vonage", NUMBER, "--yes")
    (seen,) = side.seen
    assert b"to=4915100000001" in seen.body
    assert b"TEST" in seen.body
    assert done.exit_code == 0, done.output
    assert "POST http" in done.stdout
    assert "to=49xxxxxxxxx01" in done.stdout
    assert "HTTP 200" in done.stdout
    assert "Verstanden als: angenommen (accepted)" in done.stdout
    assert "Entschieden hat: Regel vonage #1\n" in done.stdout
    said = done.output + caplog.text
    assert "geheim" not in said
    assert "Z2VoZWlt" not in said, "the secrets as Basic authentication writes them"
    assert NUMBER[1:] not in said


async def test_a_gateway_that_sends_the_request_back_shows_no_secret_and_no_number(
    run: Any, side: FarSide, surroundings: pytest.MonkeyPatch
) -> None:
    key, token = "geheim/k+y &x", "t0ken-of-sixteen-or-more"

    async def echo(seen: Any, writer: Any) -> None:
        head = "\n".join(f"{name}: {value}" for name, value in seen.headers.items())
        told = f"{seen.target}\n{head}\n".encode() + seen.body
        again = b64encode(told), quote(told).encode(), json.dumps(told.decode()).encode()
        writer.write(respond(400, {"Content-Type": "text/plain"}, b"\n".join([told, *again])))
        await writer.drain()

    side.react = echo
    one = {
        "name": "echo",
        "url": f"{side.origin}/send?account={quote(key)}",
        "secrets": {"key": key},
        "request": {
            "query": {"key": "{secret.key}", "phone": "{to}"},
            "headers": {"X-Auth": "geheim-header", "X-Basic": "Basic {basic.key}"},
            "json": {"to": "{to}", "text": "{text}", "key": "{secret.key}", "hook": "{report_url}"},
        },
        "answer": {"rules": [{"status": "2xx", "means": "accepted"}]},
        "authorization": "Bearer geheim-bearer",
        "reports": {"secret": token, "url": f"https://warn.example/reports?token={token}"},
    }
    surroundings.setenv("WARN_SMS_GATEWAYS", json.dumps([one]))
    done = await run("gateway", "test", "echo", NUMBER, "--yes", "--json")
    assert done.stdout, done.output
    shown = json.loads(done.stdout)["answer_shown"]
    assert key in json.loads(side.seen[0].body)["key"]
    assert "HTTP 400" in shown
    assert '"text": "TEST' in shown
    for word in (key, "geheim-header", "geheim-bearer", token):
        forms = {word, quote(word), quote(word, safe=""), b64encode(word.encode()).decode()}
        assert not {form for form in forms if form in shown}, word
    assert "geheim" not in shown
    assert not {form for form in ("Z2VoZWlt", "dlaGVpb", "nZWhlaW", "15100000001") if form in shown}


async def test_the_short_form_is_tried_too(run: Any, side: FarSide) -> None:
    done = await run("gateway", "test", "plain", NUMBER, "--yes", "--language", "en")
    assert (done.exit_code, "Taken for: accepted (accepted)" in done.stdout) == (0, True)
    assert "Authorization: ***" in done.stdout
    assert "geheim" not in done.stdout
    assert json.loads(side.seen[0].body)["text"].startswith("TEST: the warning service tries")


@pytest.mark.parametrize(
    ("react", "code", "said"),
    [
        (
            answer(200, {}, b'{"messages": [{"status": "7"}]}'),
            1,
            "abgelehnt, für diese Nummer endgültig (rejected, 7)",
        ),
        (answer(200, {}, b'{"messages": [{"status": "9"}]}'), 1, "(misconfigured, 9)"),
        (answer(200, {}, b'{"messages": [{"status": "1"}]}'), 1, "(rate_limited, 1)"),
        (answer(200, {}, b"OK"), 3, "Entschieden hat: keine Regel passt zu einer Antwort mit 2xx"),
        (answer(401), 1, "Entschieden hat: allgemeine Tabelle der HTTP-Statuscodes (401)"),
        (hang, 3, "(uncertain, timeout)"),
        (raw(b"\x15\x03\x01 what?\r\n\r\n", close=True), 3, "(uncertain, protocol)"),
        (raw(respond(200, {}, b"x" * 50)[:-9], close=True), 3, "(uncertain, truncated)"),
    ],
    ids=["rejected", "no-credit", "throttled", "unknown", "401", "hangs", "garbage", "closes-half-way"],
)
async def test_the_exit_code_says_what_it_was_taken_for(
    run: Any, side: FarSide, react: Any, code: int, said: str
) -> None:
    side.react = react
    done = await run("gateway", "test", "vonage", NUMBER, "--yes")
    assert (done.exit_code, said in done.stdout) == (code, True), done.output


async def test_a_stranger_s_answer_does_not_control_the_terminal(run: Any, side: FarSide) -> None:
    side.react = answer(200, {"Content-Type": f"text/{ESCAPE}"}, f"{ESCAPE}\r\u202e{'y' * 9000}".encode())
    done = await run("gateway", "test", "vonage", NUMBER, "--yes")
    assert not {"\x1b", "\u202e", "\r"} & set(done.stdout)
    assert done.stdout.count("y") < 2100
    listed = await run("gateway", "test", "vonage", NUMBER, "--yes", "--json")
    assert "\x1b" not in listed.stdout
    assert json.loads(listed.stdout)["meaning"] == "uncertain"


async def test_nobody_is_sent_anything_unasked(run: Any, side: FarSide) -> None:
    done = await run("gateway", "test", "vonage", NUMBER)
    assert (done.exit_code, "mit --yes wird eine SMS gesendet" in done.stderr) == (2, True)
    assert not side.seen


@pytest.mark.parametrize(("typed", "code"), [("j\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
async def test_a_person_is_asked(
    run: Any, side: FarSide, monkeypatch: pytest.MonkeyPatch, typed: str, code: int
) -> None:
    monkeypatch.setattr("typer.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    done = await run("gateway", "test", "vonage", NUMBER, input=typed)
    assert "senden? [j/N]" in done.output
    assert (done.exit_code, len(side.seen)) == (code, int(code == 0))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("kannel", NUMBER), "Ein SMS-Gateway kannel gibt es nicht; es gibt: vonage, plain"),
        (("vonage", "015112345678"), "keine Nummer in E.164"),
        (("vonage", "+49\ud800151"), "keine Nummer in E.164"),
        (("vonage", "+" + "9" * 400), "keine Nummer in E.164"),
    ],
)
async def test_a_wrong_call_sends_nothing(run: Any, side: FarSide, arguments: Any, said: str) -> None:
    done = await run("gateway", "test", *arguments, "--yes")
    assert (done.exit_code, said in done.stderr) == (2, True), done.output
    assert not side.seen


@pytest.fixture
async def pool(surroundings: Any, database_url: str) -> AsyncIterator[Any]:
    opened = await record.connect(database_url, size=1)
    yield opened
    await opened.close()


async def own_gateway(pool: Any, instance_id: str, **gateway: Any) -> None:
    """Let an app have a gateway of its own."""
    await Sources(pool, b"").put_instance(
        Instance(instance_id, instance_id, (DUEREN,)), f"wi_{instance_id}_{'s' * 43}"
    )
    plain, addresses = json.dumps(gateway).encode(), await agreed_addresses(pool, Settings())
    offered = OfferedCredential(CredentialChannel.SMS, plain)
    known = offered.known_as(instance_id, addresses.sealing.keyed_hash)
    await InstanceCredentials(pool).put(known, plain, addresses, UNNAMED_OPERATOR)


async def test_the_gateways_of_single_apps_are_listed_and_tried(run: Any, side: FarSide, pool: Any) -> None:
    await own_gateway(
        pool, "dueren", url=f"{side.origin}/own", sender="DUEREN", authorization="Bearer geheim"
    )
    await own_gateway(pool, "linnich", url="http://10.0.0.1/own")
    await own_gateway(pool, "juelich", url=f"{side.origin}/own", rate="much")
    assert "own:" not in (await run("gateway", "list")).stdout
    listed = await run("gateway", "list", "--own", "--json")
    rows = [json.loads(line) for line in listed.stdout.splitlines()]
    (shown,) = (row for row in rows if row["name"] == "own:dueren")
    assert (shown["profile"], shown["sender"], shown["rate"]) == ("-", "DUEREN", None)
    assert "own:juelich: rate: " in listed.stderr
    assert "own:linnich: url: is http; " in listed.stderr
    assert not [row for row in rows if row["name"] == "own:linnich"]
    done = await run("gateway", "test", "own:dueren", NUMBER, "--yes")
    assert done.exit_code == 0, done.output
    assert [one.target for one in side.seen] == ["/own"]
    assert "geheim" not in done.output
    for name, said in (
        ("own:juelich", "rate: "),
        ("own:linnich", "own:linnich: "),
        ("own:nobody", "es gibt: vonage, plain, own:dueren"),
    ):
        wrong = await run("gateway", "test", name, NUMBER, "--yes")
        assert (wrong.exit_code, said in wrong.stderr) == (2, True), wrong.output
    assert len(side.seen) == 1
    rows = await pool.fetch("SELECT detail FROM audit WHERE action = 'gateway.test'")
    assert [row["detail"] for row in rows] == [{"instance": "dueren"}]
