"""Plan on the record: from an alert's municipalities to frozen batches.

A first notice is planned in portions, by the subscriptions' numbers, each in a transaction of its own: the first few
thousand are on their way while the rest of a million is still being looked up. Everything that follows on a warning is
planned in one.

Of what each subscriber is notified follows from what it was notified of before, which the earlier batches' outcome
bytes say. Who is *alarmed* by what the message replaces or ends is defined in `alarmed`:

- concerned, and alarmed by something that this message replaces: `update`
- concerned, and not: `alert`
- alarmed by something that this message replaces, and not concerned: `no_longer_affected`
- alarmed by something that this message ends: `cancel`, or `delisted` where it ends only because its source stopped
  listing it, or `no_longer_affected` where only its validity is over

The last two only if no warning in force of the same graph of references concerns the subscriber, nor one that had been
merged into a warning of that graph. Else it is looked at again when that one ends: `plan_at` says when. Recipients
whose earlier message is in a batch that a worker still holds are left for the next round.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from dispatcher.access.principals import WORKER
from dispatcher.model.alerts import PendingAlert
from dispatcher.model.approval.request import ApprovalDecision
from dispatcher.model.batches import Closed
from dispatcher.model.vocabulary import (
    EXTREME,
    OPEN_DRILL,
    WARNING,
    AlertState,
    BatchState,
    Kind,
    Lane,
    Reason,
    State,
    ending_kind,
)
from dispatcher.sms.parts import NOT_COUNTED, TextParts
from dispatcher.store import audit
from dispatcher.store.alerts.alerts import TARGET_SHA256, ready_alert
from dispatcher.store.alerts.approvals import ask_again
from dispatcher.store.alerts.merged import promote_unspoken
from dispatcher.store.audience.wishes import (
    IS_ANYBODY_PARTICULAR,
    PLACE,
    breaks_silence,
    is_told,
    severity_rank,
)
from dispatcher.store.delivery.alarmed import GRAPHS
from dispatcher.store.delivery.freeze import (
    IN_FORCE_BESIDE,
    LOCK_GRAPHS,
    LOOK_AGAIN,
    LOOK_AGAIN_WHEN_OVER,
    SPOKEN_FOR,
    freeze,
    freeze_first,
)
from dispatcher.store.delivery.withdrawal import lock_ends, withdraw
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sql import NOW, OPEN, Target, among, concerned, first_concerned, is_dispatched

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from dispatcher.model.alerts import ReadyAlert
    from dispatcher.model.batches import ReadyBatch
    from dispatcher.sms.routes import Routes
    from dispatcher.store.record import Connection, Pool


AudienceGuard: TypeAlias = "Callable[[int, int | None, int | None], str]"
"""A guard maps (recipients, the source's baseline, the approved number) to what the alert is held for, or to
nothing."""


@dataclass(frozen=True, slots=True)
class Located:
    """Subscriptions with a watched area in the shapes of the alert (`own`), and in those of the alerts `beside` it in
    the graph (`others`); and in those of the warning by which others are spoken for (`told`), which is `spoken_for`.
    """

    own: Sequence[int] = ()
    beside: frozenset[str] = frozenset()
    others: Sequence[int] = ()
    spoken_for: str | None = None
    told: Sequence[int] = ()
    texts: TextParts = NOT_COUNTED
    """How many parts its SMS has, where a plan depends on it: what else is looked up before."""


NOBODY_LOCATED = Located()


def unguarded(recipients: int, baseline: int | None, approved: int | None) -> str:
    """Lets any audience pass but one larger than was approved."""
    del baseline
    return (
        "" if approved is None or recipients <= approved else f"{recipients} recipients, approved {approved}"
    )


FIRST_PORTION, LARGEST_PORTION = 4_096, 262_144
"""How many subscriptions' numbers the first portion goes through, which takes about 20 ms, and how many a portion does
at most, which takes about a second where the machine is not busy."""
PORTION_S: Final = 1.0
"""How long a portion is to take: its recipients leave when it is committed, and meanwhile it holds the alert's row."""
PLAN_TIMEOUT_S: Final = 600.0
"""How long one of the statements may take that go through a whole audience. Everybody of a record of 10^7 takes a
minute and more, in one statement where something follows on a warning, and is planned late rather than never."""
_EVERYBODY = (0, (1 << 63) - 1)

_IS_TO_BE_PLANNED = f"(state = '{AlertState.ACCEPTED}' OR plan_at <= clock_timestamp() AND {is_dispatched()})"
PENDING = f"""
SELECT id, chain_id, lane, reason, expires, stopped_at IS NOT NULL AS stopped, source_id, audience, approved,
  planned_to, target_sha256 IS NOT NULL AND target_sha256 <> {TARGET_SHA256} AS changed,
  planned_at IS NOT NULL AS again, severity, clock_timestamp() AS now,
  expires <= clock_timestamp() AS over,
  EXISTS (SELECT FROM approval p WHERE p.alert_id = alert.id AND p.decision = '{ApprovalDecision.RELEASE}') AS by_policy
FROM alert WHERE id = $1"""  # noqa: S608 - constant
_PENDING = f"{PENDING} AND {_IS_TO_BE_PLANNED}"

_BASELINE = f"""
SELECT CASE WHEN count(*) >= $3 THEN (percentile_disc(0.5) WITHIN GROUP (ORDER BY audience))::bigint END
FROM (SELECT audience FROM alert WHERE source_id = $1 AND id <> $2 AND reason IN {among(WARNING)}
        AND state IN {among((AlertState.PLANNED, AlertState.SETTLED))} AND audience > 0
      ORDER BY number DESC LIMIT 100) recent
"""  # noqa: S608 - constant
"""The median of a source's last dispatches, once there are enough for a baseline."""
BASELINE_MIN_DISPATCHES = 5
"""A median of fewer dispatches says nothing about a source: then no audience is compared with it."""

_FOLLOWS = "SELECT EXISTS (SELECT FROM batch WHERE chain_id = $1 AND alert_id <> $2)"
"""Whether any subscriber was to be notified in this graph before."""

_NEXT = first_concerned(Target.of_alert("$1", "$3"), above="$2")

_AT_MOST = f"SELECT count(*) FROM ({concerned(Target.of_alert('$1', '$2'), once=False)}) c"  # noqa: S608 - constant
"""A subscriber that follows several places counts several times: this is quick, and enough to see that an audience is
not too large."""

_EXACTLY = f"""
SELECT count(DISTINCT coalesce(s.person, -s.id)) FROM subscription s
WHERE {is_told("s", "$4::boolean")} AND s.min_severity <= $3 AND s.id IN ({concerned(Target.of_alert("$1", "$2"))})
"""  # noqa: S608 - constant

_EARLIER_OPEN = f"""
SELECT EXISTS (SELECT FROM batch b JOIN alert a ON a.id = b.alert_id
               WHERE b.chain_id = $1 AND b.alert_id <> $2 AND b.{OPEN} AND a.stopped_at IS NOT NULL)
"""  # noqa: S608 - constant
"""Whether stopped messages of the graph have open batches, whose recipients were left for another round."""

_UNPLANNED = f"""
WITH RECURSIVE {GRAPHS}
SELECT EXISTS (SELECT FROM alert WHERE chain_id IN (SELECT chain_id FROM graphs) AND id <> $2
                 AND state = '{AlertState.ACCEPTED}')
"""  # noqa: S608 - constant

_AUDIENCE_HASH = """
SELECT sha256(coalesce(string_agg(sha256(recipients::text::bytea || kind::bytea), ''::bytea ORDER BY id), ''::bytea))
FROM batch WHERE alert_id = $1
"""


def pending_alert(row: Any) -> PendingAlert:
    """Return the alert of a row of `PENDING`."""
    return PendingAlert(**{**dict(row), "lane": Lane(row["lane"]), "reason": Reason(row["reason"])})


def sent_and_quiet(made: Sequence[Any], lane: Lane) -> tuple[list[Any], Closed]:
    """Return the new batches that are to be worked on, and how many recipients the others have, whose quiet hours last
    until after the end.
    """
    sent = [row for row in made if row["state"] == BatchState.OPEN]
    quiet: Counter[tuple[str, str]] = Counter()
    for row in made:
        if row["state"] != BatchState.OPEN:
            quiet[row["channel"], lane] += row["size"]
    return sent, Closed(State.QUIET_PAST_END, 0, dict(quiet))


class _TooManyError(Exception):
    def __init__(self, recipients: int, why: str) -> None:
        super().__init__(why)
        self.recipients = recipients


def next_portion(step: int, took_s: float) -> int:
    """Return how many numbers the next portion goes through, as one of `step` has taken `took_s`: twice or half as
    many where that was less than half, or more than twice, of what it is to take. Fewer than the first are never worth
    it: what takes so long then is the same for a single one, and a plan in single ones never ends.
    """
    if took_s < PORTION_S / 2:
        return min(2 * step, LARGEST_PORTION)
    return max(step // 2, min(step, FIRST_PORTION)) if took_s > PORTION_S * 2 else step


class Plans:
    """Plans alerts that are accepted and not yet planned: they are the outbox of the record."""

    def __init__(  # noqa: PLR0913 - the composition root names each part
        self,
        pool: Pool,
        batch_size: int,
        guard: AudienceGuard = unguarded,
        *,
        first_portion: int = FIRST_PORTION,
        count: Callable[[Closed], None] = lambda _: None,
        charges: Charges | None = None,
        zone: str = "Europe/Berlin",
        muted: Callable[[Lane, int], None] = lambda _lane, _people: None,
    ) -> None:
        """`count` is told of recipients who were withdrawn from ends that a warning overtook, and of those whose quiet
        hours outlast the warning, `muted` of people who do not want to hear of what is so slight; `charges` knows what
        is agreed with SMS gateways; in `zone` are the times of quiet hours.
        """
        self._muted = muted
        self._zone = zone
        self._charges = charges or Charges()
        self._count = count
        self._pool = pool
        self._batch_size = batch_size
        self._guard = guard
        self._first_portion = first_portion

    async def waiting_one(self, alert_id: str) -> PendingAlert | None:
        """Return the alert, if it still waits for its plan."""
        row = await self._pool.fetchrow(_PENDING, alert_id)
        return pending_alert(row) if row else None

    async def beside(self, chain_id: str, alert_id: str) -> list[str]:
        """Return which other alerts are in force in the graph, or wait behind one that is."""
        return await self._beside(self._pool, chain_id, alert_id)

    async def _beside(self, connection: Connection | Pool, chain_id: str, alert_id: str) -> list[str]:
        rows = await connection.fetch(IN_FORCE_BESIDE, [chain_id], alert_id)
        return [row["id"] for row in rows if row["id"] != alert_id]

    async def spoken_for(self, alert_id: str) -> str | None:
        """Return the warning in force of which people are told in place of the alert, which is sent to the rest."""
        return await self._spoken_for(self._pool, alert_id)

    async def _spoken_for(self, connection: Connection | Pool, alert_id: str) -> str | None:
        found: str | None = await connection.fetchval(SPOKEN_FOR.format("$1"), alert_id)
        return found

    @property
    def counts_texts(self) -> bool:
        """Whether a plan is to be given how many parts its texts have."""
        return self._charges.has_budget

    async def uncounted(self, alert_id: str) -> list[Any]:
        """Return what was planned without how many parts its SMS have, and is still to be sent."""
        return await self._charges.uncounted(self._pool, alert_id)

    async def count_late(self, alert_id: str, count: Callable[[PendingAlert], Awaitable[TextParts]]) -> None:
        """Write how many parts the SMS have of what is `uncounted`."""
        if uncounted := await self.uncounted(alert_id):
            alert = pending_alert(await self._pool.fetchrow(PENDING, alert_id))
            await self._charges.count(self._pool, uncounted, await count(alert))

    async def portions(
        self, alert_id: str, *, in_flight: int, located: Located = NOBODY_LOCATED
    ) -> AsyncGenerator[list[ReadyBatch], None]:
        """Freeze the audience into batches, as far as it is known; what is yielded is committed. With `in_flight`
        earlier batches still being worked on the alert stays unplanned and this must be called again.
        """
        step, more = self._first_portion, True
        while more:
            async with self._pool.acquire() as connection, connection.transaction():
                chain_id = await connection.fetchval("SELECT chain_id FROM alert WHERE id = $1", alert_id)
                await connection.execute(LOCK_GRAPHS, [chain_id])
                began = time.monotonic()  # how long another worker had the lock says nothing of a portion
                ready_batches, more = await self._portion(connection, alert_id, in_flight, located, step)
            step = next_portion(step, time.monotonic() - began)
            yield ready_batches

    async def _portion(
        self, connection: Connection, alert_id: str, in_flight: int, located: Located, step: int
    ) -> tuple[list[ReadyBatch], bool]:
        """Freeze one portion, its graphs locked. Returns its batches, and whether there is more."""
        row = await connection.fetchrow(_PENDING + " FOR UPDATE", alert_id)
        if row is None:
            return [], False
        alert = pending_alert(row)
        if alert.stopped:
            await self._finish(connection, alert)
        elif alert.changed:
            await self._hold(connection, alert, "target_changed")
        elif alert.again and await connection.fetchval(_UNPLANNED, [alert.chain_id], alert.id):
            return [], False  # what comes anew speaks first
        elif await self._more_to_locate(connection, alert, located):
            return [], False  # one more came meanwhile: its watched areas are to be looked up first
        elif alert.again or alert.ends or await connection.fetchval(_FOLLOWS, alert.chain_id, alert.id):
            return await self._all_at_once(connection, alert, in_flight, located), False
        else:
            return await self._first_notice(connection, alert, located, step)
        return [], False

    async def _more_to_locate(self, connection: Connection, alert: PendingAlert, located: Located) -> bool:
        beside = set(await self._beside(connection, alert.chain_id, alert.id))
        return bool(beside - located.beside) or (
            await self._spoken_for(connection, alert.id) != located.spoken_for
        )

    async def _all_at_once(
        self, connection: Connection, alert: PendingAlert, in_flight: int, located: Located
    ) -> list[ReadyBatch]:
        warns = not alert.ends and not alert.again
        ends = await lock_ends(connection, alert) if warns else ()
        if ends is None:
            return []  # one of them is being planned: this is planned again soon
        try:
            async with connection.transaction():
                ready_batches, size = await self._freeze(
                    connection, alert, located, _EVERYBODY, portioned=False
                )
                withdrawn = await withdraw(connection, alert, ends)
                # Those notified that it is over were notified before: they are never too many.
                if warns:
                    await self._check_size(connection, alert, alert.audience + size)
        except _TooManyError as error:
            await self._hold(connection, alert, f"audience: {error}", error.recipients)
            return []
        self._count(withdrawn)
        if warns:
            await connection.execute(LOOK_AGAIN_WHEN_OVER, alert.id)
        if not in_flight and not await connection.fetchval(_EARLIER_OPEN, alert.chain_id, alert.id):
            await self._finish(connection, alert)
        return ready_batches

    async def _first_notice(
        self, connection: Connection, alert: PendingAlert, located: Located, step: int
    ) -> tuple[list[ReadyBatch], bool]:
        first = await connection.fetchval(_NEXT, alert.id, alert.planned_to, located.own)
        if first is None:
            await self._finish(connection, alert)
            return [], False
        if not alert.planned_to:
            try:
                await self._check_size_ahead(connection, alert, located)
            except _TooManyError as error:
                await self._hold(connection, alert, f"audience: {error}", error.recipients)
                return [], False
        last = first + step - 1
        ready_batches, _ = await self._freeze(connection, alert, located, (first - 1, last), portioned=True)
        await connection.execute("UPDATE alert SET planned_to = $2 WHERE id = $1", alert.id, last)
        more = await connection.fetchval(_NEXT, alert.id, last, located.own) is not None
        if not more:
            await self._finish(connection, alert)
        return ready_batches, more

    async def _freeze(
        self,
        connection: Connection,
        alert: PendingAlert,
        located: Located,
        numbers: tuple[int, int],
        *,
        portioned: bool,
    ) -> tuple[list[ReadyBatch], int]:
        """Freeze an audience. Returns its batches and how many recipients they have. `numbers`: subscriptions above the
        first, up to the second. `portioned`: none of them has been planned.
        """
        taking = await self._charges.taking(connection)
        wishes = await self._wishes(connection, alert, numbers)
        if portioned:
            rows = await connection.fetch(
                freeze_first(spoken_for=bool(located.spoken_for), particular=bool(wishes)),
                alert.chain_id,
                alert.id,
                alert.lane,
                alert.expires,
                self._batch_size,
                located.own,
                *numbers,
                list(taking.names),
                list(taking.weights),
                *wishes,
                *([located.told] if located.spoken_for else ()),
                timeout=PLAN_TIMEOUT_S,
            )
        else:
            rows = await self._freeze_followup(connection, alert, located, numbers, taking, wishes)
        made = [row for row in rows if row["id"] is not None]
        if wishes:
            await connection.execute(PLACE, [row["id"] for row in made], timeout=PLAN_TIMEOUT_S)
        rest = [row for row in rows if row["id"] is None]
        sent, quiet = sent_and_quiet(made, alert.lane)
        ready_batches = await self._charges.charge(connection, alert, sent, located.texts)
        size, muted = sum(row["size"] for row in rows), sum(row["muted"] for row in rest)
        await connection.execute(
            """UPDATE alert SET audience = audience + $2, plan_at = $3, muted = muted + $4, doubled = doubled + $5
               WHERE id = $1""",
            alert.id,
            size,
            max((row["plan_at"] for row in rest), default=None),
            muted,
            -sum(row["size"] for row in rest),
        )
        self._muted(alert.lane, muted)
        if quiet.recipients:
            self._count(quiet)
        return ready_batches, size

    async def _wishes(
        self, connection: Connection, alert: PendingAlert, numbers: tuple[int, int]
    ) -> tuple[object, ...]:
        """Return what the statements that ask for wishes are given beside; nothing where nobody has any."""
        if not alert.is_drill and not await connection.fetchval(IS_ANYBODY_PARTICULAR, *numbers):
            return ()
        return (
            severity_rank(alert.severity),
            alert.severity == EXTREME,
            breaks_silence(alert.severity, alert.lane) and not alert.is_drill,
            self._zone,
            alert.is_drill,
        )

    async def _freeze_followup(
        self,
        connection: Connection,
        alert: PendingAlert,
        located: Located,
        numbers: tuple[int, int],
        taking: Routes,
        wishes: tuple[object, ...],
    ) -> list[Any]:
        rows: list[Any] = await connection.fetch(
            freeze(beside=bool(located.beside), particular=bool(wishes)),
            [alert.chain_id],
            alert.id,
            alert.ends,
            alert.lane,
            alert.expires,
            self._batch_size,
            Kind.NO_LONGER_AFFECTED if alert.reason in WARNING | OPEN_DRILL else ending_kind(alert.reason),
            located.own,
            *numbers,
            alert.again,
            located.others,
            LOOK_AGAIN,
            list(taking.names),
            list(taking.weights),
            *wishes,
            timeout=PLAN_TIMEOUT_S,
        )
        return rows

    async def _check_size_ahead(self, connection: Connection, alert: PendingAlert, located: Located) -> None:
        """Check the size before anything is sent; it is counted exactly only where a rough count does not do."""
        baseline = await self._baseline(connection, alert)
        at_most = await connection.fetchval(_AT_MOST, alert.id, located.own, timeout=PLAN_TIMEOUT_S)
        if self._too_many(at_most, baseline, alert):
            recipients = await connection.fetchval(
                _EXACTLY,
                alert.id,
                located.own,
                severity_rank(alert.severity),
                alert.is_drill,
                timeout=PLAN_TIMEOUT_S,
            )
            if why := self._too_many(recipients, baseline, alert):
                raise _TooManyError(recipients, why)

    async def _check_size(self, connection: Connection, alert: PendingAlert, recipients: int) -> None:
        if why := self._too_many(recipients, await self._baseline(connection, alert), alert):
            raise _TooManyError(recipients, why)

    def _too_many(self, recipients: int, baseline: int | None, alert: PendingAlert) -> str:
        """Return what the alert is held for, or nothing. What the policy let go out nobody has approved: it goes to no
        more than it was counted for, and to no more than is usual for its source.
        """
        why = self._guard(recipients, baseline, alert.approved)
        return why or (self._guard(recipients, baseline, None) if alert.by_policy else "")

    async def _baseline(self, connection: Connection, alert: PendingAlert) -> int | None:
        baseline: int | None = await connection.fetchval(
            _BASELINE, alert.source_id, alert.id, BASELINE_MIN_DISPATCHES
        )
        return baseline

    async def _hold(
        self, connection: Connection, alert: PendingAlert, why: str, recipients: int | None = None
    ) -> None:
        """Hold the alert. Nothing has gone out for it; what it was going to replace is in force again until a person
        decides.
        """
        await connection.execute(
            "UPDATE alert SET stopped_by = NULL, stopped_at = NULL WHERE stopped_by = $1", alert.id
        )
        await connection.execute(
            "UPDATE alert SET state = $5, reason = $2, held_for = $3, held_recipients = $4 WHERE id = $1",
            alert.id,
            Reason.HELD,
            why,
            recipients,
            AlertState.HELD,
        )
        await ask_again(connection, alert.id, recipients)
        await audit.note(connection, WORKER, "alert.hold", alert.id, why=why)

    async def _finish(self, connection: Connection, alert: PendingAlert) -> None:
        digest = await connection.fetchval(_AUDIENCE_HASH, alert.id, timeout=PLAN_TIMEOUT_S)
        empty = not await connection.fetchval(
            f"SELECT EXISTS (SELECT FROM batch WHERE alert_id = $1 AND {OPEN})",  # noqa: S608 - constant
            alert.id,
        )
        await connection.execute(
            """UPDATE alert SET state = $2, planned_at = clock_timestamp(), audience_sha256 = $3,
                 settled_at = CASE WHEN $4 THEN clock_timestamp() END,
                 plan_at = CASE WHEN stopped_at IS NULL THEN plan_at END WHERE id = $1""",
            alert.id,
            AlertState.SETTLED if empty else AlertState.PLANNED,
            digest,
            empty,
        )
        if alert.reason is not Reason.CANARY:
            await audit.note(connection, WORKER, "alert.plan", alert.id, audience_sha256=digest.hex())

    async def waiting(self, limit: int = 100) -> list[ReadyAlert]:
        """Return alerts that are to be planned, or planned again, and whose wake-up may have been lost; mark them as
        enqueued. In each lane the sources take turns, so that the limit leaves none of them out.
        """
        rows = await self._pool.fetch(
            f"""WITH waiting AS (
                 SELECT id, number, row_number() OVER (PARTITION BY lane, source_id ORDER BY number) AS turn
                 FROM alert WHERE {_IS_TO_BE_PLANNED}
                   AND (enqueued_at IS NULL OR enqueued_at < clock_timestamp() - interval '2 seconds'))
               UPDATE alert SET enqueued_at = clock_timestamp() WHERE id IN (
                 SELECT id FROM alert WHERE id IN (SELECT id FROM waiting ORDER BY turn, number LIMIT $1)
                 FOR UPDATE SKIP LOCKED)
               RETURNING id, lane, source_id""",  # noqa: S608 - constant
            limit,
        )
        return [ready_alert(row) for row in rows]

    async def promote(self) -> list[ReadyAlert]:
        """Send what was merged into a warning that is in force no longer. Returns it, to be planned."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await promote_unspoken(connection, await connection.fetchval(f"SELECT {NOW}"))
