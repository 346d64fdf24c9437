"""Canaries at the machine: added, listed, tested and removed; every refusal says what is wrong and no address."""

import json
from pathlib import Path
from typing import Any

import pytest

from dispatcher.store import record
from dispatcher.store.canary.endpoints import canaries
from tests.support.canary_sends import sent_by_sms

URL = "https://warnung.example.org"


@pytest.fixture
async def pool(database_url: str) -> Any:
    pool = await record.connect(database_url, size=2)
    yield pool
    await pool.close()


async def test_from_none_to_one_and_back(run: Any, pool: Any) -> None:
    assert "there is none" in (await run("canary", "list")).stdout
    added = await run("canary", "add", "own", "--receiver", URL)
    assert (added.exit_code, added.stdout) == (0, "own: tested by webpush every 60 s, in every lane\n"), (
        added.output
    )
    again = await run("canary", "add", "own", "--receiver", URL)
    assert (again.exit_code, "there is a canary own already" in again.stderr) == (1, True)
    listed = json.loads((await run("canary", "list", "--json")).stdout)
    assert [one["lane"] for one in listed] == ["flash", "priority", "routine", "exercise"]
    assert {(one["state"], one["last_test"], one["every_s"]) for one in listed} == {("in time", None, 60)}
    table = (await run("canary", "list")).stdout.splitlines()
    assert table[0].split() == ["canary", "channel", "lane", "state", "last_test", "last_proven", "took_s"]
    removed = await run("canary", "remove", "own")
    assert (removed.exit_code, removed.stdout) == (0, "own is removed\n")
    assert await pool.fetchval("SELECT count(*) FROM subscription") == 0
    trail = await pool.fetch("SELECT action, detail FROM audit WHERE action LIKE 'canary.%' ORDER BY id")
    assert [row["action"] for row in trail] == ["canary.add", "canary.remove"]
    assert URL not in str(trail)
    assert "there is no canary own" in (await run("canary", "remove", "own")).stderr


async def test_a_device_of_ones_own_is_taken_as_an_import_takes_it(
    run: Any, pool: Any, tmp_path: Path, surroundings: Any
) -> None:
    surroundings.setenv("WARN_SMS_GATEWAYS", json.dumps([{"name": "sms-1", "url": "https://sms.example/"}]))
    file = tmp_path / "phone.json"
    file.write_text(json.dumps({"channel": "sms", "address": "+4915100000001"}))
    added = await run("canary", "add", "phone", "--endpoint", file, "--accepted-suffices")
    assert added.exit_code == 0, added.output
    assert added.stdout == "phone: tested by sms every 3600 s, one lane each time\n"
    assert "about 720 texts in 30 days" in added.stderr
    assert "no price is agreed" in added.stderr
    [found], _ = await canaries(pool)
    assert (found.in_turn, found.expects) == (True, "accepted")
    other = await run("canary", "add", "other", "--endpoint", file)
    assert (other.exit_code, "somebody's already" in other.stderr) == (1, True)


