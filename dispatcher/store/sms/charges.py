"""Count the parts of SMS on record, and place each batch that is planned within what is agreed with its gateway.

A batch says how many parts its text has, and how many its gateway has accepted; the latter is written by the statement
that writes the outcomes, as a total. What is open counts as if all of it were sent.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.principals import WORKER
from dispatcher.model.batches import ReadyBatch
from dispatcher.model.sms import BudgetLeft, HeldSms, Quote, Stop
from dispatcher.model.vocabulary import CANARY_PREFIX, TERMINAL_OUTCOMES, Kind, Lane, is_exempt
from dispatcher.sms.budget import HELD_FOR_BUDGET, Load, Placement, Spent, placed
from dispatcher.sms.parts import NOT_COUNTED, TextParts
from dispatcher.sms.quote import gateway_quote
from dispatcher.sms.routes import NO_ROUTES, Routes, routes
from dispatcher.store import audit
from dispatcher.store.audience.wishes import PLACE
from dispatcher.store.sms.outages import outages
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.store.sql import IS_STOPPED, OPEN, among, is_canary

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from channels.sms.contract import Contract
    from dispatcher.access.principals import Actor
    from dispatcher.model.alerts import PendingAlert
    from dispatcher.store.record import Connection, Pool

BUDGET_LOCK = 7207116114
"""One plan after the other places its batches, where there is a budget: else two would use the same rest of it."""
STOPPABLE: Final = frozenset({Kind.ALERT, Kind.UPDATE})
"""The kinds of notices that a budget may stop. Whoever was warned hears of the end."""

_STOPPED = f"""
SELECT name, reason, out_since AS since, greatest(paused_until, clock_timestamp()) AS until
FROM gateway WHERE channel = '{CHANNEL}' AND {IS_STOPPED}
"""  # noqa: S608 - constant
_OPEN_PARTS = "cardinality(recipients) * text_parts"
_SPENT = f"""
WITH month AS (SELECT date_trunc('month', clock_timestamp(), $2) AS start),
counted AS (
  SELECT gateway, alert_id, created_at >= month.start AS this_month,
    CASE WHEN {OPEN} AND held_for = '' THEN greatest(parts_sent, {_OPEN_PARTS}) ELSE parts_sent END AS parts
  FROM batch, month
  WHERE channel = '{CHANNEL}' AND (created_at >= month.start OR alert_id = $1) AND id <> ALL($3::bigint[])
  -- A day's grace, so that another time zone in the settings loses none of them.
  UNION ALL SELECT c.gateway, NULL, true, c.parts FROM code_parts c, month
  WHERE c.month > month.start - interval '1 day')
SELECT gateway, coalesce(sum(parts) FILTER (WHERE alert_id = $1), 0) AS alert,
  coalesce(sum(parts) FILTER (WHERE this_month), 0) AS month
FROM counted GROUP BY 1
"""  # noqa: S608 - constant
_BEFORE = f"""
SELECT gateway, sum(greatest({_OPEN_PARTS} - parts_sent, 0)) AS parts FROM batch
WHERE channel = '{CHANNEL}' AND {OPEN} AND held_for = '' AND alert_id <> $1
  AND (lane = ANY($2::text[]) OR lane = $3 AND id < $4)
GROUP BY 1
"""  # noqa: S608 - constant
_STANDING = f"""
SELECT id, gateway, outcomes, text_parts, parts_sent, lane, held_for, clock_timestamp() AS now,
  CASE WHEN {OPEN} AND held_for = '' AND isfinite(not_before)
    THEN greatest(extract(epoch FROM not_before - clock_timestamp()), 0)::float8 ELSE 0 END AS wait_s
FROM batch
WHERE channel = '{CHANNEL}' AND alert_id = $1 ORDER BY id
"""  # noqa: S608 - constant
_HELD = f"""
SELECT b.id, b.alert_id, b.gateway, b.text_parts AS parts, cardinality(b.recipients) AS size, b.lane, a.source_id
FROM batch b JOIN alert a ON a.id = b.alert_id
WHERE b.{OPEN} AND b.held_for = '{HELD_FOR_BUDGET}' AND a.stopped_at IS NULL ORDER BY b.id LIMIT 1000
FOR UPDATE OF b SKIP LOCKED
"""  # noqa: S608 - constant
_HELD_ALERTS = f"""
SELECT a.id, a.source_id, a.headline, a.event, a.severity, a.expires, b.gateway,
  sum(cardinality(b.recipients))::bigint AS recipients
FROM batch b JOIN alert a ON a.id = b.alert_id
WHERE b.{OPEN} AND b.held_for = '{HELD_FOR_BUDGET}' AND a.stopped_at IS NULL AND NOT {is_canary("a.id")}
GROUP BY a.id, b.gateway ORDER BY a.id, b.gateway
"""  # noqa: S608 - constant
_CUT = """
INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes,
  not_before, enqueued_at, created_at, text_parts, held_for, quiet_until)
