"""The service gets a role of its own where that may be done, and else says what has to be done."""

from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from dispatcher.access.principals import SERVICE
from dispatcher.embedded import EmbeddedPostgres
from dispatcher.settings import SettingsError
from dispatcher.store import audit, record
from dispatcher.wiring.audit.roles import SUGGESTED, protect_audit
from tests.conftest import _database


@pytest.fixture
def service_url(servers_dir: Path, database_url: str) -> str:
    """The embedded server's own role for the service, in this test's database."""
    return _database(EmbeddedPostgres(servers_dir / "postgres").service_url, urlsplit(database_url).path[1:])


async def test_the_embedded_record_is_protected_by_itself(database_url: str, service_url: str) -> None:
    for _ in range(2):
        found = await protect_audit(database_url, service_url)
        assert (found.protection.protected, found.statements) == (True, "")
    pool = await record.connect(service_url, size=1)
    await audit.note(pool, SERVICE, "a", None)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute("DELETE FROM audit")
    await pool.close()


async def test_one_role_for_everything_is_not_called_protected_and_the_statements_are_given(
    database_url: str,
) -> None:
    found = await protect_audit(database_url, database_url)
    assert not found.protection.protected
    assert found.statements.startswith(f'CREATE ROLE "{SUGGESTED}" LOGIN PASSWORD')


async def test_an_owner_that_may_make_no_roles_gets_the_statements(
    database_url: str, service_url: str
) -> None:
    await protect_audit(database_url, service_url)  # it stands for an owner here
    found = await protect_audit(service_url, service_url.replace("dispatcher@", "nobody_here@"))
    assert found.protection.reasons[0].startswith("the service's role cannot connect: ")
    assert found.statements.startswith('CREATE ROLE "nobody_here" LOGIN')


async def test_a_role_that_was_made_before_needs_no_statements_where_the_owner_is_not_named_any_more(
    database_url: str, service_url: str
) -> None:
    await protect_audit(database_url, service_url)
    found = await protect_audit(service_url, service_url)
    assert (found.protection.protected, found.statements) == (True, "")


async def test_what_is_no_url_is_said_without_it(database_url: str) -> None:
    with pytest.raises(SettingsError, match="DATABASE_URL cannot be read"):
        await protect_audit(database_url, "GEHEIM")
