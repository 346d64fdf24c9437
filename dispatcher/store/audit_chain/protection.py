"""Find out whether the role that the service connects as can change what is on the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from dispatcher.store.record import Connection, Pool

TABLES: Final = ("audit", "audit_chain", "audit_checkpoint")
"""What only grows."""
_ROLE: Final = """
SELECT rolname, rolsuper, rolcreaterole AND current_setting('server_version_num')::int < 160000 AS makes_members,
  has_parameter_privilege('session_replication_role', 'SET') AS silences,
  pg_has_role('pg_write_server_files', 'USAGE') OR pg_has_role('pg_execute_server_program', 'USAGE') AS runs_programs
FROM pg_roles WHERE rolname = current_user"""
_TABLES: Final = """
SELECT c.relname, pg_has_role(c.relowner, 'MEMBER') AS owns,
  has_table_privilege(c.oid, 'UPDATE') OR has_any_column_privilege(c.oid, 'UPDATE') AS updates,
  has_table_privilege(c.oid, 'DELETE') AS deletes, has_table_privilege(c.oid, 'TRUNCATE') AS truncates,
  has_table_privilege(c.oid, 'TRIGGER') AS adds_triggers,
  c.relname = 'audit' AND has_column_privilege(c.oid, 'at', 'INSERT') AS chooses_time,
  c.relname = 'audit' AND has_column_privilege(c.oid, 'id', 'INSERT') AS chooses_number,
  c.relname = 'audit' AND has_column_privilege(c.oid, 'xid', 'INSERT') AS chooses_transaction,
  NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgrelid = c.oid AND t.tgname = 'audit_append_only'
    AND t.tgenabled = 'A') AS unguarded
FROM pg_class c WHERE c.oid = ANY(ARRAY(SELECT to_regclass(name) FROM unnest($1::text[]) AS name)) ORDER BY c.relname"""
_OF_ROLE: Final = {
    "rolsuper": "the service connects as {role}, a superuser",
    "makes_members": "the service's role {role} has CREATEROLE, with which it makes itself a member of others",
    "silences": "the service's role {role} may set session_replication_role, which silences triggers",
    "runs_programs": "the service's role {role} may write the server's files or run programs on it",
}
_OF_TABLE: Final = {
    "owns": "the service's role owns {table}",
    "updates": "the service's role may UPDATE {table}",
    "deletes": "the service's role may DELETE from {table}",
    "truncates": "the service's role may TRUNCATE {table}",
    "adds_triggers": "the service's role may add triggers to {table}",
    "chooses_time": "the service's role may choose the time of a line in {table}",
    "chooses_number": "the service's role may choose the number of a line in {table}",
    "chooses_transaction": "the service's role may choose the transaction of a line in {table}",
    "unguarded": "the trigger that keeps {table} append-only is not on",
}


@dataclass(frozen=True, slots=True)
class Protection:
    """Whether the trail holds out against the service's own role, and what is against it."""

    reasons: tuple[str, ...] = ()

    @property
    def protected(self) -> bool:
        """Whether there is nothing against it."""
        return not self.reasons

    def sentence(self) -> str:
        """Return it as people read it."""
        return "protected: yes" if self.protected else f"protected: no ({'; '.join(self.reasons)})"


async def protection(connection: Connection | Pool) -> Protection:
    """Return what the role of this connection could do to the trail."""
    role = await connection.fetchrow(_ROLE)
    tables = await connection.fetch(_TABLES, TABLES)
    if len(tables) < len(TABLES):
        return Protection(("the record has no audit chain: run `dispatcher migrate`",))
    return Protection((*_against_role(role), *_against_tables(tables, superuser=role["rolsuper"])))


def _against_role(role: Any) -> list[str]:
    found = [name for name in _OF_ROLE if role[name]]
    # A superuser may do all the rest as well.
    return [
        _OF_ROLE[name].format(role=role["rolname"]) for name in (found[:1] if role["rolsuper"] else found)
    ]


def _against_tables(tables: Any, *, superuser: bool) -> list[str]:
    found = []
    for table in tables:
        wrong = [name for name in _OF_TABLE if table[name]]
        if superuser:
            wrong = [name for name in wrong if name == "unguarded"]
        elif "owns" in wrong:
            wrong = [name for name in wrong if name in {"owns", "unguarded"}]
        found += [_OF_TABLE[name].format(table=table["relname"]) for name in wrong]
    return found
