"""Commands reach the record that belongs to this machine's service."""

from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.fingerprints import SecretName
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.store.secrets import Secrets
from tests.store import conftest as on_record

pool = on_record.pool
ISSUING = (
    ("source", "add", "leitstelle", "--sender", "a@example.org", "--territory", "05358"),
    ("instance", "add", "dueren", "--place", "05358008"),
    ("keys", "rotate", "--source", "leitstelle"),
    ("keys", "add", "--source", "leitstelle"),
)
OTHERS = (
    ("source", "list"),
    ("source", "disable", "leitstelle"),
    ("keys", "list"),
    ("subscriptions", "count"),
    ("dead-letters", "list"),
    ("held", "list"),
    ("feeds", "list"),
    ("audit", "list"),
)


@pytest.mark.parametrize("words", [*ISSUING, *OTHERS], ids=" ".join)
async def test_no_command_works_on_the_record_of_another_service(
    dispatcher: Any, pool: Any, words: tuple[str, ...]
) -> None:
    await Secrets(pool).replace(SecretName.PEPPER, "that of another service", UNNAMED_OPERATOR)
    done = await dispatcher(*words)
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    [said] = done.stderr.splitlines()
    assert "WARN_KEY_PEPPER is another pepper" in said
    assert "or correct DATABASE_URL" in said
    assert await pool.fetchval("SELECT count(*) FROM source") == 0


@pytest.mark.parametrize("words", ISSUING, ids=" ".join)
async def test_a_machine_without_the_pepper_issues_no_key(
    dispatcher: Any, pool: Any, surroundings: Any, tmp_path: Path, words: tuple[str, ...]
) -> None:
    await Secrets(pool).replace(SecretName.PEPPER, "that of this service", UNNAMED_OPERATOR)
    surroundings.delenv("WARN_KEY_PEPPER")
    done = await dispatcher(*words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "this machine has no pepper, and the record" in done.stderr
    assert not (tmp_path / "var").exists(), "and makes none"


async def test_a_machine_without_the_pepper_does_what_needs_none(
    run: Any, pool: Any, surroundings: Any, tmp_path: Path
) -> None:
    """In an emergency any machine that reaches the record will do."""
    await run(*ISSUING[0])
    surroundings.delenv("WARN_KEY_PEPPER")
    assert (await run("source", "disable", "leitstelle")).exit_code == 0
    assert not (tmp_path / "var").exists()


async def test_without_a_record_it_says_what_to_do(run: Any, dispatcher: Any, surroundings: Any) -> None:
    surroundings.delenv("DATABASE_URL")
    done = await run("subscriptions", "count")
    assert done.exit_code == 2
    assert "DATABASE_URL" in done.output
    assert (await dispatcher("migrate")).returncode == 2


async def test_migrate_brings_the_record_up_to_date(dispatcher: Any) -> None:
    done = await dispatcher("migrate")
    assert (done.returncode, done.stdout) == (0, "the record is at this version's schema\n")
    assert "audit trail: protected: no (the service connects as" in done.stderr, (
        "there is one role for everything"
    )
    assert 'CREATE ROLE "dispatcher_service" LOGIN PASSWORD' in done.stderr
    assert "GRANT INSERT (actor, action, alert_id, detail) ON audit" in done.stderr


async def test_without_arguments_it_shows_what_there_is(run: Any) -> None:
    done = await run()
    for name in (
        "submit",
        "preview",
        "status",
        "source",
        "secrets",
        "audit",
        "subscriptions",
        "dead-letters",
        "up",
        "worker",
        "api",
    ):
        assert name in done.output
