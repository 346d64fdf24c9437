"""The policy of approval and what waits for a second person, in the record."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from dispatcher.access.principals import UNNAMED_OPERATOR, WORKER, Actor
from dispatcher.model.approval.policy import PolicyRule, Timers
from dispatcher.model.approval.request import ApprovalDecision, ApprovalRequest
from dispatcher.model.vocabulary import AlertState, Reason
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.approvals import (
    Approvals,
    add_request,
    approval_rules,
    ask_again,
    note_count,
    note_decision,
    persons_of,
)
from tests.support.histories import submit
from tests.support.messages import HOUR, NOW

FIVE, TEN = timedelta(minutes=5), timedelta(minutes=10)
RULE = PolicyRule("*", "Extreme", 10_000, is_needed=True, timers=Timers(FIVE, TEN))


async def asked(pool: Any, alerts: Alerts, alert_id: str, **changes: Any) -> ApprovalRequest:
    """A message that is held, and what is asked about it."""
    await submit(alerts, alert_id, reason=Reason.HELD, held_for="approval", expires=NOW + 6 * HOUR)
    request = ApprovalRequest(
        alert_id=alert_id,
        is_needed=True,
        content_sha256=b"c" * 32,
        people=12,
        shown_at=NOW,
        requested_at=NOW,
        authors=("m.keller",),
        alert_state=AlertState.HELD,
        reason=Reason.HELD,
        held_for="approval",
        expires=NOW + 6 * HOUR,
    )
    request = replace(request, **changes)
    async with pool.acquire() as connection:
        await add_request(connection, request)
    return request


async def test_rules_are_put_replaced_and_dropped_with_a_line_in_the_trail(pool: Any) -> None:
    approvals = Approvals(pool)
    await approvals.put_rule(RULE, UNNAMED_OPERATOR)
    assert await approvals.rules() == [RULE] == await approval_rules(pool)
    exempt = replace(RULE, is_needed=False, timers=Timers(release=TEN))
    await approvals.put_rule(exempt, UNNAMED_OPERATOR)
    assert await approvals.rules() == [exempt]
    assert not await approvals.drop_rule("*", "Extreme", 0, UNNAMED_OPERATOR)
    assert await approvals.drop_rule("*", "Extreme", 10_000, UNNAMED_OPERATOR)
    assert await approvals.rules() == []
    rows = await pool.fetch("SELECT action, detail FROM audit WHERE action LIKE 'approval.%' ORDER BY id")
    assert [row["action"] for row in rows] == ["approval.rule", "approval.rule", "approval.rule-drop"]
    assert rows[0]["detail"]["remind_s"] == 300
    assert rows[2]["detail"]["is_needed"] is False


async def test_what_is_asked_is_read_back_with_what_became_of_the_alert(pool: Any, alerts: Alerts) -> None:
    approvals, request = Approvals(pool), await asked(pool, alerts, "A")
    assert await approvals.get("A") == request
    assert await approvals.get("B") is None
    assert await approvals.waiting() == [request]
    assert await approvals.oldest() == NOW
    await pool.execute("UPDATE alert SET state = 'recorded', reason = 'expired' WHERE id = 'A'")
    found = await approvals.get("A")
    assert found is not None
    assert (found.alert_state, found.reason) == (AlertState.RECORDED, Reason.EXPIRED)
    assert (await approvals.waiting(), await approvals.oldest()) == ([], None)


async def test_a_decision_is_noted_and_taken_back_where_it_is_held_again(pool: Any, alerts: Alerts) -> None:
    await asked(pool, alerts, "A", remind_at=NOW + FIVE, escalate_at=NOW + TEN, release_at=NOW)
    approvals, actor = Approvals(pool), Actor("person:b.lang")
    async with pool.acquire() as connection:
        await note_decision(connection, "A", ApprovalDecision.APPROVE, actor, "geprüft")
        decided = await approvals.get("A")
        await ask_again(connection, "A", 500)
        again = await approvals.get("A")
        await ask_again(connection, "A", None)
    assert decided is not None
    assert (decided.decision, decided.decided_by, decided.why) == ("approve", actor, "geprüft")
    assert again is not None
    assert (again.decision, again.decided_at, again.people, again.release_at) == (None, None, 500, None)
    assert again.requested_at > NOW
    assert (again.remind_at, again.escalate_at) == (again.requested_at + FIVE, again.requested_at + TEN)
    last = await approvals.get("A")
    assert last is not None
    assert last.people == 500


async def test_the_persons_of_a_source_are_who_write_for_it_and_whom_its_keys_name(
    pool: Any, sources: Any
) -> None:
    """Who writes for it has its key that is nobody's at hand, with or without one of their own."""
    for person, source in (("a.desk", "leitstelle"), ("m.keller", "leitstelle"), ("n.other", None)):
        await pool.execute(
            "INSERT INTO person (id, environment, source_id) VALUES ($1, 'live', $2)", person, source
        )
    rows = [("a", "m.keller", None), ("b", "b.lang", None), ("c", "j.ott", NOW), ("d", None, None)]
    for key, owner, revoked in rows:
        await pool.execute(
            "INSERT INTO api_key (id, source_id, digest, person, revoked_at) VALUES ($1, 'leitstelle', $2, $3, $4)",
            key,
            key.encode(),
            owner,
            revoked,
        )
    assert await persons_of(pool, "leitstelle") == ["a.desk", "b.lang", "m.keller"]
    assert await persons_of(pool, "nachbar") == []


