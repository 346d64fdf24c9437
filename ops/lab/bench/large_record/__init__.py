"""Measures one record with very many subscriptions: how long its alerts take, and which of its statements.

Phones reached by FCM, which need no keys made ahead: 100,000 in the district, a million in one large city, all others
spread over the other municipalities of the Land that the package has boundaries of, in random order. The same alerts in
a record of 1,100,000 and in one of ten million show what the size of the record costs whoever it does not concern. At
the end an alert to everybody is frozen while the provider takes next to nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.embedded import embedded
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.store import record
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.migrate import upgrade
from dispatcher.store.sealed.addresses import Addresses
from ops.lab.bench import report
from ops.lab.bench.fixtures import warning
from ops.lab.bench.fixtures.crowd import CHUNK, PROJECT
from ops.lab.bench.fixtures.processes import Process, metric
from ops.lab.bench.senders.fcm.job import registration_token
from ops.lab.bench.senders.measurement import running_sink
from ops.lab.gateways.standins.fcm import TOKEN_PATH, key_file
from ops.lab.world.certificate import write_certificate
from ops.lab.world.commands import CommandLine
from ops.lab.world.district import SENDER, SOURCE
from ops.lab.world.population import INHABITANTS
from ops.lab.world.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dispatcher.embedded import Servers
    from ops.lab.bench.senders.measurement import SinkProcess

DISTRICT: Final = "053580000000"
DISTRICT_SIZE: Final = 100_000
CITY: Final = "053150000000"
CITY_AGS: Final = "05315000"
"""Köln, which has about a million inhabitants."""
CITY_SIZE: Final = 1_000_000
LAND: Final = "05"
EVERYBODY: Final = "050000000000"
UNLIMITED: Final = 1_000_000_000
LEAST: Final = 60
SETTLED_WITHIN_S: Final = 3600.0
IMPORTED_WITHIN_S: Final = 1800.0
"""One statement of the import, the last one goes through the whole record."""
LOOK_EVERY_S: Final = 0.2
SLOW_MS: Final = 50.0
"""What no statement that an alert waits for is to take."""
STATEMENT_CHARACTERS: Final = 160


@dataclass(frozen=True, slots=True)
class LargeCrowd:
    """`size` phones, and the keys that the record's endpoints are sealed with."""

    size: int
    ring: KeyRing
    seed: int = 1

    def counts(self) -> list[int]:
        """Return how many live in the district, in the city and elsewhere."""
        near, city = min(DISTRICT_SIZE, self.size // 11), min(CITY_SIZE, self.size * 10 // 11)
        return [near, city, self.size - near - city]

    def places(self) -> Iterator[str]:
        """Return where each lives, in the order of their numbers: each kind spread evenly over all."""
        rng = random.Random(self.seed)
        near = tuple(INHABITANTS)
        others = [
            unit.ags for unit in Boundaries.default().by_prefix(LAND) if unit.ags not in {*near, CITY_AGS}
        ]
        counts = self.counts()
        kinds: Sequence[Sequence[str]] = (near, (CITY_AGS,), others)
        while total := sum(counts):
            at, kind = rng.randrange(total), 0
            while at >= counts[kind]:
                at -= counts[kind]
                kind += 1
            counts[kind] -= 1
            yield kinds[kind][counts[kind] % len(kinds[kind])]

    def subscriptions(self) -> Iterator[NewSubscription]:
        """Return all of them."""
        for number, place in enumerate(self.places()):
            yield NewSubscription(
                "fcm", PROJECT, registration_token(number), places=(place,), keys={"project": PROJECT}
            )

    async def enrol(self, database_url: str) -> None:
        """Import them into a record, which is made where there is none."""
        await upgrade(database_url)
        pool = await record.connect(database_url, size=2, command_timeout_s=IMPORTED_WITHIN_S)
        try:
            store, people = Subscriptions(pool, Addresses(Sealing(self.ring))), self.subscriptions()
            while chunk := list(islice(people, CHUNK)):
                await store.add_many(chunk)
            await pool.execute("VACUUM ANALYZE")
        finally:
            await pool.close()


class LargeRecordBench:
    """Sends the same alerts in a record of any size, and looks at what the record had to do for them."""

    def __init__(self, home: Path, servers: Servers, sink: SinkProcess, ca_file: str, ring: KeyRing) -> None:
        self._home = home
        self._sink = sink
        self._url = servers.database_url
        self._settings = {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "WARN_ALLOWED_ORIGINS": f"push={sink.origin},gateway={sink.origin}",
            "WARN_FCM_URL": sink.origin,
            "WARN_OUTBOUND_CA_FILE": ca_file,
            "WARN_ADDRESS_KEYS": ring.text().decode(),
            "WARN_WORKERS": "2",
        }
        self._key = ""

    def measure(self, rounds: int) -> dict[str, Any]:
        """Send to the district and to the city, `rounds` times each."""
        with self._running(UNLIMITED) as service:
            workers = [Process(pid) for name, pid in service.pids().items() if name.startswith("worker-")]
            before = [one.rss_mb() for one in workers]
            self._statements(reset=True)
            district = [self._sent(service, f"district-{number}", DISTRICT) for number in range(rounds)]
            city = [self._sent(service, f"city-{number}", CITY) for number in range(rounds)]
            peaks = [one.peak_mb() for one in workers]
            return {
                "district": district,
                "city": city,
                "worker_mb": round(max(peaks), 1),
                "worker_grown_mb": round(max(a - b for a, b in zip(peaks, before, strict=True)), 1),
                "loop_held": sum(
                    metric(text, 'warn_event_loop_blocked_total{cause="work"}')
                    for name, text in service.metrics().items()
                    if name.startswith("worker-")
                ),
                "slow_statements": self._statements(),
            }

    def freeze_all(self, size: int) -> dict[str, Any]:
        """Have everybody's batches made while the provider takes next to nothing."""
        with self._running(LEAST) as service:
            self._statements(reset=True)
            began = time.monotonic()
            alert_id = service.submit(self._xml("everybody", EVERYBODY)).alert_id
            while (alert := service.alert(alert_id))["state"] == "accepted":
                if time.monotonic() - began > SETTLED_WITHIN_S:
                    raise TimeoutError(f"{alert_id} is not planned")
                time.sleep(LOOK_EVERY_S)
            assert alert["audience"] == size
            return {"freeze_s": round(_span(alert, "planned_at"), 1), "freeze_statements": self._statements()}

    @contextmanager
    def _running(self, per_minute: int) -> Iterator[Service]:
        """Run a service that may send so many messages a minute."""
        service = Service(self._home / "service", {**self._settings, "WARN_FCM_PER_MINUTE": str(per_minute)})
        self._key = self._key or self._introduced(service)
        service.start()
        try:
            service.key = self._key
            yield service
        finally:
            service.stop()

    def _introduced(self, service: Service) -> str:
        """Make the control centre, and the app that everybody has."""
        account = key_file(PROJECT, self._sink.origin + TOKEN_PATH)
        return service.commands(
            CommandLine(("source", "add", SOURCE, "--sender", SENDER, "--territory", LAND)),
            CommandLine(("instance", "add", CITY_AGS, "--place", CITY_AGS)),
            CommandLine(("instance", "credential", CITY_AGS, "fcm", "--stdin"), account),
        )[0].strip()

    def _xml(self, name: str, ars: str) -> bytes:
        return warning.write(name, sender=SENDER, ars=ars, grade=warning.ROUTINE)

    def _sent(self, service: Service, name: str, ars: str) -> dict[str, float]:
        began = time.monotonic()
        answer = service.submit(self._xml(name, ars))
        accepted_s = time.monotonic() - began
        alert = service.wait_settled(answer.alert_id, SETTLED_WITHIN_S)
        first = service.status(answer.alert_id)["channels"][0]["first_accepted_at"]
        since = datetime.fromisoformat(alert["received_at"])
        return {
            "people": alert["audience"],
            "answered_s": round(accepted_s, 3),
            "first_s": round((datetime.fromisoformat(first) - since).total_seconds(), 3),
            "seconds": round(_span(alert, "settled_at"), 2),
        }

    def _statements(self, *, reset: bool = False) -> list[str]:
        """Return the statements of which one took longer than `SLOW_MS`, the slowest first."""
        return asyncio.run(_statements(self._url, reset=reset))


def _span(alert: dict[str, Any], until: str) -> float:
    since = datetime.fromisoformat(alert["received_at"])
    return (datetime.fromisoformat(alert[until]) - since).total_seconds()


async def _statements(database_url: str, *, reset: bool) -> list[str]:
    pool = await record.connect(database_url, size=1)
    try:
        if reset:
            await pool.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            await pool.execute("SELECT pg_stat_statements_reset()")
            return []
        rows = await pool.fetch(
            "SELECT calls, mean_exec_time, max_exec_time, query FROM pg_stat_statements"
            " WHERE max_exec_time > $1 ORDER BY max_exec_time DESC",
            SLOW_MS,
        )
    finally:
        await pool.close()
    return [
        f"{row['max_exec_time']:,.0f} ms at most, {row['mean_exec_time']:,.1f} ms of {row['calls']}: "
        + " ".join(row["query"].split())[:STATEMENT_CHARACTERS]
        for row in rows
    ]


def counting(home: Path) -> None:
    """Make a record whose server counts its statements from its next start on."""
    with embedded(home) as servers:
        asyncio.run(_alter(servers.database_url))


async def _alter(database_url: str) -> None:
    pool = await record.connect(database_url, size=1)
    try:
        await pool.execute("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'")
    finally:
        await pool.close()


def run(subscriptions: int, rounds: int) -> dict[str, Any]:
    """Measure one record."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        certificate, key = write_certificate(home, datetime.now(UTC))
        sink = stack.enter_context(running_sink(certificate, key, "h2,http/1.1", None, "fcm"))
        crowd = LargeCrowd(subscriptions, KeyRing.new())
        counting(home / "servers")
        servers = stack.enter_context(embedded(home / "servers"))
        began = time.monotonic()
        asyncio.run(crowd.enrol(servers.database_url))
        imported_s = time.monotonic() - began
        size = asyncio.run(_size(servers.database_url))
        bench = LargeRecordBench(home, servers, sink, str(certificate), crowd.ring)
        found = bench.measure(rounds)
        return {
            "subscriptions": subscriptions,
            "import_s": round(imported_s, 1),
            "record_gb": round(size / 1e9, 2),
            **found,
            **bench.freeze_all(subscriptions),
        }


async def _size(database_url: str) -> int:
    pool = await record.connect(database_url, size=1)
    try:
        found: int = await pool.fetchval("SELECT pg_database_size(current_database())")
        return found
    finally:
        await pool.close()


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="ops.lab.bench large-record", description=__doc__.partition("\n")[0]
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--subscriptions", type=int, default=1_100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    report.show("large record", run(options.subscriptions, options.rounds), as_json=options.json)
    return 0
