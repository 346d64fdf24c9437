"""Give the service a role of its own in the database, which may use everything and change nothing of the audit trail.

The owner of the tables migrates them; the service connects as another role. It may INSERT and SELECT on the trail, and
not choose the time, the number or the transaction of a line.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import asyncpg

if TYPE_CHECKING:
    from dispatcher.store.record import Connection

_ITERATIONS: Final = 4096
"""PostgreSQL's own number (`scram_iterations`)."""
_KEPT: Final = "template_version, template_decision"
"""What is only ever added to."""
_EMPTIED: Final = "import_run, import_row, import_refusal"
"""What the service empties as a whole."""
_ANALYSED: Final = "subscription, followed_municipality, watched_area, import_row"
"""What it has statistics made of after a large import: from PostgreSQL 17 on others than the owner may."""
_MAINTAIN_SINCE: Final = 170_000
_MAY_LET_SEE: Final = """
SELECT NOT pg_has_role($1::name, 'pg_read_all_stats', 'USAGE') AND (
  pg_has_role('pg_read_all_stats', 'USAGE WITH ADMIN OPTION')
  -- Before PostgreSQL 16 whoever makes roles makes members of each that is no superuser.
  OR current_setting('server_version_num')::int < 160000
    AND (SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user))"""


@dataclass(frozen=True, slots=True)
class ServiceRole:
    """The role that the service connects as."""

    name: str
    password: str = ""
    """Empty where the server knows it otherwise, as the embedded one does."""


def grants(role: str, server_version: int) -> list[str]:
    """Return the statements that let a role serve, and write nothing on the audit trail anew. They may be repeated."""
    name = _quoted(role)
    found = [
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {name}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {name}",
        f"GRANT TRUNCATE ON {_EMPTIED} TO {name}",
        f"REVOKE ALL ON audit, audit_chain, audit_checkpoint, audit_key, alembic_version FROM {name}",
        f"GRANT SELECT ON audit, audit_chain, audit_checkpoint, audit_key, alembic_version TO {name}",
        f"GRANT INSERT (actor, action, alert_id, detail) ON audit TO {name}",
        f"GRANT INSERT ON audit_chain, audit_checkpoint, audit_key TO {name}",
        f"GRANT UPDATE (sealed) ON audit_key TO {name}",
        f"REVOKE UPDATE, DELETE ON {_KEPT} FROM {name}",
    ]
    if server_version >= _MAINTAIN_SINCE:
        found.append(f"GRANT MAINTAIN ON {_ANALYSED} TO {name}")
    return found


def creation(role: ServiceRole) -> str:
    """Return the statement that makes a role. The password is in it as the server keeps it: no log shows more."""
    password = f" PASSWORD '{_scram(role.password)}'" if role.password else ""
    return f"CREATE ROLE {_quoted(role.name)} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE{password}"


def script(role: str, server_version: int) -> str:
    """Return all of it as SQL for whoever may make roles."""
    statements = [f"CREATE ROLE {_quoted(role)} LOGIN PASSWORD '...'", *grants(role, server_version)]
    return "".join(f"{one};\n" for one in statements) + (
        f"-- So that it sees how far standbys are behind; all else works without.\n{_letting_see(role)};\n"
    )


async def make_service_role(owner: Connection, role: ServiceRole) -> bool:
    """Make the role unless it is there, and grant it what it needs, on a connection of the owner. Returns False, and
    does nothing, where the owner may not make roles. Raises `asyncpg.PostgresError`.
    """
    async with owner.transaction():
        await owner.execute("SELECT pg_advisory_xact_lock(hashtextextended('service_role', 0))")
        if not await owner.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role.name):
            if not await owner.fetchval(
                "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
            ):
                return False
            await _create(owner, role)
        for statement in grants(role.name, await server_version(owner)):
            await owner.execute(statement)
        await _let_see(owner, role.name)
    return True


async def _let_see(owner: Connection, role: str) -> None:
    """Let the role see how far standbys are behind, of which others see no more than the names, where the owner may. A
    server that refuses that keeps nothing else back: the doctor says what the role is not told.
    """
    if not await owner.fetchval(_MAY_LET_SEE, role):
        return
    with suppress(asyncpg.PostgresError):
        async with owner.transaction():
            await owner.execute(_letting_see(role))


def _letting_see(role: str) -> str:
    return f"GRANT pg_read_all_stats TO {_quoted(role)}"


async def _create(owner: Connection, role: ServiceRole) -> None:
    """Make the role, which another database of this server may have made meanwhile."""
    try:
        async with owner.transaction():
            await owner.execute(creation(role))
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        return


async def server_version(connection: Connection) -> int:
    """Return the server's version as one number, such as 180003."""
    return int(await connection.fetchval("SELECT current_setting('server_version_num')::int"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _scram(password: str) -> str:
    """Return what a server keeps of a password (RFC 5802, RFC 7677, as `pg_authid.rolpassword` has it)."""
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    texts = (base64.b64encode(one).decode() for one in (salt, client, server))
    return "SCRAM-SHA-256${}:{}${}:{}".format(_ITERATIONS, *texts)