async def test_each_reminder_and_escalation_is_claimed_once(pool: Any, alerts: Alerts) -> None:
    await asked(pool, alerts, "A", remind_at=NOW + FIVE, escalate_at=NOW + TEN)
    await asked(pool, alerts, "B")
    approvals = Approvals(pool)
    assert await approvals.claim_reminders(WORKER, NOW) == []
    assert await approvals.claim_reminders(WORKER, NOW + FIVE) == ["A"]
    assert await approvals.claim_reminders(WORKER, NOW + TEN) == []
    assert await approvals.claim_escalations(WORKER, NOW + FIVE) == []
    assert await approvals.claim_escalations(WORKER, NOW + TEN) == ["A"]
    rows = await pool.fetch("SELECT action, alert_id FROM audit WHERE action LIKE 'approval.%' ORDER BY id")
    assert [tuple(row) for row in rows] == [("approval.remind", "A"), ("approval.escalate", "A")]


async def test_nobody_is_reminded_of_what_is_decided_or_over(pool: Any, alerts: Alerts) -> None:
    approvals = Approvals(pool)
    for alert_id in ("A", "B"):
        await asked(pool, alerts, alert_id, remind_at=NOW, release_at=NOW)
    async with pool.acquire() as connection:
        await note_decision(connection, "A", ApprovalDecision.REJECT, WORKER, "")
    assert await approvals.due_releases(NOW) == ["B"]
    assert await approvals.due_releases(NOW + 6 * HOUR) == []
    assert await approvals.claim_reminders(WORKER, NOW + 6 * HOUR) == []
    assert await approvals.claim_reminders(WORKER, NOW) == ["B"]


async def test_a_refusal_leaves_its_line(pool: Any) -> None:
    await Approvals(pool).note_refusal("A", Actor("person:b.lang"), "approve", "own")
    row = await pool.fetchrow("SELECT actor, alert_id, detail FROM audit WHERE action = 'approval.refuse'")
    assert tuple(row) == ("person:b.lang", "A", {"decision": "approve", "why": "own"})


async def test_what_waits_without_a_number_keeps_its_rules_until_it_is_counted(
    pool: Any, alerts: Alerts
) -> None:
    approvals, exempt = Approvals(pool), replace(RULE, people=0, is_needed=False, timers=Timers())
    await asked(pool, alerts, "A", people=None, open_rules=(RULE, exempt))
    await asked(pool, alerts, "B")
    await pool.execute("UPDATE alert SET expires = now() + interval '1 hour'")
    assert await approvals.uncounted() == ["A"]
    found = await approvals.get("A")
    assert found is not None
    assert (found.people, found.open_rules) == (None, (RULE, exempt))
    assert await pool.fetchval("SELECT people FROM approval WHERE alert_id = 'A'") == 0, (
        "the version before approves no more by it than a few"
    )
    counted = replace(found, people=700, open_rules=(), is_needed=False, remind_at=NOW + FIVE)
    async with pool.acquire() as connection:
        await note_count(connection, counted)
    assert (await approvals.uncounted(), await approvals.get("A")) == ([], counted)
    (detail,) = [
        row[0] for row in await pool.fetch("SELECT detail FROM audit WHERE action = 'approval.count'")
    ]
    assert detail == {"people": 700, "is_needed": False}


async def test_what_is_held_again_with_a_number_needs_no_other_count(pool: Any, alerts: Alerts) -> None:
    approvals = Approvals(pool)
    await asked(pool, alerts, "A", people=None, open_rules=(RULE,))
    await pool.execute("UPDATE alert SET expires = now() + interval '1 hour'")
    async with pool.acquire() as connection:
        await ask_again(connection, "A", None)
        assert await approvals.uncounted() == ["A"]
        await ask_again(connection, "A", 500)
    found = await approvals.get("A")
    assert found is not None
    assert (await approvals.uncounted(), found.people) == ([], 500)
    assert found.is_asked_again


async def test_what_the_version_before_has_held_again_is_counted(pool: Any, alerts: Alerts) -> None:
    """It knows nothing of the rules, and leaves them beside the number of its plan."""
    approvals = Approvals(pool)
    await asked(pool, alerts, "A", people=None, open_rules=(RULE,))
    await pool.execute("UPDATE alert SET expires = now() + interval '1 hour'")
    await pool.execute("UPDATE approval SET people = 500")
    found = await approvals.get("A")
    assert found is not None
    assert (await approvals.uncounted(), found.people) == ([], 500)


async def test_what_has_ended_or_was_decided_is_counted_no_more(pool: Any, alerts: Alerts) -> None:
    approvals = Approvals(pool)
    await asked(pool, alerts, "A", people=None, open_rules=(RULE,))
    await asked(pool, alerts, "B", people=None, open_rules=(RULE,))
    await pool.execute("UPDATE alert SET expires = now() + interval '1 hour' WHERE id = 'A'")
    await pool.execute("UPDATE alert SET expires = now() - interval '1 second' WHERE id = 'B'")
    assert await approvals.uncounted() == ["A"]
    async with pool.acquire() as connection:
        await note_decision(connection, "A", ApprovalDecision.APPROVE, Actor("person:b.lang"), "")
    assert await approvals.uncounted() == []
