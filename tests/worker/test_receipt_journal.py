"""Receipts of message centres on their way into the real record."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from channels.sms.delivery_reports import ReportState, SentPart
from channels.sms.inbound import InboundText
from channels.sms.smpp.receipts import CentreReceipt
from dispatcher.apps.inbound_texts import InboundTexts
from dispatcher.audience.phone_numbers import NumberRules
from dispatcher.delivery.reports import DeliveryReports
from dispatcher.metrics import Metrics
from dispatcher.model.vocabulary import State
from dispatcher.store.delivery.reports import Reports
from dispatcher.store.numbers.opt_outs import OptOuts
from dispatcher.worker.receipt_journal import ReceiptJournal
from tests.metrics.test_registry import samples
from tests.store import conftest as on_record
from tests.support.histories import submit
from tests.support.messages import NOW
from tests.support.sealed import ADDRESSES

alerts = on_record.alerts
pool = on_record.pool
sources = on_record.sources
accounts = on_record.accounts
WHOLE = 0


@dataclass
class Stage:
    """A journal over the record, with a batch of three recipients whose texts have two parts."""

    pool: Any
    time: float = 0.0
    acknowledged: list[int] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.store = Reports(self.pool)
        self.journal = self.another()

    def another(self) -> ReceiptJournal:
        """Another process' journal."""
        reports = DeliveryReports("sms", {}, self.store, self.metrics, lambda name: name)
        inbound = InboundTexts({}, OptOuts(self.pool, ADDRESSES), NumberRules(), self.metrics)
        return ReceiptJournal(
            self.store, reports, self.metrics, inbound, whole=WHOLE, clock=lambda: self.time
        )

    def receive(self, *keys: str, state: Any = ReportState.DELIVERED, gateway: str = "smsc") -> None:
        self.journal.received(gateway, CentreReceipt(keys, state, "000"), self.acknowledged.append)

    async def states(self) -> dict[int, str]:
        rows = await self.pool.fetch("SELECT position, state FROM delivery_report ORDER BY 1")
        return {row["position"]: row["state"] for row in rows}

    def counted(self, name: str, **labels: str) -> Any:
        return samples(self.metrics).get((name, frozenset(labels.items())), 0)

    def unmatched(self, reason: str) -> Any:
        return self.counted("warn_smpp_receipts_unmatched_total", gateway="smsc", reason=reason)


def part(key: str, recipient: int, number: int = WHOLE) -> SentPart:
    return SentPart(key, ("A", recipient), number)


@pytest.fixture
async def stage(pool: Any, alerts: Any) -> Stage:
    await submit(alerts, "A")
    await pool.execute(
        """INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes,
             text_parts)
           SELECT 'A', 'A', 'alert', 'sms', 'smsc', 'de', 'priority', $1, '{100,101,102}', $2, 2""",
        NOW + timedelta(days=3650),
        bytes([State.ACCEPTED] * 3),
    )
    return Stage(pool)


async def test_a_receipt_is_recorded_and_then_acknowledged(stage: Stage) -> None:
    stage.journal.sent("smsc", part("M-1", 100))
    stage.receive("M-1")
    assert stage.acknowledged == []
    assert await stage.journal.flush()
    assert (await stage.states(), stage.acknowledged) == ({0: "delivered"}, [0])
    assert (
        stage.counted("warn_delivery_reports_total", channel="sms", gateway="smsc", verdict="delivered") == 1
    )


async def test_it_may_come_to_another_process_than_sent(stage: Stage) -> None:
    stage.journal.sent("smsc", part("M-1", 101))
    await stage.journal.flush()
    stage.journal = stage.another()
    stage.receive("x", "M-1", state=ReportState.FAILED)
    await stage.journal.flush()
    assert await stage.states() == {1: "failed"}


async def test_parts_come_to_one_state(stage: Stage) -> None:
    stage.journal.sent("smsc", part("M-1", 100, 1))
    stage.journal.sent("smsc", part("M-2", 100, 2))
    stage.receive("M-2")
    await stage.journal.flush()
    assert await stage.states() == {0: "partial"}
    stage.receive("M-1")
    await stage.journal.flush()
    assert await stage.states() == {0: "delivered"}


async def test_a_receipt_before_its_answer_waits_for_it(stage: Stage) -> None:
    stage.receive("M-1")
    await stage.journal.flush()
    assert (stage.journal.parked, stage.acknowledged, await stage.states()) == (1, [0], {})
    stage.time = 59.0
    await stage.another().flush()
    other = stage.another()
    other.sent("smsc", part("M-1", 102))
    await other.flush()
    await stage.journal.flush()
    assert (stage.journal.parked, await stage.states()) == (0, {2: "delivered"})


async def test_after_a_minute_it_is_unmatched(stage: Stage) -> None:
    stage.receive("M-1")
    await stage.journal.flush()
    stage.time = 60.0
    await stage.journal.flush()
    assert (stage.journal.parked, stage.unmatched("unknown_id")) == (0, 1)


