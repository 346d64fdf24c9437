"""Two hours of two sources with every fault in as long as it takes: `python -m ops.lab.feeds run [--seed N]`.

Real HTTP, the real record, the real poller, planner and deliverer; only time is made up, and a channel that accepts
everything writes down who was told what. Nobody may be told twice, nobody may get an all-clear without an alarm,
nobody may miss what concerns them.
"""

from __future__ import annotations

import asyncio
import json
import re
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from channels.addresses import AddressPolicy
from channels.base import Limits, Receipt
from channels.http import HttpClient
from dispatcher.embedded import EmbeddedPostgres, EmbeddedValkey
from dispatcher.feeds.absorb import Absorber
from dispatcher.feeds.configuration import Feed, FeedSettings, feed_of
from dispatcher.feeds.details import Details
from dispatcher.feeds.poller import Poller
from dispatcher.metrics import Meter
from dispatcher.pipeline.deliver import Deliverer, Tools
from dispatcher.pipeline.ingest import Ingest
from dispatcher.pipeline.lanes import LaneGate
from dispatcher.pipeline.notices import Notices
from dispatcher.pipeline.plan import Planner
from dispatcher.pipeline.precise import Precise
from dispatcher.store import record
from dispatcher.store.alerts import Alerts
from dispatcher.store.doorbell import Doorbell, open_queue
from dispatcher.store.feeds import Feeds
from dispatcher.store.ledger import Ledger
from dispatcher.store.migrate import upgrade
from dispatcher.store.plans import Plans
from dispatcher.store.quarantine import Quarantine
from dispatcher.store.spots import Spots
from dispatcher.store.subscriptions import NewSubscription, Subscriptions
from dispatcher.targeting.boundaries import Boundaries
from ops.lab.feeds import scenario
from ops.lab.feeds.scenario import ELSEWHERE, NINA_PATH, End, Event
from ops.lab.feeds.server import Fault, FeedServer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from channels.base import Endpoint, Notice

MINUTES = 120
CALM_MIN = 20
"""At the end the sources are well again, so that what is still owed can come."""
FAULTY = 0.3
FLICKER = 0.25
DWD_LIST = "/STAT.zip"
NINA_LIST = f"{NINA_PATH}/dashboard/053580000000.json"
DISTRICT = "05358"
FAULTS = tuple(sorted(set(Fault) - {Fault.HUGE, Fault.DRIP, Fault.REDIRECT}))
NUMBER = re.compile(r"#(\d+) ")
WARNED = frozenset({"alert", "update"})
ENDINGS = frozenset({"cancel", "ended", "lifted"})


