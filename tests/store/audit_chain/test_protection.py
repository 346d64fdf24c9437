"""What the service's role could do to the trail, as the record says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from dispatcher.store.audit_chain.protection import Protection, protection
from dispatcher.store.roles import ServiceRole, make_service_role

ROLE = "warn_service"


@pytest.fixture
async def owner(database_url: str) -> AsyncIterator[Any]:
    """A superuser, with a service's role in this database that ends with the test."""
    connection = await asyncpg.connect(database_url)
    assert await make_service_role(connection, ServiceRole(ROLE))
    yield connection
    await connection.execute(f"DROP OWNED BY {ROLE} CASCADE")
    await connection.execute(f"ALTER ROLE {ROLE} NOSUPERUSER NOCREATEROLE")
    await connection.close()


@asynccontextmanager
async def as_service(owner: Any) -> AsyncIterator[Any]:
    await owner.execute(f"SET SESSION AUTHORIZATION {ROLE}")
    yield owner
    await owner.execute("RESET SESSION AUTHORIZATION")


async def reasons(owner: Any, *statements: str) -> tuple[str, ...]:
    for one in statements:
        await owner.execute(one)
    async with as_service(owner) as connection:
        return (await protection(connection)).reasons


async def test_a_role_that_was_made_here_protects_the_trail(owner: Any) -> None:
    assert await reasons(owner) == ()
    assert Protection().sentence() == "protected: yes"


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        (f"ALTER ROLE {ROLE} SUPERUSER", f"the service connects as {ROLE}, a superuser"),
        (f"GRANT SET ON PARAMETER session_replication_role TO {ROLE}", f"the service's role {ROLE} may set"),
        (f"GRANT UPDATE (actor) ON audit TO {ROLE}", "the service's role may UPDATE audit"),
        (f"GRANT DELETE ON audit_chain TO {ROLE}", "the service's role may DELETE from audit_chain"),
        (f"GRANT TRUNCATE ON audit_checkpoint TO {ROLE}", "the service's role may TRUNCATE audit_checkpoint"),
        (f"GRANT TRIGGER ON audit TO {ROLE}", "the service's role may add triggers to audit"),
        (f"GRANT INSERT (at) ON audit TO {ROLE}", "the service's role may choose the time of a line in audit"),
        (f"GRANT INSERT (id) ON audit TO {ROLE}", "the service's role may choose the number of a line in audit"),
        (f"GRANT INSERT (xid) ON audit TO {ROLE}", "the service's role may choose the transaction of a line in audit"),
        ("ALTER TABLE audit DISABLE TRIGGER audit_append_only", "the trigger that keeps audit append-only is not on"),
        ("DROP TRIGGER audit_append_only ON audit_chain", "the trigger that keeps audit_chain append-only is not on"),
        (f"ALTER TABLE audit OWNER TO {ROLE}", "the service's role owns audit"),
    ],
)  # fmt: skip
async def test_whatever_is_against_it_is_said(owner: Any, statement: str, reason: str) -> None:
    (found,) = await reasons(owner, statement)
    assert found.startswith(reason)
    assert Protection((found,)).sentence() == f"protected: no ({found})"
    await owner.execute(f"REVOKE SET ON PARAMETER session_replication_role FROM {ROLE}")


async def test_a_record_of_an_older_version_has_nothing_to_protect(owner: Any) -> None:
    await owner.execute("DROP TABLE audit_checkpoint, audit_chain CASCADE")
    assert await reasons(owner) == ("the record has no audit chain: run `dispatcher migrate`",)
