"""Measures device receipts: a million within a minute on one core of the API, posted from processes outside.

A tenth are posted singly, the others in lists of a thousand, evenly over the time, while a control centre submits; and
single ones alone, as fast as they are answered, in turn with an ASGI application that does nothing. The API has a
processor to itself; all other processes share another.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
import time
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
import msgspec

from dispatcher.access.receipt_tokens import PURPOSE
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.embedded import embedded
from ops.lab.bench import report
from ops.lab.bench.fixtures.aside import Aside, give_api_a_processor, peer
from ops.lab.bench.fixtures.processes import Process
from ops.lab.bench.fixtures.receipt_poster import PosterOrders, PosterResult
from ops.lab.bench.fixtures.submitter import ADD_SOURCE, Submitter
from ops.lab.bench.fixtures.warning import in_memory
from ops.lab.world.service import Service

if TYPE_CHECKING:
    from dispatcher.embedded import Servers

INSTANCE, PLACE = "dueren", "05358008"
BATCH = 1000
CONNECTIONS = 32
WRITTEN_WITHIN_S = 30.0
LOOK_EVERY_S = 0.1
_BATCHES = """
INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients, outcomes, state)
SELECT a.id, a.chain_id, 'alert', 'webpush', 'https://push.example', 'de', a.lane, a.expires,
  ARRAY(SELECT generate_series(n * $2::bigint + 1, (n + 1) * $2::bigint)), decode(repeat('10', $2::int), 'hex'), 'done'
FROM alert a, generate_series(0, $1::bigint - 1) n WHERE a.id = $3 RETURNING id
"""
_WRITTEN = "SELECT coalesce(sum(bit_count(delivered)), 0)::bigint FROM batch_receipt WHERE batch_id = ANY($1)"


class Poster(Aside):
    """A process that posts."""

    def __init__(self, orders: PosterOrders) -> None:
        super().__init__("receipt_poster", orders)

    def post(self) -> PosterResult:
        """Let it post, and wait for the end. Raises RuntimeError where a receipt was refused."""
        self.begin()
        result = msgspec.json.decode(self.result(), type=PosterResult)
        if result.refused:
            raise RuntimeError(f"{result.refused} requests were refused")
        return result


class Trial:
    """The service, with batches whose devices have not said anything yet."""

    def __init__(self, service: Service, servers: Servers) -> None:
        self._service = service
        self._url = servers.database_url
        self.submitter = Submitter(service, "receipts")
        output = service.commands(
            ADD_SOURCE,
            ["instance", "add", INSTANCE, "--place", PLACE],
        )
        service.key, self._instance_key = (one.strip().split()[-1] for one in output)
        ring = KeyRing.parse((service.home / "keys" / "addresses").read_bytes())
        self._token_key = Sealing(ring).keyed_hash(PURPOSE, "").hex()
        self._alert = self.submitter.submit()[0]
        give_api_a_processor(service.pids(), servers.started)

    def orders(self, batches: int, singly: int, seconds: float, port: int | None = None) -> PosterOrders:
        """Return orders for new batches."""
        made = asyncio.run(self._made(batches))
        return PosterOrders(
            port or urlsplit(self._service.url).port or 0,
            self._token_key,
            made,
            BATCH,
            singly,
            BATCH,
            self._instance_key,
            CONNECTIONS,
            seconds,
        )

    async def _made(self, count: int) -> list[int]:
        connection = await asyncpg.connect(self._url)
        try:
            return [row["id"] for row in await connection.fetch(_BATCHES, count, BATCH, self._alert)]
        finally:
            await connection.close()

    def wait_written(self, batches: list[int], expected: int) -> None:
        """Wait until the record has them all. Raises TimeoutError."""
        deadline = time.monotonic() + WRITTEN_WITHIN_S
        while (written := asyncio.run(self._written(batches))) < expected:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{written} of {expected} receipts are written")
            time.sleep(LOOK_EVERY_S)

    async def _written(self, batches: list[int]) -> int:
        connection = await asyncpg.connect(self._url)
        try:
            return int(await connection.fetchval(_WRITTEN, batches))
        finally:
            await connection.close()

    def singles(self, count: int) -> tuple[float, float]:
        """Post single ones alone, and to an application that does nothing. Returns receipts a second of each."""
        orders = self.orders(-(-count // BATCH), count, 0.0)
        with peer("bare_asgi") as port:
            ours, bare = (Poster(one).post().seconds for one in (orders, replace(orders, port=port)))
        return count / ours, count / bare

    def million(self, count: int, seconds: float) -> dict[str, Any]:
        """Post `count` receipts over `seconds` beside submissions, which are measured before and after as well."""
        quiet = self.submitter.submit_for(seconds / 2)
        orders = self.orders(count // BATCH, count // 10, seconds)
        poster, over, beside = Poster(orders), threading.Event(), []
        submitting = threading.Thread(
            target=lambda: beside.extend(self.submitter.submit_for(10 * seconds, over))
        )
        api = Process(self._service.pids()["api"])
        submitting.start()
        cpu, began = api.cpu_s(), time.perf_counter()
        try:
            poster.post()
            self.wait_written(orders.batches, count)
            took = time.perf_counter() - began
            cpu = api.cpu_s() - cpu
        finally:
            over.set()
            submitting.join()
        quiet += self.submitter.submit_for(seconds / 2)
        return {"seconds": took, "api_cpu_s": cpu, "beside": beside, "quiet": quiet}


def run(receipts: int, seconds: float, singles: int, rounds: int) -> dict[str, Any]:
    """Measure all of it on one service."""
    with in_memory() as folder, embedded(Path(folder) / "servers") as servers:
        settings = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url, "WARN_WORKERS": "1"}
        service = Service(Path(folder) / "service", settings)
        service.start()
        try:
            trial = Trial(service, servers)
            trial.singles(singles)  # the first time everything is slower
            found = [trial.singles(singles) for _ in range(rounds)]
            mass = trial.million(receipts, seconds)
        finally:
            service.stop()
    p99 = {name: report.quantile(mass[name], 0.99) for name in ("beside", "quiet")}
    return {
        "receipts": receipts,
        "seconds": round(mass["seconds"], 1),
        "ratio_bare_asgi": round(median(ours / bare for ours, bare in found), 2),
        "submission_p99_ratio": round(p99["beside"] / p99["quiet"], 2),
        "api_cpu_s": round(mass["api_cpu_s"], 1),
        "submission_p99_ms": round(p99["beside"] * 1000, 1),
        "submissions": len(mass["beside"]),
        "singles_per_s": round(median(ours for ours, _ in found)),
        "bare_asgi_per_s": round(median(bare for _, bare in found)),
        "rounds": rounds,
    }


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench receipts", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--receipts", type=int, default=1_000_000, help="in thousands")
    parser.add_argument("--seconds", type=float, default=57.0, help="over which they are posted")
    parser.add_argument("--singles", type=int, default=20_000, help="posted alone in a round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args(argv)
    found = run(options.receipts, options.seconds, options.singles, options.rounds)
    report.show("receipts", found, as_json=options.json)
    return 0
