"""The alarms of the service's tests of itself: each fault calls in its promised time, and its runbook's steps end it.

The service, its gateway and the phones are real, and so is what the worker's metrics show; hours pass by what is in the
record being moved into the past. What was scraped is evaluated by promtool with the rules as they are shipped.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.commands import conftest as commands
from tests.ops import rule_tests
from tests.ops.scrapes import SCRAPED_EVERY_S, Firing, Scrapes
from tests.support.canary_ways import NAME, CanaryWay, canary_way, typed

surroundings, run = commands.surroundings, commands.run
pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

SHOWN = (
    "warn_canary_interval_seconds",
    "warn_canary_proven_timestamp_seconds",
    "warn_last_reconciliation_timestamp_seconds",
    "warn_people",
    "warn_queue_up",
    "warn_record_up",
)
"""What the alarms look at of a worker's metrics."""
# Pauses of a gateway take 30 s at most; here no time passes in them.
AT_ONCE = {
    "WARN_DELIVERY__BREAKER__PAUSE_BASE_S": "0.01",
    "WARN_DELIVERY__BREAKER__PAUSE_CAP_S": "0.01",
    "WARN_DELIVERY__BACKOFF__BASE_S": "0.01",
    "WARN_DELIVERY__BACKOFF__CAP_S": "0.01",
}
AGED = {
    "alert": ("received_at", "sent", "expires"),
    "batch": ("created_at", "deadline", "first_at", "last_at", "done_at", "not_before", "enqueued_at"),
    "canary": ("created_at", "sent_at"),
    "canary_send": ("accepted_at", "delivered_at", "sent_at"),
    "gateway": ("paused_until", "out_since"),
    "problem": ("due",),
}
"""Where the record says when something was or will be, as far as tests of itself go by it."""
ALERTS = "Dispatcher(Canary.*|NoCanary)"


@dataclass
class Timeline:
    """A service in a time that passes as it is told, and what was scraped of it. All times are seconds from 0."""

    way: CanaryWay
    on: set[str]
    """The phones that are on, by their reference: they confirm whatever comes."""
    now: int = 0
    scrapes: Scrapes = field(default_factory=lambda: Scrapes(SHOWN, ALERTS))
    _begun: float = field(default_factory=time.monotonic)
    _aged: float = 0.0

    async def until(self, end: int, every: int = SCRAPED_EVERY_S) -> None:
        """Let time pass, and scrape the worker each so many seconds."""
        while self.now < end:
            self.now += every
            await self._age(self.now - (time.monotonic() - self._begun) - self._aged)
            await self.work()
            self.scrapes.scrape(self.now, self.way.worker.metrics.registry.collect(), "worker-1")

    async def work(self) -> None:
        """Do what worker and phones do at an instant."""
        await self.way.step()
        for entry in await self.way.send():
            if entry.recipient in self.on:
                await self.way.receipt(json.loads(entry.text)["receipt"])
        await self.way.step()
        await self.way.worker.reconciler.sweep()
        self.way.worker.metrics.reconciled_at.set_to_current_time()

    async def _age(self, seconds: float) -> None:
        self._aged += seconds
        for table, columns in AGED.items():
            changes = ", ".join(f"{one} = {one} - {seconds} * interval '1 second'" for one in columns)
            await self.way.pool.execute(f"UPDATE {table} SET {changes}")


@pytest.fixture
async def timeline(
    run: Any, env: pytest.MonkeyPatch, tmp_path: Path, prometheus_tools: Any
) -> AsyncIterator[Timeline]:
    async with canary_way("fcm", run, env, tmp_path, "--every", "60", **AT_ONCE) as way:
        await typed(run, "canary", "add", "second", "--endpoint", way.file(1), "--every", "60")
        yield Timeline(way, {one.ref for one in way.phones})


async def listed(timeline: Timeline) -> dict[str, set[str]]:
    """What `dispatcher canary list` says of each receiver."""
    lines = json.loads((await typed(timeline.way.run, "canary", "list", "--json")).stdout)
    return {name: {one["state"] for one in lines if one["canary"] == name} for name in (NAME, "second")}


async def test_each_fault_calls_in_its_promised_time_and_its_runbook_ends_it(
    timeline: Timeline, promtool: Any, tmp_path: Path
) -> None:
    way, run = timeline.way, timeline.way.run
    await timeline.until(300)
    # DispatcherCanaryUnproven: a device is off.
    timeline.on.discard(way.phones[0].ref)
    await timeline.until(840)
    assert await listed(timeline) == {NAME: {"late"}, "second": {"in time"}}
    timeline.on.add(way.phones[0].ref)
    # DispatcherCanaryLate: the gateway is away.
    await timeline.until(1200)
    way.gateway.kill()
    await timeline.until(1500)
    assert await listed(timeline) == {NAME: {"late"}, "second": {"late"}}
    way.restart_gateway()
    tested = asyncio.create_task(typed(run, "canary", "test", NAME))
    while not tested.done():
        await timeline.work()
    assert (await tested).stdout.count("proven after") == 4
    # DispatcherNoCanary: nobody has set one up.
    await timeline.until(1680)
    for name in (NAME, "second"):
        await typed(run, "canary", "remove", name)
    await timeline.until(5400, every=60)
    await typed(run, "canary", "add", NAME, "--endpoint", way.file(0))
    await timeline.until(5520)
    unproven, late = ("DispatcherCanaryUnproven", "warning"), ("DispatcherCanaryLate", "critical")
    expected: dict[int, Firing] = {
        285: {},
        690: {},
        825: {unproven: 4},  # two intervals and a minute, and five minutes: in each lane
        930: {},
        1305: {},
        1425: {late: 2},  # two intervals and a minute: flash and priority
        1620: {},  # within two minutes
        5220: {},
        5370: {("DispatcherNoCanary", "warning"): 1},
        5460: {},
    }
    file = rule_tests.write(tmp_path / "rules", timeline.scrapes.test(expected))
    status, said = promtool("test", "rules", file)
    assert status == 0, said
    # And what does not call as it should is noticed.
    file = rule_tests.write(
        tmp_path / "wrong", timeline.scrapes.test({1305: {late: 2}, 1425: {}, 1620: {late: 2}})
    )
    status, said = promtool("test", "rules", file)
    assert [status, *(f"time: {at}" in said for at in ("21m45s", "23m45s", "27m"))] == [
        1,
        True,
        True,
        True,
    ], said
