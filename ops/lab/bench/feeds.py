"""Measures what a continent's worth of warnings costs: `python -m ops.lab.bench feeds [--alerts N] [--json]`.

A STAT archive of made-up warnings all over Germany is polled from a server on this machine into an empty record:
fetched, unpacked, compared, parsed, matched, judged and written down. Then it is polled again, unchanged. The
processor time is that of this process, all threads together; the record is a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import tempfile
import time
import zipfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import cap
from channels.http.addresses import Exemptions
from channels.http.client import HttpClient
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.embedded import EmbeddedPostgres, EmbeddedValkey
from dispatcher.feeds.assembly import FeedDependencies, feed_services
from dispatcher.feeds.configuration import FeedSettings, feed_of
from dispatcher.metrics import Metrics
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.runtime import logs
from dispatcher.store import record
from dispatcher.store.migrate import upgrade
from ops.lab.bench.report import show
from ops.lab.faults.feeds.server import FeedServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ALERTS = 12_000
SEED = 20_260_822
PATH = "/STAT.zip"
LANGUAGES = ("de-DE", "en")
VERTICES = 60
CELLS = 8


@dataclass(frozen=True, slots=True)
class Result:
    """`seconds` is the first poll by the clock on the wall, `cpu_seconds` by the processor."""

    alerts: int
    seconds: float
    cpu_seconds: float
    unchanged_requests: int
    unchanged_conditional: bool
    unchanged_seconds: float
    dispatched: int
    bytes: int


def snapshot(count: int, now: datetime) -> bytes:
    """Make the archive. Most warnings lie elsewhere, as in a national feed; one in two hundred at home."""
    buffer = io.BytesIO()
    random = np.random.default_rng(SEED)
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for alert in _alerts(count, now, random):
            archive.writestr(f"{alert.identifier}.xml", cap.render(alert))
    return buffer.getvalue()


def _alerts(count: int, now: datetime, random: np.random.Generator) -> Iterator[cap.Alert]:
    for number in range(count):
        at_home = number % 200 == 0
        lat, lon = (50.8, 6.48) if at_home else (random.uniform(47.5, 54.5), random.uniform(7.5, 14.5))
        cells = ["805358008"] if at_home else [f"809{random.integers(0, 999_999):06d}" for _ in range(CELLS)]
        area = cap.Area(
            "polygonal event area",
            polygons=(cap.Polygon(_ring(lat, lon, random)),),
            geocodes=tuple(cap.NamedValue("WARNCELLID", cell) for cell in cells),
        )
        yield _alert(number, now, area)


def _ring(lat: float, lon: float, random: np.random.Generator) -> tuple[tuple[float, float], ...]:
    angles = np.linspace(0, 2 * np.pi, VERTICES, endpoint=False)
    radius = 0.05 + 0.1 * random.random(VERTICES)
    pairs = [
        (round(float(lat + r * np.sin(a)), 5), round(float(lon + r * 1.6 * np.cos(a)), 5))
        for r, a in zip(radius, angles, strict=True)
    ]
    return (*pairs, pairs[0])


def _alert(number: int, now: datetime, area: cap.Area) -> cap.Alert:
    name = f"2.49.0.0.276.0.DWD.PVW.1700000000000.{number:08d}-0000-4000-8000-000000000000"
    infos = tuple(
        cap.Info(
            language=language,
            categories=(cap.Category.MET,),
            event=f"STARKREGEN {number}",
            response_types=(cap.ResponseType.PREPARE,),
            urgency=cap.Urgency.IMMEDIATE,
            severity=cap.Severity.MODERATE,
            certainty=cap.Certainty.LIKELY,
            event_codes=(cap.NamedValue("II", str(number)), cap.NamedValue("GROUP", "RAIN")),
            effective=now,
            onset=now,
            expires=now + timedelta(hours=6),
            sender_name="Deutscher Wetterdienst",
            headline="Amtliche WARNUNG vor STARKREGEN",
            description="Es tritt Starkregen mit Niederschlagsmengen um 30 l/m² pro Stunde auf.",
            instruction="Vermeiden Sie den Aufenthalt im Freien.",
            areas=(area,),
        )
        for language in LANGUAGES
    )
    return cap.Alert(
        "opendata@dwd.de",
        f"{name}.MUL",
        now,
        status=cap.Status.ACTUAL,
        msg_type=cap.MsgType.ALERT,
        scope=cap.Scope.PUBLIC,
        codes=(f"id:{name}",),
        infos=infos,
    )


async def measure(alerts: int, database_url: str, redis_url: str, server: FeedServer, ca_file: str) -> Result:
    """Poll twice and measure both polls."""
    now = datetime.now(UTC).replace(microsecond=0)
    body = await asyncio.to_thread(snapshot, alerts, now)
    url = server.put(PATH, body)
    await upgrade(database_url)
    pool = await record.connect(database_url, size=4)
    exemptions = Exemptions.parse([server.origin])
    http = HttpClient(exemptions.policy(), ca_file=ca_file)
    wake_ups = WakeUpQueue(open_queue(parse(redis_url)))
    feed = feed_of(FeedSettings(name="bench", adapter="dwd", urls=(url,), timeout_s=30))
    base = FeedDependencies(pool, http, exemptions, wake_ups, Boundaries.default(), Metrics(), None)
    services = feed_services(base, (feed,))
    try:
        await services.store.register([feed.name])
        wall, cpu = time.perf_counter(), time.process_time()
        first = await services.poller.poll(feed)
        seconds, cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
        server.forget()
        wall = time.perf_counter()
        await services.poller.poll(feed)
        unchanged = time.perf_counter() - wall
        dispatched = await pool.fetchval("SELECT count(*) FROM alert WHERE state = 'accepted'")
    finally:
        await http.aclose()
        await wake_ups.aclose()
        await pool.close()
    if first.synced.fresh != alerts:
        raise RuntimeError(
            f"the poll brought {first.synced.fresh} of {alerts}: {first.result}, {first.detail}"
        )
    asked = server.requests
    return Result(
        alerts,
        round(seconds, 2),
        round(cpu_seconds, 2),
        len(asked),
        all(one.conditional for one in asked),
        round(unchanged, 2),
        dispatched,
        len(body),
    )


def run(alerts: int) -> Result:
    """Measure in a directory of its own, which is gone afterwards."""
    with (
        tempfile.TemporaryDirectory() as directory,
        EmbeddedPostgres(Path(directory) / "postgres", durable=False) as server,
        EmbeddedValkey(Path(directory) / "valkey", durable=False) as queue,
        FeedServer() as source,
    ):
        no_roots = Path(directory) / "none.pem"
        no_roots.write_text("")
        return asyncio.run(measure(alerts, server.url, queue.url, source, str(no_roots)))


def main(argv: Sequence[str]) -> int:
    """Run the command line. Returns 0 if the limits were kept: one core-minute, one conditional request."""
    parser = argparse.ArgumentParser(prog="python -m ops.lab.bench feeds")
    parser.add_argument("--alerts", type=int, default=ALERTS)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args(argv)
    logs.configure(as_json=True, process="lab")
    result = run(options.alerts)
    show("feeds", asdict(result), as_json=options.json)
    return 0 if result.seconds <= 60 and result.unchanged_requests == 1 else 1
