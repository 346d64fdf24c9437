"""Record the policy of approval, and what waits for a second person; read both back."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.principals import WORKER
from dispatcher.model.approval.policy import PolicyRule, Timers
from dispatcher.model.approval.request import ApprovalDecision, ApprovalRequest
from dispatcher.model.vocabulary import AlertState, Reason
from dispatcher.store import audit
from dispatcher.store.clock import record_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool

IS_UNCOUNTED: Final = "(p.open_rules IS NOT NULL AND p.people = 0)"
"""Whether nobody knows how many people the alert of an approval `p` would warn. The version before leaves the rules
where its plan has counted them.
"""
_REQUEST: Final = f"""
SELECT p.alert_id, p.is_needed, p.content_sha256, CASE WHEN NOT {IS_UNCOUNTED} THEN p.people END AS people,
  p.open_rules, p.shown_at, p.requested_at, p.authors, p.decision,
  coalesce(p.decided_at, CASE WHEN p.decided_by <> '' THEN a.stopped_at END) AS decided_at, p.decided_by, p.why,
  p.remind_at, p.escalate_at, p.release_at, a.state AS alert_state, a.reason, a.held_for, a.expires
FROM approval p JOIN alert a ON a.id = p.alert_id
"""  # noqa: S608 - constant
_RULE: Final = "source, severity, people, is_needed, remind, escalate, release"
_UNDECIDED: Final = f"p.decision IS NULL AND a.state = '{AlertState.HELD}'"


async def approval_request(connection: Connection, alert_id: str) -> ApprovalRequest | None:
    """Return what is asked about an alert, by the caller's connection; None where nothing is or was."""
    row = await connection.fetchrow(f"{_REQUEST} WHERE p.alert_id = $1", alert_id)
    return _request(row) if row else None


async def approval_requests(
    connection: Connection | Pool, alert_ids: Sequence[str]
) -> dict[str, ApprovalRequest]:
    """Return what is or was asked about each of these alerts; those about which nothing was are left out."""
    rows = await connection.fetch(f"{_REQUEST} WHERE p.alert_id = ANY($1)", list(alert_ids))
    return {row["alert_id"]: _request(row) for row in rows}


async def approval_rules(connection: Connection | Pool) -> list[PolicyRule]:
    """Return the policy, in no particular order."""
    rows = await connection.fetch(f"SELECT {_RULE} FROM approval_rule")  # noqa: S608 - constant columns
    return [_rule(row) for row in rows]


async def persons_of(connection: Connection, source_id: str) -> list[str]:
    """Return the persons, by id, who may have a key of the source that is nobody's: who write for it, and whom keys of
    it that are not revoked belong to. None of them where it has none: then whoever approves is of another house.
    Persons of the exercise have no live key, and nothing waits in the exercise.
    """
    rows = await connection.fetch(
        """SELECT person FROM (
             SELECT id AS person FROM person WHERE source_id = $1
             UNION SELECT person FROM api_key WHERE source_id = $1 AND person IS NOT NULL AND revoked_at IS NULL
           ) named WHERE NOT EXISTS (
             SELECT 1 FROM person p WHERE p.id = named.person AND p.environment = 'exercise')
           ORDER BY 1""",
        source_id,
    )
    return [row["person"] for row in rows]


