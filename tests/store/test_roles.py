"""The role that the service connects as."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from dispatcher.access.principals import WORKER
from dispatcher.store import audit, record
from dispatcher.store.audit_chain.checkpoints import Checkpoints
from dispatcher.store.audit_chain.protection import protection
from dispatcher.store.roles import ServiceRole, creation, grants, make_service_role, script
from tests.support.audit import chained, verdict
from tests.support.sealed import ADDRESSES

_numbers = itertools.count(1)


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Any]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
async def service(database_url: str, owner: Any) -> AsyncIterator[Any]:
    """A pool of the service's, by a role of its own."""
    role = f"service_{next(_numbers)}"
    assert await make_service_role(owner, ServiceRole(role))
    assert await make_service_role(owner, ServiceRole(role)), "again, as with each upgrade"
    pool = await record.connect(database_url, size=2)
    async with pool.acquire() as connection:
        await connection.execute(f"SET SESSION AUTHORIZATION {role}")
        yield connection
        await connection.execute("RESET SESSION AUTHORIZATION")
    await pool.close()
    await owner.execute(f"DROP OWNED BY {role} CASCADE")
    await owner.execute(f"DROP ROLE {role}")


@pytest.fixture
async def poor_owner(owner: Any) -> AsyncIterator[Any]:
    """The owner of everything in this database, who may make no role and no members."""
    name = f"poor_owner_{next(_numbers)}"
    await owner.execute(f"CREATE ROLE {name}")
    await owner.execute(f"ALTER SCHEMA public OWNER TO {name}")
    for table in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"):
        await owner.execute(f"ALTER TABLE {table[0]} OWNER TO {name}")
    await owner.execute(f"SET SESSION AUTHORIZATION {name}")
    yield owner
    await owner.execute("RESET SESSION AUTHORIZATION")
    await owner.execute(f"REASSIGN OWNED BY {name} TO CURRENT_USER")
    await owner.execute(f"DROP OWNED BY {name}")
    await owner.execute(f"DROP ROLE {name}")


