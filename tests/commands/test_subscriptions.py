"""Endpoints are imported from a file, line by line, and counted."""

import asyncio
import json
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.webpush.vapid import VapidSigner, generate_key
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.principals import SERVICE, UNNAMED_OPERATOR
from dispatcher.commands.bulk.importing import Wanted, import_file
from dispatcher.commands.subscriptions import ranges
from dispatcher.model.principals import Instance
from dispatcher.settings import Settings
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.imports.incoming import IMPORT_LOCK
from dispatcher.store.secrets import Secrets
from dispatcher.store.sources import Sources
from tests.commands.conftest import PEPPER
from tests.store import conftest as on_record
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.sealed import ADDRESSES, endpoints

pool = on_record.pool


def line(**changes: Any) -> Any:
    values = {
        "channel": "app",
        "address": "https://app.dueren.example/hook",
        "keys": {"secret": "whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbmQgbG9uZw=="},
        "places": [DUEREN],
        "legal_basis": "consent",
    }
    return json.dumps(values | changes)


BAD = {
    "not JSON": "{",
    "no object": "[1, 2]",
    "no channel": '{"address": "x"}',
    "an unknown channel": line(channel="pigeon"),
    "no places": line(places=[]),
    "places by name": line(places=["Düren"]),
    "a district that is unknown": line(places=["05999"]),
    "a point without longitude": line(places=[{"lat": 50.8}]),
    "a point that is no number": line(places=[{"lat": "50.8", "lon": 6.48}]),
    "a point that is true": line(places=[{"lat": True, "lon": 6.48}]),
    "a point not on the earth": line(places=[{"lat": 95, "lon": 6.48}]),
    "a point abroad": line(places=[{"lat": 48.85, "lon": 2.35}]),
    "a radius below nothing": line(places=[{"lat": 50.8, "lon": 6.48, "radius_m": -1}]),
    "a radius of half the earth": line(places=[{"lat": 50.8, "lon": 6.48, "radius_m": 1e9}]),
    "a polygon of two corners": line(places=[{"polygon": [[50.8, 6.48], [50.9, 6.48]]}]),
    "a polygon that is a line": line(places=[{"polygon": [[50.8, 6.4], [50.8, 6.5], [50.8, 6.6]]}]),
    "a polygon of texts": line(places=[{"polygon": ["a", "b", "c"]}]),
    "a place of another kind": line(places=[{"circle": [50.8, 6.48, 1]}]),
    "a number": line(places=[5358008]),
    "places as one text": line(places=DUEREN),
    "an address that is none": line(address="nowhere"),
    "no secret": line(keys={}),
    "keys that are none": line(keys=7),
    "a ref that is no text": line(ref=7),
    "an instance that is no text": line(instance={"id": 1}),
    "a NUL": line(ref="a\x00b"),
    "nested too deep": "[" * 200_000,
    "nested too deep within": '{"channel": "app", "address": ' + "[" * 200_000,
    "half a character": line(ref="\ud800"),
    "half a character in the address": line(address="https://app.dueren.example/\ud800"),
    "a number that no float holds": line(places=[{"lat": 10**400, "lon": 6.48}]),
    "an address that is no text": line(address=["https://app.dueren.example/x"]),
    "a key that is no text": line(keys={"secret": 7}),
    "a language that is none": line(language="klingonisch"),
    "too many languages": line(language="de,en,fr,it,nl,tr"),
    "a legal basis that is no text": line(legal_basis=["a"]),
    "a gateway that is not there": line(keys={"gateway": "nowhere"}),
    "a long ref": line(ref="r" * 257),
}


