"""Two hours of two sources with every fault, fast: `python -m ops.lab.faults.feeds run [--seed N] [--control NAME]`.

Real HTTP, the real record, the real poller, planner and deliverer; only time is made up, and a channel that accepts
everything records what each recipient was notified of. No recipient may be notified twice, get an all-clear without an
alert or before its time, or miss what concerns them. A control breaks one thing on purpose: then the run must fail.
"""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from channels.http.addresses import Exemptions
from channels.http.client import HttpClient
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.audience.location_index import LocationIndex
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.delivery.deliverer import Deliverer
from dispatcher.delivery.lanes import LaneGate
from dispatcher.delivery.notices import Notices
from dispatcher.delivery.planner import Planner
from dispatcher.delivery.work.dependencies import DelivererDependencies
from dispatcher.embedded import EmbeddedPostgres, EmbeddedValkey
from dispatcher.feeds.configuration import Feed, FeedSettings, feed_of
from dispatcher.feeds.details import Details
from dispatcher.feeds.poller import Poller
from dispatcher.feeds.sync import FeedSync
from dispatcher.intake.feed_message import FeedIntake
from dispatcher.metrics import Metrics
from dispatcher.model.retry_policy import DEFAULT_POLICY
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.readers.readers import InProcess
from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.store.delivery.ledger import Ledger
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.feeds.quarantine import Quarantine
from dispatcher.store.migrate import upgrade
from dispatcher.store.sealed.addresses import Addresses
from ops.lab.faults.feeds import scenario
from ops.lab.faults.feeds.notified import ENDINGS, Control, RecordingChannel
from ops.lab.faults.feeds.scenario import ELSEWHERE, NINA_PATH, DateFormat, End, Event
from ops.lab.faults.feeds.server import FeedFault, FeedServer

if TYPE_CHECKING:
    from collections.abc import Sequence

    import cap

MINUTES = 120
CALM_MIN = 20
"""Minutes at the end in which the sources have no faults, so that what is still owed can come."""
DATES_MIN = 10
"""Minutes for which the list writes its times in one format, before it changes to another."""
FORGET = """WITH gone AS (DELETE FROM feed_entry)
            UPDATE alert SET event_key = '', identifier = identifier || '~' || number"""
FAULTY = 0.3
FLICKER = 0.6
ODD = 0.25
DWD_LIST = "/STAT.zip"
NINA_LIST = f"{NINA_PATH}/dashboard/053580000000.json"
DISTRICT = "05358"
FAULTS = tuple(
    sorted(set(FeedFault) - {FeedFault.HUGE, FeedFault.DRIP, FeedFault.REDIRECT, FeedFault.NOT_MODIFIED})
)
"""The faults of the run. NOT_MODIFIED is none of them: a source that denies a change cannot be told from one without
changes."""
WARNED = frozenset({"alert", "update"})


@dataclass(frozen=True, slots=True)
class FeedVerdict:
    """Counts what happened, and lists what must not happen."""

    events: int
    polls: int
    failed_polls: int
    quarantined: int
    notices: int
    doubles: list[str]
    lone_all_clears: list[str]
    missed: list[str]
    ended_early: list[str]

    @property
    def passed(self) -> bool:
        return not (self.doubles or self.lone_all_clears or self.missed or self.ended_early)