async def test_ids_are_a_gateways_own(stage: Stage) -> None:
    stage.journal.sent("other", part("M-1", 100))
    stage.receive("M-1")
    await stage.journal.flush()
    assert (stage.journal.parked, await stage.states()) == (1, {})


async def test_doubled_and_odd_receipts_change_nothing(stage: Stage) -> None:
    stage.journal.sent("smsc", part("M-1", 100))
    for _ in range(3):
        stage.receive("M-1")
    stage.receive("M-1", state=ReportState.PENDING)
    stage.receive("M-1", state=None)
    stage.receive()
    await stage.journal.flush()
    assert (await stage.states(), stage.acknowledged) == ({0: "delivered"}, [0] * 6)
    assert (
        stage.counted("warn_delivery_reports_total", channel="sms", gateway="smsc", verdict="duplicate") == 2
    )
    assert (
        stage.counted("warn_delivery_reports_total", channel="sms", gateway="smsc", verdict="unreadable") == 2
    )


async def test_what_a_person_writes_is_done_and_then_acknowledged(stage: Stage) -> None:
    for text in ("stop", "Danke"):
        stage.journal.texted("smsc", InboundText("+4915112345678", text), stage.acknowledged.append)
    assert stage.acknowledged == []
    await stage.journal.flush()
    assert stage.acknowledged == [0, 0]
    assert stage.unmatched("no_receipt") == 2
    for verdict in ("noted", "not_understood"):
        assert stage.counted("warn_sms_inbound_total", gateway="smsc", verdict=verdict) == 1


async def test_no_more_wait_than_may(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatcher.worker.receipt_journal.PARKED_MAX", 2)
    for number in range(5):
        stage.receive(f"M-{number}")
    await stage.journal.flush()
    assert (stage.journal.parked, stage.unmatched("unknown_id")) == (2, 3)


async def test_while_the_record_is_away_centres_are_asked_to_come_again(stage: Stage) -> None:
    class Away:
        async def remember(self, gateway: str, parts: Any) -> None:
            raise ConnectionRefusedError

    there, stage.journal._store = stage.journal._store, Away()  # type: ignore[assignment]
    stage.journal.sent("smsc", part("M-1", 100))
    stage.receive("M-1")
    assert not await stage.journal.flush()
    assert stage.acknowledged == [0x64]
    stage.journal._store = there
    stage.receive("M-1")
    assert await stage.journal.flush()
    assert (await stage.states(), stage.acknowledged) == ({0: "delivered"}, [0x64, 0])


async def test_ids_beyond_what_can_wait_for_the_record_are_counted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatcher.worker.receipt_journal.UNWRITTEN_MAX", 1)
    stage.journal.sent("smsc", part("M-1", 100))
    stage.journal.sent("smsc", part("M-2", 101))
    assert stage.unmatched("id_lost") == 1
    await stage.journal.flush()
    stage.journal.sent("smsc", part("M-3", 102))
    assert stage.unmatched("id_lost") == 1


async def test_foreign_receipts_are_asked_for_once_and_then_now_and_then(stage: Stage) -> None:
    """Who shares an account gets the other's receipts, too: their number must not be paid for by each that comes."""

    class Counting(Reports):
        asked = 0

        async def named(self, gateway: str, reports: Any) -> Any:
            self.asked += len(reports)
            return await super().named(gateway, reports)

    stage.store = store = Counting(stage.pool)
    stage.journal = stage.another()
    for number in range(50):
        stage.receive(f"F-{number}")
        await stage.journal.flush()
    assert (store.asked, stage.journal.parked) == (50, 50)
    stage.time = 2.0
    await stage.journal.flush()
    assert store.asked == 100
    stage.journal.sent("smsc", part("F-7", 100))
    await stage.journal.flush()
    assert (store.asked, stage.journal.parked) == (151, 49), "its own id has come: at once, and it is judged"
    assert await stage.states() == {0: "delivered"}
    stage.journal.sent("smsc", part("M-1", 101))
    await stage.journal.flush()
    assert store.asked == 151, "another's has"


async def test_closing_writes_what_is_left(stage: Stage) -> None:
    stage.journal.sent("smsc", part("M-1", 100))
    stage.receive("M-1")
    stage.receive("M-9")
    await stage.journal.aclose()
    assert (await stage.states(), stage.journal.parked, stage.unmatched("unknown_id")) == (
        {0: "delivered"},
        0,
        1,
    )


async def test_it_writes_by_itself_what_comes(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatcher.worker.receipt_journal.LOOK_AGAIN_S", 0.01)
    running = asyncio.create_task(stage.journal.run())
    stage.receive("M-1")
    while not stage.acknowledged:  # noqa: ASYNC110 - nobody is told
        await asyncio.sleep(0)
    await stage.another().flush()
    await stage.store.remember("smsc", [part("M-1", 100)])
    while not await stage.states():  # noqa: ASYNC110 - as above
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await stage.states() == {0: "delivered"}