class Single:
    """One connection in place of a pool."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.fetch, self.fetchrow, self.fetchval, self.execute = (
            connection.fetch, connection.fetchrow, connection.fetchval, connection.execute,
        )  # fmt: skip

    def acquire(self) -> Any:
        return self

    async def __aenter__(self) -> Any:
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        pass


async def test_it_does_all_that_the_trail_needs(service: Any) -> None:
    pool = Single(service)
    assert (await protection(service)).protected
    await chained(pool, "a", "b")
    assert await Checkpoints(pool, ADDRESSES).make()
    whole = await verdict(pool)
    assert (whole.sound, whole.entries, whole.checkpoints) == (True, 2, 1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit CASCADE",
        "UPDATE audit_chain SET hash = hash", "DELETE FROM audit_chain", "DELETE FROM audit_checkpoint",
        "DELETE FROM audit_key", "UPDATE audit_key SET key = key",
        "ALTER TABLE audit DISABLE TRIGGER ALL", "DROP TABLE audit CASCADE",
        "SET session_replication_role = replica",
        "INSERT INTO audit (at, actor, action) VALUES ('2020-01-01', 'x', 'x')",
        "INSERT INTO audit (xid, actor, action) VALUES ('3', 'x', 'x')",
        "INSERT INTO audit (id, actor, action) OVERRIDING SYSTEM VALUE VALUES (7, 'x', 'x')",
        "CREATE OR REPLACE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "UPDATE alembic_version SET version_num = '0001'",
    ],
)  # fmt: skip
async def test_it_changes_nothing_of_the_trail(service: Any, statement: str) -> None:
    await audit.note(service, WORKER, "a", None)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await service.execute(statement)


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit_chain",
                                       "TRUNCATE audit_checkpoint"])  # fmt: skip
async def test_the_owner_is_refused_by_the_triggers_also_as_a_replica(owner: Any, statement: str) -> None:
    await owner.execute("SET session_replication_role = replica")
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await owner.execute(statement)


async def test_every_table_that_is_not_the_trails_may_be_used(service: Any, owner: Any) -> None:
    """The service would stand still over one that was forgotten."""
    tables = [
        row[0] for row in await owner.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    ]
    used = set(tables) - {"audit", "audit_chain", "audit_checkpoint", "audit_key", "alembic_version"}
    kept = {"template_version", "template_decision"}
    assert len(used) > 30
    for table in used:
        await service.execute(f"SELECT FROM {table} LIMIT 0")
        if table not in kept:
            await service.execute(f"DELETE FROM {table} WHERE false")
            continue
        for statement in (f"DELETE FROM {table} WHERE false", f"UPDATE {table} SET version = 1 WHERE false"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await service.execute(statement)
    await service.execute("TRUNCATE import_run, import_row, import_refusal")
    await service.execute("ANALYZE subscription, followed_municipality, watched_area, import_row")


async def test_an_owner_that_may_make_no_roles_makes_none_and_gets_the_statements(owner: Any) -> None:
    name = f"poor_owner_{next(_numbers)}"
    await owner.execute(f"CREATE ROLE {name}")
    await owner.execute(f"SET SESSION AUTHORIZATION {name}")
    assert await make_service_role(owner, ServiceRole("service_of_nobody")) is False
    await owner.execute("RESET SESSION AUTHORIZATION")
    await owner.execute(f"DROP ROLE {name}")
    said = script('a"b', 150_000)
    assert said.startswith("""CREATE ROLE "a""b" LOGIN PASSWORD '...';\n""")
    assert all(f"{one};\n" in said for one in grants('a"b', 150_000))
    assert said.endswith('; all else works without.\nGRANT pg_read_all_stats TO "a""b";\n')
    assert "MAINTAIN" not in said
    assert "MAINTAIN" in script("a", 170_000)


async def test_it_sees_what_only_members_see_of_other_sessions(service: Any, owner: Any) -> None:
    """How far standbys are behind is hidden by the same rule."""
    pid = await owner.fetchval("SELECT pg_backend_pid()")
    asked = "SELECT query FROM pg_stat_activity WHERE pid = $1"
    assert await service.fetchval(asked, pid) == "SELECT pg_backend_pid()"
    await owner.execute(f"REVOKE pg_read_all_stats FROM {await service.fetchval('SELECT current_user')}")
    assert await service.fetchval(asked, pid) == "<insufficient privilege>"


async def test_an_owner_who_may_make_no_members_grants_all_else(poor_owner: Any) -> None:
    role = f"service_{next(_numbers)}"
    await poor_owner.execute("RESET SESSION AUTHORIZATION")
    await poor_owner.execute(f"CREATE ROLE {role}")
    name = await poor_owner.fetchval("SELECT tableowner FROM pg_tables WHERE tablename = 'audit'")
    await poor_owner.execute(f"SET SESSION AUTHORIZATION {name}")
    assert await make_service_role(poor_owner, ServiceRole(role))
    assert await poor_owner.fetchval("SELECT has_table_privilege($1, 'subscription', 'INSERT')", role)
    assert not await poor_owner.fetchval("SELECT pg_has_role($1::name, 'pg_read_all_stats', 'USAGE')", role)
    await poor_owner.execute("RESET SESSION AUTHORIZATION")
    await poor_owner.execute(f"GRANT pg_read_all_stats TO {name} WITH ADMIN OPTION")
    await poor_owner.execute(f"SET SESSION AUTHORIZATION {name}")
    assert await make_service_role(poor_owner, ServiceRole(role))
    assert await poor_owner.fetchval("SELECT pg_has_role($1::name, 'pg_read_all_stats', 'USAGE')", role)
    await poor_owner.execute("RESET SESSION AUTHORIZATION")
    await poor_owner.execute(f"DROP OWNED BY {role}")
    await poor_owner.execute(f"DROP ROLE {role}")


async def test_a_password_goes_over_as_the_server_keeps_it(owner: Any) -> None:
    role = ServiceRole(f"service_{next(_numbers)}", "GEHEIM'x")
    assert "GEHEIM" not in creation(role)
    await owner.execute(creation(role))
    stored = await owner.fetchval("SELECT rolpassword FROM pg_authid WHERE rolname = $1", role.name)
    await owner.execute(f"DROP ROLE {role.name}")
    assert stored in creation(role) or stored.startswith("SCRAM-SHA-256$4096:")