class Run:
    """Runs the scenario over a record of its own."""

    def __init__(
        self,
        pool: record.Pool,
        wake_ups: WakeUpQueue,
        server: FeedServer,
        http: HttpClient,
        seed: int,
        control: Control | None = None,
    ) -> None:
        self._pool = pool
        self._control = control
        self._server = server
        self._random = Random(seed)
        self._start = datetime.now(UTC).replace(microsecond=0)
        self._minute = 0
        self._flickered = ""
        self._channel = RecordingChannel(loses_alarms=control is Control.LOSSY)
        metrics, alerts = Metrics(), Alerts(pool)
        terms = DEFAULT_POLICY.lease
        self._addresses = Addresses(Sealing(KeyRing.new()))
        ledger = Ledger(
            pool, lease=terms.duration, wake_up_again=terms.wake_up_again, addresses=self._addresses
        )
        boundaries = Boundaries.default()
        self._places = [unit.ags for unit in boundaries.by_prefix(DISTRICT)]
        self._store, self._quarantine = Feeds(pool), Quarantine(pool)
        readers = InProcess(boundaries)
        ingest = FeedIntake(
            alerts=alerts,
            readers=readers,
            wake_ups=wake_ups,
            metrics=metrics,
            clock=lambda _: self._now(),
        )
        self._poller = Poller(
            client=http,
            exemptions=_exemptions(server),
            store=self._store,
            sync=FeedSync(
                store=self._store,
                quarantine=self._quarantine,
                ingest=ingest,
                get=Details(http, _exemptions(server), metrics, self._now).get,
                metrics=metrics,
                readers=readers,
            ),
            metrics=metrics,
            clock=self._now,
            random=self._random.random,
            readers=readers,
        )
        self._planner = Planner(
            Plans(pool, 1000), ledger, wake_ups, metrics, LocationIndex(WatchedAreas(pool))
        )
        self._deliverer = Deliverer(
            DelivererDependencies(
                ledger=ledger,
                subscriptions=Subscriptions(pool, self._addresses),
                notices=Notices(alerts, ZoneInfo("Europe/Berlin")),
                channels={self._channel.name: self._channel},
                wake_ups=wake_ups,
                gate=LaneGate(),
                metrics=metrics,
                slice_size=100,
                random=self._random.random,
            )
        )
        self._feeds = (self._feed("dwd", "dwd", DWD_LIST), self._feed("nina", "nina", NINA_LIST))

    def _now(self) -> datetime:
        return self._start + timedelta(minutes=self._minute)

    def _feed(self, name: str, adapter: str, path: str) -> Feed:
        misses = 1 if self._control is Control.HASTY else 2
        urls = [self._server.origin + path]
        settings = {"name": name, "adapter": adapter, "urls": urls, "timeout_s": 0.4, "misses": misses}
        settings["missing_for_s"] = 0  # what is hasty is told from what is not by the misses alone
        return feed_of(FeedSettings.model_validate(settings))

    async def run(self, minutes: int = MINUTES) -> FeedVerdict:
        """Run the scenario minute by minute."""
        await self._store.register([feed.name for feed in self._feeds])
        home = await self._subscribe()
        happenings = scenario.events(self._random, self._places, minutes - CALM_MIN)
        polls = failed = 0
        for self._minute in range(minutes):
            self._channel.minute = self._minute
            self._publish(happenings, calm=self._minute >= minutes - CALM_MIN)
            for feed in () if self._is_deaf(minutes) else self._feeds:
                state = await self._store.state(feed.name)
                if state.next_at is not None and state.next_at > self._now():
                    continue
                polls += 1
                failed += not (await self._poller.poll(feed)).succeeded
                await self._deliver()
            if self._control is Control.FORGETFUL and self._minute == minutes // 3:
                await self._pool.execute(FORGET)
        broken = len(await self._quarantine.listed(None, 1000))
        return self._judge(happenings, home, (polls, failed, broken))

    def _is_deaf(self, minutes: int) -> bool:
        return self._control is Control.DEAF and self._minute > minutes // 3

    async def _subscribe(self) -> dict[int, str]:
        """Subscribe one recipient per municipality."""
        store = Subscriptions(self._pool, self._addresses)
        await store.add_many(
            [
                NewSubscription("webpush", "gateway", f"https://push.example/{ags}", {}, (ags,))
                for ags in self._places
            ]
        )
        rows = await self._pool.fetch("SELECT subscription_id AS id, ags FROM followed_municipality")
        return {row["id"]: row["ags"] for row in rows}

    def _publish(self, happenings: Sequence[Event], *, calm: bool) -> None:
        now = [scenario.message(event, self._minute, self._start) for event in happenings]
        shown = [(event, alert) for event, alert in zip(happenings, now, strict=True) if alert is not None]
        dwd = [alert for event, alert in shown if event.source == "dwd"]
        nina = [alert for event, alert in shown if event.source == "nina"]
        copies = [alert for event, alert in shown if event.source == "dwd" and event.number % 2]
        extra: list[tuple[str, bytes]] = []
        if not calm and self._minute % 3 == 0 and self._random.random() < FLICKER:
            self._flicker(dwd)
        if not calm and self._random.random() < ODD:
            extra.append((f"broken-{self._minute}.xml", b"<alert>"))
        variants = [
            scenario.variant(alert) for event, alert in shown if alert in dwd and event.number % 5 == 0
        ]
        again = self._minute % 4 == 0
        self._server.put(DWD_LIST, scenario.archive([*dwd, *variants, *(dwd[:1] if again else ())], extra))
        dates = list(DateFormat)[self._minute // DATES_MIN % len(DateFormat)]
        board = [*nina, *copies]
        self._server.put(NINA_LIST, scenario.dashboard([*board, *(board[:1] if again else ())], dates))
        for alert in (*nina, *copies):
            path = f"{NINA_PATH}/warnings/{scenario.nina_id(alert)}.json"
            self._server.put(path, scenario.detail(alert))
            missing = not calm and self._random.random() < FAULTY / 3
            self._server.fail(path, FeedFault.NOT_FOUND, times=2 * missing)
        for path in (DWD_LIST, NINA_LIST):
            faulty = not calm and self._random.random() < FAULTY
            self._server.fail(path, self._random.choice(FAULTS), times=int(faulty))

    def _flicker(self, dwd: list[cap.Alert]) -> None:
        """Remove an entry for one minute at most, and not the same one again: absence is only believed after two polls
        in a row."""
        others = [alert for alert in dwd if alert.identifier != self._flickered]
        if others:
            chosen = self._random.choice(others)
            self._flickered = chosen.identifier
            dwd.remove(chosen)

    async def _deliver(self) -> None:
        """Plan and deliver what is open, as workers do after a wake-up."""
        for row in await self._pool.fetch("SELECT id FROM alert WHERE state = 'accepted' ORDER BY number"):
            await self._planner.plan(row["id"])
        for row in await self._pool.fetch("SELECT id FROM batch WHERE state = 'open' ORDER BY id"):
            await self._deliverer.deliver(row["id"])

    def _judge(
        self, happenings: Sequence[Event], home: dict[int, str], counts: tuple[int, int, int]
    ) -> FeedVerdict:
        doubles = [
            f"recipient {recipient}: {n} x one message"
            for (recipient, _), n in self._channel.notices.items()
            if n > 1
        ]
        lone: list[str] = []
        for (recipient, number), kinds in self._channel.kinds.items():
            again, clears = _faults(kinds)
            line = f"event {number}, {home[recipient]}: {' '.join(kinds)}"
            doubles += [line] * again
            lone += [line] * clears
        missed = [
            f"event {event.number} ({event.source}, {event.end}), {ags}: {' '.join(kinds) or 'nothing'}"
            for event in happenings
            if event.places != (ELSEWHERE,)
            for recipient, ags in home.items()
            if not _is_served(event, ags, kinds := self._channel.kinds.get((recipient, event.number), []))
        ]
        # A recipient warned by mistake, as a list that names a whole district does, may be notified at any time.
        ends = {(event.number, ags): event.ends for event in happenings for ags in event.places}
        early = [
            f"event {number}, {ags}: ended in minute {minute}"
            for recipient, number, minute in self._channel.ended_at
            if minute < ends.get((number, ags := home[recipient]), 0)
        ]
        total = sum(self._channel.notices.values())
        return FeedVerdict(len(happenings), *counts, total, doubles, lone, missed, early)


def _faults(kinds: Sequence[str]) -> tuple[bool, bool]:
    """Return whether a recipient was alerted twice for one event, and whether an end came without an alert."""
    warned, again, lone = False, False, False
    for kind in kinds:
        again |= kind == "alert" and warned
        lone |= kind in ENDINGS and not warned
        warned = kind in WARNED
    return again, lone


def _is_served(event: Event, ags: str, kinds: Sequence[str]) -> bool:
    """Return whether a recipient there was warned and, if the warning was ended, notified of that; elsewhere, whether
    none is left with a warning."""
    if ags not in event.places:
        return not kinds or kinds[-1] in ENDINGS
    if not any(kind in WARNED for kind in kinds):
        return False
    return kinds[-1] in WARNED if event.end is End.EXPIRY else kinds[-1] in ENDINGS


def _exemptions(server: FeedServer) -> Exemptions:
    return Exemptions.parse([server.origin])


async def simulate(
    database_url: str,
    redis_url: str,
    server: FeedServer,
    ca_file: str,
    *,
    seed: int,
    control: Control | None = None,
) -> FeedVerdict:
    """Run in an existing, empty record with its schema."""
    pool = await record.connect(database_url, size=4)
    wake_ups = WakeUpQueue(open_queue(parse(redis_url)))
    http = HttpClient(_exemptions(server).policy(), ca_file=ca_file)
    try:
        return await Run(pool, wake_ups, server, http, seed, control).run()
    finally:
        await http.aclose()
        await wake_ups.aclose()
        await pool.close()


def run(seed: int, control: Control | None = None) -> FeedVerdict:
    """Run with servers of its own, which are gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedPostgres(Path(directory) / "postgres", durable=False) as postgres,
        EmbeddedValkey(Path(directory) / "valkey", durable=False) as valkey,
        FeedServer() as server,
    ):
        no_roots = Path(directory) / "none.pem"
        no_roots.write_text("")
        asyncio.run(upgrade(postgres.url))
        return asyncio.run(
            simulate(postgres.url, valkey.url, server, str(no_roots), seed=seed, control=control)
        )
