"""What becomes of a message with a code, by what its gateway says."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from channels.base import ChannelDown, Endpoint, Gone, Notice, Receipt, Transient
from dispatcher.delivery.lanes import LaneGate
from dispatcher.metrics import Metrics
from dispatcher.model.principals import Instance
from dispatcher.model.reports import BesideAlerts, beside_alerts
from dispatcher.model.vocabulary import Lane, State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.endpoint_messages import EndpointMessages
from dispatcher.store.audience.ends import SubscriberEnds
from dispatcher.store.audience.liveness import Liveness
from dispatcher.store.audience.proofs import Proofs
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.sources import Sources
from dispatcher.worker.endpoint_messages import NOTE_EVERY_S, UPKEEP_EVERY_S, EndpointMessageSender
from tests.metrics.test_registry import samples
from tests.support.histories import finish, ledger_of, plan, submit
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import digest, enrol, named, put, told, wish

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
ANSWERS = {
    "gone": Gone("410"),
    "before": Gone("410", since=LONG_AGO),
    "busy": Transient("503"),
    "down": ChannelDown("refused"),
}


class Push:
    """A channel whose answer is in the endpoint's name."""

    def __init__(self) -> None:
        self.references: list[str] = []

    async def send(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        self.references.append(notice.alert_id)
        for endpoint in endpoints:
            error = ANSWERS.get(endpoint.address.rpartition("/")[2])
            if isinstance(error, ChannelDown):
                raise error
            assert (notice.language, gateway) == ("de", "https://push.example")
            yield [Receipt(endpoint.id, error)]


@pytest.fixture
def clock() -> list[float]:
    """The seconds that the sender's clock shows."""
    return [7.0]


@pytest.fixture
async def sender(pool: Any, sources: Sources, clock: list[float]) -> EndpointMessageSender:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), f"wi_dueren_{'s' * 43}")
    push: Any = Push()
    numbers = itertools.count()

    def new_code(_: str) -> str:
        return f"code {next(numbers)}"

    return EndpointMessageSender(
        EndpointMessages(pool, ADDRESSES, new_code, lambda number, code: digest(f"{number} {code}")),
        {"webpush": push},
        proofs=Proofs(pool, ADDRESSES),
        ends=SubscriberEnds(pool, ADDRESSES),
        liveness=Liveness(pool),
        gate=LaneGate(),
        metrics=Metrics(),
        now=lambda: NOW,
        retention_days=30,
        clock=lambda: clock[0],
    )


async def test_each_is_sent_once_and_again_only_where_that_may_help(
    pool: Any, sender: EndpointMessageSender
) -> None:
    await put(pool, "anna", wish("good", "gone", "before", "busy", "down"))
    await pool.execute(
        "INSERT INTO subscription (channel, gateway, sealed, address_hash) VALUES ('fax', 'g', $1, $2)",
        *reversed(ADDRESSES.seal("fax", {})[:2]),
    )
    await pool.execute(
        """INSERT INTO subscriber_endpoint (subscriber_id, subscription_id, position, due_at)
           SELECT s.id, n.id, 9, now() FROM subscriber s, subscription n WHERE n.channel = 'fax'"""
    )
    assert await sender.send() == 6
    assert await sender.send() == 0
    rows = await pool.fetch(
        """SELECT n.id, e.answer, e.due_at IS NOT NULL AS again FROM subscriber_endpoint e
           JOIN subscription n ON n.id = e.subscription_id"""
    )
    names = {number: name for name, number in (await named(pool, "true")).items()}
    assert set(await named(pool)) == set(names.values()) - {"gone"}, "as of a warning"
    assert {names[row["id"]]: (row["answer"], row["again"]) for row in rows} == {
        "good": ("accepted", False),
        "gone": ("410", False),
        "before": ("410", False),
        "busy": ("503", True),
        "down": ("refused", True),
        "fax": ("channel_not_configured", True),
    }
    counted = samples(sender._metrics)
    label = {("channel", "webpush"), ("purpose", "proof"), ("result", "accepted")}
    assert counted["warn_round_trip_messages_total", frozenset(label)] == 1