@pytest.mark.parametrize("name", sorted(BAD))
async def test_a_line_that_cannot_be_used_is_named_and_the_others_are_added(
    run: Any, pool: Any, tmp_path: Path, name: Any
) -> None:
    file = tmp_path / "subscriptions.jsonl"
    good = [line(address=f"https://app.dueren.example/{n}") for n in range(2)]
    file.write_text("\n".join([good[0], BAD[name], good[1]]) + "\n")
    done = await run("subscriptions", "import", file)
    assert done.exit_code == 1, done.output
    assert "line 2: " in done.output
    assert "2 added or renewed, 1 refused" in done.output
    assert "app.dueren.example" not in done.output, "no address on a screen"
    assert "6.48" not in done.output, "nor a place"
    assert await Subscriptions(pool, ADDRESSES).counts() == {"app": 2}


async def test_imported_endpoints_name_only_origins_that_are_exempt_for_them(
    run: Any, pool: Any, tmp_path: Path, surroundings: pytest.MonkeyPatch
) -> None:
    """Citizens' apps hand out push endpoints: an SMS gateway inside the operator's net is none."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": urlsafe_b64encode(public).decode(), "auth": urlsafe_b64encode(bytes(16)).decode()}
    file = tmp_path / "subscriptions.jsonl"
    file.write_text(
        line(channel="webpush", address="http://10.0.0.5:13013/internal/admin", keys=keys)
        + "\n"
        + line(channel="webpush", address="http://10.0.0.6:9901/push/1", keys=keys)
        + "\n"
        + line(address="http://10.0.0.5:13013/callback")
        + "\n"
    )
    surroundings.setenv("WARN_ALLOWED_ORIGINS", "http://10.0.0.5:13013,push=http://10.0.0.6:9901")
    done = await run("subscriptions", "import", file)
    assert "line 1: url_purpose" in done.output
    assert "a push server needs push= before it" in done.output
    assert "2 added or renewed, 1 refused" in done.output
    assert await Subscriptions(pool, ADDRESSES).counts() == {"app": 1, "webpush": 1}


async def test_a_push_subscription_says_or_is_told_which_vapid_key_it_was_made_with(
    run: Any, pool: Any, tmp_path: Path, surroundings: pytest.MonkeyPatch
) -> None:
    surroundings.setenv("WARN_PUSH_HOSTS", "push.example.org")
    signers = [VapidSigner(generate_key(), "mailto:a@kreis.example") for _ in range(3)]
    keys = {"p256dh": signers[0].public_key, "auth": urlsafe_b64encode(bytes(16)).decode()}

    def push(name: str, **more: str) -> str:
        address = f"https://push.example.org/{name}"
        return line(channel="webpush", address=address, keys=keys | more) + "\n"

    async def imported(*lines: str, code: int = 0) -> Any:
        file = tmp_path / "subscriptions.jsonl"
        file.write_text("".join(lines))
        done = await run("subscriptions", "import", file)
        assert done.exit_code == code, done.output
        return {one.address.rpartition("/")[2]: one.keys.get("vapid") for one in await endpoints(pool)}, done

    assert (await imported(push("before")))[0] == {"before": None}, "no key is known yet"
    await Secrets(pool).replace(SecretName.VAPID, signers[1].public_key, SERVICE)
    first, _ = await imported(push("before"), push("told"), push("says", vapid=signers[2].public_key + "="))
    assert first == {"before": None, "told": signers[1].name, "says": signers[2].name}
    await Secrets(pool).replace(SecretName.VAPID, signers[0].public_key, SERVICE)
    second, _ = await imported(push("before"), push("told"), push("says"), push("new"))
    assert second == first | {"new": signers[0].name}, "an endpoint keeps its key"
    third, done = await imported(push("told", vapid=signers[0].public_key), push("x", vapid="no key"), code=1)
    assert third == second | {"told": signers[0].name}
    assert "line 2: keys.vapid is no applicationServerKey" in done.stderr


async def test_districts_points_and_polygons_are_followed_and_rounded(
    run: Any, pool: Any, tmp_path: Path
) -> None:
    file = tmp_path / "subscriptions.jsonl"
    places = [
        "05358",
        {"lat": 50.803456, "lon": 6.482789, "radius_m": 200},
        {"polygon": [[50.8, 6.48], [50.8123456, 6.48], [50.81, 6.5]]},
    ]
    file.write_text(line(places=places) + "\n" + line(places=places) + "\n")
    done = await run("subscriptions", "import", file)
    assert done.exit_code == 0, done.output
    assert await pool.fetchval("SELECT count(*) FROM followed_municipality") == 15
    rows = await pool.fetch("SELECT lat, lon, radius_m, ags FROM watched_area ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ([50.803], [6.483], 200.0, [DUEREN]),
        ([50.8, 50.812, 50.81], [6.48, 6.48, 6.5], 0.0, [DUEREN]),
    ]


async def followed(pool: Any) -> dict[str, list[str]]:
    rows = await pool.fetch(
        """SELECT s.id, f.ags FROM subscription s LEFT JOIN followed_municipality f ON f.subscription_id = s.id
           ORDER BY 1, 2"""
    )
    names = {one.id: one.address.rpartition("/")[2] for one in await endpoints(pool)}
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(names[row["id"]], []).append(row["ags"])
    return found


async def test_an_endpoint_that_is_known_follows_the_places_of_the_file_and_no_others(
    run: Any, pool: Any, tmp_path: Path
) -> None:
    file = tmp_path / "subscriptions.jsonl"
    near = {"lat": 50.803, "lon": 6.483}
    file.write_text(
        line(places=[DUEREN, near]) + "\n" + line(address="https://app.dueren.example/other") + "\n"
    )
    assert (await run("subscriptions", "import", file)).stdout == "2 added or renewed, 0 refused\n"
    area = await pool.fetchval("SELECT id FROM watched_area")
    again = await run("subscriptions", "import", file, "--json")
    assert json.loads(again.stdout) == {
        "added": 2, "renewed": 2, "places_changed": 0, "shared": 0, "inactive": 0, "opted_out": 0, "refused": [],
        "doubted": [],
    }  # fmt: skip
    assert await pool.fetchval("SELECT id FROM watched_area") == area, "it stays the one that workers know"
    file.write_text("\n".join([line(places=[JUELICH]), "", line(places=[HEIMBACH])]) + "\n")
    moved = await run("subscriptions", "import", file)
    assert "known before: 1, of them follow other places now: 1\n" in moved.stdout
    assert await followed(pool) == {"hook": sorted([JUELICH, HEIMBACH]), "other": [DUEREN]}
    assert await pool.fetchval("SELECT count(*) FROM watched_area") == 0


async def test_places_of_one_file_are_all_followed_however_far_its_lines_are_apart(
    run: Any, pool: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatcher.commands.bulk.checker.CHUNK_ROWS", 1)
    file = tmp_path / "subscriptions.jsonl"
    for _ in range(2):
        file.write_text(line(places=[DUEREN]) + "\n" + line(places=[JUELICH]) + "\n")
        await run("subscriptions", "import", file)
        assert await followed(pool) == {"hook": sorted([DUEREN, JUELICH])}


async def test_what_one_instance_says_of_an_address_takes_no_place_of_anothers_away(
    run: Any, pool: Any, tmp_path: Path
) -> None:
    sources = Sources(pool, PEPPER.encode())
    for name in ("dueren", "juelich"):
        await sources.put_instance(Instance(name, name, ("05358",)), f"wi_{name}_{'s' * 43}")
    file = tmp_path / "subscriptions.jsonl"
    said = [("dueren", DUEREN), ("juelich", JUELICH), ("dueren", DUEREN), ("dueren", DUEREN)]
    for instance, place in said:
        file.write_text(line(instance=instance, places=[place]) + "\n")
        done = await run("subscriptions", "import", file)
    assert "named by several instances, so that no place was taken away: 1\n" in done.stdout
    assert await followed(pool) == {"hook": sorted([DUEREN, JUELICH])}


async def test_two_imports_do_not_mix(run: Any, pool: Any, tmp_path: Path) -> None:
    file = tmp_path / "subscriptions.jsonl"
    file.write_text(line() + "\n")
    async with pool.acquire() as other:
        await other.execute("SELECT pg_advisory_lock($1)", IMPORT_LOCK)
        done = await run("subscriptions", "import", file)
        await other.execute("SELECT pg_advisory_unlock($1)", IMPORT_LOCK)
    assert done.exit_code == 1
    assert "another import is under way" in str(done.exception)
    assert await Subscriptions(pool, ADDRESSES).counts() == {}


async def test_an_interrupted_import_says_how_far_it_got(
    surroundings: Any, pool: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "subscriptions.jsonl"
    file.write_text(line() + "\n")
    async with pool.acquire() as other, other.transaction():
        await other.execute("LOCK subscription IN SHARE MODE")
        running = asyncio.create_task(
            import_file(pool, Settings(), Wanted(file), UNNAMED_OPERATOR, lambda what, count: None)
        )
        while not running.done() and not await other.fetchval(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
        ):
            pass
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    said = "interrupted: 0 of 1 part is imported, each wholly or not at all; import the same file again"
    assert said in capsys.readouterr().err


async def test_nothing_is_sent_before_a_legal_basis_is_stated(run: Any, pool: Any, tmp_path: Path) -> None:
    file = tmp_path / "subscriptions.jsonl"
    baseless = line(legal_basis=None) + "\n"
    file.write_text(baseless + line(address="https://app.dueren.example/b", legal_basis="contract") + "\n")
    done = await run("subscriptions", "import", file)
    assert "without a legal basis, so that nothing is sent to them: 1;" in done.stderr
    states = "SELECT active, legal_basis FROM subscription ORDER BY legal_basis"
    assert [tuple(row) for row in await pool.fetch(states)] == [(True, "contract"), (False, None)]
    assert (await run("subscriptions", "count")).stdout == "app\t1\n"
    done = await run("subscriptions", "import", file, "--legal-basis", " consent ")
    assert "without a legal basis" not in done.output
    assert [tuple(row) for row in await pool.fetch(states)] == [(True, "consent"), (True, "contract")]
    file.write_text(baseless)
    assert "without" not in (await run("subscriptions", "import", file)).output, "what was stated holds"
    wrong = await run("subscriptions", "import", file, "--legal-basis", "a\nb")
    assert (wrong.exit_code, "in one line" in wrong.stderr) == (2, True)


async def test_a_row_may_name_several_languages(run: Any, pool: Any, tmp_path: Path) -> None:
    file = tmp_path / "subscriptions.jsonl"
    said = ["de-DE", "uk, ru,EN,uk", ["uk", "de-simple"], None]
    lines = [line(address=f"https://app.dueren.example/{n}", language=one) for n, one in enumerate(said)]
    file.write_text("\n".join(lines))
    assert (await run("subscriptions", "import", file)).exit_code == 0
    rows = await pool.fetch("SELECT language FROM subscription")
    assert sorted(row["language"] for row in rows) == ["de", "de-de", "uk,de-simple", "uk,ru,en"]


async def test_a_dry_run_writes_nothing(run: Any, pool: Any, tmp_path: Path) -> None:
    file, errors = tmp_path / "people.ndjson", tmp_path / "errors.ndjson"
    file.write_text(line() + "\n{\n")
    done = await run("subscriptions", "import", file, "--dry-run", "--errors", errors)
    assert (done.exit_code, done.stdout) == (
        1, "1 can be imported, 1 cannot; nothing was written to the record\n"
    )  # fmt: skip
    assert "line 2: not a subscription: no JSON" in done.stderr
    for table in ("subscription", "import_run", "import_row", "import_refusal"):
        assert not await pool.fetchval(f"SELECT count(*) FROM {table}"), table
    assert not await pool.fetchval("SELECT count(*) FROM audit WHERE action LIKE 'subscriptions%'")
    assert errors.exists(), "the file that was asked for"
    said = json.loads((await run("subscriptions", "import", file, "--dry-run", "--json")).stdout)
    assert (said["dry_run"], said["added"], len(said["refused"])) == (True, 1, 1)


async def test_bad_rows_are_mended_in_their_file_and_imported_from_it(
    run: Any, pool: Any, tmp_path: Path
) -> None:
    file, errors = tmp_path / "people.csv", tmp_path / "errors.csv"
    secret = '"{""secret"":""whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbmQgbG9uZw==""}"'
    rows = [f"app,https://app.dueren.example/{n},{secret},{DUEREN},consent" for n in range(4)]
    rows[1] = rows[1].replace(DUEREN, "5358008")
    file.write_text("channel,address,keys,places,legal_basis\n" + "\n".join(rows) + "\n")
    done = await run("subscriptions", "import", file, "--errors", errors)
    assert (done.exit_code, done.stdout) == (1, "3 added or renewed, 1 refused\n")
    assert f"not imported: line 3; mend them in {errors} and import that" in done.stderr
    assert errors.stat().st_mode & 0o777 == 0o600
    again = await run("subscriptions", "import", file, "--errors", errors)
    assert (again.exit_code, "is there already" in str(again.exception)) == (1, True)
    errors.write_text(errors.read_text().replace(",5358008,", f",{DUEREN},"))
    mended = await run("subscriptions", "import", errors)
    assert (mended.exit_code, mended.stdout) == (0, "1 added or renewed, 0 refused\n")
    assert await Subscriptions(pool, ADDRESSES).counts() == {"app": 4}


async def test_very_many_bad_rows_do_not_fill_the_screen(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "subscriptions.jsonl"
    file.write_text("{\n" * 150)
    done = await run("subscriptions", "import", file)
    assert "and 50 more\n" in done.stderr
    assert "not imported: lines 1-100 and more; mend them" in done.stderr


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("people.ndjson", "", "there is no row in the file; nothing was imported"),
        ("people.csv", "", "the file is empty: its first row names the columns; nothing was imported"),
        ("people.csv", "channel,address,places,Address\n", "the file has the column address twice"),
        ("people.ndjson.gz", "x", "people.ndjson.gz is compressed: unpack it before"),
    ],
)
async def test_a_file_that_cannot_be_used_is_refused_in_a_sentence(
    run: Any, tmp_path: Path, name: str, content: str, why: str
) -> None:
    file = tmp_path / name
    file.write_text(content)
    done = await run("subscriptions", "import", file)
    assert (done.exit_code, why in done.stderr, done.stdout) == (1, True, ""), done.output


async def test_what_is_exported_is_on_the_audit_trail_and_for_its_owner_alone(
    run: Any, pool: Any, tmp_path: Path
) -> None:
    file, to = tmp_path / "subscriptions.jsonl", tmp_path / "people.ndjson"
    file.write_text(line(ref="r-1") + "\n")
    await run("subscriptions", "import", file)
    done = await run("subscriptions", "export", to, "--as", "anna")
    assert (done.exit_code, done.stdout, to.stat().st_mode & 0o777) == (0, "1 exported\n", 0o600)
    assert json.loads(to.read_text()) == json.loads(line(ref="r-1", language="de"))
    row = await pool.fetchrow("SELECT actor, detail FROM audit WHERE action = 'subscriptions.export'")
    assert (row["actor"], row["detail"]) == ("operator:anna", {"count": 1})
    again = await run("subscriptions", "export", to)
    assert (again.exit_code, "is not written over" in str(again.exception)) == (1, True)


NAMED = {
    "an address of nowhere": (line(address="nowhere"), "url_malformed: no address such as https://"),
    "a municipality by its name": (line(places=["Düren"]), "Düren is 05358008"),
    "a municipality without its zero": (
        line(places=["5358008"]),
        "Düren is 05358008|with its zero it is 05358008",
    ),
    "a municipality by its ARS": (
        line(places=["053580008008"]),
        "this is an ARS, the AGS of Düren is 05358008",
    ),
    "a district with digits swapped": (
        line(places=["05385"]),
        "not in the boundary data: 05385; the nearest is 05358",
    ),
    "a channel that is not configured": (
        line(channel="sms"),
        "configured are apns, app, fcm, webpush; sms needs WARN_SMS_GATEWAYS or WARN_SMPP_GATEWAYS",
    ),
    "an instance that is not there": (
        line(instance="duren"),
        "there is no instance duren; the nearest is dueren",
    ),
    "an instance like no other": (
        line(instance="xyz"),
        "there is no instance xyz; `dispatcher instance list` shows all",
    ),
    "a misspelt member": (line(lanugage="en"), "there is no member lanugage; the nearest is language"),
    "nothing but a channel": ('{"channel": "app"}', "not a subscription: address, places missing"),
    "a secret that is none": (
        line(keys={"secret": "x"}),
        "secret_invalid: keys.secret is no secret of Standard",
    ),
}


@pytest.mark.parametrize("name", sorted(NAMED))
async def test_a_refused_line_says_what_was_meant(run: Any, pool: Any, tmp_path: Path, name: str) -> None:
    await Sources(pool, PEPPER.encode()).put_instance(
        Instance("dueren", "Düren", (DUEREN,)), f"wi_d_{'s' * 43}"
    )
    bad, why = NAMED[name]
    file = tmp_path / "subscriptions.jsonl"
    file.write_text(bad + "\n" + line(instance="dueren") + "\n")
    done = await run("subscriptions", "import", file)
    assert (done.exit_code, any(one in done.stderr for one in why.split("|"))) == (1, True), done.output
    assert done.stdout == "1 added or renewed, 1 refused\n"
    assert "not imported: line 1; mend them and import the file again, which does no harm" in done.stderr


async def test_a_number_that_is_not_international_is_refused_with_an_example(
    run: Any, tmp_path: Path, surroundings: pytest.MonkeyPatch
) -> None:
    surroundings.setenv("WARN_SMS_GATEWAYS", '[{"name": "a", "url": "https://a.example/"}]')
    file = tmp_path / "subscriptions.jsonl"
    numbers = ["0151 00000001", "+49 151 00000001", "004915100000001"]
    file.write_text("\n".join(line(channel="sms", address=one, keys={}) for one in numbers) + "\n")
    done = await run("subscriptions", "import", file, "--json")
    found = json.loads(done.stdout)
    assert (done.exit_code, found["added"], [one["line"] for one in found["refused"]]) == (1, 0, [1, 2, 3])
    [why] = {one["reason"] for one in found["refused"]}
    assert why.startswith("number_invalid: no number in E.164, ")
    assert why.endswith(" without zeros or blanks: +4915100000001")
    assert not any(number in done.output for number in numbers)


async def test_numbers_that_are_dear_are_refused_and_doubtful_ones_named(
    run: Any, pool: Any, tmp_path: Path, surroundings: pytest.MonkeyPatch
) -> None:
    surroundings.setenv("WARN_SMS_GATEWAYS", '[{"name": "a", "url": "https://a.example/"}]')
    file = tmp_path / "people.ndjson"
    numbers = ["+4921131234", "+4915100000001", "+49900123456", "+881612345678", "+4921131235"]
    file.write_text("".join(line(channel="sms", address=one, keys={}) + "\n" for one in numbers))
    said = "taken all the same: 2, number_not_mobile: no mobile phone's: does it take texts?: lines 1, 5\n"
    for dry_run in (True, False):
        done = await run("subscriptions", "import", file, *(["--dry-run"] if dry_run else []))
        assert (done.exit_code, said in done.stderr, done.stderr.count("number_dear")) == (1, True, 2)
    assert [one.address for one in await endpoints(pool)] == sorted([numbers[0], numbers[1], numbers[4]])
    found = json.loads((await run("subscriptions", "import", file, "--json")).stdout)
    assert [one["line"] for one in found["doubted"]] == [1, 5]
    assert [one["line"] for one in found["refused"]] == [3, 4]
    assert not any(number in done.output for number in numbers)


@pytest.mark.parametrize("name", ["sms", "sms_http"])
async def test_a_file_may_call_a_channel_as_it_was_called(
    run: Any, pool: Any, tmp_path: Path, surroundings: pytest.MonkeyPatch, name: str
) -> None:
    surroundings.setenv("WARN_SMS_GATEWAYS", '[{"name": "a", "url": "https://a.example/"}]')
    file = tmp_path / "subscriptions.jsonl"
    file.write_text(line(channel=name, address="+4915100000001", keys={}) + "\n")
    done = await run("subscriptions", "import", file)
    assert done.exit_code == 0, done.output
    assert [tuple(row) for row in await pool.fetch("SELECT channel, gateway FROM subscription")] == [
        ("sms", "a")
    ]


async def test_a_line_may_name_any_sms_gateway_whatever_its_protocol(
    run: Any, pool: Any, tmp_path: Path, surroundings: pytest.MonkeyPatch
) -> None:
    surroundings.setenv("WARN_SMS_GATEWAYS", '[{"name": "a", "url": "https://a.example/"}]')
    surroundings.setenv(
        "WARN_SMPP_GATEWAYS", '[{"name": "smsc", "hosts": ["smpp://a.example:2775"], "system_id": "kreis"}]'
    )
    file = tmp_path / "subscriptions.jsonl"
    names = ["a", "smsc", "nix"]
    file.write_text(
        "".join(
            line(channel="sms", address=f"+491510000000{number}", keys={"gateway": name}) + "\n"
            for number, name in enumerate(names)
        )
    )
    done = await run("subscriptions", "import", file)
    assert done.exit_code == 1
    assert (
        "line 3: there is no gateway nix in WARN_SMS_GATEWAYS or WARN_SMPP_GATEWAYS; there are a, smsc\n"
        in done.stderr
    )
    rows = await pool.fetch("SELECT gateway FROM subscription ORDER BY gateway")
    assert [row["gateway"] for row in rows] == ["a", "smsc"]


async def test_names_of_a_file_do_not_control_the_terminal(run: Any, tmp_path: Path) -> None:
    file = tmp_path / "subscriptions.jsonl"
    lines = [
        line(**{"\x1b[2J": 1}),
        line(instance="\x1b[2J"),
        line(places=["\x1b[2J"]),
        line(channel="\x1b[2J"),
    ]
    file.write_text("\n".join(lines) + "\n")
    assert "\x1b" not in (await run("subscriptions", "import", file)).output


@pytest.mark.parametrize(
    ("numbers", "said"),
    [([2], "line 2"), ([2, 3], "lines 2-3"), ([1, 5, 6, 7, 9], "lines 1, 5-7, 9")],
)
def test_line_numbers_are_said_in_ranges(numbers: list[int], said: str) -> None:
    assert ranges(numbers) == said


async def test_an_import_as_a_process(dispatcher: Any, pool: Any, tmp_path: Path) -> None:
    await dispatcher("instance", "add", "dueren", "--place", DUEREN)
    file = tmp_path / "subscriptions.jsonl"
    file.write_text(line(language="en", instance="dueren", ref="r-1") + "\n" + line() + "\n")
    done = await dispatcher("subscriptions", "import", file)
    assert (done.returncode, done.stdout) == (0, "2 added or renewed, 0 refused\n"), done.stderr
    counted = await dispatcher("subscriptions", "count")
    assert counted.stdout == "app\t1\n"
