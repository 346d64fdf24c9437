"""Parse where the record is, as `DATABASE_URL` says it: one server, or several of which one takes writes. Pure.

    postgresql://[user[:password]@][host[:port][,host[:port]...]]/name[?host=...&port=...&sslmode=...]

It is libpq's form (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING), which asyncpg and
PostgreSQL's own programs read by themselves. SQLAlchemy reads no second host with a port, and `urlsplit` none with an
IPv6 address, where it checks what stands in brackets (since CVE-2025-0938).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

PORT: Final = 5432
PORT_MAX: Final = 65_535
"""The port on which PostgreSQL listens by default, and the highest one of TCP."""
HOSTS_MAX: Final = 9
"""The most servers of one record: each is asked whenever the one that took writes does not answer."""
PROGRAMS_CONNECT_TIMEOUT_S: Final = 5
"""How long PostgreSQL's own programs wait for one of several servers; by themselves they wait without end."""
TAKES_WRITES: Final = frozenset({"read-write", "primary"})
"""What may be asked for as `target_session_attrs` of several servers: what is accepted has to be written."""

_SCHEME: Final = re.compile(r"postgres(?:ql)?(?:\+[a-z0-9]+)?", re.ASCII)
"""SQLAlchemy's spelling, which names a driver, is understood too."""
_HOST: Final = re.compile(
    r"(?:\[(?P<ipv6>[0-9A-Fa-f:.]+)\]|(?P<socket>/[^,]*)|(?P<name>[^\s:\[\]/@,]+))(?::(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class RecordHost:
    """One server: a name, an address or the directory of a socket, and a port."""

    host: str
    port: int = PORT

    def __str__(self) -> str:
        """Return it as people read it."""
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class RecordAddress:
    """What the URL says."""

    url: str = field(repr=False)
    """As asyncpg reads it, without the name of a driver; it may hold a password. Several servers are passed beside it,
    which then names none."""
    username: str | None = None
    password: str = field(default="", repr=False)
    several: tuple[RecordHost, ...] = ()
    """The servers in their order, where more than one is named."""
    attributes: str = "read-write"
    """What is asked for of several servers."""

    @property
    def for_programs(self) -> str:
        """Return the URL for PostgreSQL's own programs: without the password, and of several servers for the one that
        takes writes.
        """
        parts = urlsplit(self.url)
        user, hosts = _authority(parts.netloc)
        options = {name: value for name, value in _options(parts.query).items() if name != "password"}
        if self.several:
            options = {
                "host": ",".join(one.host for one in self.several),
                "port": ",".join(str(one.port) for one in self.several),
                "connect_timeout": str(PROGRAMS_CONNECT_TIMEOUT_S),
                **options,
                "target_session_attrs": self.attributes,
            }
        return _joined(user.partition(":")[0], hosts, parts.path, options)

    def url_of(self, host: RecordHost) -> str:
        """Return the URL of one of the several servers alone, for PostgreSQL's own programs; it may hold a password."""
        parts = urlsplit(self.url)
        only = {"host": host.host, "port": str(host.port), "target_session_attrs": self.attributes}
        return _joined(_authority(parts.netloc)[0], "", parts.path, {**_options(parts.query), **only})


def parse(url: str) -> RecordAddress:
    """Parse the URL. Raises ValueError, whose message never quotes it: a password may be anywhere in it."""
    scheme, separator, rest = url.partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        raise ValueError("must begin with postgresql://")
    authority, hosts, path, options = _divided(rest)
    several = _several(hosts, options)
    url = f"postgresql://{rest}"
    if several:
        others = {option: value for option, value in options.items() if option not in {"host", "port"}}
        url = _joined(authority, "", path, others)
    try:
        urlsplit(url)  # as asyncpg does
    except ValueError:
        raise _no_url() from None
    user, _, password = authority.partition(":")
    attributes = options.get("target_session_attrs", "read-write")
    if several and attributes not in TAKES_WRITES:
        raise ValueError("of several servers target_session_attrs asks for read-write, or is left out")
    return RecordAddress(
        url=url,
        username=unquote(user) or options.get("user") or None,
        password=unquote(password) or options.get("password", ""),
        several=several,
        attributes=attributes,
    )


def _divided(rest: str) -> tuple[str, str, str, dict[str, str]]:
    """Return user and password, the hosts, the path and the options of what is behind ://. Raises ValueError."""
    if "#" in rest:
        raise ValueError("has a #; in a password it must be percent-encoded")
    location, _, query = rest.partition("?")
    netloc, slash, name = location.partition("/")
    if "@" in name:
        raise ValueError("has an @ behind a /; in a password both must be percent-encoded")
    authority, hosts = _authority(netloc)
    if "@" in hosts:
        raise ValueError("has an @ too many; in a password it must be percent-encoded")
    try:
        return authority, hosts, slash + name, _options(query)
    except ValueError:  # its message quotes what it does not understand
        raise _no_url() from None


def _authority(netloc: str) -> tuple[str, str]:
    """Return user and password, and the hosts: both drivers divide at the first @."""
    user, at, hosts = netloc.partition("@")
    return (user, hosts) if at else ("", netloc)


def _joined(user: str, hosts: str, path: str, options: dict[str, str]) -> str:
    netloc = f"{user}@{hosts}" if user else hosts
    query = urlencode(options, safe="/,:", quote_via=quote)
    return f"postgresql://{netloc}{path}" + (f"?{query}" if query else "")


def _no_url() -> ValueError:
    return ValueError("is no URL; special characters in a password must be percent-encoded")


def _options(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query)))


def _several(hosts: str, options: dict[str, str]) -> tuple[RecordHost, ...]:
    """Return the servers where there are more than one; a single one is the driver's matter."""
    named = [unquote(one) for one in hosts.split(",")] if hosts else options.get("host", "").split(",")
    if len(named) < 2:
        return ()
    if len(named) > HOSTS_MAX:
        raise ValueError(f"names more than {HOSTS_MAX} servers")
    ports = [_port(one) for one in options["port"].split(",")] if options.get("port") else [PORT]
    if len(ports) not in {1, len(named)}:
        raise ValueError("has another number of ports than of hosts")
    ports *= len(named) // len(ports)
    found = tuple(_host(one, port) for one, port in zip(named, ports, strict=True))
    if len(set(found)) < len(found):
        raise ValueError("names a server twice")
    return found


def _host(text: str, port: int) -> RecordHost:
    found = _HOST.fullmatch(text)
    if not found:
        raise ValueError("names no host where one is expected, as in a.example:5432,b.example:5432")
    own = _port(found["port"]) if found["port"] else port
    return RecordHost(found["ipv6"] or found["socket"] or found["name"], own)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= PORT_MAX:
        raise ValueError(f"has a port that is none from 1 to {PORT_MAX}")
    return int(text)
