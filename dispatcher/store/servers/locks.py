"""See which session of the record keeps others waiting, and end that one and no other."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import asyncpg

from dispatcher.store import audit
from dispatcher.store.record import APPLICATION

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Connection

STATEMENT_SHOWN: Final = 60
"""Characters of the statement that are shown: which one it is, and little of what is in it."""
_HIDDEN: Final = "<insufficient privilege>"
"""What PostgreSQL shows in place of a statement to whoever may not see it; then its transaction's begin is NULL
(`pg_stat_get_activity`, https://www.postgresql.org/docs/current/monitoring-stats.html).
"""
# Who waits itself is not the cause. A process number is 0 for a transaction that was prepared, which has no session.
_LOCKS: Final = f"""
WITH waiting AS MATERIALIZED (
  SELECT pid, pg_blocking_pids(pid) AS behind FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid())
SELECT s.pid, s.xact_start AS since, clock_timestamp() - s.xact_start AS lasts,
  coalesce(host(s.client_addr), '') AS address, s.application_name AS application, coalesce(s.state, '') AS state,
  CASE WHEN s.query = '{_HIDDEN}' THEN '' ELSE left(s.query, {STATEMENT_SHOWN}) END AS statement,
  (SELECT count(*)::int FROM waiting w WHERE s.pid = ANY(w.behind)) AS keeps_waiting
FROM pg_stat_activity s JOIN waiting own USING (pid)
WHERE cardinality(own.behind) = 0
  AND (s.query = '{_HIDDEN}' OR clock_timestamp() - s.xact_start > $1::interval)
  AND EXISTS (SELECT FROM waiting w WHERE s.pid = ANY(w.behind))
ORDER BY s.xact_start, s.pid"""  # noqa: S608 - constants
_SEEN: Final = f"""
SELECT application_name AS application, query = '{_HIDDEN}' AS is_hidden FROM pg_stat_activity
WHERE pid = $1 AND datname = current_database() AND (xact_start = $2 OR query = '{_HIDDEN}')"""  # noqa: S608 - constant
_END: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid = $1 AND xact_start = $2 AND datname = current_database() AND pid <> pg_backend_pid()"""


@dataclass(frozen=True, slots=True)
class Lock:
    """A transaction of this record that others wait for, and that waits for nobody."""

    pid: int
    since: datetime | None
    """When it began: it, and no later one of the same session. None where this role may not see it."""
    lasts: timedelta | None
    address: str
    """From where it connects; empty by a socket, and where this role may not see it."""
    application: str
    state: str
    """`idle in transaction`: it does nothing, somebody left it open."""
    statement: str
    """How its last statement begins."""
    keeps_waiting: int
    """How many sessions wait for it."""

    @property
    def is_ours(self) -> bool:
        """Return whether it says that it is a process of this service."""
        return self.application == APPLICATION


class LockEnding(StrEnum):
    """What came of ending one."""

    ENDED = "ended"
    CHANGED = "changed"
    """The session does not do this transaction any more, or is of another database: nothing was ended."""
    FORBIDDEN = "forbidden"
    """This role may not see it, or not end it."""


async def locks(connection: Connection, older_than: timedelta) -> list[Lock]:
    """Return what has kept others waiting in this database and begun so long ago, the oldest first; and whatever this
    role may not see the age of.
    """
    return [Lock(**row) for row in await connection.fetch(_LOCKS, older_than)]


async def end_lock(connection: Connection, pid: int, since: datetime, by: Actor) -> LockEnding:
    """End the session of this process number if it still does the transaction that began then: the number lives on, so
    that a moment later the same one may do something else. Looked at and ended by one statement; what it has not
    committed is discarded. Whoever did it stands on the audit trail, written after it: the trail may be what is locked.
    """
    seen = await connection.fetchrow(_SEEN, pid, since)
    if seen is None:
        return LockEnding.CHANGED
    try:
        done = await connection.fetchval(_END, pid, since)
    except asyncpg.InsufficientPrivilegeError:
        return LockEnding.FORBIDDEN
    if not done:
        return LockEnding.FORBIDDEN if seen["is_hidden"] else LockEnding.CHANGED
    await audit.note(
        connection, by, "lock.end", pid=pid, since=since.isoformat(), application=seen["application"]
    )
    return LockEnding.ENDED
