"""Some recipients behind a gateway fail for ever: the others have the next warning at once, and those end."""

from collections import Counter
from typing import Any

import pytest

from dispatcher.model.subscriptions import NewSubscription
from dispatcher.model.vocabulary import UNCERTAIN, BatchState, State
from dispatcher.store.audience.subscriptions import Subscriptions
from tests.cases.town import DUEREN, Town
from tests.channels.far_side import answer
from tests.channels.webpush import subscription as browser
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

DEAD = "dead"
KEYS = {
    "webpush": {"p256dh": browser.UA_PUBLIC, "auth": browser.AUTH},
    "app": {"secret": "whsec_" + 32 * "A"},
    "sms": {},
}
CASES = [
    pytest.param("webpush", 300, 25, 507, id="topics that nobody listens to any more"),
    pytest.param("sms", 300, 25, 500, id="numbers that the provider cannot reach"),
    pytest.param("app", 15, 8, 503, id="apps of several towns on one host"),
    pytest.param("webpush", 175, 70, 403, id="subscriptions made for an old key"),
]


def subscriptions_of(town: Town, channel: str, count: int, dead: int) -> list[NewSubscription]:
    """Those who fail have subscribed first: they lie beside each other in every batch."""
    origin = town.gateways.origin
    addresses = [
        f"+49155{'9' if n < dead else '1'}0{n:06}"
        if channel == "sms"
        else f"{origin}/{DEAD if n < dead else 'well'}/{n}"
        for n in range(count)
    ]
    gateway = "sms" if channel == "sms" else origin
    return [NewSubscription(channel, gateway, one, KEYS[channel], (DUEREN,)) for one in addresses]


async def round_of_work(town: Town) -> None:
    """Do what is due, once."""
    for function, argument in await town._jobs():
        if function == "plan":
            await town.worker.planner.plan(argument)
        else:
            await town.worker.deliverer.deliver(int(argument))


async def let_pass(town: Town, minutes: int = 0) -> None:
    """What the passing of time does."""
    await town.pool.execute(
        "UPDATE problem SET due = clock_timestamp() - interval '1 s', since = since - make_interval(mins => $1)"
        " WHERE due IS NOT NULL",
        minutes,
    )
    await town.pool.execute("UPDATE batch SET not_before = clock_timestamp() - interval '1 s'")
    for gateway in town.worker.deliverer._gateways._known.values():
        gateway.budget._left = 100.0


async def states(town: Town) -> Counter[State]:
    rows = await town.pool.fetch("SELECT outcomes FROM batch")
    return Counter(State(byte & ~UNCERTAIN) for row in rows for byte in row["outcomes"])


@pytest.mark.parametrize(("channel", "count", "dead", "status"), CASES)
async def test_the_living_hear_of_it_and_the_dead_end(
    town: Town, channel: str, count: int, dead: int, status: int
) -> None:
    asked: list[bool] = []

    async def react(seen: Any, writer: Any) -> None:
        is_dead = f"/{DEAD}/" in seen.target or b"+491559" in seen.body
        asked.append(is_dead)
        await (answer(status) if is_dead else answer(201, {}, b'{"id": "x"}'))(seen, writer)

    town.gateways.react = react
    await Subscriptions(town.pool, ADDRESSES).add_many(subscriptions_of(town, channel, count, dead))
    await town.accepted(warning(DUEREN, identifier="eins", headline="Sturm", severity="Severe"))
    for _ in range(2):  # plan, and each batch once
        await round_of_work(town)
    assert asked.count(False) == count - dead, "all who are well were asked, and once"
    assert asked.count(True) >= dead

    await town.accepted(warning(DUEREN, identifier="zwei", headline="Giftwolke", event="Giftwolke"))
    await let_pass(town)
    asked.clear()
    for _ in range(2):
        await round_of_work(town)
    assert asked.count(False) == count - dead, "nobody waits for those who are sick"
    assert await town.pool.fetchval("SELECT count(*) FROM gateway") == 0, "and no gateway is left alone"

    for _ in range(8):
        await let_pass(town, minutes=2)
        await town.worker.reconciler.sweep()
        await round_of_work(town)
    assert await states(town) == {State.ACCEPTED: 2 * (count - dead), State.REJECTED: 2 * dead}
    assert await town.pool.fetchval("SELECT count(*) FROM batch WHERE state <> $1", BatchState.DONE) == 0
    assert {tuple(row) for row in await town.pool.fetch("SELECT label, code FROM problem")} == {
        ("lasting", str(status))
    }
    assert await town.pool.fetchval("SELECT count(*) FROM subscription WHERE ended_at IS NOT NULL") == 0
