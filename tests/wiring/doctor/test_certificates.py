"""What a worker shows of the certificates of real servers that are about to end: one of each kind of peer."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from math import isnan
from pathlib import Path
from typing import Any

import pytest
import trustme

from channels.mail.settings import SmtpSecurity
from dispatcher.doctor.diagnosis import Grade, Part
from dispatcher.feeds.configuration import load
from dispatcher.metrics import Metrics
from dispatcher.settings import Settings
from dispatcher.store import record
from dispatcher.store.record import Pool
from dispatcher.store.webhooks import ORIGINS_MOST
from dispatcher.wiring.doctor.certificates import certificate_examination
from dispatcher.wiring.doctor.examination import examine
from dispatcher.wiring.doctor.peers import ways
from tests.channels.far_side import closed_port
from tests.channels.mail.conftest import Mailbox, SmtpServer
from tests.metrics.test_registry import samples
from tests.wiring.doctor.test_peers import listening

NOW = datetime.now(UTC).replace(microsecond=0)
HERE = "127.1"
"""This machine, in a spelling that the settings take for another's, so that the address counts as one for phones."""


class World:
    """Servers of one authority, and what the settings say of them."""

    def __init__(self, stack: AsyncExitStack, folder: Path) -> None:
        self._stack = stack
        self._folder = folder
        self._authority = trustme.CA()
        self.ca_file = folder / "ca.pem"
        self._authority.cert_pem.write_to_path(str(self.ca_file))
        self.origins: list[str] = []

    def tls(self, host: str, days: float) -> ssl.SSLContext:
        """A server's TLS, whose certificate of 90 days ends in so many."""
        ends = NOW + timedelta(days=days)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(host, not_before=ends - timedelta(days=90), not_after=ends).configure_cert(
            context
        )
        return context

    async def serves(
        self, purpose: str, days: float, host: str = "127.0.0.1", stack: AsyncExitStack | None = None
    ) -> str:
        """The origin of a server that is exempt for a purpose, and there until its stack ends."""
        port, _ = await (stack or self._stack).enter_async_context(listening(self.tls(host, days)))
        origin = f"https://{host}:{port}"
        if purpose:
            self.origins.append(f"{purpose}={origin}")
        return origin

    def mails(self, days: float) -> int:
        """The port of a mail server that begins in the clear."""
        server = SmtpServer(Mailbox(), self.tls("localhost", days), SmtpSecurity.STARTTLS)
        server.start()
        self._stack.callback(server.stop)
        return server.listens

    def settings(self, **more: Any) -> Settings:
        return Settings(
            data_dir=self._folder,
            api_port=0,
            outbound_ca_file=self.ca_file,
            allowed_origins=frozenset(self.origins),
            **more,
        )


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        yield World(stack, tmp_path)


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    pool = await record.connect(database_url, size=1)
    yield pool
    await pool.close()


async def found(settings: Settings, pool: Pool, feeds: Any = ()) -> dict[str, tuple[float, float | None]]:
    """Of each part the level, and in how many days the first certificate ends."""
    metrics = Metrics()
    await certificate_examination(settings, feeds, pool, metrics).examine()
    shown = {(name, dict(labels).get("part")): value for (name, labels), value in samples(metrics).items()}
    parts = {str(part) for name, part in shown if name == "warn_certificate_diagnosis"}
    return {part: (shown["warn_certificate_diagnosis", part], _days(shown, part)) for part in parts}


def _days(shown: Any, part: str) -> float | None:
    end = shown["warn_certificate_end_timestamp_seconds", part]
    return None if isnan(end) else round((end - NOW.timestamp()) / 86_400, 1)


async def app_at(pool: Pool, *origins: str) -> None:
    """Apps on record whose notices are posted to these servers."""
    await pool.executemany(
        """INSERT INTO subscription (channel, gateway, sealed, address_hash)
           VALUES ('app', $1, 'x', sha256(convert_to($1, 'UTF8')))""",
        [(origin,) for origin in origins],
    )


