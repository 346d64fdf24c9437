"""A person who asks at the town hall: what is kept is shown, exported and erased, and nobody is named on the way."""

import json
from typing import Any

import pytest

from dispatcher.commands.access.subscribers import typed_address
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.runtime.secrets.ring import agreed_addresses
from dispatcher.settings import Settings
from dispatcher.store.audience.subscribers import Installation, Subscribers, Tokens
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.wiring.subscribers import management_tokens
from tests.support.messages import DUEREN
from tests.support.subscribers import digest, wish

APP_ID = "7b1c9f52-6d3e-4a8f-9f0b-2c5d8e7a4b10"
NUMBER = "+4900123456789"


@pytest.fixture
async def anna(run: Any, pool: Any) -> int:
    """Subscribed by an app, proven, and imported with a telephone number besides. The subscriber's number."""
    assert (await run("instance", "add", "dueren", "--place", DUEREN)).exit_code == 0
    addresses = await agreed_addresses(pool, Settings())
    store = Subscribers(pool, addresses)
    own = management_tokens(addresses.sealing.keyed_hash).installation("dueren", APP_ID)
    put = await store.put(Installation("dueren", own), wish("anna"), Tokens(None, digest("token")))
    await pool.execute("UPDATE subscriber_endpoint SET proven_at = now()")
    await Subscriptions(pool, addresses).add_many([NewSubscription("sms", "provider", NUMBER, {}, (DUEREN,))])
    return put.subscriber.number


async def test_who_it_is_about_is_asked_for(run: Any, anna: int) -> None:
    by_app = await run("subscribers", "show", "--instance", "dueren", input=f"{APP_ID}\n")
    by_address = await run("subscribers", "show", input="https://push.example/anna\n")
    by_number = await run("subscribers", "show", "--number", anna)
    assert by_app.stdout == by_address.stdout == by_number.stdout
    assert by_app.stdout.startswith(f"subscriber {anna} of dueren: since ")
    assert f"follows {DUEREN}; 0 points and areas" in by_app.stdout
    assert "webpush: active, last accepted -, last confirmed -" in by_app.stdout
    assert "push.example" not in by_app.output
    imported = await run("subscribers", "show", input="0049 (0)0123-456789\n")
    assert imported.exit_code == 1, "no number that is dialled so"
    imported = await run("subscribers", "show", input=f"{NUMBER}\n")
    assert imported.stdout.startswith("imported: endpoint ")
    assert NUMBER not in imported.output


async def test_everything_is_exported_for_the_person(run: Any, anna: int) -> None:
    done = await run("subscribers", "export", "--number", anna)
    [found] = json.loads(done.stdout)["subscribers"]
    assert found["endpoints"][0]["address"] == "https://push.example/anna"
    done = await run("subscribers", "export", input=f"{NUMBER}\n")
    [found] = json.loads(done.stdout)["imported"]
    assert (found["address"], found["places"]) == (NUMBER, [DUEREN])


async def test_a_person_is_erased_once_somebody_says_yes(run: Any, anna: int, pool: Any) -> None:
    refused = await run("subscribers", "leave", "--number", anna)
    assert (refused.exit_code, "nothing was changed" in refused.stderr) == (1, True)
    done = await run("subscribers", "leave", "--number", anna, "--yes", "--as", "Frau Muster")
    assert (done.exit_code, done.stdout) == (0, "erased: 1 subscriber\n")
    done = await run("subscribers", "leave", "--yes", input=f"{NUMBER}\n")
    assert done.stdout == "erased: 1 imported endpoint\n"
    assert await pool.fetchval("SELECT count(*) FROM subscription WHERE erased_at IS NULL") == 0
    again = await run("subscribers", "leave", "--yes", input=f"{NUMBER}\n")
    assert (again.exit_code, again.stderr) == (1, "nothing is kept of it\n")
    lines = await pool.fetch("SELECT actor, action FROM audit WHERE action LIKE 'subscri%.leave' ORDER BY id")
    assert lines[0]["actor"] == "operator:Frau Muster"
    assert [one["action"] for one in lines] == ["subscriber.leave", "subscription.leave"]


async def test_of_a_family_s_number_one_is_named_or_all(run: Any, anna: int, pool: Any) -> None:
    addresses = await agreed_addresses(pool, Settings())
    store = Subscribers(pool, addresses)
    other = await store.put(
        Installation("dueren", digest("another")), wish("anna"), Tokens(None, digest("token"))
    )
    await pool.execute("UPDATE subscriber_endpoint SET proven_at = now()")
    refused = await run("subscribers", "leave", "--yes", input="https://push.example/anna\n")
    assert refused.exit_code == 1
    assert f"{anna}, {other.subscriber.number}; say --number" in refused.stderr
    done = await run("subscribers", "leave", "--yes", "--all", input="https://push.example/anna\n")
    assert done.stdout == "erased: 2 subscribers\n"


@pytest.mark.parametrize(
    ("arguments", "given"),
    [(("--instance", "dueren", "--number", "1"), ""), ((), "\n"), ((), "x" * 3000)],
)
async def test_what_names_nobody_is_refused(run: Any, anna: int, arguments: Any, given: str) -> None:
    assert anna
    assert (await run("subscribers", "show", *arguments, input=given)).exit_code == 2


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("+49 151 234-567", "+49151234567"),
        ("0049 151/234567", "+49151234567"),
        ("+49 (0)151 234567", "+49151234567"),
        ("(0151) 234567", "(0151) 234567"),
        ("0151 234567", "+49151234567"),
        ("02421 / 22-0", "+492421220"),
        (" https://push.example/a ", "https://push.example/a"),
        ("+0151", "+0151"),
    ],
)
def test_a_number_is_understood_as_people_write_it(typed: str, address: str) -> None:
    assert typed_address(typed) == address
