"""Operators list, rotate, expire and revoke keys."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme

from dispatcher.access.fingerprints import public_key_digest
from dispatcher.model.principals import CredentialState
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.sources import Sources
from tests.commands.conftest import PEPPER
from tests.store import conftest as on_record
from tests.support.messages import DUEREN, SENDER

pool = on_record.pool
SOURCE = ("source", "add", "leitstelle", "--sender", SENDER, "--territory", "05358")
INSTANCE = ("instance", "add", "dueren", "--place", DUEREN)
OPTIONS = {"source": "leitstelle", "instance": "dueren", "feed": "mowas"}
GATEWAY_SECRETS = "geheimnis-von-heute", "geheimnis-von-gestern"


@pytest.fixture
def sources(pool: Any) -> Sources:
    return Sources(pool, PEPPER.encode())


async def state(sources: Sources, key: str) -> CredentialState:
    return (await sources.recognise(key)).state


def key_id(key: str) -> str:
    return key.rpartition("_")[0] if key.count("_") == 2 else "_".join(key.split("_")[:2])


async def lines(run: Any, *options: str) -> list[Any]:
    done = await run("keys", "list", "--json", *options)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
async def first_keys(run: Any, pool: Any) -> dict[str, str]:
    """The first key of each, by the option that names it."""
    await Feeds(pool).register(["mowas"])
    keys = {"source": (await run(*SOURCE)).stdout.strip(), "instance": (await run(*INSTANCE)).stdout.strip()}
    keys["feed"] = (await run("keys", "rotate", "--feed", "mowas")).stdout.strip()
    return keys


@pytest.mark.parametrize("option", OPTIONS)
async def test_a_rotation_shows_the_new_key_once_and_says_when_the_old_one_ends(
    run: Any, sources: Sources, first_keys: dict[str, str], option: str
) -> None:
    old = first_keys[option]
    done = await run("keys", "rotate", f"--{option}", OPTIONS[option], "--overlap", "2h")
    new = done.stdout.strip()
    assert done.exit_code == 0, done.output
    assert done.stderr.startswith(f"{key_id(old)} ends at ")
    assert [await state(sources, key) for key in (old, new)] == [CredentialState.VALID] * 2
    listed = {line["key"]: line for line in await lines(run, f"--{option}", OPTIONS[option])}
    assert set(listed) == {key_id(old), key_id(new)}
    assert {line["bearer"] for line in listed.values()} == {f"{option} {OPTIONS[option]}"}
    left = datetime.fromisoformat(listed[key_id(old)]["expires"]) - datetime.now(UTC)
    assert timedelta(minutes=110) < left <= timedelta(hours=2)
    assert listed[key_id(new)]["expires"] is None
    assert new not in (await run("keys", "list")).output


async def test_a_key_of_a_source_can_be_a_persons(
    run: Any, sources: Sources, pool: Any, first_keys: dict[str, str]
) -> None:
    source = ("--source", OPTIONS["source"])
    unknown = await run("keys", "add", *source, "--person", "m.keller")
    assert (unknown.exit_code, unknown.stdout) == (1, "")
    assert "there is no person m.keller in live" in unknown.stderr
    for person in ("m.keller", "b.lang"):
        await pool.execute("INSERT INTO person (id, environment) VALUES ($1, 'live')", person)
    key = (await run("keys", "add", *source, "--person", "m.keller")).stdout.strip()
    assert (await sources.recognise(key)).person == "m.keller"
    assert (await sources.recognise(first_keys["source"])).person == ""
    assert f"source {OPTIONS['source']} (m.keller)" in {line["bearer"] for line in await lines(run, *source)}
    assert (await run("keys", "add", *source, "--person", "Frau Keller")).exit_code == 2
    assert (await run("keys", "add", "--instance", "dueren", "--person", "m.keller")).exit_code == 2
    await run("keys", "add", *source, "--person", "b.lang")
    await run("keys", "revoke", key_id(first_keys["source"]))
    which = await run("keys", "rotate", *source)
    assert which.exit_code == 1
    assert "say with --person whose key: b.lang, m.keller" in which.stderr
    new = (await run("keys", "rotate", *source, "--person", "m.keller")).stdout.strip()
    assert (await sources.recognise(new)).person == "m.keller"


async def test_a_list_says_how_each_key_stands(
    run: Any, sources: Sources, pool: Any, first_keys: dict[str, str]
) -> None:
    await sources.recognise(first_keys["source"])
    await sources.uses.written()
    await pool.execute("UPDATE api_key SET expires_at = now() WHERE instance_id = 'dueren'")
    await run("keys", "revoke", key_id(first_keys["feed"]))
    by_bearer = {line["bearer"]: line for line in await lines(run)}
    assert {bearer: line["state"] for bearer, line in by_bearer.items()} == {
        "source leitstelle": "valid",
        "instance dueren": "expired",
        "feed mowas": "revoked",
    }
    assert by_bearer["source leitstelle"]["last_used"] is not None
    assert by_bearer["instance dueren"]["last_used"] is None
    await run("source", "disable", "leitstelle")
    table = (await run("keys", "list", "--source", "leitstelle")).stdout.splitlines()
    assert table[0].split("  ")[0] == "key"
    assert table[1].split()[:4] == [key_id(first_keys["source"]), "source", "leitstelle", "disabled"]


async def test_gateways_secrets_are_listed_and_not_shown(run: Any, surroundings: Any) -> None:
    until = datetime.now(UTC) + timedelta(hours=1)
    reports = {"secret": GATEWAY_SECRETS[0], "previous_secret": GATEWAY_SECRETS[1]}
    gateways = [
        {"name": name, "url": "https://sms.example", "reports": reports | {"previous_until": end.isoformat()}}
        for name, end in (("sms-1", until), ("sms-2", until - timedelta(days=1)))
    ]
    surroundings.setenv("WARN_SMS_GATEWAYS", json.dumps([*gateways, {"name": "mute", "url": "https://x"}]))
    listed = await lines(run)
    assert [(line["bearer"], line["key"], line["state"]) for line in listed] == [
        ("gateway sms-1", "reports.secret", "valid"),
        ("gateway sms-1", "reports.previous_secret", "valid"),
        ("gateway sms-2", "reports.secret", "valid"),
        ("gateway sms-2", "reports.previous_secret", "expired"),
    ]
    assert len(await lines(run, "--gateway", "sms-2")) == 2
    shown = (await run("keys", "list")).output
    assert "reports.previous_secret" in shown
    assert not any(secret in shown for secret in GATEWAY_SECRETS)


async def test_revoking_the_last_valid_key_warns(
    run: Any, sources: Sources, first_keys: dict[str, str]
) -> None:
    second = (await run("keys", "add", "--source", "leitstelle")).stdout.strip()
    done = await run("keys", "revoke", key_id(first_keys["source"]))
    assert (done.exit_code, done.stderr) == (0, "")
    assert await state(sources, first_keys["source"]) is CredentialState.REVOKED
    done = await run("keys", "revoke", key_id(second).removeprefix("wk_"))
    assert done.exit_code == 0
    assert done.stdout == f"{key_id(second)} of source leitstelle is revoked\n"
    assert "source leitstelle has no valid key left and is locked out" in done.stderr
    assert "dispatcher keys rotate --source leitstelle" in done.stderr
    again = await run("keys", "revoke", key_id(second))
    assert (again.exit_code, again.stderr) == (1, f"{key_id(second)} is revoked already\n")
    assert (await run("keys", "expire", key_id(second), "--never")).exit_code == 1


async def test_a_key_gets_an_end_by_time_or_duration_and_loses_it(
    run: Any, first_keys: dict[str, str]
) -> None:
    key = key_id(first_keys["instance"])
    for options, days in (
        (("--in", "90d"), 90),
        (("--at", f"{datetime.now(UTC) + timedelta(days=3):%FT%T}+00:00"), 3),
    ):
        done = await run("keys", "expire", key, *options)
        assert done.exit_code == 0, done.output
        (line,) = await lines(run, "--instance", "dueren")
        left = datetime.fromisoformat(line["expires"]) - datetime.now(UTC)
        assert abs(left - timedelta(days=days)) < timedelta(minutes=5)
    assert (await run("keys", "expire", key, "--never")).stdout == f"{key} of instance dueren ends never\n"
    (line,) = await lines(run, "--instance", "dueren")
    assert line["expires"] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("revoke", "nobody-1"), "there is no key nobody-1"),
        (("expire", "nobody-1", "--in", "1h"), "there is no key nobody-1"),
        (("expire", "x", "--in", "soon"), "no duration such as 24h"),
        (("expire", "x", "--in", "99999d"), "longer than 3660 days"),
        (("expire", "x", "--at", "tomorrow"), "no time such as"),
        (("expire", "x", "--at", "2999-01-31T12:00"), "without its zone"),
        (("expire", "x", "--at", "2999-01-31"), "with it e.g. 2999-01-31T00:00+01:00"),
        (("expire", "x", "--at", "2020-01-31T12:00Z"), "that time is over"),
        (("expire", "x", "--in", "0s"), "that time is over"),
        (("expire", "x"), "give one of --at"),
        (("expire", "x", "--in", "1h", "--never"), "give one of --at"),
        (("rotate",), "say whose keys"),
        (("rotate", "--source", "a", "--feed", "b"), "say once whose keys"),
        (("rotate", "--source", "nobody"), "there is no source nobody"),
        (("rotate", "--source", "nobody", "--overlap", "-1h"), "no duration such as 24h"),
        (("rotate", "--source", "Nobody"), "there is no source Nobody"),
        (("list", "--source", "a", "--gateway", "b"), "say once whose keys"),
        (("list", "--source", "nix"), "there is no source nix"),
        (("list", "--instance", "nix"), "there is no instance nix"),
        (("list", "--feed", "nix"), "there is no feed nix"),
        (("list", "--gateway", "nix"), "there is no gateway nix"),
    ],
)
async def test_what_makes_no_sense_is_said(
    run: Any, pool: Any, arguments: tuple[str, ...], said: str
) -> None:
    done = await run("keys", *arguments)
    assert done.exit_code == (1 if "there is no" in said else 2), done.output
    assert said in " ".join(done.output.replace("│", " ").split())


async def test_a_whole_key_is_as_good_as_its_id_and_never_repeated(
    run: Any, sources: Sources, first_keys: dict[str, str]
) -> None:
    whole = f"wk_leitstelle-0123abcd_{'aB_-' * 10}aB_"
    for arguments in (
        ("revoke", whole),
        ("expire", whole, "--never"),
        ("revoke", whole[:-1]),
        ("revoke", whole[24:]),
        ("revoke", f"{whole},"),
        ("list", "--source", whole),
        ("rotate", "--feed", whole),
    ):
        done = await run("keys", *arguments)
        assert done.exit_code == (1 if arguments[1] == whole else 2), done.output
        assert "aB_-" not in done.output
    assert "there is no key wk_leitstelle-0123abcd;" in (await run("keys", "revoke", whole)).output
    for option in ("source", "instance"):
        key = first_keys[option]
        done = await run("keys", "expire", f" {key}\n", "--in", "1h")
        assert (done.exit_code, done.stdout.split()[0]) == (0, key_id(key))
        done = await run("keys", "revoke", key)
        assert (done.exit_code, done.stdout.split()[0]) == (0, key_id(key))
        assert await state(sources, key) is CredentialState.REVOKED
        again = await run("keys", "revoke", key)
        assert (again.exit_code, key in again.output) == (1, False)


async def test_who_has_no_key_yet_is_not_unknown(run: Any, pool: Any, surroundings: Any) -> None:
    await Feeds(pool).register(["mowas"])
    assert await lines(run, "--feed", "mowas") == []
    surroundings.setenv("WARN_SMS_GATEWAYS", json.dumps([{"name": "mute", "url": "https://x"}]))
    assert await lines(run, "--gateway", "mute") == []


async def test_a_key_that_two_kinds_have_is_to_be_said_with_its_kind(
    run: Any, pool: Any, first_keys: dict[str, str]
) -> None:
    await pool.execute(
        "INSERT INTO api_key (id, source_id, digest) SELECT id, 'leitstelle', '' FROM api_key WHERE kind = 'wi'"
    )
    name = key_id(first_keys["instance"]).removeprefix("wi_")
    done = await run("keys", "revoke", name)
    assert (done.exit_code, "say which" in done.output) == (2, True)
    assert (await run("keys", "revoke", f"wi_{name}")).exit_code == 0


async def test_a_source_gets_keys_for_exercises_and_nobody_else_does(
    run: Any, sources: Sources, first_keys: dict[str, str]
) -> None:
    added = await run("keys", "add", "--source", "leitstelle", "--exercise")
    rotated = await run("keys", "rotate", "--source", "leitstelle", "--exercise", "--overlap", "2h")
    for done in (added, rotated):
        assert done.exit_code == 0, done.output
        assert done.stdout.startswith("wx_leitstelle-")
        assert await state(sources, done.stdout.strip()) is CredentialState.VALID
    assert rotated.stderr.startswith(f"{key_id(added.stdout.strip())} ends at ")
    listed = {line["key"]: line["expires"] for line in await lines(run, "--source", "leitstelle")}
    assert listed[key_id(first_keys["source"])] is None, "that of warnings has no end by it"
    for option in ("instance", "feed"):
        refused = await run("keys", "add", f"--{option}", OPTIONS[option], "--exercise")
        assert (refused.exit_code, "only a source has keys for exercises" in refused.output) == (2, True)


async def test_a_source_may_begin_with_exercises(run: Any, sources: Sources) -> None:
    key = (await run(*SOURCE, "--exercise")).stdout.strip()
    assert key.startswith("wx_leitstelle-")
    assert await state(sources, key) is CredentialState.VALID
    assert await sources.submitting() == {}


async def test_a_key_is_bound_to_a_certificate_and_stays_so_when_it_is_rotated(
    run: Any, sources: Sources, tmp_path: Any
) -> None:
    first = (await run(*SOURCE)).stdout.strip()
    authority, files = trustme.CA(), [tmp_path / "one.pem", tmp_path / "other.pem"]
    for file in files:
        authority.issue_cert("centre.example").cert_chain_pems[0].write_to_path(str(file))
    one, other = (public_key_digest(file.read_bytes()) for file in files)
    bound = (
        await run("keys", "add", "--source", "leitstelle", "--certificate", str(files[0]))
    ).stdout.strip()
    assert await state(sources, bound) is CredentialState.WRONG_CERTIFICATE
    assert (await sources.recognise(bound, lambda: other)).state is CredentialState.WRONG_CERTIFICATE
    assert (await sources.recognise(bound, lambda: one)).state is CredentialState.VALID
    assert await state(sources, first) is CredentialState.VALID
    assert {line["certificate"] for line in await lines(run)} == {None, one.hex()}
    await run("keys", "revoke", key_id(first))
    rotated = (await run("keys", "rotate", "--source", "leitstelle")).stdout.strip()
    assert (await sources.recognise(rotated, lambda: one)).state is CredentialState.VALID
    assert await state(sources, rotated) is CredentialState.WRONG_CERTIFICATE
    changed = await run("keys", "rotate", "--source", "leitstelle", "--certificate", str(files[1]))
    assert (await sources.recognise(changed.stdout.strip(), lambda: other)).state is CredentialState.VALID
    again = (await run("keys", "rotate", "--source", "leitstelle")).stdout.strip()
    assert (await sources.recognise(again, lambda: other)).state is CredentialState.VALID, "the newest one's"


async def test_a_file_without_a_certificate_binds_nothing(run: Any, tmp_path: Any) -> None:
    await run(*SOURCE)
    (tmp_path / "empty.pem").touch()
    for name, said in (("empty.pem", "holds no certificate"), ("nowhere.pem", "No such file")):
        done = await run("keys", "add", "--source", "leitstelle", "--certificate", str(tmp_path / name))
        assert (done.exit_code, said in done.stderr.replace("\n", " ")) == (1, True)
    assert len(await lines(run)) == 1