async def test_every_kind_of_peer_is_looked_at(world: World, pool: Pool, tmp_path: Path) -> None:
    feeds = tmp_path / "feeds.toml"
    feed = await world.serves("feed", 60)
    feeds.write_text(f'[[feed]]\nname = "nachbar"\nadapter = "index"\nurls = ["{feed}/a.xml"]\n')
    gateway, ended = await world.serves("gateway", 10), await world.serves("anchor", -3)
    await app_at(pool, await world.serves("callback", 0.5), await world.serves("callback", 80))
    settings = world.settings(
        public_url=f"{await world.serves('', 12, HERE)}/",
        console_url=await world.serves("", 0.7, HERE),
        sms_gateways=[{"name": "a", "url": f"{gateway}/send"}],
        audit_anchor_url=f"{ended}/keep",
        smtp_host="localhost",
        smtp_port=world.mails(70),
        smtp_sender="warnung@kreis.example",
    )
    assert await found(settings, pool, load(feeds)) == {
        "public": (1, 12.0),
        "console": (2, 0.7),
        "gateway": (1, 10.0),
        "feed": (0, 60.0),
        "mail": (0, 70.0),
        "anchor": (2, 0.0),  # it has ended
        "callback": (2, 0.5),
        "provider": (0, None),  # there is none
    }


async def test_a_certificate_that_was_renewed_ends_it(world: World, pool: Pool) -> None:
    seen = []
    for days in (0.9, 90):
        settings = world.settings(public_url=f"{await world.serves('', days, HERE)}/")
        seen.append((await found(settings, pool))["public"])
    assert seen == [(2, 0.9), (0, 90.0)]


async def test_who_is_not_reached_or_not_believed_is_unknown_and_not_ended(world: World, pool: Pool) -> None:
    away = world.settings(public_url=f"https://{HERE}:{closed_port()}/")
    assert (await found(away, pool))["public"] == (-1, None)
    others = (await world.serves("", 60, "localhost")).replace("localhost", HERE)
    assert (await found(world.settings(public_url=f"{others}/"), pool))["public"] == (-1, None)
    unknown = world.settings(public_url=f"{await world.serves('', 60, HERE)}/")
    unknown = unknown.model_copy(update={"outbound_ca_file": None})
    assert (await found(unknown, pool))["public"] == (-1, None)


async def test_without_tls_there_is_nothing_to_look_at(world: World, pool: Pool) -> None:
    local = world.settings(
        public_url="http://127.0.0.1:8080/",
        sms_gateways=[{"name": "a", "url": "http://127.0.0.1:13013/send"}],
    )
    shown = await found(local, pool)
    assert set(shown.values()) == {(0, None)}
    assert Part.PUSH_SERVICE.name.lower() not in shown


async def test_a_setting_that_is_none_is_a_look_that_fails_and_apps_are_not_looked_at_without_a_record(
    world: World, pool: Pool
) -> None:
    wrong = world.settings().model_copy(update={"outbound_ca_file": Path("/gibt/es/nicht.pem")})
    assert {level for level, _ in (await found(wrong, pool)).values()} == {-1}
    await pool.close()
    shown = await found(world.settings(), pool)
    assert (shown["callback"], shown["gateway"]) == ((-1, None), (0, None))


async def test_hundreds_of_apps_are_looked_at_and_no_more(world: World, pool: Pool) -> None:
    nobody = f"https://127.0.0.1:{closed_port()}"
    await app_at(pool, *(f"http://app-{number}.example" for number in range(ORIGINS_MOST)), nobody)
    assert (await found(world.settings(), pool))["callback"] == (0, None)


async def test_the_doctor_says_whose_certificate_ends(
    world: World, pool: Pool, database_url: str, redis_url: str
) -> None:
    await app_at(pool, await world.serves("callback", 10))
    # What is exempt for another purpose nobody connects to: no test leaves this machine.
    push = {way.origin for way in ways(world.settings(), ()) if way.peer.part is Part.PUSH_SERVICE}
    world.origins += [f"oidc={origin}" for origin in push]
    settings = world.settings(public_url=f"{await world.serves('', 10, HERE)}/")
    found = await examine(settings, database_url, redis_url, outside=True)
    assert {(one.part, one.grade) for one in found if "its certificate ends on" in one.seen} == {
        (Part.PUBLIC, Grade.WARNING),
        (Part.CALLBACK, Grade.WARNING),
    }
    refused = [one.seen for one in found if one.part is Part.PUSH_SERVICE]
    assert len(refused) == len(push)
    assert all("forbid it (url_purpose)" in seen for seen in refused)