SELECT alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients[$2 + 1:],
  substring(outcomes FROM $2 + 1), not_before, enqueued_at, created_at, text_parts, held_for,
  quiet_until
FROM batch WHERE id = $1 RETURNING id
"""
_KEEP = """
UPDATE batch SET recipients = recipients[:$2], outcomes = substring(outcomes FOR $2) WHERE id = $1
"""
_LET_GO = """
UPDATE batch SET gateway = n.gateway, held_for = '',
  not_before = greatest(clock_timestamp(), quiet_until), enqueued_at = clock_timestamp()
FROM unnest($1::bigint[], $2::text[]) n(id, gateway) WHERE batch.id = n.id RETURNING batch.id, lane, lease_token
"""
_MOST = (1 << 63) - 1
_UNCOUNTED = f"""
SELECT id, kind, language, gateway FROM batch
WHERE alert_id = $1 AND channel = '{CHANNEL}' AND {OPEN} AND text_parts = 0 AND kind IN {among(STOPPABLE)}
"""  # noqa: S608 - constant
_COUNTED = """
UPDATE batch SET text_parts = n.parts FROM unnest($1::bigint[], $2::int[]) n(id, parts)
WHERE batch.id = n.id AND batch.text_parts = 0
"""
"""What was sent meanwhile knows better."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """A batch of a plan, or what was cut off one: of the row that was made, so many people, at a gateway or held."""

    id: int
    row: Any
    people: int
    gateway: str | None


def _ready(alert: PendingAlert, row: Any, batch_id: int | None = None) -> ReadyBatch:
    return ReadyBatch(batch_id or row["id"], alert.lane, row["lease_token"], alert.source_id)


def _left(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(0, limit - used)


async def _cut(connection: Connection, batch_id: int, people: int) -> int:
    """Leave so many of its first people in a batch that nobody has worked on, and the rest in a new one. Returns the
    new one's id.
    """
    number: int = await connection.fetchval(_CUT, batch_id, people)
    await connection.execute(_KEEP, batch_id, people)
    await connection.execute(PLACE, [batch_id, number])
    return number


class Charges:
    """Reads and writes what SMS cost. One value for all that a process knows of the gateways' contracts."""

    def __init__(self, contracts: Sequence[Contract] = (), zone: str = "Europe/Berlin") -> None:
        """`zone` is where calendar months begin."""
        self.contracts = self._operators = tuple(contracts)
        self.zone = zone

    def admit(self, own: Sequence[Contract]) -> None:
        """Let these be the contracts of gateways that single apps have of their own, in place of those so far. Without
        a gateway of the operator's there are no SMS.
        """
        self.contracts = (*self._operators, *own) if self._operators else ()

    async def taking(self, connection: Connection | Pool) -> Routes:
        """Return which gateways take recipients now: those that are out for too long do not."""
        if not self.contracts:
            return NO_ROUTES
        return routes(self.contracts, (await outages(connection, self.contracts)).out)

    async def stopped(self, connection: Connection | Pool) -> dict[str, Stop]:
        """Return the gateways that take nothing now, with the reason."""
        return {
            row["name"]: Stop(row["reason"], row["since"], row["until"])
            for row in await connection.fetch(_STOPPED)
        }

    async def spent(
        self, connection: Connection | Pool, alert_id: str = "", without: Sequence[int] = ()
    ) -> dict[str, Spent]:
        """Return the parts that each gateway has sent or is about to send, for one alert and in this month, there with
        those of codes; `without` some batches.
        """
        rows = await connection.fetch(_SPENT, alert_id, self.zone, list(without))
        return {row["gateway"]: Spent(int(row["alert"]), int(row["month"])) for row in rows}

    async def budgets(self, connection: Connection | Pool, alert_id: str = "") -> list[BudgetLeft]:
        """Return what is left of each gateway's budget, for one alert and in this month, where it has one."""
        spent = await self.spent(connection, alert_id)
        return [
            BudgetLeft(
                one.gateway,
                _left(one.parts_per_alert, spent.get(one.gateway, Spent()).alert),
                one.parts_per_alert,
                _left(one.parts_per_month, spent.get(one.gateway, Spent()).month),
                one.parts_per_month,
            )
            for one in self.contracts
            if one.has_budget
        ]

    async def before(
        self, connection: Connection | Pool, lane: Lane, alert_id: str = "", first: int = _MOST
    ) -> dict[str, int]:
        """Return the parts that go out before an alert at each gateway: what is more urgent, and what is as urgent and
        came before its `first` batch.
        """
        above = [other.value for other in Lane if other.rank < lane.rank]
        rows = await connection.fetch(_BEFORE, alert_id, above, lane, first)
        return {row["gateway"]: int(row["parts"]) for row in rows}

    async def standing(self, connection: Connection | Pool, alert_id: str) -> Quote | None:
        """Return what an alert's SMS have cost, and what those take that wait; None where it has none, or nothing is
        known of their gateways.
        """
        rows = await connection.fetch(_STANDING, alert_id) if self.contracts else []
        if not rows:
            return None
        waiting: Counter[str] = Counter()
        needed: Counter[str] = Counter()
        used: Counter[str] = Counter()
        wait_s: dict[str, float] = {}
        longest: dict[str, int] = {}
        for row in rows:
            longest[row["gateway"]] = max(longest.get(row["gateway"], 0), row["text_parts"])
        held = 0
        for row in rows:
            people = len(row["outcomes"].translate(None, TERMINAL_OUTCOMES))
            held += people if row["held_for"] else 0
            waiting[row["gateway"]] += 0 if row["held_for"] else people
            # Not counted yet: as the others of the warning.
            parts = row["text_parts"] or longest[row["gateway"]]
            needed[row["gateway"]] += 0 if row["held_for"] else people * parts
            used[row["gateway"]] += row["parts_sent"]
            wait_s[row["gateway"]] = max(wait_s.get(row["gateway"], 0.0), row["wait_s"])
        stopped = await self.stopped(connection)
        before = await self.before(connection, Lane(rows[0]["lane"]), alert_id, rows[0]["id"])
        return Quote(
            tuple(
                gateway_quote(
                    one,
                    waiting[one.gateway],
                    longest[one.gateway],
                    before=before.get(one.gateway, 0),
                    used=used[one.gateway],
                    stopped=stopped.get(one.gateway),
                    wait_s=wait_s[one.gateway],
                    parts_needed=needed[one.gateway],
                )
                for one in self.contracts
                if one.gateway in waiting
            ),
            rows[0]["now"],
            held,
        )

    @property
    def has_budget(self) -> bool:
        """Whether a plan depends on how many parts its texts have."""
        return any(one.has_budget for one in self.contracts)

    async def uncounted(self, pool: Pool, alert_id: str) -> list[Any]:
        """Return an alert's open batches that warn and were planned without how many parts their texts have."""
        return list(await pool.fetch(_UNCOUNTED, alert_id)) if self.contracts and not self.has_budget else []

    async def count(self, pool: Pool, uncounted: Sequence[Any], texts: TextParts) -> None:
        """Write how many parts their texts have into these batches."""
        parts = [texts.of(row["kind"], row["language"], row["gateway"]) for row in uncounted]
        await pool.execute(_COUNTED, [row["id"] for row in uncounted], parts)

    async def charge(
        self, connection: Connection, alert: PendingAlert, made: Sequence[Any], texts: TextParts = NOT_COUNTED
    ) -> list[ReadyBatch]:
        """Write into batches that were just made how many parts their texts have, and put those of their people
        elsewhere whom their gateway's budget does not hold, in batches of their own. Returns what may be worked on: all
        but those that wait for a person.
        """
        rows = [row for row in made if row["channel"] == CHANNEL] if self.contracts else []
        ready = [_ready(alert, row) for row in made if not self.contracts or row["channel"] != CHANNEL]
        if not rows:
            return ready
        parts = {
            row["id"]: {
                one.gateway: texts.of(row["kind"], row["language"], one.gateway) for one in self.contracts
            }
            for row in rows
        }
        pieces = [_Piece(row["id"], row, row["size"], row["gateway"]) for row in rows]
        if self.has_budget:
            pieces = await self._place(connection, alert, rows, parts)
        await connection.execute(
            """UPDATE batch SET gateway = n.gateway, text_parts = n.parts FROM
                 unnest($1::bigint[], $2::text[], $3::int[]) n(id, gateway, parts) WHERE batch.id = n.id""",
            [one.id for one in pieces],
            [one.gateway or one.row["gateway"] for one in pieces],
            [parts[one.row["id"]].get(one.gateway or one.row["gateway"], 0) for one in pieces],
        )
        return ready + [_ready(alert, one.row, one.id) for one in pieces if one.gateway is not None]

    async def _place(
        self,
        connection: Connection,
        alert: PendingAlert,
        rows: Sequence[Any],
        parts: Mapping[int, dict[str, int]],
    ) -> list[_Piece]:
        """Cut the batches as far as budgets ask for it. Returns their pieces, each with its gateway."""
        await connection.execute("SELECT pg_advisory_xact_lock($1)", BUDGET_LOCK)
        spent = await self.spent(connection, alert.id, list(parts))
        loads = [
            Load(
                row["id"],
                row["gateway"],
                row["size"],
                parts[row["id"]],
                is_exempt(alert.severity, alert.lane) or row["kind"] not in STOPPABLE,
            )
            for row in rows
        ]
        by_id = {row["id"]: row for row in rows}
        pieces: dict[int, list[_Piece]] = {}
        for one in placed(loads, self.contracts, spent):
            there = pieces.setdefault(one.batch_id, [])
            number = one.batch_id
            if there:
                number = await _cut(connection, there[-1].id, there[-1].people)
            there.append(_Piece(number, by_id[one.batch_id], one.people, one.gateway))
        found = [piece for several in pieces.values() for piece in several]
        if held := [piece for piece in found if piece.gateway is None]:
            await connection.execute(
                "UPDATE batch SET not_before = 'infinity', held_for = $2 WHERE id = ANY($1)",
                [piece.id for piece in held],
                HELD_FOR_BUDGET,
            )
            recipients = sum(piece.people for piece in held)
            if not alert.id.startswith(CANARY_PREFIX):
                await audit.note(
                    connection, WORKER, "sms.hold", alert.id, why=HELD_FOR_BUDGET, count=recipients
                )
        return found

    async def let_go(self, pool: Pool) -> list[ReadyBatch]:
        """Send what waits for a budget that holds it by now: another month, another setting. Returns what may be worked
        on.
        """
        async with pool.acquire() as connection, connection.transaction():
            rows = await connection.fetch(_HELD)
            if not rows:
                return []
            await connection.execute("SELECT pg_advisory_xact_lock($1)", BUDGET_LOCK)
            found: list[Placement] = []
            for alert_id in dict.fromkeys(row["alert_id"] for row in rows):
                there = [row for row in rows if row["alert_id"] == alert_id]
                names = [one.gateway for one in self.contracts]
                loads = [
                    Load(row["id"], row["gateway"], row["size"], dict.fromkeys(names, row["parts"]))
                    for row in there
                ]
                found += placed(loads, self.contracts, await self.spent(connection, alert_id))
            # What goes now counts for the next one only at the next look.
            first = [one for one in found if one.gateway is not None][:1]
            sizes = {row["id"]: row["size"] for row in rows}
            for one in first:
                if one.people < sizes[one.batch_id]:
                    await _cut(connection, one.batch_id, one.people)
            return await self._let_go(connection, rows, [(one.batch_id, str(one.gateway)) for one in first])

    async def allow(self, pool: Pool, alert_id: str, actor: Actor, why: str) -> list[ReadyBatch]:
        """Send what waits for a budget, of one alert, as a person has decided. Returns what is to be worked on."""
        async with pool.acquire() as connection, connection.transaction():
            rows = [row for row in await connection.fetch(_HELD) if row["alert_id"] == alert_id]
            if rows:
                await audit.note(connection, actor, "sms.allow", alert_id, why=why, count=len(rows))
            return await self._let_go(connection, rows, [(row["id"], row["gateway"]) for row in rows])

    async def held(self, pool: Pool, alert_id: str | None = None) -> int:
        """Return how many recipients, of one alert or of all, wait for a person, because no budget holds their SMS.
        Nobody decides about canaries: they expire.
        """
        # An outcome is a byte for each recipient, whose number is known without reading them.
        count: int = await pool.fetchval(
            f"""SELECT coalesce(sum(octet_length(outcomes)), 0) FROM batch
               WHERE {OPEN} AND held_for = $1 AND NOT {is_canary("alert_id")}
                 AND ($2::text IS NULL OR alert_id = $2)""",  # noqa: S608 - constant
            HELD_FOR_BUDGET,
            alert_id,
        )
        return count

    async def held_alerts(self, pool: Pool) -> list[HeldSms]:
        """Return the alerts of which SMS wait for a person, the oldest first."""
        found: dict[str, HeldSms] = {}
        for row in await pool.fetch(_HELD_ALERTS):
            one = found.setdefault(
                row["id"],
                HeldSms(
                    alert_id=row["id"],
                    source_id=row["source_id"],
                    headline=row["headline"],
                    event=row["event"],
                    severity=row["severity"],
                    expires=row["expires"],
                    recipients={},
                ),
            )
            one.recipients[row["gateway"]] = row["recipients"]
        return [*found.values()]

    async def _let_go(
        self, connection: Connection, rows: Sequence[Any], going: Sequence[tuple[int, str]]
    ) -> list[ReadyBatch]:
        sources = {row["id"]: row["source_id"] for row in rows}
        gone = await connection.fetch(_LET_GO, [number for number, _ in going], [name for _, name in going])
        return [
            ReadyBatch(row["id"], Lane(row["lane"]), row["lease_token"], sources[row["id"]]) for row in gone
        ]
