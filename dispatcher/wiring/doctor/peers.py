"""Connect to whom the service has to reach, and send nothing but that a mail server is asked for TLS."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import time
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from channels.fcm.service_account import GOOGLES_TOKEN_URL
from channels.http.addresses import AddressPolicy, AddressRefused, Purpose, split_origin
from channels.mail.settings import SmtpSecurity, is_loopback
from channels.sms.smpp.connecting import parse_centre, tls_context
from channels.webpush.services.browsers import BROWSERS
from dispatcher.doctor.diagnosis import Part
from dispatcher.doctor.peers import Obstacle, Peer, Reached
from dispatcher.wiring.doctor.chains import chain_of
from dispatcher.wiring.doctor.names import AT_ONCE, Names
from dispatcher.wiring.http_client import authorities, exemptions
from dispatcher.wiring.persons.oidc import clients

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dispatcher.doctor.certificates import Certificate
    from dispatcher.feeds.configuration import Feed
    from dispatcher.settings import Settings

CONNECT_S: Final = 5.0
"""How long connecting may take, with the name, the wait for a turn to look it up, and TLS."""
_ENDED: Final = 10
"""X509_V_ERR_CERT_HAS_EXPIRED of <openssl/x509_vfy.h>."""
REPRESENTATIVES: Final = {".push.services.mozilla.com": "updates", ".push.apple.com": "web"}
"""A host that stands for all of a push service that has many. Microsoft's are of single regions: none is for all."""


class Way(NamedTuple):
    """How a peer is reached: under which rules for addresses, and with which TLS; None: without."""

    peer: Peer
    tls: ssl.SSLContext | None
    policy: AddressPolicy | None = None
    origin: str = ""
    starts_clear: bool = False
    """Whether TLS is asked for by STARTTLS first (RFC 3207)."""

    @property
    def is_checked(self) -> bool:
        """Return whether the peer has to show certificates that are believed."""
        return self.tls is not None and self.tls.verify_mode is not ssl.CERT_NONE


def outbound_tls(settings: Settings) -> ssl.SSLContext:
    """Return by what TLS outwards is checked. Raises OSError for a file of authorities that is none."""
    return tls_context(authorities(settings))


def ways(settings: Settings, feeds: Iterable[Feed], tls: ssl.SSLContext | None = None) -> list[Way]:
    """Return whom the settings name, each host once for each purpose. `tls` is what `outbound_tls` returns. Raises
    SettingsError, and OSError and ValueError for what no process starts with.
    """
    tls = tls or outbound_tls(settings)
    found = [
        *_own(settings),
        *_gateways(settings, tls),
        *_feeds(settings, feeds, tls),
        *_push_services(settings, tls),
        *_others(settings, tls),
    ]
    return list({(way.peer.part, way.peer.host, way.peer.port): way for way in reversed(found)}.values())[
        ::-1
    ]


def callback_ways(settings: Settings, origins: Iterable[str], tls: ssl.SSLContext) -> Iterator[Way]:
    """Yield how the servers of apps are reached, of the origins of their callbacks."""
    policy = exemptions(settings).policy(Purpose.CALLBACK)
    for origin in origins:
        yield _over_http(tls, Part.CALLBACK, "callback", origin, policy)


def _own(settings: Settings) -> Iterator[Way]:
    """Yield the service's own addresses, as the settings have them, where they are to be reached from elsewhere:
    believed by whom phones believe, and by whom we do. The console's is the public one, too, unless there is another.
    """
    known: set[tuple[str, int]] = set()
    for name, url in (("WARN_PUBLIC_URL", settings.public_url), ("WARN_CONSOLE_URL", settings.console_url)):
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 443
        if parts.scheme == "https" and host and not is_loopback(host) and (host, port) not in known:
            tls = tls_context()
            if settings.outbound_ca_file:
                tls.load_verify_locations(settings.outbound_ca_file)
            yield Way(Peer(Part.CONSOLE if known else Part.PUBLIC, name, host, port), tls)
            known.add((host, port))


def _over_http(tls: ssl.SSLContext, part: Part, name: str, url: str, policy: AddressPolicy) -> Way:
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    try:
        origin = split_origin(url)[1]
    except AddressRefused:  # said when it is to be reached
        origin = url
    return Way(Peer(part, name, parts.hostname or "", port), tls if is_tls else None, policy, origin)


def _gateways(settings: Settings, tls: ssl.SSLContext) -> Iterator[Way]:
    policy = exemptions(settings).policy(Purpose.GATEWAY)
    for item in settings.sms_gateways:
        yield _over_http(tls, Part.GATEWAY, item.name, item.url, policy)
    for centre in settings.smpp_gateways:
        for url in centre.hosts:
            scheme, host, port = parse_centre(url)
            known = tls if centre.tls_verify else tls_context(verify=False)
            yield Way(Peer(Part.GATEWAY, centre.name, host, port), known if scheme == "smpps" else None)


def _feeds(settings: Settings, feeds: Iterable[Feed], tls: ssl.SSLContext) -> Iterator[Way]:
    allowed = exemptions(settings)
    for feed in feeds:
        for url in feed.settings.urls:
            policy = allowed.policy_of_feed(feed.settings.urls)
            yield _over_http(tls, Part.FEED, feed.name, url, policy)