async def add_request(connection: Connection, request: ApprovalRequest) -> None:
    """Record what is asked about an alert that was just recorded, within that transaction."""
    await connection.execute(
        """INSERT INTO approval (alert_id, is_needed, content_sha256, people, shown_at, requested_at, authors,
             remind_at, escalate_at, release_at, open_rules)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
        request.alert_id,
        request.is_needed,
        request.content_sha256,
        request.people or 0,
        request.shown_at,
        request.requested_at,
        list(request.authors),
        request.remind_at,
        request.escalate_at,
        request.release_at,
        [_detail(rule) for rule in request.open_rules] if request.people is None else None,
    )


async def note_count(connection: Connection, request: ApprovalRequest) -> None:
    """Record how many people an alert would warn that waits, what the policy asks for so many, and for what it still
    waits, within the transaction in which that was decided.
    """
    await connection.execute(
        """UPDATE approval SET people = $2, open_rules = NULL, is_needed = $3, remind_at = $4, escalate_at = $5,
             release_at = $6 WHERE alert_id = $1""",
        request.alert_id,
        request.people,
        request.is_needed,
        request.remind_at,
        request.escalate_at,
        request.release_at,
    )
    await connection.execute(
        "UPDATE alert SET held_for = $2 WHERE id = $1", request.alert_id, request.held_for
    )
    await audit.note(
        connection,
        WORKER,
        "approval.count",
        request.alert_id,
        people=request.people,
        is_needed=request.is_needed,
    )


async def ask_again(connection: Connection, alert_id: str, people: int | None) -> None:
    """Ask once more about an alert that is held again, or after it stood behind an equal one, for so many people if
    that is known. It is reminded of and escalated anew, but nothing that was seen to be wrong goes out by itself.
    """
    await connection.execute(
        """UPDATE approval SET decision = NULL, decided_at = NULL, decided_by = '', why = '',
             people = coalesce($2, people), open_rules = CASE WHEN $2::bigint IS NULL THEN open_rules END,
             requested_at = now.at, release_at = NULL,
             remind_at = now.at + (remind_at - requested_at), reminded_at = NULL,
             escalate_at = now.at + (escalate_at - requested_at), escalated_at = NULL
           FROM (SELECT clock_timestamp() AS at) now WHERE alert_id = $1""",
        alert_id,
        people,
    )


async def note_decision(
    connection: Connection, alert_id: str, decision: ApprovalDecision, actor: Actor, why: str
) -> None:
    """Record what was decided, where anything is asked about the alert, within the transaction that does it."""
    await connection.execute(
        """UPDATE approval SET decision = $2, decided_at = clock_timestamp(), decided_by = $3, why = $4
           WHERE alert_id = $1""",
        alert_id,
        decision,
        actor,
        why,
    )


async def note_withdrawal(connection: Connection, alert_id: str, actor: Actor, why: str) -> None:
    """Record who ended the wait by another message, where anything is asked about the alert; nothing was decided."""
    await connection.execute(
        "UPDATE approval SET decided_by = $2, why = $3 WHERE alert_id = $1 AND decision IS NULL",
        alert_id,
        actor,
        why,
    )


class Approvals:
    """Reads and changes the policy; reads what waits. What a person decides goes through `intake.four_eyes`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def rules(self) -> list[PolicyRule]:
        """Return the policy, in no particular order."""
        return await approval_rules(self._pool)

    async def put_rule(self, rule: PolicyRule, by: Actor) -> None:
        """Add a rule, or replace the one for the same source, severity and number of people."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                f"""INSERT INTO approval_rule ({_RULE}) VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (source, severity, people)
                   DO UPDATE SET is_needed = $4, remind = $5, escalate = $6, release = $7""",  # noqa: S608 - constant
                rule.source,
                rule.severity,
                rule.people,
                rule.is_needed,
                rule.timers.remind,
                rule.timers.escalate,
                rule.timers.release,
            )
            await audit.note(connection, by, "approval.rule", **_detail(rule))

    async def drop_rule(self, source: str, severity: str, people: int, by: Actor) -> bool:
        """Take a rule away. Returns whether there was one."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                f"DELETE FROM approval_rule WHERE (source, severity, people) = ($1, $2, $3) RETURNING {_RULE}",  # noqa: S608 - constant
                source,
                severity,
                people,
            )
            if row is not None:
                await audit.note(connection, by, "approval.rule-drop", **_detail(_rule(row)))
        return row is not None

    async def get(self, alert_id: str) -> ApprovalRequest | None:
        """Return what is or was asked about an alert."""
        return await approval_request(self._pool, alert_id)

    async def several(self, alert_ids: Sequence[str]) -> dict[str, ApprovalRequest]:
        """Return what is or was asked about these alerts, by their ids; nothing of those about which nothing is."""
        return await approval_requests(self._pool, alert_ids)

    async def waiting(self) -> list[ApprovalRequest]:
        """Return what waits for a decision, the longest waiting first."""
        rows = await self._pool.fetch(f"{_REQUEST} WHERE {_UNDECIDED} ORDER BY p.requested_at, p.alert_id")
        return [_request(row) for row in rows]

    async def now(self) -> datetime:
        """Return the record's clock, by which it is judged what has expired."""
        return await record_time(self._pool)

    async def note_refusal(self, alert_id: str, actor: Actor, action: str, refusal: str) -> None:
        """Write that a decision took no effect, and why."""
        await audit.note(self._pool, actor, "approval.refuse", alert_id, decision=action, why=refusal)

    async def claim_reminders(self, actor: Actor, now: datetime | None = None) -> list[str]:
        """Return the ids of what is due to be reminded of now; no other process gets the same. `now`: the record's
        clock where None.
        """
        return await self._claim("remind", "reminded_at", actor, now)

    async def claim_escalations(self, actor: Actor, now: datetime | None = None) -> list[str]:
        """Return the ids of what is due to be escalated now, in the same way."""
        return await self._claim("escalate", "escalated_at", actor, now)

    async def _claim(self, step: str, done: str, actor: Actor, now: datetime | None) -> list[str]:
        async with self._pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(
                f"""UPDATE approval SET {done} = coalesce($1, clock_timestamp()) WHERE alert_id IN (
                     SELECT p.alert_id FROM approval p JOIN alert a ON a.id = p.alert_id
                     WHERE {_UNDECIDED} AND p.{step}_at <= coalesce($1, clock_timestamp()) AND p.{done} IS NULL
                       AND a.expires > coalesce($1, clock_timestamp())
                     ORDER BY p.alert_id FOR UPDATE OF p SKIP LOCKED)
                   RETURNING alert_id""",  # noqa: S608 - two constant names
                now,
            )
            for row in rows:
                await audit.note(connection, actor, f"approval.{step}", row["alert_id"])
        return [row["alert_id"] for row in rows]

    async def due_releases(self, now: datetime | None = None) -> list[str]:
        """Return the ids of what the policy would release now."""
        rows = await self._pool.fetch(
            f"""SELECT p.alert_id FROM approval p JOIN alert a ON a.id = p.alert_id
               WHERE {_UNDECIDED} AND p.release_at <= coalesce($1, clock_timestamp())
                 AND a.expires > coalesce($1, clock_timestamp())
               ORDER BY p.requested_at, p.alert_id""",  # noqa: S608 - constant
            now,
        )
        return [row["alert_id"] for row in rows]

    async def uncounted(self) -> list[str]:
        """Return the ids of what waits for a decision while nobody knows how many people it would warn, the longest
        waiting first.
        """
        rows = await self._pool.fetch(
            f"""SELECT p.alert_id FROM approval p JOIN alert a ON a.id = p.alert_id
               WHERE {IS_UNCOUNTED} AND {_UNDECIDED} AND a.expires > clock_timestamp()
               ORDER BY p.requested_at, p.alert_id"""  # noqa: S608 - constant
        )
        return [row["alert_id"] for row in rows]

    async def release_never(self, alert_id: str) -> None:
        """Take the time away after which the policy releases an alert: a person has to settle something."""
        await self._pool.execute(
            "UPDATE approval SET release_at = NULL WHERE alert_id = $1 AND decision IS NULL", alert_id
        )

    async def oldest(self) -> datetime | None:
        """Return since when that waits which has waited for longest."""
        found: datetime | None = await self._pool.fetchval(
            f"SELECT min(p.requested_at) FROM approval p JOIN alert a ON a.id = p.alert_id WHERE {_UNDECIDED}"  # noqa: S608 - constant
        )
        return found


