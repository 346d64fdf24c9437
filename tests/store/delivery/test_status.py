"""How an alert stands, with what ended it and what is sent in its place."""

from typing import Any

from dispatcher.access.principals import WORKER
from dispatcher.model.status import OverReason
from dispatcher.model.vocabulary import Reason
from dispatcher.store import audit
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.delivery.status import AlertStatuses
from tests.support.histories import submit


async def test_an_unknown_id_has_no_status(pool: Any) -> None:
    assert await AlertStatuses(pool).alert_status("nobody") is None


async def test_what_ended_it_is_named(pool: Any, alerts: Alerts) -> None:
    await submit(alerts, "A")
    statuses = AlertStatuses(pool)
    standing = await statuses.alert_status("A")
    assert standing is not None
    assert standing.over is None
    await submit(alerts, "B", chain="A", reason=Reason.CANCEL)
    ended = await statuses.alert_status("A")
    assert ended is not None
    assert ended.over is not None
    assert (ended.over.reason, ended.over.by) == (OverReason.CANCELLED, "B")
    assert ended.over.at == ended.alert.stopped_at


async def test_the_template_that_it_states_is_named(pool: Any, alerts: Alerts) -> None:
    await submit(alerts, "A")
    standing = await AlertStatuses(pool).alert_status("A")
    assert standing is not None
    assert standing.template is None
    async with pool.acquire() as connection:
        await audit.note(connection, WORKER, "alert.template", "A", template="hochwasser", version=3)
    standing = await AlertStatuses(pool).alert_status("A")
    assert standing is not None
    assert standing.template == ("hochwasser", 3)


async def test_a_count_that_takes_too_long_is_left_out(pool: Any, alerts: Alerts) -> None:
    """A submission that is committed is answered, whatever the ledger does."""
    await submit(alerts, "A")
    merged = await submit(alerts, "C", reason=Reason.MERGED, merged_into="A")
    stored = await alerts.get(merged.id)
    assert stored is not None
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("LOCK TABLE batch IN ACCESS EXCLUSIVE MODE")
        found = await AlertStatuses(pool).merged_into(stored)
    assert found is not None
    assert (found.alert.id, found.progress) == ("A", None)


async def test_what_is_sent_in_its_place_is_named(
    pool: Any, alerts: Alerts, ready_batches: list[Any]
) -> None:
    await submit(alerts, "C", reason=Reason.MERGED, merged_into="A")
    status = await AlertStatuses(pool).alert_status("C")
    assert status is not None
    assert status.merged_into is not None
    assert status.merged_into.progress is not None
    assert (status.merged_into.alert.id, status.merged_into.progress.recipients) == ("A", 6)
    assert (status.progress.recipients, status.over) == (0, None)
    first = await AlertStatuses(pool).alert_status("A")
    assert first is not None
    assert first.merged_into is None