def _push_services(settings: Settings, tls: ssl.SSLContext) -> Iterator[Way]:
    policy = exemptions(settings).policy(Purpose.PUSH)
    for service in BROWSERS:
        for host in service.hosts:
            if host.startswith(".") and host not in REPRESENTATIVES:
                continue
            url = f"https://{REPRESENTATIVES.get(host, '')}{host}"
            yield _over_http(tls, Part.PUSH_SERVICE, service.title, url, policy)
    for name, url in (
        ("APNs", settings.apns_url),
        ("APNs for apps under development", settings.apns_sandbox_url),
        ("FCM", settings.fcm_url),
        ("Google's token service", GOOGLES_TOKEN_URL),
    ):
        yield _over_http(tls, Part.PUSH_SERVICE, name, url, policy)


def _others(settings: Settings, tls: ssl.SSLContext) -> Iterator[Way]:
    allowed = exemptions(settings)
    if settings.audit_anchor_url:
        policy = allowed.policy(Purpose.ANCHOR)
        yield _over_http(tls, Part.ANCHOR, "WARN_AUDIT_ANCHOR_URL", settings.audit_anchor_url, policy)
    for environment, client in clients(settings).items():
        policy = allowed.policy(Purpose.OIDC)
        yield _over_http(tls, Part.PROVIDER, environment.value, client.issuer, policy)
    if settings.smtp_host:
        yield Way(
            Peer(Part.MAIL, "WARN_SMTP_HOST", settings.smtp_host, settings.smtp_port_or_default),
            None if settings.smtp_security is SmtpSecurity.NONE else tls,
            starts_clear=settings.smtp_security is SmtpSecurity.STARTTLS,
        )


async def reach_all(found: Iterable[Way], names: Names | None = None) -> list[Reached]:
    """Connect to all, some at once, and return what came of it: in `CONNECT_S` for each `AT_ONCE` of them."""
    names = names or Names()
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(way: Way) -> Reached:
        async with turns:
            return await reach(way, names)

    return await asyncio.gather(*(one(way) for way in found))


async def reach(way: Way, names: Names | None = None) -> Reached:
    """Connect to one, TLS included, and close again. Does not raise."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(CONNECT_S):
            chain = await _connected(way, names or Names())
    except (AddressRefused, UnicodeError, OSError) as error:  # a TimeoutError is an OSError
        return Reached(way.peer, *_obstacle(error))
    return Reached(way.peer, took_s=time.monotonic() - begun, chain=chain)


def _obstacle(error: AddressRefused | UnicodeError | OSError) -> tuple[Obstacle, str]:
    """Return what stands between, in a class and in words."""
    match error:
        case AddressRefused():
            return Obstacle.ADDRESS, f"the rules for outbound addresses forbid it ({error.code})"
        case UnicodeError() | socket.gaierror():
            return (
                Obstacle.NAME,
                f"nobody knows the name ({getattr(error, 'strerror', None) or 'it is none'})",
            )
        case TimeoutError():
            return Obstacle.TIME, f"no answer in {CONNECT_S:.0f} s"
        case ssl.SSLCertVerificationError():
            return _refused(error)
        case ssl.SSLError():
            return Obstacle.CONNECTION, f"no TLS there ({error.reason or 'broken off'})"
        case _:
            return Obstacle.CONNECTION, f"not reached ({error.strerror or type(error).__name__})"


def _refused(error: ssl.SSLCertVerificationError) -> tuple[Obstacle, str]:
    if error.verify_code == _ENDED:
        return Obstacle.ENDED, "its certificate has ended, or that of an authority between"
    return Obstacle.CERTIFICATE, f"its certificate is not to be believed: {error.verify_message}"


async def _connected(way: Way, names: Names) -> tuple[Certificate, ...]:
    """Return the certificates by which the far side is believed, where it is by any. Raises OSError, AddressRefused."""
    peer = way.peer
    if way.policy is not None:
        way.policy.vet(way.origin)
    addresses = await names.addresses(peer.host, peer.port)
    allowed = [one for one in addresses if way.policy is None or way.policy.permits(way.origin, one)]
    if not allowed:
        raise AddressRefused("private_address")
    error: OSError = OSError("no address")
    for address in allowed:
        try:
            return await _at(way, address)
        except ssl.SSLError:
            raise
        except OSError as failed:
            error = failed
    raise error


async def _at(way: Way, address: str) -> tuple[Certificate, ...]:
    peer = way.peer
    at_once = None if way.starts_clear else way.tls
    reader, writer = await asyncio.open_connection(
        address, peer.port, ssl=at_once, server_hostname=peer.host if at_once else None
    )
    try:
        if way.tls is not None and way.starts_clear:
            await _ask_for_tls(reader, writer)
            await writer.start_tls(way.tls, server_hostname=peer.host)
        return chain_of(writer) if way.is_checked else ()
    finally:
        writer.transport.abort()


async def _ask_for_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Come as far with a mail server as to where TLS begins. Raises OSError where it offers none."""
    await _require(reader, b"220")
    for command, code in ((b"EHLO [127.0.0.1]", b"250"), (b"STARTTLS", b"220")):
        writer.write(command + b"\r\n")
        await _require(reader, code)


async def _require(reader: asyncio.StreamReader, code: bytes) -> None:
    """Read one answer, of however many lines. Raises OSError for another one than `code`."""
    while True:
        try:
            line = await reader.readline()
        except ValueError:  # a line without an end
            line = b""
        if line[:3] != code:
            raise OSError(errno.EPROTO, "the mail server offers no STARTTLS")
        if line[3:4] != b"-":
            return
