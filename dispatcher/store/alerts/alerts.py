"""Record alerts, each in one transaction, and read them back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

import cap
from dispatcher.access.principals import SERVICE, submitter
from dispatcher.model.alerts import (
    EVERY_ALERT,
    AffectedMunicipality,
    AlertFilter,
    NewAlert,
    ReadyAlert,
    StoredAlert,
    WarningInForce,
)
from dispatcher.model.status import DeedKind
from dispatcher.model.vocabulary import (
    ENDING_REASONS,
    OPEN_DRILL,
    SENT,
    WARNING,
    AlertState,
    Environment,
    Lane,
    Reason,
)
from dispatcher.store import audit
from dispatcher.store.delivery.alarmed import BESIDE, GRAPHS
from dispatcher.store.sql import (
    also_replaces,
    among,
    is_canary,
    is_dispatched,
    is_exercise,
    is_in_force,
    is_open_drill,
    sequence,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Sequence
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection, Pool


COLUMNS = """id, source_id, sender, identifier, sent, msg_type, status, scope, event, headline, severity, sha256,
  received_at, expires, lane, reason, chain_id, state, planned_at, settled_at, stopped_by, audience, revision,
  event_key, hazards, begins, attribution, held_for, merged_into, proved, thread, territory, words, stopped_at"""


def stored_alert(row: Any) -> StoredAlert:
    """Return the alert of a row with `COLUMNS`."""
    closed = {"lane": Lane(row["lane"]), "reason": Reason(row["reason"]), "state": AlertState(row["state"])}
    lists = {"hazards": tuple(row["hazards"]), "territory": tuple(row["territory"])}
    return StoredAlert(**{**dict(row), **closed, **lists})


def ready_alert(row: Any) -> ReadyAlert:
    """Return what a wake-up needs to say of the alert of a row with `id`, `lane` and `source_id`."""
    return ReadyAlert(row["id"], Lane(row["lane"]), row["source_id"])


async def municipalities_of(connection: Connection, alert_id: str) -> list[AffectedMunicipality]:
    """Return the municipalities of the alert, by AGS."""
    rows = await connection.fetch(
        "SELECT ags, name, reason, share FROM affected WHERE alert_id = $1 ORDER BY ags", alert_id
    )
    return [AffectedMunicipality(**dict(row)) for row in rows]


TARGET_SHA256 = """sha256(convert_to(coalesce((
  SELECT string_agg(ags || ' ' || reason, ',' ORDER BY ags) FROM affected WHERE alert_id = $1), ''), 'UTF8')
  || coalesce((SELECT shape FROM target WHERE alert_id = $1), ''::bytea))"""
"""The hash of an alert's municipalities and shapes as the record has them now."""


async def seal_target(connection: Connection, alert_id: str) -> bytes:
    """Bind the alert to its target as the record has it now; what is sent later must be this."""
    digest: bytes = await connection.fetchval(
        f"UPDATE alert SET target_sha256 = {TARGET_SHA256} WHERE id = $1 RETURNING target_sha256",  # noqa: S608 - constant
        alert_id,
    )
    return digest


async def _message(raw: bytes | None) -> cap.Alert | None:
    """Return the message in these bytes, read in a thread: a large one takes half a second, for which the loop would
    stand still.
    """
    return None if raw is None else (await asyncio.to_thread(cap.parse, raw)).alerts[0]


def state_of(reason: Reason) -> AlertState:
    """Return the state of an alert that was just decided upon."""
    if reason is Reason.HELD:
        return AlertState.HELD
    return AlertState.ACCEPTED if reason in SENT else AlertState.RECORDED


