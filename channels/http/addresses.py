"""Where we may connect: the guard between addresses that strangers choose and our own network.

Strangers are citizens whose apps hand out endpoints, and whoever writes links into a feed. What the operator names may
lie in a private net, and each exemption is for what he named it for: see `Exemptions`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_URL_CHARACTERS: Final = 2048
"""The longest endpoint. Those of push services have some hundred characters; this many fit a frame of HTTP/2."""

# Stricter than RFC 3986 on purpose: what one parser reads differently from another (userinfo, backslashes,
# blanks, fragments, percent signs in the host, letters beyond ASCII) is refused, so that the origin we check
# is the origin libcurl connects to. Browsers hand out endpoints in exactly this form.
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?:[/?][!-\"$-\[\]-~]*)?",
    re.ASCII | re.IGNORECASE,  # otherwise k has a third form, the Kelvin sign, and s the long s
)
_IN_PATHS: Final = bytes(code for code in range(0x21, 0x7F) if code not in b"#\\")
"""What a path and a query may have: printable ASCII that no two readers of URLs take for different things."""
_DEFAULT_PORT: Final = {"http": "80", "https": "443"}
# A host whose last label is a number is an IPv4 address, however it is written (WHATWG URL, "ends in a number").
_NUMERIC: Final = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)", re.ASCII)

# Ranges that `ipaddress.is_global` of the Pythons we support calls global, or did so in some patch release:
# IANA special-purpose registries for IPv4 and IPv6.
_REFUSED_V4: Final = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers, RFC 6598
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local; the metadata services of clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays for 6to4, RFC 7526
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks, RFC 2544
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_GLOBAL_UNICAST_V6: Final = IPv6Network("2000::/3")  # loopback, mapped, NAT64, ULA, link-local lie outside
_REFUSED_V6: Final = tuple(
    IPv6Network(net)
    for net in (
        "2001::/23",  # protocol assignments, Teredo among them: it embeds IPv4 addresses
        "2001:db8::/32",
        "2002::/16",  # 6to4: embeds IPv4 addresses
        "3fff::/20",
    )
)


class AddressRefused(ValueError):
    """The policy forbids this URL. `code` is short and stable; the URL itself is never quoted."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def split_origin(url: str) -> tuple[str, str, str]:
    """Return scheme, origin and port of `url`; the origin is in lower case and without the scheme's default port.

    Raises `AddressRefused` for anything but a plain absolute http(s) URL of printable ASCII.
    """
    if len(url) > MAX_URL_CHARACTERS:
        raise AddressRefused("url_too_long")
    end = url.find("/", len("https://"))
    if end < 0:
        return _split(url)
    # Once for each message of a mass send: in a third of the time of a regular expression.
    if not url.isascii() or url.encode("ascii").translate(None, _IN_PATHS):
        raise AddressRefused("url_malformed")
    return _split(url[:end])


@lru_cache(maxsize=256)  # a mass send's millions of URLs have a few beginnings
def _split(url: str) -> tuple[str, str, str]:
    match = _URL.fullmatch(url)
    if match is None:
        raise AddressRefused("url_malformed")
    scheme, host = match["scheme"].lower(), match["host"].lower()
    if not _is_one_spelling(host):
        raise AddressRefused("private_address")
    port = match["port"] or _DEFAULT_PORT[scheme]
    origin = f"{scheme}://{host}"
    return scheme, origin if port == _DEFAULT_PORT[scheme] else f"{origin}:{port}", port


def _is_one_spelling(host: str) -> bool:
    """Return whether no other host means the same to libcurl, which writes addresses its own way, and then sends on a
    connection that it has already: one made for an exempt origin, say. A number that is no plain address hides one.
    """
    if host.startswith("["):
        try:
            return str(IPv6Address(host[1:-1])) == host[1:-1]
        except ValueError:
            return False
    last = host.rpartition(".")[2]
    if not _NUMERIC.fullmatch(last):
        return bool(last)  # the dot at the end of a name in full is one spelling more
    try:
        IPv4Address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Return whether an IP address belongs to the public Internet and hides no other address within it."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, IPv4Address):
        return _is_public_v4(ip)
    return _is_public_v6(ip)


def _is_public_v4(ip: IPv4Address) -> bool:
    return ip.is_global and not any(ip in net for net in _REFUSED_V4)


