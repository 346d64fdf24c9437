"""The critical alarms that people end: each fault calls in its promised time, and its runbook's steps end it.

The service, its worker's parts and the SMS gateway are real, what the runbooks name is typed, and what is scraped of
both processes is evaluated by promtool with the rules as they are shipped.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from tests.api.conftest import SECRET
from tests.commands import conftest as commands
from tests.ops.rehearsals import Rehearsal
from tests.ops.scrapes import SCRAPED_EVERY_S
from tests.support.canary_ways import CanaryWay, canary_way, typed
from tests.support.messages import SENDER
from tests.support.submissions import warning

surroundings, run = commands.surroundings, commands.run
pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

SHOWN = (
    "warn_alerts_held",
    "warn_duty_uncovered",
    "warn_duty_untold_timestamp_seconds",
    "warn_feed_last_success_timestamp_seconds",
    "warn_feed_patience_seconds",
    "warn_oldest_approval_timestamp_seconds",
    "warn_quota_exceeded_total",
)
"""What the alarms look at of API and worker."""
HELD = "DispatcherMessageHeld"
OVERDUE = "DispatcherApprovalOverdue"
UNTOLD = "DispatcherDutyUntold"
UNCOVERED = "DispatcherDutyUncovered"
QUOTA = "DispatcherQuotaReached"
STALE = "DispatcherFeedStale"
ALERTS = f"{HELD}|{OVERDUE}|{UNTOLD}|{UNCOVERED}|{QUOTA}|{STALE}"
PATIENCE_S = 3600
"""How long the feed may be silent: longer than all else takes."""
FEED_KEY = f"wk_mowas-1_{SECRET}"
FEEDS = f"""
[[feed]]
name = "mowas"
adapter = "push"
severities = ["Minor"]
stale_after_s = {PATIENCE_S}
"""


class Night(Rehearsal):
    """A service and those who look after it."""

    def __init__(self, way: CanaryWay, key: str) -> None:
        super().__init__(SHOWN, ALERTS)
        self.way = way
        self.key = key
        self._submitted = 0

    async def work(self) -> None:
        """Do what a worker does each few seconds; whoever was not told is tried again."""
        worker = self.way.worker
        assert worker.approval_timers is not None
        assert worker.duty_desk is not None
        assert worker.feed_scheduler is not None
        await worker.approval_timers.step()
        await self.way.pool.execute("UPDATE person_endpoint SET busy_until = '-infinity'")
        await self.way.pool.execute("UPDATE duty_message SET due_at = now() WHERE due_at IS NOT NULL")
        for step in (worker.duty_desk.look, worker.duty_desk.send, worker.duty_desk.look):
            await step()
        await worker.feed_scheduler.step()
        await worker.reconciler.sweep()

    async def metrics(self) -> Mapping[str, Iterable[Metric]]:
        answer = await self.way.service.operator("/metrics")
        return {
            "worker-1": list(self.way.worker.metrics.registry.restricted_registry(SHOWN).collect()),
            "api": list(text_string_to_metric_families(answer.body.decode())),
        }

    async def submit(self, status: int = 201) -> str:
        """Have the control centre submit another warning. Returns its id."""
        self._submitted += 1
        headline = f"Hochwasser an der Rur, Stufe {self._submitted}"
        answer = await self.way.service.submit(warning(headline=headline), key=self.key, Connection="close")
        assert answer.status == status, answer.body
        return "" if status == 429 else str(answer.json["alert"]["id"])

    async def push(self, severity: str) -> str:
        """Have the feed's operator push a warning. Returns its id."""
        answer = await self.way.service.request(
            "POST",
            "/v1/feeds/mowas/messages",
            warning(severity=severity).xml(),
            key=FEED_KEY,
            content_type="application/cap+xml",
            Connection="close",  # minutes of commands may lie between two
        )
        assert answer.status == 200, answer.body
        return str(answer.json["messages"][0]["alert"])

    async def type(self, *arguments: Any, **more: Any) -> str:
        return str((await typed(self.way.run, *arguments, **more)).stdout)


@pytest.fixture
async def night(
    run: Any, env: pytest.MonkeyPatch, tmp_path: Path, prometheus_tools: Any
) -> AsyncIterator[Night]:
    feeds = tmp_path / "feeds.toml"
    feeds.write_text(FEEDS)
    async with canary_way("sms", run, env, tmp_path, WARN_FEEDS=str(feeds)) as way:
        await way.service.parts.sources.add_key("feed-mowas", FEED_KEY)
        key = await typed(
            run, "source", "add", "leitstelle", "--sender", SENDER, "--territory", "05358", "--quota", "2"
        )
        yield Night(way, key.stdout.strip())


async def hold(night: Night) -> None:
    held = await night.push("Severe")
    await night.calls(30, HELD)
    await night.type("held", "release", held, "--why", "it is true")
    await night.quiet(90)


async def reach_the_quota(night: Night) -> None:
    for _ in range(2):
        await night.submit()
    await night.quiet(SCRAPED_EVERY_S)
    await night.submit(429)
    await night.calls(0, QUOTA)
    await night.type("source", "change", "leitstelle", "--quota", "5000")
    await night.submit()
    await night.quiet(630)


async def wait_with_nobody_on_duty(night: Night) -> None:
    await night.type("approval", "policy", "set", "--severity", "Minor")
    began, waiting = night.now, await night.submit(202)
    await night.calls(10, UNCOVERED)
    await night.type("person", "add", "a.approver", "--environment", "live")
    await night.type("person", "grant", "a.approver", "approver")
    phone = night.way.phones[1]
    adding = asyncio.create_task(
        night.type("person", "endpoint", "add", "a.approver", "sms", input=f"{phone.address}\n")
    )
    while not adding.done():  # it waits for a worker that sends the code
        await night.work()
    await adding
    code = re.search(r"\b\d{6}\b", night.way.taken()[-1].text)
    assert code, night.way.taken()
    await night.type("person", "endpoint", "confirm", "1", input=f"{code[0]}\n")
    await night.quiet(90)
    await night.calls(began + 300 - night.now, OVERDUE)
    await night.type("held", "discard", waiting, "--why", "nobody approves it")
    await night.quiet(90)


async def wait_with_a_gateway_away(night: Night) -> None:
    night.way.gateway.kill()
    waiting = await night.submit(202)
    await night.calls(120, UNTOLD)
    night.way.restart_gateway()
    await night.quiet(90)
    await night.type("held", "discard", waiting, "--why", "it is over")
    await night.quiet(90)


async def hear_nothing_of_a_feed(night: Night, since: int) -> None:
    await night.calls(since + PATIENCE_S + 60 - night.now, STALE)
    await night.type("approval", "policy", "drop", "--severity", "Minor")
    await night.push("Minor")
    await night.quiet(2 * SCRAPED_EVERY_S)


async def test_each_fault_calls_in_its_promised_time_and_its_runbook_ends_it(
    night: Night, promtool: Any, tmp_path: Path
) -> None:
    await night.quiet(60)
    pushed_at = night.now
    await hold(night)
    await reach_the_quota(night)
    await wait_with_nobody_on_duty(night)
    await wait_with_a_gateway_away(night)
    await hear_nothing_of_a_feed(night, pushed_at)
    night.judge(promtool, tmp_path, HELD)