async def test_each_code_is_a_message_of_its_own_for_the_push_service(
    pool: Any, sender: EndpointMessageSender
) -> None:
    """Apple and webhooks take the id for that of a message, and may drop what has it once more."""
    await put(pool, "anna", wish("one", "busy"))
    push: Any = sender._channels["webpush"]
    assert await sender.send() == 2
    await pool.execute("UPDATE subscriber_endpoint SET due_at = now() WHERE due_at IS NOT NULL")
    assert await sender.send() == 1
    assert len(set(push.references)) == 3
    assert {beside_alerts(one) for one in push.references} == {BesideAlerts.CODE}


async def test_what_has_ended_is_erased_after_its_time(pool: Any, sender: EndpointMessageSender) -> None:
    await enrol(pool, "anna", "old", expires_at=datetime(2025, 1, 1, tzinfo=UTC))
    await enrol(pool, "bernd", "gone-today")
    await enrol(pool, "clara", "gone-long-ago")
    await enrol(pool, "dora", "here")
    await put(pool, "emil", wish("not-proven"))
    await pool.execute("UPDATE subscriber_endpoint SET named_at = now() - interval '25 hours'")
    numbers = await named(pool)
    for name, days in (("gone-today", 0), ("gone-long-ago", 31)):
        await pool.execute(
            "UPDATE subscription SET ended_at = now() - make_interval(days => $2) WHERE id = $1",
            numbers[name],
            days,
        )
    await pool.execute("UPDATE subscriber SET seen_at = seen_at - interval '31 days'")
    await sender.upkeep()
    await sender.end_expired()
    assert set(await named(pool, "true")) == {"gone-today", "here", ""}
    assert sender._metrics.subscribers_ended.labels("unproven")._value.get() == 1
    assert await pool.fetchval("SELECT count(*) FROM subscriber WHERE ended_at IS NOT NULL") == 1
    await pool.execute("UPDATE subscriber SET ended_at = ended_at - interval '31 days'")
    await sender.upkeep()
    assert await pool.fetchval("SELECT count(*) FROM subscriber WHERE ended_at IS NOT NULL") == 0
    assert await told(pool) == {"here": (True, [DUEREN])}
    assert await pool.fetchval("SELECT count(*) FROM subscriber") == 2, (
        "clara and emil have no endpoint any more"
    )


async def test_a_slow_round_puts_off_the_upkeep_by_no_more_than_itself(
    pool: Any, sender: EndpointMessageSender, clock: list[float]
) -> None:
    await sender.round()
    await put(pool, "anna", wish("never-proven"))
    await pool.execute("UPDATE subscriber_endpoint SET named_at = now() - interval '25 hours'")
    for later, ended in ((UPKEEP_EVERY_S - 0.5, 0), (0.5, 1)):
        clock[0] += later
        await sender.round()
        assert sender._metrics.subscribers_ended.labels("unproven")._value.get() == ended


async def test_batches_are_gone_through_once_a_second_whether_rounds_are_slow_or_not(
    pool: Any, sender: EndpointMessageSender, clock: list[float]
) -> None:
    await enrol(pool, "anna", "first")
    await submit(Alerts(pool), "A")
    ledger = ledger_of(pool)
    for ready in await plan(ledger, Plans(pool, 100), "A"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)

    found = []
    for later in (0.0, 0.9, 0.1, 0.9, 20.0, 0.5):
        clock[0] += later * NOTE_EVERY_S
        await sender.round()
        found.append(await pool.fetchval("SELECT noted FROM batch"))
        await pool.execute("UPDATE batch SET noted = false")
    assert found == [True, False, True, False, True, False]


async def test_an_end_date_waits_for_no_upkeep_and_no_busy_lane(
    pool: Any, sender: EndpointMessageSender
) -> None:
    """Nobody hears of a warning that comes a second after their date."""
    past = datetime(2025, 1, 1, tzinfo=UTC)
    await enrol(pool, "anna", "first", expires_at=past)
    await enrol(pool, "bernd", "second")
    with sender._gate.work(Lane.FLASH):
        work = asyncio.create_task(sender.run())
        async with asyncio.timeout(20):
            for name in ("first", "second"):
                while name in await told(pool):  # noqa: ASYNC110 - what changes is the record
                    await asyncio.sleep(0.01)
                await pool.execute("UPDATE subscriber SET expires_at = $1 WHERE ended_at IS NULL", past)
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
