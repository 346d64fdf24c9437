"""Connect to whom the service has to reach, and send nothing."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

from channels.fcm.service_account import GOOGLES_TOKEN_URL
from channels.http.addresses import AddressPolicy, AddressRefused, Purpose, split_origin
from channels.mail.settings import SmtpSecurity
from channels.sms.smpp.connecting import parse_centre, tls_context
from channels.webpush.services.browsers import BROWSERS
from dispatcher.doctor.diagnosis import Part
from dispatcher.doctor.peers import Obstacle, Peer, Reached
from dispatcher.wiring.http_client import authorities, exemptions
from dispatcher.wiring.persons.oidc import clients

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from dispatcher.feeds.configuration import Feed
    from dispatcher.settings import Settings

CONNECT_S: Final = 5.0
"""How long connecting may take, with the name and TLS."""
AT_ONCE: Final = 8
REPRESENTATIVES: Final = {".push.services.mozilla.com": "updates", ".push.apple.com": "web"}
"""A host that stands for all of a push service that has many. Microsoft's are of single regions: none is for all."""


class Way(NamedTuple):
    """How a peer is reached: under which rules for addresses, and with which TLS; None: without."""

    peer: Peer
    tls: ssl.SSLContext | None
    policy: AddressPolicy | None = None
    origin: str = ""


def ways(settings: Settings, feeds: Iterable[Feed]) -> list[Way]:
    """Return whom the settings name, each host once for each purpose."""
    found = [
        *_gateways(settings),
        *_feeds(settings, feeds),
        *_push_services(settings),
        *_others(settings),
    ]
    return list({(way.peer.part, way.peer.host, way.peer.port): way for way in reversed(found)}.values())[
        ::-1
    ]


def _over_http(settings: Settings, part: Part, name: str, url: str, policy: AddressPolicy) -> Way:
    parts = urlsplit(url)
    is_tls = parts.scheme == "https"
    port = parts.port or (443 if is_tls else 80)
    try:
        origin = split_origin(url)[1]
    except AddressRefused:  # said when it is to be reached
        origin = url
    tls = tls_context(authorities(settings)) if is_tls else None
    return Way(Peer(part, name, parts.hostname or "", port), tls, policy, origin)


def _gateways(settings: Settings) -> Iterator[Way]:
    policy = exemptions(settings).policy(Purpose.GATEWAY)
    for item in settings.sms_gateways:
        yield _over_http(settings, Part.GATEWAY, item.name, item.url, policy)
    for centre in settings.smpp_gateways:
        for url in centre.hosts:
            scheme, host, port = parse_centre(url)
            tls = tls_context(authorities(settings), verify=centre.tls_verify) if scheme == "smpps" else None
            yield Way(Peer(Part.GATEWAY, centre.name, host, port), tls)


def _feeds(settings: Settings, feeds: Iterable[Feed]) -> Iterator[Way]:
    allowed = exemptions(settings)
    for feed in feeds:
        for url in feed.settings.urls:
            policy = allowed.policy_of_feed(feed.settings.urls)
            yield _over_http(settings, Part.FEED, feed.name, url, policy)


def _push_services(settings: Settings) -> Iterator[Way]:
    policy = exemptions(settings).policy(Purpose.PUSH)
    for service in BROWSERS:
        for host in service.hosts:
            if host.startswith(".") and host not in REPRESENTATIVES:
                continue
            url = f"https://{REPRESENTATIVES.get(host, '')}{host}"
            yield _over_http(settings, Part.PUSH_SERVICE, service.title, url, policy)
    for name, url in (
        ("APNs", settings.apns_url),
        ("APNs for apps under development", settings.apns_sandbox_url),
        ("FCM", settings.fcm_url),
        ("Google's token service", GOOGLES_TOKEN_URL),
    ):
        yield _over_http(settings, Part.PUSH_SERVICE, name, url, policy)


def _others(settings: Settings) -> Iterator[Way]:
    allowed = exemptions(settings)
    if settings.audit_anchor_url:
        policy = allowed.policy(Purpose.ANCHOR)
        yield _over_http(settings, Part.ANCHOR, "WARN_AUDIT_ANCHOR_URL", settings.audit_anchor_url, policy)
    for environment, client in clients(settings).items():
        policy = allowed.policy(Purpose.OIDC)
        yield _over_http(settings, Part.PROVIDER, environment.value, client.issuer, policy)
    if settings.smtp_host:
        tls = tls_context(authorities(settings)) if settings.smtp_security is SmtpSecurity.TLS else None
        yield Way(Peer(Part.MAIL, "WARN_SMTP_HOST", settings.smtp_host, settings.smtp_port_or_default), tls)


async def reach_all(found: Iterable[Way]) -> list[Reached]:
    """Connect to all, some at once, and return what came of it."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(way: Way) -> Reached:
        async with turns:
            return await reach(way)

    return await asyncio.gather(*(one(way) for way in found))


async def reach(way: Way) -> Reached:
    """Connect to one, TLS included, and close again. Does not raise."""
    begun = time.monotonic()
    try:
        async with asyncio.timeout(CONNECT_S):
            ends = await _connected(way)
    except (AddressRefused, UnicodeError, OSError) as error:  # a TimeoutError is an OSError
        return Reached(way.peer, *_obstacle(error))
    return Reached(way.peer, took_s=time.monotonic() - begun, certificate_ends=ends)


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
            return Obstacle.CERTIFICATE, f"its certificate is not to be believed: {error.verify_message}"
        case ssl.SSLError():
            return Obstacle.CONNECTION, f"no TLS there ({error.reason or 'broken off'})"
        case _:
            return Obstacle.CONNECTION, f"not reached ({error.strerror or type(error).__name__})"


async def _connected(way: Way) -> datetime | None:
    """Return when the certificate of the far side ends, where it has one. Raises OSError, AddressRefused."""
    peer = way.peer
    if way.policy is not None:
        way.policy.vet(way.origin)
    loop = asyncio.get_running_loop()
    addresses = dict.fromkeys(
        str(found[4][0]) for found in await loop.getaddrinfo(peer.host, peer.port, type=socket.SOCK_STREAM)
    )
    allowed = [one for one in addresses if way.policy is None or way.policy.permits(way.origin, one)]
    if not allowed:
        raise AddressRefused("private_address")
    error: OSError = OSError("no address")
    for address in allowed:
        try:
            _, writer = await asyncio.open_connection(
                address, peer.port, ssl=way.tls, server_hostname=peer.host if way.tls else None
            )
        except ssl.SSLError:
            raise
        except OSError as failed:
            error = failed
            continue
        try:
            return _end_of(writer)
        finally:
            writer.transport.abort()
    raise error


def _end_of(writer: asyncio.StreamWriter) -> datetime | None:
    certificate = writer.get_extra_info("peercert")
    ends = certificate.get("notAfter") if certificate else None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if ends else None