def _detail(rule: PolicyRule) -> dict[str, Any]:
    times = {name: getattr(rule.timers, name) for name in ("remind", "escalate", "release")}
    return {
        "source": rule.source,
        "severity": rule.severity,
        "people": rule.people,
        "is_needed": rule.is_needed,
        **{f"{name}_s": int(after.total_seconds()) for name, after in times.items() if after is not None},
    }


def _rule(row: Any) -> PolicyRule:
    timers = Timers(row["remind"], row["escalate"], row["release"])
    return PolicyRule(row["source"], row["severity"], row["people"], row["is_needed"], timers)


def _open_rule(said: dict[str, Any]) -> PolicyRule:
    """Return a rule as `_detail` writes it."""
    times = (said.get(f"{name}_s") for name in ("remind", "escalate", "release"))
    timers = Timers(*(None if time is None else timedelta(seconds=time) for time in times))
    return PolicyRule(said["source"], said["severity"], said["people"], said["is_needed"], timers)


def _request(row: Any) -> ApprovalRequest:
    decision = ApprovalDecision(row["decision"]) if row["decision"] else None
    closed = {
        "decision": decision,
        "alert_state": AlertState(row["alert_state"]),
        "reason": Reason(row["reason"]),
        "authors": tuple(row["authors"]),
        "open_rules": tuple(_open_rule(one) for one in row["open_rules"] or ()),
    }
    return ApprovalRequest(**{**dict(row), **closed})