def _is_public_v6(ip: IPv6Address) -> bool:
    return ip in _GLOBAL_UNICAST_V6 and ip.is_global and not any(ip in net for net in _REFUSED_V6)


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """Which URLs and which addresses behind them may be contacted, by requests of one kind.

    It allows https on port 443 of public addresses; besides, exactly the origins in `allow_private`, such as
    `http://127.0.0.1:9901`, which may lie anywhere. Origins in `reserved` are exempt for requests of another kind, and
    requests of this kind are refused there, whatever the address: the client has one connection for both.
    """

    allow_private: frozenset[str] = frozenset()
    reserved: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for entry in self.allow_private | self.reserved:
            _require_origin(entry)

    def origin(self, url: str) -> str:
        """Return the origin of an acceptable URL. Raises `AddressRefused`."""
        scheme, origin, port = split_origin(url)
        if origin not in self.allow_private:
            if origin in self.reserved:
                raise AddressRefused("url_purpose")
            if scheme != "https":
                raise AddressRefused("url_not_https")
            if port != "443":
                raise AddressRefused("url_port")
        return origin

    def origin_if_allowed(self, url: str) -> str:
        """Return the origin as `origin` does, and nothing for a URL that is not acceptable: the client says so of each
        request.
        """
        try:
            return self.origin(url)
        except AddressRefused:
            return ""

    def vet(self, url: str) -> str:
        """Return the origin as `origin` does, but refuse hosts that cannot be public before anything connects: that
        allows a helpful message.

        The check that counts is `permits`: only the resolved address tells the truth.
        """
        origin = self.origin(url)
        if origin not in self.allow_private:
            host = origin.removeprefix("https://").strip("[]")
            if ":" in host or host.rpartition(".")[2].isdigit():
                if not is_public(host):
                    raise AddressRefused("private_address")
            elif "." not in host:
                raise AddressRefused("private_address")
        return origin

    def permits(self, origin: str, address: str) -> bool:
        """Return whether the connection for `origin`, which the policy of a request has accepted, may go to this
        resolved IP address.
        """
        return origin in self.allow_private or origin in self.reserved or is_public(address)


class Purpose(StrEnum):
    """What an exemption may be for: who chose the addresses of these requests, and where they stand."""

    GATEWAY = "gateway"
    """The SMS gateways in the operator's settings."""
    FEED = "feed"
    """The addresses of polled feeds in the operator's file."""
    CALLBACK = "callback"
    """The callbacks of apps, among the subscriptions."""
    PUSH = "push"
    """Endpoints of Web Push, among the subscriptions: any citizen's app hands them out."""
    ANCHOR = "anchor"
    """Where the operator's settings have checkpoints of the audit trail kept."""
    OIDC = "oidc"
    """The OpenID providers in the operator's settings."""
    TRACES = "traces"
    """The collector of traces in the operator's settings."""


WITHOUT_A_PURPOSE: Final = frozenset({Purpose.GATEWAY, Purpose.FEED, Purpose.CALLBACK})
"""What an exemption is for that names no purpose: what operators and municipalities choose, not what citizens do."""


@dataclass(frozen=True, slots=True)
class Exemptions:
    """The operator's exemptions: the origins that may lie in a private net, and what each is for."""

    purposes: Mapping[str, frozenset[Purpose]]
    """By origin."""

    @classmethod
    def parse(cls, entries: Iterable[str]) -> Exemptions:
        """Read `ORIGIN` and `PURPOSE=ORIGIN`; an origin may stand there for several. Raises `ValueError`."""
        purposes: dict[str, frozenset[Purpose]] = {}
        for entry in entries:
            named, separator, origin = entry.rpartition("=")
            meant = frozenset({_purpose(named, entry)}) if separator else WITHOUT_A_PURPOSE
            _require_origin(origin)
            purposes[origin] = purposes.get(origin, frozenset()) | meant
        return cls(purposes)

    def policy(self, purpose: Purpose | None = None) -> AddressPolicy:
        """Return the policy of requests for `purpose`; None: of those that no exemption is for."""
        return self._allowing(origin for origin, meant in self.purposes.items() if purpose in meant)

    def policy_of_registration(self) -> AddressPolicy:
        """Return the policy of callbacks that an app's key registers. Of the operator's exemptions it may use those
        that are for callbacks and for nothing else, or the key could have notices posted to his gateways and feeds.
        """
        return self._allowing(
            origin for origin, meant in self.purposes.items() if meant == {Purpose.CALLBACK}
        )

    def policy_of_feed(self, urls: Iterable[str]) -> AddressPolicy:
        """Return the policy of all requests for one feed, which the operator has configured to be asked at `urls`.

        Lists lead on to messages, and servers elsewhere, by links and redirects: the word of strangers. They reach the
        feed's own origins, and the public.
        """
        own = {origin for url in urls if (origin := _origin_or_none(url))}
        return self._allowing(self.policy(Purpose.FEED).allow_private & own)

    def _allowing(self, origins: Iterable[str]) -> AddressPolicy:
        allowed = frozenset(origins)
        return AddressPolicy(allowed, frozenset(self.purposes) - allowed)


def _origin_or_none(url: str) -> str | None:
    try:
        return split_origin(url)[1]
    except AddressRefused:
        return None


def _require_origin(entry: str) -> None:
    """Raise `ValueError` for what is no origin as `split_origin` writes it."""
    if split_origin(entry)[1] != entry:
        raise ValueError(f"not an origin (scheme://host[:port], lower case, no path): {entry!r}")


def _purpose(name: str, entry: str) -> Purpose:
    try:
        return Purpose(name)
    except ValueError:
        known = ", ".join(Purpose)
        raise ValueError(f"no purpose of an exemption: {name!r} in {entry!r}; there are {known}") from None
