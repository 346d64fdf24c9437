"""The servers that a single machine needs and does not have: started and stopped with the service."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dispatcher.embedded.errors import (
    DataDirectoryInUseError,
    EmbeddedError,
    ExtraMissingError,
    ServerFailedError,
)
from dispatcher.embedded.postgres import EmbeddedPostgres
from dispatcher.embedded.server import EmbeddedServer
from dispatcher.embedded.valkey import EmbeddedValkey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = [
    "DataDirectoryInUseError",
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedServer",
    "EmbeddedValkey",
    "ExtraMissingError",
    "ServerFailedError",
    "Servers",
    "embedded",
]


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the record and the queue are, and those of their servers that run because of us."""

    database_url: str
    """By the role that owns the tables, where the server is ours."""
    redis_url: str
    service_url: str
    """By the role of the service, which the owner has to make."""
    started: tuple[EmbeddedServer, ...] = ()

    def leave(self) -> None:
        """Let go, in a fork, of what this process holds for the servers."""
        for server in self.started:
            server.leave()


@contextmanager
def embedded(
    data_dir: Path, *, database_url: str | None = None, redis_url: str | None = None, durable: bool = True
) -> Iterator[Servers]:
    """Start, in `data_dir`, a server for each URL that is not given; stop them at the end.

    Raises EmbeddedError, whose message tells the operator what to do. See EmbeddedServer about threads.
    """
    with ExitStack() as stack:
        started: list[EmbeddedServer] = []
        postgres = EmbeddedPostgres(data_dir / "postgres", durable=durable)
        for url, server in (
            (database_url, postgres),
            (redis_url, EmbeddedValkey(data_dir / "valkey", durable=durable)),
        ):
            if not url:
                started.append(stack.enter_context(server))
        urls = {server.name: server.url for server in started}
        yield Servers(
            database_url=database_url or urls[EmbeddedPostgres.name],
            redis_url=redis_url or urls[EmbeddedValkey.name],
            service_url=database_url or postgres.service_url,
            started=tuple(started),
        )
