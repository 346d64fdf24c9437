"""A record, a queue, and the parts that take feeds in; time is the tests' own. A room that uses it names the fixtures
in its conftest.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

import cap
from channels.http.addresses import Exemptions
from channels.http.messages import Answer
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.configuration import Feed, FeedSettings, feed_of
from dispatcher.feeds.fetch import FetchError
from dispatcher.feeds.poller import Poller, PollReport
from dispatcher.feeds.sync import FeedSync
from dispatcher.intake.approval import Approval
from dispatcher.intake.feed_message import FeedIntake
from dispatcher.intake.prepare import Incoming, Unusable
from dispatcher.metrics import Metrics
from dispatcher.model.feeds import IngestResult
from dispatcher.model.vocabulary import FeedResult
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.readers.readers import InProcess
from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.held import Held
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.feeds.quarantine import Quarantine
from tests.support.feed_messages import NOW

LIST = "/list"
BOARD = "/api31/dashboard/053580000000.json"
FIRE = "mow.DE-NW-DN-W001-20261122-1-000"


@dataclass
class Clock:
    """Stands still until it is told to move."""

    now: datetime = NOW + timedelta(minutes=30)

    def __call__(self, _now: datetime | None = None) -> datetime:
        return self.now

    def forward(self, **step: float) -> None:
        self.now += timedelta(**step)


class NoNetwork:
    """A client for worlds whose lists are handed over."""

    async def get(self, *_arguments: object) -> Answer:
        raise AssertionError("nobody is asked")


@dataclass
class World:
    """All parts over one record."""

    pool: record.Pool
    wake_ups: WakeUpQueue
    clock: Clock = field(default_factory=Clock)
    metrics: Metrics = field(default_factory=Metrics)
    documents: dict[str, bytes] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alerts, self.feeds = Alerts(self.pool), Feeds(self.pool)
        self.quarantine, self.held = Quarantine(self.pool), Held(self.pool)
        boundaries = Boundaries.default()
        self.readers = InProcess(boundaries)
        self.ingest = FeedIntake(
            alerts=self.alerts,
            readers=self.readers,
            wake_ups=self.wake_ups,
            metrics=self.metrics,
            clock=self.clock,
        )
        self.release = Approval(
            alerts=self.alerts, boundaries=boundaries, wake_ups=self.wake_ups, clock=self.clock
        )
        self.sync = FeedSync(
            store=self.feeds,
            quarantine=self.quarantine,
            ingest=self.ingest,
            get=self.get,
            metrics=self.metrics,
            readers=self.readers,
        )
        self.poller = Poller(
            client=NoNetwork(),
            exemptions=Exemptions.parse([]),
            store=self.feeds,
            sync=self.sync,
            metrics=self.metrics,
            clock=self.clock,
            random=lambda: 0.5,
            readers=self.readers,
        )

    async def get(self, _feed: Feed, url: str) -> bytes:
        self.asked.append(url)
        if url not in self.documents:
            raise FetchError(FeedResult.REFUSED, "http 404", 404)
        return self.documents[url]

    async def feed(self, name: str = "dwd", adapter: str = "dwd", **settings: Any) -> Feed:
        if adapter not in ("push", "folder"):
            settings.setdefault("urls", ("https://source.example/list",))
        settings.setdefault("missing_for_s", 0)  # only `misses` count, so that two polls are enough
        feed = feed_of(FeedSettings(name=name, adapter=adapter, **settings))
        await self.feeds.register([name])
        return feed

    async def list(self, feed: Feed, body: bytes, part: str | None = None) -> PollReport:
        """The source's list arrives."""
        part = part or feed.settings.urls[0]
        return await self.poller.deliver(feed, part, body, self.clock.now)

    async def take(self, feed: Feed, alert: cap.Alert, original: bytes = b"") -> IngestResult:
        """One message arrives."""
        (message,) = await self.ingest.prepare([Incoming(alert, original)], feed.rules, self.clock.now)
        if isinstance(message, Unusable):
            raise message
        return await self.ingest.accept(feed.rules, message)

    async def rows(self) -> Any:
        return await self.pool.fetch(
            "SELECT identifier, reason, state, revision, held_for, chain_id, id, stopped_by FROM alert "
            "ORDER BY number"
        )

    async def reasons(self) -> Any:
        return [row["reason"] for row in await self.rows()]


async def poll(poller: Poller, world: World, feed: Feed, **step: float) -> PollReport:
    """The next poll of a feed, a minute later if no other step is given."""
    world.clock.forward(**step or {"minutes": 1})
    return await poller.poll(feed)


@pytest.fixture
async def world(database_url: str, redis_url: str) -> AsyncIterator[World]:
    pool = await record.connect(database_url, size=4)
    wake_ups = WakeUpQueue(open_queue(parse(redis_url)))
    yield World(pool, wake_ups)
    await wake_ups.aclose()
    await pool.close()


@pytest.fixture(scope="session")
def pair() -> tuple[bytes, bytes]:
    """A key and its certificate, both as PEM, of the year in which these tests play."""
    return key_pair(datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def key_pair(begins: datetime, ends: datetime) -> tuple[bytes, bytes]:
    """A key and a certificate for it that is valid between these instants, both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Wetterdienst")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(ends)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private, certificate.public_bytes(Encoding.PEM)
