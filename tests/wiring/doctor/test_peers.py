"""Connecting to whom the service has to reach: what stands between is told apart, and nothing is sent."""

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from channels.http.addresses import AddressPolicy
from channels.mail.settings import SmtpSecurity
from dispatcher.doctor.diagnosis import Part
from dispatcher.doctor.peers import Obstacle, Peer
from dispatcher.feeds.configuration import load
from dispatcher.settings import Settings
from dispatcher.wiring.doctor.peers import Way, callback_ways, outbound_tls, reach, ways
from tests.channels.mail import conftest as mail

authority, trusting, box, smtp = mail.authority, mail.trusting, mail.box, mail.smtp


@asynccontextmanager
async def listening(tls: ssl.SSLContext | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that keeps what it is sent."""
    sent: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            sent.append(await reader.read())
        except OSError:
            sent.append(b"")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield server.sockets[0].getsockname()[1], sent


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def way(port: int, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Way:
    return Way(Peer(Part.GATEWAY, "kannel", host, port), tls)


async def test_who_listens_is_reached_and_sent_nothing() -> None:
    async with listening() as (port, sent):
        found = await reach(way(port))
        assert (found.obstacle, found.chain) == (None, ())
    assert not b"".join(sent)


async def test_a_certificate_of_a_known_authority_says_when_it_ends() -> None:
    authority = trustme.CA()
    server, client = (ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
    ends = (datetime.now(UTC) + timedelta(days=9)).replace(microsecond=0)
    authority.issue_cert("127.0.0.1", not_after=ends).configure_cert(server)
    authority.configure_trust(client)
    async with listening(server) as (port, _):
        assert (await reach(way(port, client))).chain[0].ends_at == ends
        stranger = ssl.create_default_context()
        assert (await reach(way(port, stranger))).obstacle is Obstacle.CERTIFICATE
    async with listening() as (port, _):
        # It speaks no TLS, and closes as soon as it has read what is none of its own.
        refused = await reach(way(free_port(), client))
        assert refused.obstacle is Obstacle.CONNECTION


async def test_a_certificate_that_has_ended_is_told_from_one_of_nobody_known() -> None:
    authority = trustme.CA()
    server, client = (ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT))
    authority.issue_cert("127.0.0.1", not_after=datetime.now(UTC) - timedelta(hours=1)).configure_cert(server)
    authority.configure_trust(client)
    async with listening(server) as (port, _):
        assert (await reach(way(port, client))).obstacle is Obstacle.ENDED
        assert (await reach(way(port, ssl.create_default_context()))).obstacle is Obstacle.CERTIFICATE
        client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
        unchecked = await reach(way(port, client))
        assert (unchecked.obstacle, unchecked.chain) == (None, ())


def to_mail(port: int, tls: ssl.SSLContext) -> Way:
    return Way(Peer(Part.MAIL, "WARN_SMTP_HOST", "localhost", port), tls, starts_clear=True)


async def test_a_mail_server_is_asked_for_tls(smtp: Any, trusting: ssl.SSLContext) -> None:
    server = smtp(SmtpSecurity.STARTTLS)
    found = await reach(to_mail(server.listens, trusting))
    assert (found.obstacle, found.detail, len(found.chain)) == (None, "", 2)
    stranger = await reach(to_mail(server.listens, ssl.create_default_context()))
    assert stranger.obstacle is Obstacle.CERTIFICATE


async def test_a_mail_server_that_offers_no_tls_is_said(smtp: Any, trusting: ssl.SSLContext) -> None:
    found = await reach(to_mail(smtp(SmtpSecurity.NONE).listens, trusting))
    assert (found.obstacle, found.detail) == (
        Obstacle.CONNECTION,
        "not reached (the mail server offers no STARTTLS)",
    )


async def test_a_name_that_nobody_knows_and_a_port_where_nobody_is() -> None:
    assert (await reach(way(443, host="gibt-es-nicht.invalid"))).obstacle is Obstacle.NAME
    assert (await reach(way(free_port()))).obstacle is Obstacle.CONNECTION


async def test_the_rules_for_outbound_addresses_hold_for_the_doctor_too() -> None:
    peer = Peer(Part.FEED, "dwd", "localhost", 443)
    forbidden = await reach(Way(peer, None, AddressPolicy(), "https://localhost"))
    assert (forbidden.obstacle, forbidden.took_s) == (Obstacle.ADDRESS, 0.0)
    async with listening() as (port, _):
        origin = f"http://127.0.0.1:{port}"
        allowed = Way(
            Peer(Part.FEED, "dwd", "127.0.0.1", port), None, AddressPolicy(frozenset({origin})), origin
        )
        assert (await reach(allowed)).obstacle is None


async def test_what_is_no_name_of_a_host_is_said() -> None:
    assert (await reach(way(25, host="mail..example"))).obstacle is Obstacle.NAME


def test_a_port_that_goes_without_saying_is_no_other_origin(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_SMS_GATEWAYS", '[{"name": "a", "url": "https://gw.example:443/send"}]')
    env.setenv("WARN_ALLOWED_ORIGINS", "gateway=https://gw.example")
    (found,) = (one for one in ways(Settings(), ()) if one.peer.part is Part.GATEWAY)
    assert found.policy is not None
    assert found.policy.permits(found.origin, "10.0.0.5")


def test_everybody_whom_the_settings_name_is_there_once(env: pytest.MonkeyPatch, tmp_path: Path) -> None:
    gateways = [{"name": name, "url": f"https://sms.example/{name}"} for name in ("a", "b")]
    env.setenv("WARN_SMS_GATEWAYS", json.dumps(gateways))
    centre = {
        "name": "c",
        "hosts": ["smpps://smpp.example:2776", "smpp://10.0.0.5:2775"],
        "system_id": "kreis",
    }
    env.setenv("WARN_SMPP_GATEWAYS", json.dumps([centre]))
    env.setenv("WARN_SMTP_HOST", "mail.example")
    env.setenv("WARN_SMTP_SENDER", "warnung@kreis.example")
    env.setenv("WARN_AUDIT_ANCHOR_URL", "https://anchor.example/keep")
    feeds = tmp_path / "feeds.toml"
    feeds.write_text('[[feed]]\nname = "nachbar"\nadapter = "index"\nurls = ["https://feed.example/a.xml"]\n')
    found = {(one.peer.part, one.peer.host, one.peer.port): one for one in ways(Settings(), load(feeds))}
    push = {host for part, host, _ in found if part is Part.PUSH_SERVICE}
    browsers = {"updates.push.services.mozilla.com", "web.push.apple.com", "fcm.googleapis.com"}
    apps = {"api.push.apple.com", "api.sandbox.push.apple.com", "oauth2.googleapis.com"}
    assert push == browsers | apps
    assert {key for key in found if key[0] is not Part.PUSH_SERVICE} == {
        (Part.GATEWAY, "sms.example", 443),
        (Part.GATEWAY, "smpp.example", 2776),
        (Part.GATEWAY, "10.0.0.5", 2775),
        (Part.FEED, "feed.example", 443),
        (Part.ANCHOR, "anchor.example", 443),
        (Part.MAIL, "mail.example", 587),
    }
    assert found[Part.GATEWAY, "smpp.example", 2776].tls is not None
    assert found[Part.GATEWAY, "10.0.0.5", 2775].tls is None
    assert found[Part.MAIL, "mail.example", 587].starts_clear


def own(env: pytest.MonkeyPatch, **urls: str) -> list[tuple[str, str, int]]:
    for name, url in urls.items():
        env.setenv(f"WARN_{name.upper()}", url)
    peers = [one.peer for one in ways(Settings(), ()) if one.peer.part in {Part.PUBLIC, Part.CONSOLE}]
    return [(one.part.name.lower(), one.host, one.port) for one in peers]


def test_our_own_address_is_there_as_the_settings_have_it(env: pytest.MonkeyPatch) -> None:
    assert own(env) == []
    urls = {"public_url": "https://warnung.example/", "console_url": "https://lage.example:8443"}
    assert own(env, **urls) == [("public", "warnung.example", 443), ("console", "lage.example", 8443)]
    assert own(env, console_url="https://warnung.example") == [("public", "warnung.example", 443)]
    assert own(env, public_url="") == [("public", "warnung.example", 443)]
    local = {"public_url": "http://127.0.0.1:8080/", "console_url": "http://localhost:8080"}
    assert own(env, **local) == []
    assert own(env, public_url="https://127.0.0.1:8443/") == []


def test_apps_servers_are_there_under_the_rules_for_callbacks(env: pytest.MonkeyPatch) -> None:
    env.setenv("WARN_ALLOWED_ORIGINS", "callback=https://10.0.0.7")
    settings = Settings()
    origins = ("https://app.example", "https://10.0.0.7", "http://10.0.0.8:8080")
    found = [*callback_ways(settings, origins, outbound_tls(settings))]
    assert [(one.peer.host, one.peer.port, one.is_checked) for one in found] == [
        ("app.example", 443, True),
        ("10.0.0.7", 443, True),
        ("10.0.0.8", 8080, False),
    ]
    assert [one.policy and one.policy.permits(one.origin, "10.0.0.7") for one in found] == [
        False,
        True,
        False,
    ]
