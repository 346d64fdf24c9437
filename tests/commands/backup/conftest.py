"""A record with people in it and a warning on its way, a backup of it, and an empty database to restore to."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from tests.commands import conftest as commands
from tests.store import conftest as on_record
from tests.store.test_migrate import _upgrade_to
from tests.support.histories import plan, submit, subscribe
from tests.support.messages import DUEREN

run, dispatcher, surroundings = commands.run, commands.dispatcher, commands.surroundings
pool, sources, alerts, subscriptions, ledger, plans = (
    on_record.pool, on_record.sources, on_record.alerts, on_record.subscriptions, on_record.ledger, on_record.plans,
)  # fmt: skip
PASSPHRASE = "correct horse battery staple"
EARLIER = "0045"
"""A revision of the schema before this version's."""
_numbers = itertools.count(1)


class Home(NamedTuple):
    """Where a test keeps things: backups, the file with the passphrase over their keys."""

    backups: Path
    passphrase: Path

    def made(self) -> list[Path]:
        return sorted(self.backups.iterdir()) if self.backups.exists() else []


@pytest.fixture
def home(tmp_path: Path) -> Home:
    file = tmp_path / "passphrase"
    file.touch(mode=0o600)
    file.write_text(PASSPHRASE + "\n")
    return Home(tmp_path / "backups", file)


@pytest.fixture
async def record(run: Any, pool: Any, alerts: Any, ledger: Any, plans: Any, subscriptions: Any) -> Any:
    """Secrets, a key, three browsers, an SMS, and a warning that is planned for all and sent to nobody yet."""
    assert (await run("secrets", "init")).exit_code == 0
    assert (await run("keys", "add", "--source", "leitstelle")).exit_code == 0
    await subscribe(pool, subscriptions, *"abc")
    await subscribe(pool, subscriptions, "d", channel="sms", gateway="smsc")
    await submit(alerts, "A", DUEREN)
    await plan(ledger, plans, "A")
    return pool


@pytest.fixture
async def saved(record: Any, run: Any, home: Home) -> Path:
    """A backup of it, with its keys."""
    done = await run("backup", home.backups, "--passphrase-file", home.passphrase)
    assert done.exit_code == 0, done.output
    [directory] = home.made()
    return directory


@pytest.fixture
def empty_url(postgres_url: str, execute: Callable[[str], None]) -> Iterator[str]:
    """A database without a table."""
    name = f"empty_{next(_numbers)}"
    execute(f"CREATE DATABASE {name}")
    yield urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
    execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def earlier_url(postgres_url: str, execute: Callable[[str], None]) -> Iterator[str]:
    """A database with the schema of an earlier version."""
    name = f"earlier_{next(_numbers)}"
    execute(f"CREATE DATABASE {name}")
    url = urlsplit(postgres_url)._replace(path=f"/{name}").geturl()
    asyncio.run(_upgrade_to(url, EARLIER))
    yield url
    execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def restore(run: Any, home: Home, empty_url: str, surroundings: Any) -> Any:
    """Restores to the empty database, as the command does."""

    async def restore(directory: Path, *options: Any, passphrase: bool = True) -> Any:
        surroundings.setenv("DATABASE_URL", empty_url)
        over = ("--passphrase-file", home.passphrase) if passphrase else ()
        return await run("restore", directory, *over, *options)

    return restore


def tree(directory: Path) -> dict[str, bytes]:
    """All files below a directory, by their path in it."""
    return {
        str(file.relative_to(directory)): file.read_bytes() for file in directory.rglob("*") if file.is_file()
    }
