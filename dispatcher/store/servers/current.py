"""Say which of several servers a connection is on, for PostgreSQL's own programs: they take the first listed that takes
writes, and the service the one that was promoted last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.store.servers.address import parse

if TYPE_CHECKING:
    from dispatcher.store.record import Connection
    from dispatcher.store.servers.address import RecordHost


def url_on(url: str, connection: Connection) -> str:
    """Return the URL with that one alone of several servers which the connection is on; of one server as it is. Raises
    ValueError for what is no URL, or where the connection is on none of these.
    """
    address = parse(url)
    if not address.several:
        return url
    at = connection._addr  # noqa: SLF001 - asyncpg shows nowhere else by which name it was reached
    for host in address.several:
        if _reached(host) == at:
            return address.url_of(host)
    raise ValueError("names none of the servers that the connection is on")


def _reached(host: RecordHost) -> tuple[str, int] | str:
    """Return what asyncpg calls the server: host and port, or the path of a socket."""
    if host.host.startswith("/"):
        return f"{host.host}/.s.PGSQL.{host.port}"
    return host.host, host.port