async def test_what_tests_by_sms_cost_in_a_month_is_said_and_listed(
    run: Any, pool: Any, tmp_path: Path, surroundings: Any
) -> None:
    gateway = {"name": "sms-1", "url": "https://sms.example/", "price_per_part": "0.075", "currency": "CHF"}
    surroundings.setenv("WARN_SMS_GATEWAYS", json.dumps([gateway]))
    file = tmp_path / "phone.json"
    file.write_text(json.dumps({"channel": "sms", "address": "+4915100000001"}))
    assert "each part costs 0.075 CHF" in (await run("canary", "add", "phone", "--endpoint", file)).stderr
    await run("canary", "add", "own", "--receiver", URL)
    assert (await run("canary", "list")).stdout.splitlines()[-1] == (
        "phone: about 720 texts in 30 days; what they cost is known once the first was sent"
    )
    await sent_by_sms(pool, "phone", "sms-1", parts=2)
    assert (await run("canary", "list")).stdout.splitlines()[-1] == (
        "phone: about 720 texts in 30 days, 1,440 parts, 108.00 CHF"
    )
    lanes = json.loads((await run("canary", "list", "--json")).stdout)
    assert {(one["canary"], one["texts_30d"], one["price_30d"], one["currency"]) for one in lanes} == {
        ("own", None, None, None),
        ("phone", 180, 27.0, "CHF"),
    }
    surroundings.setenv("WARN_SMS_GATEWAYS", json.dumps([gateway | {"price_per_part": None}]))
    assert (await run("canary", "list")).stdout.splitlines()[-1].endswith("1,440 parts, no price is agreed")


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"channel": "webpush", "address": "https://evil.example/x", "keys": {}}, "unknown_push_service"),
        ({"channel": "webpush"}, "has the members channel and address"),
        ({"channel": "app", "address": "https://app.example/", "places": []}, "has the members"),
        ({"channel": "fax", "address": "1"}, "unknown or unconfigured channel"),
        ([], "no JSON object"),
    ],
)
async def test_what_is_no_endpoint_is_refused_with_a_reason(
    run: Any, tmp_path: Path, row: Any, said: str
) -> None:
    file = tmp_path / "endpoint.json"
    file.write_text(json.dumps(row))
    refused = await run("canary", "add", "x", "--endpoint", file)
    assert (refused.exit_code, said in " ".join(refused.output.replace("│", " ").split())) == (2, True), (
        refused.output
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "x"), "either --receiver or --endpoint"),
        (("add", "Anna", "--receiver", URL), "small letters"),
        (("add", "x", "--receiver", "https://10.0.0.1"), "private_address"),
        (("add", "x", "--receiver", "http://warnung.example.org"), "url_not_https"),
        (("test", "x"), "there is no canary x"),
    ],
)
async def test_a_wrong_call_says_what_is_wrong(run: Any, arguments: Any, said: str) -> None:
    refused = await run("canary", *arguments)
    assert refused.exit_code in {1, 2}
    assert said in " ".join(refused.output.replace("│", " ").split()), refused.output


async def test_a_test_that_no_worker_makes_is_not_proven(run: Any) -> None:
    await run("canary", "add", "own", "--receiver", URL)
    done = await run("canary", "test", "own", "--within", "1")
    assert (done.exit_code, "does a worker run?" in done.stderr) == (3, True)


TESTED_AT_ONCE = """CREATE FUNCTION tested() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
     INSERT INTO alert (id, source_id, sender, identifier, sent, msg_type, status, scope, event, headline,
       severity, raw, sha256, received_at, expires, lane, reason, chain_id, state, revision, thread, proved)
     VALUES ('canary-1', '_canary', 's', 'i', now(), 'Alert', 'Test', 'Public', '', '', '', '', '', now(), now(),
       'flash', 'canary', 'canary-1', 'settled', 0, 't', true);
     INSERT INTO canary_send VALUES ('canary-1', NEW.name, 'flash', clock_timestamp(), now(), {proven});
     RETURN NEW; END $$"""


async def make_tests(pool: Any, proven: str) -> None:
    """Have the record answer as it does with a worker that tests at once."""
    await pool.execute(TESTED_AT_ONCE.format(proven=proven))
    await pool.execute(
        "CREATE TRIGGER tested AFTER UPDATE OF sent_at ON canary FOR EACH ROW EXECUTE FUNCTION tested()"
    )


async def test_a_test_says_in_which_lane_it_was_proven(run: Any, pool: Any) -> None:
    await run("canary", "add", "own", "--receiver", URL)
    await make_tests(pool, "clock_timestamp() + interval '1.5 seconds'")
    done = await run("canary", "test", "own")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "flash: proven after 1.5 s\n", ""), done.output


async def test_a_test_that_comes_to_nothing_says_where_it_stands_why(run: Any, pool: Any) -> None:
    await run("canary", "add", "own", "--receiver", URL)
    await make_tests(pool, "NULL")
    done = await run("canary", "test", "own", "--within", "1")
    assert (done.exit_code, done.stdout) == (3, "flash: not proven\n")
    assert "delivery_failed" in done.stderr
    assert "WARN_ALLOWED_ORIGINS" in done.stderr