@dataclass(slots=True)
class Told:
    """A channel that accepts everything, and who was told what, in order."""

    name: str = "webpush"
    limits: Limits = Limits(batch=1000, payload_bytes=4096, concurrency=1000, max_age_s=86_400)  # noqa: RUF009 - frozen
    kinds: dict[tuple[int, int], list[str]] = field(default_factory=lambda: defaultdict(list))
    """By recipient and event."""
    notices: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    """By recipient and alert."""

    def check(self, endpoint: Endpoint) -> None:
        """Everyone is reached."""

    def gateway(self, endpoint: Endpoint) -> str:  # noqa: ARG002 - one for all
        return "gateway"

    async def aclose(self) -> None:
        """Nothing is open."""

    async def send(self, notice: Notice, endpoints: Sequence[Endpoint]) -> AsyncGenerator[Receipt, None]:
        document = json.loads(notice.payload)
        match = NUMBER.search(document["headline"] + " ")
        for endpoint in endpoints:
            self.kinds[endpoint.id, int(match[1]) if match else -1].append(document["kind"])
            self.notices[endpoint.id, notice.alert_id] += 1
            yield Receipt(endpoint.id, None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What must be 0 is 0, or it names them."""

    events: int
    polls: int
    failed_polls: int
    quarantined: int
    notices: int
    doubles: list[str]
    lone_all_clears: list[str]
    missed: list[str]

    @property
    def passed(self) -> bool:
        return not (self.doubles or self.lone_all_clears or self.missed)


class Run:
    """One run over a record of its own."""

    def __init__(
        self, pool: record.Pool, bell: Doorbell, server: FeedServer, http: HttpClient, seed: int
    ) -> None:
        self._pool = pool
        self._server = server
        self._random = Random(seed)
        self._start = datetime.now(UTC).replace(microsecond=0)
        self._minute = 0
        self._told = Told()
        meter, alerts, ledger = Meter(), Alerts(pool), Ledger(pool)
        boundaries = Boundaries.default()
        self._places = [unit.ags for unit in boundaries.by_prefix(DISTRICT)]
        self._store, self._quarantine = Feeds(pool), Quarantine(pool)
        ingest = Ingest(
            alerts=alerts, boundaries=boundaries, doorbell=bell, meter=meter, clock=lambda _: self._now()
        )
        self._poller = Poller(
            client=http,
            store=self._store,
            absorber=Absorber(
                store=self._store,
                quarantine=self._quarantine,
                ingest=ingest,
                get=Details(http, meter, self._now).get,
                meter=meter,
            ),
            meter=meter,
            clock=self._now,
            random=self._random.random,
        )
        self._planner = Planner(Plans(pool, 1000), ledger, bell, meter, Precise(Spots(pool)))
        self._deliverer = Deliverer(
            Tools(
                ledger=ledger,
                subscriptions=Subscriptions(pool),
                notices=Notices(alerts, ZoneInfo("Europe/Berlin")),
                channels={self._told.name: self._told},
                doorbell=bell,
                gate=LaneGate(),
                meter=meter,
                slice_size=100,
                random=self._random.random,
            )
        )
        self._feeds = (self._feed("dwd", "dwd", DWD_LIST), self._feed("nina", "nina", NINA_LIST))

    def _now(self) -> datetime:
        return self._start + timedelta(minutes=self._minute)

    def _feed(self, name: str, adapter: str, path: str) -> Feed:
        settings = {"name": name, "adapter": adapter, "urls": [self._server.origin + path], "timeout_s": 0.4}
        return feed_of(FeedSettings.model_validate(settings))

    async def run(self, minutes: int = MINUTES) -> Verdict:
        """Minute by minute."""
        await self._store.register([feed.name for feed in self._feeds])
        home = await self._subscribe()
        happenings = scenario.events(self._random, self._places, minutes - CALM_MIN)
        polls = failed = 0
        for self._minute in range(minutes):
            self._publish(happenings, calm=self._minute >= minutes - CALM_MIN)
            for feed in self._feeds:
                state = await self._store.state(feed.name)
                if state.next_at is not None and state.next_at > self._now():
                    continue
                polls += 1
                failed += not (await self._poller.poll(feed)).succeeded
                await self._deliver()
        broken = len(await self._quarantine.listed(None, 1000))
        return self._judge(happenings, home, (polls, failed, broken))

    async def _subscribe(self) -> dict[int, str]:
        """One recipient per municipality."""
        store = Subscriptions(self._pool)
        await store.add_many(
            [
                NewSubscription("webpush", "gateway", f"https://push.example/{ags}", {}, (ags,))
                for ags in self._places
            ]
        )
        rows = await self._pool.fetch("SELECT subscription_id AS id, ags FROM place")
        return {row["id"]: row["ags"] for row in rows}

    def _publish(self, happenings: Sequence[Event], *, calm: bool) -> None:
        now = [scenario.message(event, self._minute, self._start) for event in happenings]
        shown = [(event, alert) for event, alert in zip(happenings, now, strict=True) if alert is not None]
        dwd = [alert for event, alert in shown if event.source == "dwd"]
        nina = [alert for event, alert in shown if event.source == "nina"]
        copies = [alert for event, alert in shown if event.source == "dwd" and event.number % 2]
        extra: list[tuple[str, bytes]] = []
        # An entry flickers for one minute at most: that is what two misses in a row stand for.
        if not calm and self._minute % 3 == 0 and self._random.random() < FLICKER and dwd:
            dwd.remove(self._random.choice(dwd))
        if not calm and self._random.random() < FLICKER:
            extra.append((f"broken-{self._minute}.xml", b"<alert>"))
        self._server.put(DWD_LIST, scenario.archive(dwd, extra))
        self._server.put(NINA_LIST, scenario.dashboard([*nina, *copies]))
        for alert in (*nina, *copies):
            path = f"{NINA_PATH}/warnings/{scenario.nina_id(alert)}.json"
            self._server.put(path, scenario.detail(alert))
            if not calm and self._random.random() < FAULTY / 3:
                self._server.fail(path, Fault.NOT_FOUND, times=2)
        for path in (DWD_LIST, NINA_LIST):
            faulty = not calm and self._random.random() < FAULTY
            self._server.fail(path, self._random.choice(FAULTS), times=int(faulty))

    async def _deliver(self) -> None:
        """What workers do when the bell rings."""
        for row in await self._pool.fetch("SELECT id FROM alert WHERE state = 'accepted' ORDER BY number"):
            await self._planner.plan(row["id"])
        for row in await self._pool.fetch("SELECT id FROM batch WHERE state = 'open' ORDER BY id"):
            await self._deliverer.deliver(row["id"])

    def _judge(
        self, happenings: Sequence[Event], home: dict[int, str], counts: tuple[int, int, int]
    ) -> Verdict:
        doubles = [
            f"recipient {who}: {n} x one message" for (who, _), n in self._told.notices.items() if n > 1
        ]
        lone: list[str] = []
        for (who, number), kinds in self._told.kinds.items():
            again, clears = _faults(kinds)
            line = f"event {number}, {home[who]}: {' '.join(kinds)}"
            doubles += [line] * again
            lone += [line] * clears
        missed = [
            f"event {event.number} ({event.source}, {event.end}), {ags}: {' '.join(kinds) or 'nothing'}"
            for event in happenings
            if event.places != (ELSEWHERE,)
            for who, ags in home.items()
            if not _is_served(event, ags, kinds := self._told.kinds.get((who, event.number), []))
        ]
        total = sum(self._told.notices.values())
        return Verdict(len(happenings), *counts, total, doubles, lone, missed)


def _faults(kinds: Sequence[str]) -> tuple[bool, bool]:
    """Whether somebody was alarmed twice for one event, and whether an end came without an alarm."""
    warned, again, lone = False, False, False
    for kind in kinds:
        again |= kind == "alert" and warned
        lone |= kind in ENDINGS and not warned
        warned = kind in WARNED
    return again, lone


def _is_served(event: Event, ags: str, kinds: Sequence[str]) -> bool:
    """Whoever lives there was warned and, if the warning was ended, told so; whoever does not ends unwarned."""
    if ags not in event.places:
        return not kinds or kinds[-1] in ENDINGS
    if not any(kind in WARNED for kind in kinds):
        return False
    return kinds[-1] in WARNED if event.end is End.EXPIRY else kinds[-1] in ENDINGS


async def simulate(database_url: str, redis_url: str, server: FeedServer, ca_file: str, seed: int) -> Verdict:
    """In an existing, empty record with its schema."""
    pool = await record.connect(database_url, size=4)
    bell = Doorbell(open_queue(redis_url))
    http = HttpClient(AddressPolicy(frozenset({server.origin})), ca_file=ca_file)
    try:
        return await Run(pool, bell, server, http, seed).run()
    finally:
        await http.aclose()
        await bell.aclose()
        await pool.close()


def run(seed: int) -> Verdict:
    """With servers of its own, which are gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedPostgres(Path(directory) / "postgres", durable=False) as postgres,
        EmbeddedValkey(Path(directory) / "valkey", durable=False) as valkey,
        FeedServer() as server,
    ):
        nobody = Path(directory) / "none.pem"
        nobody.write_text("")
        asyncio.run(upgrade(postgres.url))
        return asyncio.run(simulate(postgres.url, valkey.url, server, str(nobody), seed))
