"""STOP: whoever has the number, it is told no more, and nobody brings it back but its owner."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.access.principals import WORKER
from dispatcher.model.principals import Instance
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.store.audience.subscribers import Subscribers
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.numbers.opt_outs import OptOut, OptOuts
from dispatcher.store.sources import Sources
from tests.store.sealed.clear import add_clear
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES, numbers
from tests.support.subscribers import codes_of, endpoint, installation, number, prove_all, put, wish

NUMBER, OTHER = "+4915112345678", "+4916012345678"


@pytest.fixture
async def pool(pool: Any, sources: Sources) -> Any:
    for name in ("dueren", "juelich"):
        await sources.put_instance(Instance(name, name.title(), (DUEREN, JUELICH)), f"wi_{name}_{'s' * 43}")
    return pool


@pytest.fixture
def opt_outs(pool: Any) -> OptOuts:
    return OptOuts(pool, ADDRESSES)


def imported(address: str = NUMBER) -> NewSubscription:
    return NewSubscription("sms", "gateway", address, {}, (DUEREN,))


async def enrol_number(pool: Any, name: str, instance: str = "dueren") -> int:
    """Somebody with a browser and this number, both proven."""
    wanted = replace(wish(name), endpoints=(endpoint(name), number(NUMBER)))
    subscriber = (await put(pool, name, wanted, instance)).subscriber.number
    await prove_all(pool)
    assert await codes_of(pool).ask(subscriber, 1, None)
    await prove_all(pool)
    return subscriber


async def active(pool: Any) -> set[str]:
    return set(await numbers(pool, "active AND ended_at IS NULL"))


async def test_it_ends_for_all_who_have_it_and_their_other_endpoints_stay(
    pool: Any, opt_outs: OptOuts, subscriptions: Subscriptions
) -> None:
    await subscriptions.add_many([imported(), imported(OTHER)])
    await enrol_number(pool, "anna")
    await enrol_number(pool, "bernd", "juelich")
    assert len(await active(pool)) == 4
    assert (
        await pool.fetchval("SELECT count(DISTINCT person) FROM subscription WHERE person IS NOT NULL") == 0
    ), "a number of two is nobody's own"
    assert await opt_outs.stop(NUMBER, WORKER) is OptOut.ENDED
    assert await active(pool) == {OTHER, "https://push.example/anna", "https://push.example/bernd"}
    row = await pool.fetchrow("SELECT * FROM subscription WHERE end_reason = 'opted_out'")
    assert (row["erased_at"] is not None, row["active"], row["person"]) == (True, False, None)
    for table in ("followed_municipality", "watched_area", "subscriber_endpoint"):
        count = f"SELECT count(*) FROM {table} WHERE subscription_id = $1"
        assert await pool.fetchval(count, row["id"]) == 0
    found = await Subscribers(pool, ADDRESSES).of(installation("anna"))
    assert found is not None
    assert [one.channel for one in found.endpoints] == ["webpush"]
    trail = await pool.fetch("SELECT detail FROM audit WHERE action = 'subscription.opt_out'")
    assert [line["detail"] for line in trail] == [{"subscription": row["id"]}]
    assert await opt_outs.stop(NUMBER, WORKER) is OptOut.NOTED


async def test_an_import_leaves_it_out_until_its_owner_has_proven_it_anew(
    pool: Any, opt_outs: OptOuts, subscriptions: Subscriptions
) -> None:
    assert await opt_outs.stop(NUMBER, WORKER) is OptOut.NOTED, "for imports to come"
    assert await subscriptions.add_many([imported(), imported(OTHER)]) == 1
    assert await active(pool) == {OTHER}
    await enrol_number(pool, "anna")
    assert NUMBER in await active(pool)
    assert await subscriptions.add_many([imported()]) == 1
    assert await opt_outs.end_revived(10, WORKER) == 0


async def test_what_an_import_brought_back_all_the_same_ends_within_the_minute(
    pool: Any, opt_outs: OptOuts, subscriptions: Subscriptions
) -> None:
    await subscriptions.add_many([imported(), imported(OTHER)])
    await pool.execute("INSERT INTO sms_opt_out (address_hash) VALUES ($1)", ADDRESSES.hash(NUMBER))
    assert await opt_outs.end_revived(10, WORKER) == 1
    assert await active(pool) == {OTHER}
    assert await opt_outs.end_revived(10, WORKER) == 0


async def test_who_names_a_number_that_stopped_gets_no_sms_by_that(pool: Any, opt_outs: OptOuts) -> None:
    await enrol_number(pool, "anna")
    await opt_outs.stop(NUMBER, WORKER)
    await put(pool, "anna", replace(wish("anna"), endpoints=(endpoint("anna"), number(NUMBER))))
    assert await pool.fetchval("SELECT count(*) FROM subscriber_endpoint WHERE due_at IS NOT NULL") == 0
    assert await opt_outs.end_revived(10, WORKER) == 0, "who waits for a code is told nothing"


async def test_one_that_is_not_sealed_yet_ends_too(pool: Any, opt_outs: OptOuts) -> None:
    await add_clear(pool, NUMBER, {}, "sms")
    assert await opt_outs.stop(NUMBER, WORKER) is OptOut.ENDED
