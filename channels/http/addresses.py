"""Where we may connect: the guard between addresses that citizens type in and our own network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

MAX_URL_CHARACTERS: Final = 2048
"""The longest endpoint. Those of push services have some hundred characters; this many fit a frame of HTTP/2."""

# Stricter than RFC 3986 on purpose: what one parser reads differently from another (userinfo, backslashes,
# blanks, fragments, percent signs in the host, letters beyond ASCII) is refused, so that the origin we check
# is the origin libcurl connects to. Browsers hand out endpoints in exactly this form.
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?:[/?][!-\"$-\[\]-~]*)?",
    re.ASCII | re.IGNORECASE,  # otherwise k has a third form, the Kelvin sign, and s the long s
)
_PATH: Final = re.compile(r"/[!-\"$-\[\]-~]*")
_DEFAULT_PORT: Final = {"http": "80", "https": "443"}

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
    if not _PATH.fullmatch(url, end):
        raise AddressRefused("url_malformed")
    return _split(url[:end])


@lru_cache(maxsize=256)  # a mass send's millions of URLs have a few beginnings
def _split(url: str) -> tuple[str, str, str]:
    match = _URL.fullmatch(url)
    if match is None:
        raise AddressRefused("url_malformed")
    scheme = match["scheme"].lower()
    port = match["port"] or _DEFAULT_PORT[scheme]
    origin = f"{scheme}://{match['host'].lower()}"
    return scheme, origin if port == _DEFAULT_PORT[scheme] else f"{origin}:{port}", port


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
    """Which URLs and which addresses behind them may be contacted.

    It allows https on port 443 of public addresses; besides, exactly the origins in `allow_private`, such as
    `http://127.0.0.1:9901`: an operator's own gateways and the lab, which may lie anywhere.
    """

    allow_private: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for entry in self.allow_private:
            if split_origin(entry)[1] != entry:
                raise ValueError(f"not an origin (scheme://host[:port], lower case, no path): {entry!r}")

    def origin(self, url: str) -> str:
        """Return the origin of an acceptable URL. Raises `AddressRefused`."""
        scheme, origin, port = split_origin(url)
        if origin not in self.allow_private:
            if scheme != "https":
                raise AddressRefused("url_not_https")
            if port != "443":
                raise AddressRefused("url_port")
        return origin

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
        """Return whether the connection for `origin` may go to this resolved IP address."""
        return origin in self.allow_private or is_public(address)
