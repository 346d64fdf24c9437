"""Name what is read of a line of the audit trail, so that whoever chains and whoever verifies reads the same."""

from __future__ import annotations

from typing import Final

ENTRY: Final = """a.id::text, a.xid::text, to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  a.actor, a.action, a.alert_id, a.detail::text"""
"""The fields of `Entry`, in its order, of a row `a` of `audit`."""
