"""Reports of one request are recorded together, and requests about the same deliveries do not block each other."""

import asyncio
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from channels.sms.delivery_reports import DeliveryReport, ReportState, SentPart
from dispatcher.model.reports import NO_EVIDENCE, Evidence, ReportChange, Reported
from dispatcher.model.vocabulary import State
from dispatcher.store.delivery.reports import Reports
from tests.support.histories import submit
from tests.support.messages import NOW

RECIPIENTS = list(range(100, 150))
FAILED = Evidence(failed=frozenset("*"))
BOTH = Evidence(frozenset("*"), frozenset("*"))


class Batches(list[int]):
    """Ids of batches, each with the same recipients."""

    @property
    def keys(self) -> list[tuple[int, int]]:
        return [(batch, position) for batch in self for position in range(len(RECIPIENTS))]


async def put_batch(pool: Any, alert_id: str, recipients: Any = RECIPIENTS) -> int:
    number: int = await pool.fetchval(
        """INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes,
             text_parts)
           SELECT $1, $1, 'alert', 'sms', 'sms-1', 'de', 'priority', $2, $3, $4, 2 RETURNING id""",
        alert_id,
        NOW + timedelta(hours=1),
        list(recipients),
        bytes([State.ACCEPTED] * len(recipients)),
    )
    return number


@pytest.fixture
async def batches(pool: Any, alerts: Any) -> Batches:
    await submit(alerts, "A")
    return Batches([await put_batch(pool, "A") for _ in range(5)])


def change(
    key: Any, after: Evidence = FAILED, before: Evidence = NO_EVIDENCE, times: int = 0
) -> ReportChange:
    batch, position = key
    state = after.state(2, "*") or Reported.FAILED
    return ReportChange(batch, position, RECIPIENTS[position], "sms-1", before, after, state, times)


@pytest.fixture
async def reports(pool: Any, batches: Batches) -> Reports:
    reports = Reports(pool)
    for batch in reversed(batches[:4]):  # so that the order on the disk is none that anybody may rely on
        await reports.record([change(key) for key in batches.keys if key[0] == batch])
    return reports


async def counts(pool: Any) -> dict[Any, Any]:
    rows = await pool.fetch("SELECT batch_id, position, contradictions FROM delivery_report ORDER BY 1, 2")
    return {(row[0], row[1]): row[2] for row in rows}


async def waiting(pool: Any) -> None:
    """Until a statement waits for a lock."""
    while not await pool.fetchval(  # noqa: ASYNC110 - the server tells nobody
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ):
        await asyncio.sleep(0)


async def test_what_more_is_known_of_a_delivery_is_recorded(
    pool: Any, batches: Batches, reports: Reports
) -> None:
    old, new = batches.keys[0], (batches[4], 0)
    assert await reports.record([change(new), change(old, BOTH, FAILED, 2)]) == {new, old}
    assert (await counts(pool))[old] == 2
    row = await pool.fetchrow("SELECT * FROM delivery_report WHERE contradictions > 0")
    assert (row["state"], row["delivered_parts"], row["failed_parts"]) == ("failed", "*", "*")


async def test_what_another_request_has_changed_is_left_to_be_judged_again(
    pool: Any, batches: Batches, reports: Reports
) -> None:
    old, new = batches.keys[0], (batches[4], 0)
    other = Evidence(delivered=frozenset("1"))
    assert await reports.record([change(old), change(new)]) == {new}
    assert await reports.record([change(old, BOTH, other, 1), change(new, BOTH, FAILED, 1)]) == {new}
    assert await counts(pool) == dict.fromkeys(batches.keys[:200], 0) | {new: 1}


async def test_a_recipient_who_is_at_another_place_by_now_is_not_taken_for_another(
    pool: Any, batches: Batches, reports: Reports
) -> None:
    batch = batches[4]
    await pool.execute(
        "UPDATE batch SET recipients = recipients[2:], outcomes = substr(outcomes, 2) WHERE id = $1", batch
    )
    assert await reports.record([change((batch, 0))]) == set()
    [found] = await reports.deliveries([("A", RECIPIENTS[1])])
    assert found is not None
    assert found.recipient == RECIPIENTS[1]


