"""Find the alerts related to a message: other editions, later messages that name it, warnings of the same event from
other sources, and what is held for a person. This is used within the transaction of a submission.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import cap
from dispatcher.model.status import DeedKind
from dispatcher.model.vocabulary import FEED_PREFIX, AlertState, Reason
from dispatcher.store import audit
from dispatcher.store.alerts.alerts import COLUMNS, TARGET_SHA256, seal_target, state_of, stored_alert
from dispatcher.store.alerts.approvals import note_decision, note_withdrawal
from dispatcher.store.sql import is_in_force

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.access.principals import Actor
    from dispatcher.model.alerts import AffectedMunicipality, Span, StoredAlert
    from dispatcher.model.approval.request import ApprovalDecision
    from dispatcher.store.alerts.alerts import Submission

INGEST_LOCK = 7207116110
"""The number of the advisory lock under which messages of feeds are decided upon; any number of ours would do."""


def _with_municipalities(row: Any) -> tuple[StoredAlert, set[str]]:
    fields = dict(row)
    concerned = set(fields.pop("places") or ())
    return stored_alert(fields), concerned


class Outcome(NamedTuple):
    """What becomes of a held alert: why it goes out or does not, the graph and the thread it joins, when it ends, and
    what was decided to that end.
    """

    reason: Reason
    chain_id: str
    thread: str
    expires: datetime
    decision: ApprovalDecision


class RelatedAlerts:
    """Reads and changes alerts related to the one that an open submission is about."""

    def __init__(self, submission: Submission) -> None:
        self._connection = submission.connection

    async def lock_ingest(self) -> None:
        """Wait until no other feed's message is being decided upon: two feeds may carry one event under two senders."""
        await self._connection.execute("SELECT pg_advisory_xact_lock($1)", INGEST_LOCK)

    async def editions(self, key: str) -> list[StoredAlert]:
        """Return all recorded editions of one message, whatever language, bundle or feed they came in."""
        rows = await self._connection.fetch(
            f"SELECT {COLUMNS} FROM alert WHERE event_key = $1 AND event_key <> '' ORDER BY number",  # noqa: S608 - constant columns
            key,
        )
        return [stored_alert(row) for row in rows]

    async def naming(
        self, sender: str, identifier: str, sent: datetime, key: str, *, lenient: bool = True
    ) -> list[StoredAlert]:
        """Return all recorded messages that refer to this one: it may arrive after them. `lenient`: also by an instant
        that fits none.
        """
        rows = await self._connection.fetch(
            f"""SELECT {COLUMNS} FROM alert a WHERE EXISTS (
                  SELECT FROM reference r WHERE r.alert_id = a.id
                    AND (r.sender IN ($1, '') AND r.identifier = $2 OR r.key = $4 AND r.key <> '')
                    -- The instant that it gives is this one's, or fits none, and then it means what was sent before.
                    AND (r.sent = $3 OR a.sent >= $3 AND (r.sent IS NULL OR $5 AND NOT EXISTS (
                      SELECT FROM alert e WHERE e.sender = r.sender AND e.identifier = r.identifier
                        AND e.sent = r.sent))))
               ORDER BY number""",  # noqa: S608 - constant columns
            sender,
            identifier,
            sent,
            key,
            lenient,
        )
        return [stored_alert(row) for row in rows]

    async def co_naming(self, references: Sequence[tuple[str, str]]) -> list[StoredAlert]:
        """Return all recorded messages that refer to one of these (sender, identifier) as well."""
        rows = await self._connection.fetch(
            f"""SELECT {COLUMNS} FROM alert WHERE id IN (
                 SELECT r.alert_id FROM reference r
                 JOIN unnest($1::text[], $2::text[]) n(sender, identifier)
                   ON n.sender = r.sender AND n.identifier = r.identifier) ORDER BY number""",  # noqa: S608 - constant columns
            [sender for sender, _ in references],
            [identifier for _, identifier in references],
        )
        return [stored_alert(row) for row in rows]

    async def candidates(self, identifiers: Sequence[str], keys: Sequence[str]) -> list[StoredAlert]:
        """Return all recorded alerts that references to these identifiers or event keys can mean."""
        rows = await self._connection.fetch(
            f"""SELECT {COLUMNS} FROM alert
               WHERE identifier = ANY($1) OR (event_key = ANY($2) AND event_key <> '') ORDER BY number""",  # noqa: S608 - constant columns
            list(identifiers),
            list(keys),
        )
        return [stored_alert(row) for row in rows]

    async def others_in_force(
        self, places: Sequence[str], source_id: str, now: datetime
    ) -> list[tuple[StoredAlert, set[str]]]:
        """Return other sources' alerts in force at `now` that concern one of the places (AGS), each with all its
        places.
        """
        rows = await self._connection.fetch(
            f"""SELECT {COLUMNS}, (SELECT array_agg(f.ags) FROM affected f WHERE f.alert_id = a.id) AS places
               FROM alert a WHERE {is_in_force("a", at="$3")} AND source_id <> $2
                 AND EXISTS (SELECT FROM affected f WHERE f.alert_id = a.id AND f.ags = ANY($1))
               ORDER BY number""",  # noqa: S608 - constant
            list(places),
            source_id,
            now,
        )
        return [_with_municipalities(row) for row in rows]

    async def lock_duplicates(self, key: bytes) -> None:
        """Wait until no other warning that could be the same one (`similarity.duplicate_lock_key`) is being decided
        upon.
        """
        await self._connection.execute(
            "SELECT pg_advisory_xact_lock($1)", int.from_bytes(key[:8], "big", signed=True)
        )

    async def centres_in_force(
        self, event: str, words: bytes, places: Sequence[str], begins: Span, expires: Span
    ) -> list[tuple[StoredAlert, set[str]]]:
        """Return control centres' warnings in force of such an event and in these words (`similarity.words_digest`),
        for exactly these municipalities (AGS), that begin and end within these spans; each with its places.

        A flood of warnings for one place has hundreds that are alike but for their words: to read these as well held
        up each submission for 10 ms.
        """
        rows = await self._connection.fetch(
            f"""SELECT {COLUMNS}, $3::text[] AS places
               FROM alert a WHERE {is_in_force("a")}
                 AND NOT starts_with(source_id, $1) AND lower(event) = lower($2) AND words = $8
                 AND begins BETWEEN $4 AND $5 AND expires BETWEEN $6 AND $7
                 AND EXISTS (SELECT FROM affected f WHERE f.alert_id = a.id AND f.ags = $3[1])
                 AND (SELECT array_agg(f.ags ORDER BY f.ags) FROM affected f WHERE f.alert_id = a.id) = $3
               ORDER BY number""",  # noqa: S608 - constant
            FEED_PREFIX,
            event,
            sorted(places),
            *begins,
            *expires,
            words,
        )
        return [_with_municipalities(row) for row in rows]

    async def merged_into(self, alert_ids: Sequence[str]) -> list[StoredAlert]:
        """Return the warnings that are not sent because one of these stands for them."""
        rows = await self._connection.fetch(
            f"""SELECT {COLUMNS} FROM alert WHERE merged_into = ANY($1) AND reason = '{Reason.MERGED}'
                 AND stopped_at IS NULL ORDER BY number""",  # noqa: S608 - constant columns
            list(alert_ids),
        )
        return [stored_alert(row) for row in rows]

    async def merge(self, alert_ids: Sequence[str], into: str) -> None:
        """Say that another warning stands for these from now on."""
        await self._connection.execute(
            f"UPDATE alert SET merged_into = $2 WHERE id = ANY($1) AND reason = '{Reason.MERGED}'",  # noqa: S608 - constant
            list(alert_ids),
            into,
        )

    async def stand_beside(self, alert_ids: Sequence[str], warning: str) -> None:
        """Say of these, which are to be sent, that people whom the other warning concerns are told of that one only,
        while it is in force.
        """
        await self._connection.execute(
            f"UPDATE alert SET merged_into = $2 WHERE id = ANY($1) AND reason = '{Reason.FIRST_NOTICE}'",  # noqa: S608 - constant
            list(alert_ids),
            warning,
        )

    async def withdraw(self, alert_ids: Sequence[str], by: str, actor: Actor, why: str) -> list[str]:
        """End those of these messages that are held, as the later one `by` outdates them, with a line of the trail for
        each. Returns their ids.
        """
        rows = await self._connection.fetch(
            """UPDATE alert SET state = $3, reason = $4, stopped_by = $2, stopped_at = clock_timestamp()
               WHERE id = ANY($1) AND id <> $2 AND state = $5 RETURNING id""",
            list(alert_ids),
            by,
            AlertState.RECORDED,
            Reason.SUPERSEDED,
            AlertState.HELD,
        )
        withdrawn = sorted(row["id"] for row in rows)
        for alert_id in withdrawn:
            await note_withdrawal(self._connection, alert_id, actor, why)
            await audit.note(self._connection, actor, DeedKind.WITHDRAWN, alert_id, by=by, why=why)
        return withdrawn

    async def references_of(self, alert_ids: Sequence[str]) -> list[cap.Reference]:
        """Return what these alerts refer to."""
        rows = await self._connection.fetch(
            "SELECT DISTINCT sender, identifier, sent FROM reference WHERE alert_id = ANY($1) ORDER BY 1, 2, 3",
            list(alert_ids),
        )
        return [cap.Reference(row["sender"], row["identifier"], row["sent"]) for row in rows]

    async def carry(self, alert_id: str, source_id: str) -> None:
        """Record that another source carries the same message."""
        await self._connection.execute(
            "INSERT INTO carrier VALUES ($1, $2) ON CONFLICT DO NOTHING", alert_id, source_id
        )

    async def carried_by(self, source_id: str, alert_ids: Sequence[str]) -> set[str]:
        """Return which of these alerts the source carried too."""
        rows = await self._connection.fetch(
            "SELECT alert_id FROM carrier WHERE source_id = $1 AND alert_id = ANY($2)",
            source_id,
            list(alert_ids),
        )
        return {row["alert_id"] for row in rows}

    async def target(self, alert_id: str) -> tuple[bytes | None, bytes]:
        """Return the hash of the target that the alert is bound to, and that of the target in the record."""
        row = await self._connection.fetchrow(
            f"SELECT target_sha256 AS bound, {TARGET_SHA256} AS found FROM alert WHERE id = $1",  # noqa: S608 - constant
            alert_id,
        )
        return row["bound"], row["found"]

    async def conclude(
        self,
        alert_id: str,
        outcome: Outcome,
        actor: Actor,
        why: str,
        at_most: int | None = None,
        *,
        as_held: bool = False,
    ) -> None:
        """Record what becomes of a held alert, who decided it and why. What is approved is its target as the record has
        it now and `at_most` recipients; without that, if `as_held`, as many as it was held for, where they were too
        many.
        """
        target, (reason, chain_id, thread, expires, decision) = (
            await seal_target(self._connection, alert_id),
            outcome,
        )
        await self._connection.execute(
            f"""UPDATE alert SET state = $2, reason = $3, chain_id = $4, thread = $7, expires = $6,
                 enqueued_at = clock_timestamp(), approved = coalesce($5, CASE WHEN $8 THEN held_recipients END)
               WHERE id = $1 AND state = '{AlertState.HELD}'""",  # noqa: S608 - constant
            alert_id,
            state_of(reason),
            reason,
            chain_id,
            at_most,
            expires,
            thread,
            as_held,
        )
        await note_decision(self._connection, alert_id, decision, actor, why)
        await audit.note(
            self._connection,
            actor,
            DeedKind.CONCLUDED,
            alert_id,
            reason=reason,
            why=why,
            at_most=at_most,
            target_sha256=target.hex(),
        )

    async def stand_behind(self, alert_id: str, warning: str, actor: Actor, why: str) -> None:
        """Record of a held alert that the other warning stands for it, and who decided that. It is sent when that one
        is in force no longer, in no doubt any more.
        """
        await self._connection.execute(
            f"""UPDATE alert SET state = $2, reason = $3, merged_into = $4, held_for = ''
               WHERE id = $1 AND state = '{AlertState.HELD}'""",  # noqa: S608 - constant
            alert_id,
            state_of(Reason.MERGED),
            Reason.MERGED,
            warning,
        )
        said = {"reason": Reason.MERGED, "why": why, "merged_into": warning}
        await audit.note(self._connection, actor, DeedKind.CONCLUDED, alert_id, **said)

    async def add_municipalities(self, alert_id: str, places: Sequence[AffectedMunicipality]) -> None:
        """Add further municipalities, named by a person."""
        await self._connection.executemany(
            "INSERT INTO affected VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
            [(alert_id, place.ags, place.name, place.reason, place.share) for place in places],
        )
