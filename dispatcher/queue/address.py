"""Parse where the queue is, as `REDIS_URL` says it: one server, or one that Sentinels name.

    redis://[user:password@]host[:port][/db]            rediss:// the same over TLS
    unix://path[?db=N]
    redis+sentinel://[user:password@]host[:port][,host[:port]...]/name[/db][?sentinel_username=...&sentinel_password=...]
                                                        rediss+sentinel:// the same over TLS, to servers and Sentinels

The hosts of the last form are the Sentinels, `name` is what they call the group of servers, `user:password` is for the
servers. redis-py knows no such form; this is the one that Redis-Sentinel-Url, limits and Prefect take.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote

SERVER_SCHEMES = frozenset({"redis", "rediss", "unix"})
SENTINEL_SCHEMES = frozenset({"redis+sentinel", "rediss+sentinel"})
SENTINEL_PORT = 26379
"""The port on which a Sentinel listens by default (https://valkey.io/topics/sentinel/)."""
DATABASE_MAX = 2**31 - 1
PORT_MAX = 65_535
"""The highest port of TCP."""
OPTIONS = frozenset({"sentinel_username", "sentinel_password"})

_GROUP = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
"""The names that a Sentinel accepts for a group."""
_MEMBER = re.compile(
    r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<host>[^\s:\[\]/@]+))(?::(?P<port>[0-9]{1,5}))?", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Server:
    """The address of one server, which is always the one that takes writes."""

    url: str = field(repr=False)
    """The URL as redis-py reads it; it may hold a password."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user's name and password; where they are empty, there are none."""

    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Sentinels:
    """The addresses of the Sentinels, which know which server takes writes now."""

    members: tuple[tuple[str, int], ...]
    """Host and port of each Sentinel."""
    group: str
    """The name that the Sentinels have for the primary and its replicas, e.g. `mymaster`."""
    database: int = 0
    tls: bool = False
    servers: Credentials = Credentials()
    sentinels: Credentials = Credentials()


QueueAddress = Server | Sentinels


def parse(url: str) -> QueueAddress:
    """Parse the address. Raises ValueError, whose message never quotes the URL: it may hold a password."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    if scheme in SENTINEL_SCHEMES:
        return _sentinels(rest, tls=scheme.startswith("rediss"))
    if scheme not in SERVER_SCHEMES:
        schemes = ", ".join(f"{known}://" for known in sorted(SERVER_SCHEMES | SENTINEL_SCHEMES))
        raise ValueError(f"must begin with one of {schemes}")
    from redis.asyncio.connection import parse_url  # noqa: PLC0415 - commands on the record alone do without

    try:
        parse_url(url)
    except ValueError:
        # Its message may quote half a password that was not percent-encoded.
        raise ValueError(
            f"is no {scheme}:// address; special characters in a password must be percent-encoded"
        ) from None
    return Server(url)


def _sentinels(rest: str, *, tls: bool) -> Sentinels:
    location, _, query = rest.partition("?")
    authority, _, path = location.partition("/")
    user, _, members = authority.rpartition("@")
    group, slash, database = path.partition("/")
    group = unquote(group)
    if not _GROUP.fullmatch(group):
        raise ValueError("must name the group of servers behind the Sentinels, as in host:26379/mymaster")
    username, _, password = user.partition(":")
    options = _options(query)
    return Sentinels(
        members=tuple(_member(member) for member in members.split(",")),
        group=group,
        database=_database(database) if slash else 0,
        tls=tls,
        servers=Credentials(unquote(username), unquote(password)),
        sentinels=Credentials(options.get("sentinel_username", ""), options.get("sentinel_password", "")),
    )


def _member(text: str) -> tuple[str, int]:
    found = _MEMBER.fullmatch(text)
    port = int(found["port"] or SENTINEL_PORT) if found else 0
    if found is None or not 0 < port <= PORT_MAX:
        raise ValueError(
            "must list Sentinels as host:port, separated by commas; special characters in a password must be"
            " percent-encoded"
        )
    return found["ipv6"] or found["host"], port


def _database(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > DATABASE_MAX:
        raise ValueError("must end with a database's number, or with the name of the group of servers")
    return int(text)


def _options(query: str) -> dict[str, str]:
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError:
        raise ValueError("has options that are not written as name=value") from None
    if not options.keys() <= OPTIONS:
        raise ValueError(f"takes no options but {', '.join(sorted(OPTIONS))}")
    return options
