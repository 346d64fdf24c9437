"""Tell a restored record that it does not know what was sent since it was saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.model.vocabulary import EXTREME, TERMINAL_OUTCOMES, BatchState, Lane
from dispatcher.store.sql import OPEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatcher.store.record import Connection, Pool

_BATCHES: Final = f"""
SELECT b.id, b.channel, b.recipients, b.outcomes,
  a.severity = '{EXTREME}' AND b.lane <> '{Lane.EXERCISE}' AS extreme
FROM batch b JOIN alert a ON a.id = b.alert_id
WHERE b.{OPEN} AND b.deadline > clock_timestamp() AND b.id > $1
  AND (b.quiet_until IS NULL OR b.quiet_until <= clock_timestamp()) ORDER BY b.id LIMIT 500"""  # noqa: S608 - constant
_WRITE: Final = f"""
UPDATE batch SET outcomes = $2, state = CASE WHEN $3 THEN '{BatchState.DONE}' ELSE state END,
  done_at = CASE WHEN $3 THEN clock_timestamp() END WHERE id = $1"""  # noqa: S608 - constant
_LETTER: Final = """
INSERT INTO problem (batch_id, position, recipient, attempts, label, code, detail)
SELECT $1, n, recipient, 0, $4, $5, '' FROM unnest($2::int[], $3::bigint[]) AS o(n, recipient)
ON CONFLICT (batch_id, position) DO UPDATE SET label = $4, code = $5, detail = '', due = NULL,
  updated_at = clock_timestamp()"""
_LEASES: Final = f"""
UPDATE batch SET lease_until = NULL, lease_token = lease_token + 1, enqueued_at = NULL WHERE {OPEN}"""  # noqa: S608 - constant

MARK: Final = "CREATE UNLOGGED TABLE public.restore_unfinished ();"
"""What the transaction begins with that loads a record. Unlogged, as such tables are no part of what was saved."""
_UNTIMED: Final = "UPDATE approval SET release_at = NULL WHERE decision IS NULL AND release_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Doubted:
    """How many recipients had no final state: who are sent to, although they may have been, and who are not."""

    again: int
    given_up: int


async def doubt_open(
    connection: Connection, decide: Callable[[bytes, str, bool], bytes], letter: tuple[str, str]
) -> Doubted:
    """Write what `decide` makes of the outcomes of each open batch (outcomes, channel, whether Extreme), and a dead
    letter with this label and code for each recipient who is given up. What is past its end is left to the first sweep,
    and what waits for the end of quiet hours cannot have been sent. In the caller's transaction.
    """
    again = given_up = last = 0
    while rows := await connection.fetch(_BATCHES, last):
        for row in rows:
            last, before = row["id"], row["outcomes"]
            outcomes = decide(before, row["channel"], row["extreme"])
            ended = [
                n
                for n, (old, new) in enumerate(zip(before, outcomes, strict=True))
                if old not in TERMINAL_OUTCOMES and new in TERMINAL_OUTCOMES
            ]
            left = len(outcomes.translate(None, TERMINAL_OUTCOMES))
            await connection.execute(_WRITE, last, outcomes, not left)
            await _write_letters(connection, last, ended, row["recipients"], letter)
            again, given_up = again + left, given_up + len(ended)
    return Doubted(again, given_up)


async def _write_letters(
    connection: Connection, batch: int, ended: list[int], recipients: Sequence[int], letter: tuple[str, str]
) -> None:
    if ended:
        await connection.execute(_LETTER, batch, ended, [recipients[n] for n in ended], *letter)


async def free_batches(connection: Connection) -> None:
    """End the leases of workers that are no more: the first sweep enqueues what is open."""
    await connection.execute(_LEASES)


async def keep_undecided(connection: Connection) -> int:
    """Let no warning go out by itself that waits for a second person, who may have rejected it. Returns how many."""
    return int((await connection.execute(_UNTIMED)).rpartition(" ")[2])


async def restore_is_unfinished(connection: Connection | Pool) -> bool:
    """Return whether this record was loaded, and not told yet that time has passed."""
    return bool(await connection.fetchval("SELECT to_regclass('restore_unfinished') IS NOT NULL"))


async def note_finished(connection: Connection) -> None:
    """Let the service start on this record."""
    await connection.execute("DROP TABLE restore_unfinished")


async def end_sessions(connection: Connection) -> int:
    """End the sessions of all persons, also those that were signed out since. Returns how many."""
    return int((await connection.execute("DELETE FROM person_session")).rpartition(" ")[2])
