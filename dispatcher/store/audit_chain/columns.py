"""Name what is read of a line of the audit trail and of a checkpoint, and which lines the chain has passed by, so that
whoever chains and whoever verifies reads the same.
"""

from __future__ import annotations

from typing import Final

CHECKPOINT: Final = "number, position, hash, at, key, signature"
"""The fields of `Checkpoint`, in its order, of a row of `audit_checkpoint`."""
ENTRY: Final = """a.id::text, a.xid::text, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  a.actor, a.action, a.alert_id, a.detail::text"""
"""The fields of `AuditEntry`, in its order, of a row `a` of `audit`."""
LAST: Final = """
SELECT l.xid, l.id, l.at FROM audit_chain c JOIN audit l ON l.id = c.audit_id ORDER BY c.position DESC LIMIT 1"""
"""The line of the last place, `last` in `PASSED_BY`."""
PASSED_BY: Final = """(a.xid, a.id) < (last.xid, last.id) AND a.at <= last.at
  AND last.xid < pg_snapshot_xmax(pg_current_snapshot())"""
"""Whether a row `a` of `audit` that is not in the chain claims to be older than the last place, by its transaction and
by its time. Lines are chained in the order of their transactions, and none comes later that would have to stand before
one that is chained. After a restore from another server's dump, whose transactions were numbered otherwise, a deed may
have a lower number, and its time is later.
"""