async def test_of_a_request_all_is_recorded_or_nothing(pool: Any, batches: Batches, reports: Reports) -> None:
    await pool.execute("ALTER TABLE delivery_report ADD CHECK (contradictions < 1)")
    with pytest.raises(asyncpg.CheckViolationError):
        await reports.record([change((batches[4], 0)), change(batches.keys[0], BOTH, FAILED, 1)])
    assert await counts(pool) == dict.fromkeys(batches.keys[:200], 0)


async def test_deliveries_are_locked_in_one_order_whatever_the_order_of_their_reports(
    pool: Any, batches: Batches, reports: Reports
) -> None:
    """Else two requests about the same ones, in different orders, end as the victims of a deadlock."""
    keys = batches.keys[:200]
    async with pool.acquire() as holder:
        held = holder.transaction()
        await held.start()
        await holder.execute(
            "SELECT FROM delivery_report WHERE batch_id = $1 AND position = 0 FOR UPDATE", batches[0]
        )
        counting = asyncio.create_task(
            reports.record([change(key, BOTH, FAILED, 1) for key in reversed(keys)])
        )
        await waiting(pool)
        free = await pool.fetch("SELECT FROM delivery_report FOR UPDATE SKIP LOCKED")
        assert len(free) == len(keys) - 1, "nothing is held while the first one is waited for"
        await held.rollback()
        await counting
    assert await counts(pool) == dict.fromkeys(keys, 1)


async def test_a_delivery_is_known_with_its_parts_and_all_gateways_that_had_it(
    pool: Any, batches: Batches, reports: Reports
) -> None:
    await pool.execute(
        "INSERT INTO handover (alert_id, gateway, to_gateway, reason, recipients, uncertain)"
        " VALUES ('A', 'sms-0', 'sms-1', 'down', $1, 1)",
        RECIPIENTS[:1],
    )
    found = await reports.deliveries([("A", RECIPIENTS[0]), None, ("A", RECIPIENTS[1]), ("A", 999)])
    first, nothing, second, nobody = found
    assert first is not None
    assert second is not None
    assert (first.gateways, first.parts) == (("sms-1", "sms-0"), 2)
    assert second.gateways == ("sms-1",)
    assert (nothing, nobody) == (None, None)


async def test_a_receipt_finds_its_message_by_the_first_of_its_keys_that_is_known(
    pool: Any, batches: Batches, reports: Reports
) -> None:
    ref = ("A", RECIPIENTS[0])
    await reports.remember("smsc", [])
    await reports.remember("smsc", [SentPart("1a2b", ("A", 1), 1), SentPart("1a2b", ref, 2)])
    await reports.remember("other", [SentPart("6699", ("A", 2), 1)])
    known, unknown, own = (
        DeliveryReport(None, ReportState.DELIVERED, keys=("6699", "1a2b")),
        DeliveryReport(None, ReportState.DELIVERED, keys=("6699",)),
        DeliveryReport(("B", 1), ReportState.FAILED, keys=("1a2b",)),
    )
    named = await reports.named("smsc", [known, unknown, own])
    assert [(one.ref, one.part) for one in named] == [(ref, "2"), (None, "*"), (("B", 1), "*")]
    assert await reports.named("smsc", [own]) == [own]


async def test_what_is_not_reported_on_any_more_is_forgotten(pool: Any, reports: Reports) -> None:
    await reports.remember("smsc", [SentPart("1", ("A", 1), 1), SentPart("2", ("A", 1), 2)])
    await pool.execute("UPDATE message_reference SET at = at - interval '15 days' WHERE key = '1'")
    await reports.forget()
    assert [row["key"] for row in await pool.fetch("SELECT key FROM message_reference")] == ["2"]
