"""How an alert stands, with what ended it and what is sent in its place."""

from typing import Any

import pytest

from dispatcher.access.principals import WORKER, Actor
from dispatcher.api.schemas.status import decided_body
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.status import OverReason
from dispatcher.model.vocabulary import ApprovalState, Reason
from dispatcher.store import audit
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.related_alerts import Outcome, RelatedAlerts
from dispatcher.store.delivery.status import AlertStatuses
from tests.support.histories import submit
from tests.support.messages import SENDER


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


PERSON = Actor("person:b.lang")


@pytest.mark.parametrize(
    ("reason", "decision", "by", "state"),
    [
        (Reason.DISCARDED, ApprovalDecision.REJECT, PERSON, ApprovalState.REJECTED),
        (Reason.FIRST_NOTICE, ApprovalDecision.APPROVE, PERSON, ApprovalState.APPROVED),
        (Reason.FIRST_NOTICE, ApprovalDecision.RELEASE, WORKER, ApprovalState.RELEASED),
    ],
)
async def test_who_decided_upon_what_was_held_is_named_with_the_reason(
    pool: Any, alerts: Alerts, reason: Any, decision: Any, by: Any, state: Any
) -> None:
    await submit(alerts, "A", reason=Reason.HELD, held_for="approval")
    standing = await AlertStatuses(pool).alert_status("A")
    assert standing is not None
    assert standing.decided is None, "it waits"
    outcome = Outcome(reason, "A", "A", standing.alert.expires, decision)
    async with alerts.submission(SENDER) as submission:
        await RelatedAlerts(submission).conclude("A", outcome, by, "falscher Ort")
    standing = await AlertStatuses(pool).alert_status("A")
    assert standing is not None
    assert standing.decided is not None
    assert (standing.decided.state, standing.decided.by, standing.decided.why) == (state, by, "falscher Ort")
    body = decided_body(standing.decided)
    assert body is not None
    assert body.model_dump(exclude={"at"}) == {"state": state, "by": by, "why": "falscher Ort"}


async def test_who_withdrew_what_was_held_is_named_and_nobody_of_what_never_was(
    pool: Any, alerts: Alerts
) -> None:
    await submit(alerts, "A", reason=Reason.HELD, held_for="approval")
    await submit(alerts, "B")
    async with alerts.submission(SENDER) as submission:
        await RelatedAlerts(submission).withdraw(["A"], "B", PERSON, "Cancel")
    found = [await AlertStatuses(pool).alert_status(one) for one in "AB"]
    held, never = [one.decided for one in found if one is not None]
    assert held is not None
    assert (held.state, held.by, held.why, never) == (ApprovalState.VOID, PERSON, "Cancel", None)


async def test_recipients_taken_out_of_it_are_no_decision_upon_it(pool: Any, alerts: Alerts) -> None:
    """An end that an operator released is on its way when a warning comes that concerns some of its recipients."""
    await submit(alerts, "A", reason=Reason.HELD, held_for="unproved")
    standing = await AlertStatuses(pool).alert_status("A")
    assert standing is not None
    outcome = Outcome(Reason.CANCEL, "A", "A", standing.alert.expires, ApprovalDecision.APPROVE)
    async with alerts.submission(SENDER) as submission:
        await RelatedAlerts(submission).conclude("A", outcome, PERSON, "geprüft")
    await audit.note(pool, WORKER, "alert.withdraw", "A", by="B", recipients=7)
    standing = await AlertStatuses(pool).alert_status("A")
    assert standing is not None
    assert standing.decided is not None
    assert (standing.decided.by, standing.decided.why) == (PERSON, "geprüft")


async def test_a_withdrawal_of_an_earlier_record_is_read(pool: Any, alerts: Alerts) -> None:
    await submit(alerts, "A", reason=Reason.HELD, held_for="approval")
    await submit(alerts, "B", chain="A", reason=Reason.CANCEL)
    await pool.execute("UPDATE alert SET state = 'recorded', reason = 'superseded' WHERE id = 'A'")
    await audit.note(pool, PERSON, "alert.withdraw", "A", by="B", why="Cancel")
    standing = await AlertStatuses(pool).alert_status("A")
    assert standing is not None
    assert standing.decided is not None
    assert (standing.decided.state, standing.decided.why) == (ApprovalState.VOID, "Cancel")


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