class Submission:
    """An open transaction in which one message is decided upon. Nothing is promised before it commits."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now
        """The record's clock."""

    async def confirm(self) -> None:
        """Let this transaction, which else only reads, be over no sooner than one that writes. Whoever waited in vain
        for the synchronous standby was told "not now", but the alert is committed here all the same and can be read: to
        promise it, the standby must have it. It has all that is before a record of ours in the log.
        """
        await self.connection.execute("SELECT pg_logical_emit_message(true, 'dispatcher', '')")

    async def identity(self, sender: str, identifier: str, sent: datetime) -> list[StoredAlert]:
        """Return the alerts recorded under this identity by any source, of each in the order of its revisions."""
        rows = await self.connection.fetch(
            f"""SELECT {COLUMNS} FROM alert
               WHERE sender = $1 AND identifier = $2 AND sent = $3 ORDER BY source_id, revision""",  # noqa: S608 - constant columns
            sender,
            identifier,
            sent,
        )
        return [stored_alert(row) for row in rows]

    async def chains(self, chain_ids: Sequence[str]) -> list[StoredAlert]:
        """Return everything in these graphs of references, in order of arrival."""
        rows = await self.connection.fetch(
            f"SELECT {COLUMNS} FROM alert WHERE chain_id = ANY($1) ORDER BY number",  # noqa: S608 - constant columns
            list(chain_ids),
        )
        return [stored_alert(row) for row in rows]

    async def raw(self, alert_id: str) -> bytes | None:
        """Return the bytes exactly as they were submitted."""
        raw: bytes | None = await self.connection.fetchval("SELECT raw FROM alert WHERE id = $1", alert_id)
        return raw

    async def message(self, alert_id: str) -> cap.Alert | None:
        """Return the message as it was submitted, read again."""
        return await _message(await self.raw(alert_id))

    async def places(self, alert_id: str) -> list[AffectedMunicipality]:
        """Return the municipalities of a recorded alert, by AGS."""
        return await municipalities_of(self.connection, alert_id)

    async def several(self, alert_ids: Sequence[str]) -> list[StoredAlert]:
        """Return these alerts, in no particular order."""
        rows = await self.connection.fetch(
            f"SELECT {COLUMNS} FROM alert WHERE id = ANY($1)",  # noqa: S608 - constant columns
            list(alert_ids),
        )
        return [stored_alert(row) for row in rows]

    async def codes(self, alert_ids: Sequence[str]) -> dict[str, set[str]]:
        """Return the municipalities (AGS) of each of these alerts."""
        found: dict[str, set[str]] = {alert_id: set() for alert_id in alert_ids}
        if not found:
            return found
        rows = await self.connection.fetch(
            "SELECT alert_id, ags FROM affected WHERE alert_id = ANY($1)", list(found)
        )
        for row in rows:
            found[row["alert_id"]].add(row["ags"])
        return found

    async def shape(self, alert_id: str) -> bytes:
        """Return what a recorded alert covers, as WKB in EPSG:3035; empty where only codes name its municipalities."""
        shape: bytes | None = await self.connection.fetchval(
            "SELECT shape FROM target WHERE alert_id = $1", alert_id
        )
        return shape or b""

    async def record(self, alert: NewAlert, by: Actor | None = None) -> StoredAlert:
        """Write the alert, its references and places, and one audit line: of its source, or of whoever it was submitted
        `by`; none of a canary's, of which there are thousands a day and which is forgotten after one. Returns it as the
        record has it.
        """
        row = await self.connection.fetchrow(
            f"""INSERT INTO alert (id, source_id, sender, identifier, sent, msg_type, status, scope, event, headline,
                 severity, raw, sha256, received_at, expires, lane, reason, chain_id, state, enqueued_at, revision,
                 event_key, hazards, begins, attribution, held_for, merged_into, proved, stopped_by, stopped_at, thread,
                 territory, words)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $14,
                 (SELECT count(*) FROM alert WHERE source_id = $2 AND sender = $3 AND identifier = $4 AND sent = $5),
                 $20, $21, $22, $23, $24, $25, $26, $27, CASE WHEN $27::text IS NOT NULL THEN clock_timestamp() END,
                 $28, $29, $30)
               RETURNING {COLUMNS}""",  # noqa: S608 - constant columns
            alert.id,
            alert.source_id,
            alert.sender,
            alert.identifier,
            alert.sent,
            alert.msg_type,
            alert.status,
            alert.scope,
            alert.event,
            alert.headline,
            alert.severity,
            alert.raw,
            alert.sha256,
            alert.received_at,
            alert.expires,
            alert.lane,
            alert.reason,
            alert.chain_id,
            state_of(alert.reason),
            alert.event_key,
            list(alert.hazards),
            alert.begins,
            alert.attribution,
            alert.held_for,
            alert.merged_into,
            alert.proved,
            alert.stopped_by,
            alert.thread or alert.id,
            list(alert.territory),
            alert.words,
        )
        keys = alert.reference_keys or ("",) * len(alert.references)
        await self.connection.executemany(
            "INSERT INTO reference VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            [(alert.id, *reference, key) for reference, key in zip(alert.references, keys, strict=True)],
        )
        if alert.original is not None:
            await self.connection.execute(
                "INSERT INTO original VALUES ($1, $2, $3)", alert.id, *alert.original
            )
        await self.connection.executemany(
            "INSERT INTO affected VALUES ($1, $2, $3, $4, $5)",
            [(alert.id, place.ags, place.name, place.reason, place.share) for place in alert.affected],
        )
        if alert.target:
            await self.connection.execute("INSERT INTO target VALUES ($1, $2)", alert.id, alert.target)
        target = await seal_target(self.connection, alert.id)
        if alert.reason is Reason.CANARY:
            return stored_alert(row)
        by = by or submitter(alert.source_id)
        await audit.note(
            self.connection,
            by,
            DeedKind.ACCEPTED,
            alert.id,
            source=alert.source_id,
            reason=alert.reason,
            sha256=alert.sha256.hex(),
            target_sha256=target.hex(),
            municipalities=[place.ags for place in alert.affected],
        )
        return stored_alert(row)

    async def lock_quota(self, source_id: str) -> None:
        """Let no other transaction count the source's warnings until this one ends."""
        # Submissions of one CAP sender exclude each other; a source may have several. Locked by a statement of its own:
        # the next one sees what the one before us committed.
        await self.connection.execute("SELECT FROM source WHERE id = $1 FOR NO KEY UPDATE", source_id)

    async def warnings_since(
        self, source_id: str, since: datetime, nth: int, environment: Environment = Environment.LIVE
    ) -> datetime | None:
        """Return when the `nth` newest of the source's warnings was received, or of its exercises, if so many came
        after `since`. Updates, Cancels and other ends are none. Who decides by it locks the quota first.
        """
        received_at: datetime | None = await self.connection.fetchval(
            f"""SELECT received_at FROM alert WHERE source_id = $1 AND received_at > $2
                 AND msg_type NOT IN ('Update', 'Cancel')
                 AND reason NOT IN {among(ENDING_REASONS)} AND {is_exercise("alert")} = $4
               ORDER BY received_at DESC OFFSET $3 LIMIT 1""",  # noqa: S608 - constant
            source_id,
            since,
            nth - 1,
            environment is Environment.EXERCISE,
        )
        return received_at

    async def merge_chains(self, into: str, others: Sequence[str]) -> None:
        """Make graphs of references one, because a message connects them.

        The alerts first: this waits for a plan under way, whose batches then are there to be moved too.
        """
        for table in ("alert", "batch"):
            # In one order, as all code that locks several rows does.
            await self.connection.execute(
                f"SELECT FROM {table} WHERE chain_id = ANY($1) ORDER BY id FOR UPDATE",
                list(others),
            )
            await self.connection.execute(
                f"UPDATE {table} SET chain_id = $1 WHERE chain_id = ANY($2)",  # noqa: S608 - two constant names
                into,
                list(others),
            )

    async def link(self, edges: Collection[tuple[str, str]]) -> None:
        """Record that messages replace or end others: pairs (later, earlier) of ids."""
        await self.connection.executemany(
            "INSERT INTO replacement VALUES ($1, $2) ON CONFLICT DO NOTHING", sorted(edges)
        )

    async def replaced(self, chain_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the edges of these graphs: for each message those which it replaces or ends."""
        rows = await self.connection.fetch(
            """SELECT r.later, array_agg(r.earlier) AS earlier FROM replacement r
               JOIN alert a ON a.id = r.later WHERE a.chain_id = ANY($1) GROUP BY r.later""",
            list(chain_ids),
        )
        return {row["later"]: frozenset(row["earlier"]) for row in rows}

    async def stop(self, alert_ids: Collection[str], by: str) -> None:
        """Say what replaced or ended these messages: from the commit on they are not in force, and no worker starts
        another send of them. What holds a message for a person, and what a person discarded, is not touched.
        """
        await self.connection.execute(
            f"""UPDATE alert SET stopped_by = $2, stopped_at = clock_timestamp()
               WHERE id IN (SELECT id FROM alert WHERE id = ANY($1) AND id <> $2 AND stopped_at IS NULL
                              AND state <> '{AlertState.HELD}' ORDER BY id FOR UPDATE)""",  # noqa: S608 - constant
            list(alert_ids),
            by,
        )

    async def plan_again(self, chain_id: str) -> list[ReadyAlert]:
        """Have those messages of a graph, and of those whose warnings this graph's stood behind, planned again now,
        which have somebody left to notify of an end. Returns them.
        """
        rows = await self.connection.fetch(
            """WITH RECURSIVE waiting(chain_id) AS (
                 SELECT $1::text
                 UNION SELECT s.chain_id FROM waiting w JOIN alert m ON m.chain_id = w.chain_id
                   JOIN alert s ON s.id = m.merged_into)
               UPDATE alert SET plan_at = clock_timestamp()
               WHERE chain_id IN (SELECT chain_id FROM waiting) AND plan_at IS NOT NULL
               RETURNING id, lane, source_id""",
            chain_id,
        )
        return [ready_alert(row) for row in rows]

    async def take_effect_late(self, alert_id: str, reason: Reason, expires: datetime) -> ReadyAlert:
        """Plan a recorded message, for the first time or again: what it replaces became known only now. One that stood
        behind another until now stands for itself.
        """
        row = await self.connection.fetchrow(
            f"""UPDATE alert SET reason = $2, expires = greatest(expires, $3),
                 state = CASE state WHEN '{AlertState.RECORDED}' THEN '{AlertState.ACCEPTED}' ELSE state END,
                 stopped_by = CASE WHEN state <> '{AlertState.RECORDED}' THEN stopped_by END,
                 stopped_at = CASE WHEN state <> '{AlertState.RECORDED}' THEN stopped_at END,
                 enqueued_at = clock_timestamp(), plan_at = clock_timestamp()
               WHERE id = $1 RETURNING id, lane, source_id""",  # noqa: S608 - constant
            alert_id,
            reason,
            expires,
        )
        await audit.note(self.connection, SERVICE, "alert.connect", alert_id, reason=reason)
        return ready_alert(row)


class Alerts:
    """Reads alerts of record, and opens the transactions that write them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def submission(self, sender: str) -> AsyncIterator[Submission]:
        """Open a transaction in which a message is decided upon. Those of one CAP sender are decided upon one after the
        other, so that a chain has one order. In this process they wait for each other before they take a connection, of
        which one sender could else hold all.
        """
        lock = self._locks.setdefault(sender, asyncio.Lock())
        async with lock, self._pool.acquire() as connection, connection.transaction():
            await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", sender)
            yield Submission(connection, await connection.fetchval("SELECT clock_timestamp()"))

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Submission]:
        """Open a transaction that only reads, as of one instant of the record, and waits for no CAP sender."""
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield Submission(connection, await connection.fetchval("SELECT clock_timestamp()"))

    async def get(self, alert_id: str) -> StoredAlert | None:
        row = await self._pool.fetchrow(
            f"""SELECT {COLUMNS}, {sequence("a")} AS sequence, {also_replaces("a")} AS also_replaces
               FROM alert a WHERE id = $1""",  # noqa: S608 - constant columns
            alert_id,
        )
        return stored_alert(row) if row else None

    async def first_of(self, senders: Sequence[str], identifier: str) -> StoredAlert | None:
        """Return the first message with this identifier of one of these CAP senders, whenever it was sent; None where
        there is none.
        """
        row = await self._pool.fetchrow(
            f"SELECT {COLUMNS} FROM alert WHERE sender = ANY($1) AND identifier = $2 ORDER BY number LIMIT 1",  # noqa: S608 - constant columns
            list(senders),
            identifier,
        )
        return stored_alert(row) if row else None

    async def raw(self, alert_id: str) -> bytes | None:
        """Return the bytes exactly as they were submitted."""
        raw: bytes | None = await self._pool.fetchval("SELECT raw FROM alert WHERE id = $1", alert_id)
        return raw

    async def message(self, alert_id: str) -> cap.Alert | None:
        """Return the message as it was submitted, read again."""
        return await _message(await self.raw(alert_id))

    async def replaced_by(self, alert_id: str) -> list[str]:
        """Return the ids of the warnings, or of exercises, that the alert replaces itself and that somebody was to be
        told of, in order of arrival; not of copies of itself.
        """
        rows = await self._pool.fetch(
            f"""SELECT a.id FROM replacement r JOIN alert a ON a.id = r.earlier JOIN alert l ON l.id = r.later
               WHERE r.later = $1 AND a.reason IN {among(WARNING | OPEN_DRILL)} AND a.audience > 0
                 AND (a.sender, a.identifier, a.sent) <> (l.sender, l.identifier, l.sent) ORDER BY a.number""",  # noqa: S608 - constant
            alert_id,
        )
        return [row["id"] for row in rows]

    async def target_sha256(self, alert_id: str) -> str:
        """Return the hash of the target as the record has it now, in hex."""
        found: bytes = await self._pool.fetchval(f"SELECT {TARGET_SHA256}", alert_id)
        return found.hex()

    async def held_recipients(self, alert_id: str) -> int | None:
        """Return how many recipients its plan has counted for which an alert is held; None where it is held for
        something else, or no more.
        """
        found: int | None = await self._pool.fetchval(
            f"SELECT held_recipients FROM alert WHERE id = $1 AND state = '{AlertState.HELD}'",  # noqa: S608 - constant
            alert_id,
        )
        return found

    async def known_keys(self, keys: Sequence[str]) -> set[str]:
        """Return which of these event keys or identifiers the record has, as a message's own or in references."""
        rows = await self._pool.fetch(
            """SELECT event_key AS key FROM alert WHERE event_key = ANY($1) AND event_key <> ''
               UNION SELECT identifier FROM alert WHERE identifier = ANY($1)
               UNION SELECT key FROM reference WHERE key = ANY($1) AND key <> ''""",
            list(keys),
        )
        return {row["key"] for row in rows}

    async def raw_for(self, alert_id: str, places: Sequence[str]) -> bytes | None:
        """Return the bytes of a dispatched alert, if it or what it replaces or ends concerns one of the places (AGS):
        an Update that leaves a place out says there that it is over.
        """
        raw: bytes | None = await self._pool.fetchval(
            f"""WITH RECURSIVE said(id) AS (
                 VALUES ($1::text)
                 UNION SELECT r.earlier FROM said JOIN replacement r ON r.later = said.id)
               SELECT raw FROM alert a WHERE id = $1 AND NOT {is_exercise("a")} AND {is_dispatched("a")}
               AND EXISTS (SELECT FROM affected f JOIN said ON said.id = f.alert_id WHERE f.ags = ANY($2))""",  # noqa: S608 - constant
            alert_id,
            list(places),
        )
        return raw

    async def going_on(self, chain_id: str, alert_id: str) -> dict[str, datetime]:
        """Return in which municipalities (AGS) a warning of the alert's graph of references is in force, the alert
        itself among them, and until when.
        """
        rows = await self._pool.fetch(
            f"""WITH RECURSIVE {GRAPHS}, beside AS ({BESIDE})
               SELECT f.ags, max(beside.expires) AS until FROM affected f JOIN beside ON beside.id = f.alert_id
               GROUP BY f.ags""",  # noqa: S608 - constant
            [chain_id],
            alert_id,
        )
        return {row["ags"]: row["until"] for row in rows}

    async def in_force_at(self, alert_ids: Sequence[str], at: datetime) -> list[WarningInForce]:
        """Return the warnings that are in force at this time (aware) in any municipality of these alerts, in order of
        arrival, each with those of its municipalities that are among them.
        """
        rows = await self._pool.fetch(
            f"""SELECT a.id, a.event, a.headline, a.severity, a.expires, array_agg(f.ags) AS municipalities
               FROM alert a JOIN affected f ON f.alert_id = a.id
               WHERE {is_in_force("a", "$2")} AND f.ags IN (SELECT ags FROM affected WHERE alert_id = ANY($1))
               GROUP BY a.id ORDER BY a.number""",  # noqa: S608 - constant
            list(alert_ids),
            at,
        )
        return [
            WarningInForce(**{**dict(row), "municipalities": frozenset(row["municipalities"])})
            for row in rows
        ]

    async def note_refused_correction(self, alert_id: str, actor: Actor, why: str) -> None:
        """Write that somebody could not take an alert back, and why."""
        await audit.note(self._pool, actor, "correction.refuse", alert_id, why=why)

    async def affected(self, alert_id: str) -> list[AffectedMunicipality]:
        """Return the municipalities of the alert, by AGS."""
        return await municipalities_of(self._pool, alert_id)

    async def places_in_short(self, alert_ids: Sequence[str], most: int) -> dict[str, tuple[list[str], int]]:
        """Return for each of these alerts the names of its first municipalities, by AGS and at `most` so many, and how
        many it has.
        """
        rows = await self._pool.fetch(
            """SELECT alert_id, (array_agg(name ORDER BY ags))[1:$2] AS names, count(*) AS municipalities
               FROM affected WHERE alert_id = ANY($1) GROUP BY alert_id""",
            list(alert_ids),
            most,
        )
        found = {row["alert_id"]: (list(row["names"]), row["municipalities"]) for row in rows}
        return {alert_id: found.get(alert_id, ([], 0)) for alert_id in alert_ids}

    async def listed(
        self, source_id: str | None, limit: int, wanted: AlertFilter = EVERY_ALERT
    ) -> list[StoredAlert]:
        """Return those of a source's alerts that are wanted, newest first, of one environment; None: of all sources. An
        exercise that goes on counts as in force among exercises. Canaries are in no list.
        """
        own = "$1::text IS NULL" if source_id is None else "source_id = $1"
        rows = await self._pool.fetch(
            f"""SELECT {COLUMNS} FROM alert a WHERE {own} AND NOT {is_canary("a.id")}
                 AND ($3::text[] IS NULL OR state = ANY($3))
                 AND ($4::timestamptz IS NULL OR received_at >= $4)
                 AND ($5::timestamptz IS NULL OR received_at < $5)
                 AND ($6::text IS NULL OR number < (SELECT number FROM alert WHERE id = $6 AND {own}))
                 AND ($7::bool IS NULL OR ({is_in_force("a")} OR {is_open_drill("a")}) = $7)
                 AND {is_exercise("a")} = $8
               ORDER BY number DESC LIMIT $2""",  # noqa: S608 - our own words
            source_id,
            limit,
            list(wanted.states) or None,
            wanted.received_from,
            wanted.received_before,
            wanted.before,
            wanted.in_force,
            wanted.environment is Environment.EXERCISE,
        )
        return [stored_alert(row) for row in rows]
