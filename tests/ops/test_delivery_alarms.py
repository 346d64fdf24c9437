"""The critical alarms of what is sent: each fault calls in its promised time, and its runbook's steps end it.

The service, its worker's parts and the SMS gateway are real; what the runbooks say is typed as it stands there.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
from prometheus_client.metrics_core import Metric

from dispatcher.model.batches import Lease
from dispatcher.runtime.probes import Readiness
from dispatcher.settings import Settings
from dispatcher.store.delivery.ledger import Ledger
from dispatcher.store.record import APPLICATION
from dispatcher.wiring.worker import worker_dependencies
from ops.lab.gateways.standins.sms import STANDIN
from tests.channels.standstill import until
from tests.commands import conftest as commands
from tests.ops.rehearsals import Rehearsal, step
from tests.ops.scrapes import SCRAPED_EVERY_S
from tests.support.canary_ways import NAME, SITE, CanaryWay, canary_way, typed
from tests.support.histories import until as it_is_so
from tests.support.messages import DUEREN, SENDER
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

surroundings, run = commands.surroundings, commands.run
pytestmark = [pytest.mark.processes, pytest.mark.timeout(600)]

MANY = "DispatcherManyUnreached"
REFUSED = "DispatcherGatewayMisconfigured"
SMS_HELD = "DispatcherSmsHeld"
TOO_OLD = "DispatcherBatchTooOld"
LOSS = "DispatcherDeliveryLossSuspected"
NO_RECONCILER = "DispatcherNoReconciler"
ALERTS = f"{MANY}|{REFUSED}|{SMS_HELD}|{TOO_OLD}|{LOSS}|{NO_RECONCILER}"
SHOWN = (
    "warn_gateway_pauses_total",
    "warn_gateway_unreached_recipients",
    "warn_last_reconciliation_timestamp_seconds",
    "warn_nobody_reached_since_timestamp_seconds",
    "warn_oldest_open_batch_timestamp_seconds",
    "warn_recipients_going_out",
    "warn_recipients_unaccounted",
    "warn_recipients_without_outcome",
    "warn_record_up",
    "warn_sms_held_recipients",
)
"""What the alarms look at of a worker's metrics."""
PEOPLE = 30
PHONE = "+4915511111111"
FORGOTTEN_S = 330
"""When what happened last is no longer told, five minutes and two scrapes later."""
LEASE = timedelta(seconds=10)
LOCK_ROW = "SELECT FROM batch WHERE id = $1 FOR UPDATE"
LOCK_TABLE = "LOCK TABLE batch"
IS_BLOCKED = "SELECT cardinality(pg_blocking_pids($1)) > 0"
HALF_FAILS = {"action": {"kind": "status", "status": 500}, "match": {"share": 0.5}}
GRAVEST = {"severity": "Extreme", "urgency": "Immediate", "certainty": "Observed"}


class HangingWorker:
    """A worker that has taken up a batch, keeps its lease, and gets nowhere with it."""

    def __init__(self, ledger: Ledger, lease: Lease) -> None:
        self._ledger = ledger
        self._lease = lease

    async def go_on(self) -> None:
        await self._ledger.heartbeat(self._lease)


class Emergency(Rehearsal):
    """A service that warns thirty people by SMS, and who looks after it."""

    def __init__(self, way: CanaryWay, key: str, stack: AsyncExitStack, env: pytest.MonkeyPatch) -> None:
        super().__init__(SHOWN, ALERTS)
        self.way = way
        self._key = key
        self._workers = stack
        self._env = env
        self._submitted = 0
        self._running: dict[str, asyncio.Task[Any]] = {}
        self.hanging: HangingWorker | None = None
        self._locks = 0

    async def work(self) -> None:
        """Have the worker do all that there is, or as much as the record's locks let it."""
        for name, part in (("sweep", self._sweep), ("send", self.way.send), ("sweep", self._sweep)):
            if name not in self._running:
                self._running[name] = asyncio.create_task(part())
            while self._running and await self._locked_out() < len(self._running):
                for done in [one for one, task in self._running.items() if task.done()]:
                    await self._running.pop(done)

    async def _sweep(self) -> None:
        if self.hanging is not None:
            await self.hanging.go_on()
        await self.way.worker.reconciler.sweep()
        self.way.worker.metrics.reconciled_at.set_to_current_time()

    async def _locked_out(self) -> int:
        """How many statements wait for whoever locks."""
        found: int = await self.way.pool.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE $1 = ANY(pg_blocking_pids(pid))", self._locks
        )
        return found

    async def passes(self, seconds: int) -> None:
        """Let the worker work before each scrape."""
        for _ in range(0, seconds, SCRAPED_EVERY_S):
            await super().passes(SCRAPED_EVERY_S)

    async def metrics(self) -> Mapping[str, Iterable[Metric]]:
        await Readiness(self.way.worker.metrics, self.way.worker.health).parts()
        return {"worker-1": list(self.way.worker.metrics.registry.restricted_registry(SHOWN).collect())}

    async def warn(self, **grave: str) -> str:
        """Have the control centre submit another warning. Returns its id."""
        self._submitted += 1
        message = warning(headline=f"Hochwasser an der Rur, Stufe {self._submitted}", **grave)
        answer = await self.way.service.submit(message, key=self._key, Connection="close")
        assert answer.status == 201, answer.body
        return str(answer.json["alert"]["id"])

    async def restart_worker(self, **gateway: Any) -> None:
        """Have another worker in place of the one that there was, with these settings of its gateway."""
        self.hanging = None
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)
        self._running.clear()
        self._env.setenv("WARN_SMS_GATEWAYS", sms_settings(self.way.gateway.url, **gateway))
        await self._workers.aclose()
        self.way.worker = await self._workers.enter_async_context(worker_dependencies(Settings()))

    async def age(self) -> None:
        """Let what waits have waited for two minutes already."""
        await self.way.pool.execute(
            "UPDATE batch SET created_at = created_at - interval '2 minutes' WHERE state = 'open'"
        )

    async def expire(self) -> None:
        """Let what waits have expired two minutes ago."""
        await self.way.pool.execute(
            "UPDATE batch SET deadline = now() - interval '2 minutes' WHERE state = 'open'"
        )

    async def plan(self, **grave: str) -> list[int]:
        """Submit a warning and plan it. Returns the ids of its batches."""
        await self.way.worker.planner.plan(await self.warn(**grave))
        return [row["id"] for row in await self.way.pool.fetch("SELECT id FROM batch WHERE state = 'open'")]

    async def hang_at(self, batch: int) -> None:
        """Have another worker take up this batch, and hang."""
        ledger = Ledger(self.way.pool, lease=LEASE, wake_up_again=LEASE, addresses=ADDRESSES)
        lease = await ledger.acquire(batch)
        assert lease is not None
        self.hanging = HangingWorker(ledger, lease)

    async def fall_due(self) -> None:
        """Let no attempt be put off any longer."""
        await self.way.pool.execute(
            "UPDATE batch SET not_before = now(), lease_until = NULL WHERE state = 'open'"
        )
        await self.way.pool.execute("UPDATE problem SET due = now() WHERE due IS NOT NULL")
        await self.way.pool.execute("UPDATE gateway SET paused_until = now()")

    @asynccontextmanager
    async def locked(self, statement: str, *arguments: object) -> AsyncIterator[None]:
        """Somebody at a terminal locks something in the record and goes away. What the runbook says must have ended that
        before the block does.
        """
        somebody = await asyncpg.connect(os.environ["DATABASE_URL"])
        self._locks = somebody.get_server_pid()
        try:
            await somebody.execute("BEGIN")
            await somebody.execute(statement, *arguments)
            yield
            await until(somebody.is_closed)
        finally:
            somebody.terminate()
            self._locks = 0

    async def end_locks(self) -> None:
        """Ask the record who locks, and end that, as the runbook says. Of ours one is at work meanwhile, and shown as such
        when one asks for what is younger than 30 s; of another database nobody is.
        """
        show = "dispatcher record locks"
        async with busy_beside(os.environ["DATABASE_URL"]) as (ours, _):
            found = await self.type(NO_RECONCILER, show, "--older-than", "0", "--json")
            young = await self.type(NO_RECONCILER, show, "--json")
            assert ours not in [json.loads(line)["pid"] for line in young.splitlines()]
            seen = [json.loads(line) for line in found.splitlines()]
            assert {lock["pid"]: lock["is_ours"] for lock in seen} == {self._locks: False, ours: True}
            [lock] = [lock for lock in seen if not lock["is_ours"]]
            await self.type(NO_RECONCILER, f"{show} --end", PID=str(lock["pid"]), SINCE=lock["since"])

    async def type(self, alert: str, beginning: str, *more: str, code: int = 0, **values: str) -> str:
        """Type what the alert's runbook says, and these options."""
        _, *words = step(alert, beginning, **values).split()
        words = ["geprüft" if word == "…" else word for word in words]
        return str((await typed(self.way.run, *words, *more, code=code)).stdout)


@asynccontextmanager
async def busy_beside(url: str) -> AsyncIterator[list[int]]:
    """Two of ours of which one waits for the other, as planning does, and two of another database of the server. Yields
    the process numbers of those that are waited for: in here they go on.
    """
    elsewhere = urlsplit(url)._replace(path="/postgres").geturl()
    async with AsyncExitStack() as stack:
        waited_for = []
        for where, name in ((url, APPLICATION), (elsewhere, "psql")):
            names = {"application_name": name}
            first, second = [await asyncpg.connect(where, server_settings=names) for _ in range(2)]
            waiting = await waits_for(first, second)
            stack.push_async_callback(asyncio.gather, waiting, return_exceptions=True)
            for one in (first, second):
                stack.callback(one.terminate)
            waited_for.append(first)
        yield [one.get_server_pid() for one in waited_for]
        assert not [one for one in waited_for if one.is_closed()]


async def waits_for(first: Any, second: Any) -> asyncio.Future[Any]:
    """Have one session wait for another, which does something that takes a while. Returns what waits."""
    await first.execute("BEGIN; SELECT pg_advisory_xact_lock(4711)")
    waiting = asyncio.ensure_future(second.execute("SELECT pg_advisory_lock(4711)"))

    async def is_blocked() -> bool:
        return bool(await first.fetchval(IS_BLOCKED, second.get_server_pid()))

    await it_is_so(is_blocked)
    return waiting


def sms_settings(url: str, **changes: Any) -> str:
    """The setting of the SMS gateways: the stand-in, with these changes."""
    [gateway] = json.loads(STANDIN.settings(SITE, url)["WARN_SMS_GATEWAYS"])
    return json.dumps([gateway | changes])


@pytest.fixture
async def emergency(
    run: Any, env: pytest.MonkeyPatch, tmp_path: Path, prometheus_tools: Any
) -> AsyncIterator[Emergency]:
    people = tmp_path / "people.jsonl"
    line = {"channel": STANDIN.channel, "keys": {}, "places": [DUEREN], "legal_basis": "consent"}
    people.write_text("".join(json.dumps(line | {"address": f"+49155{n:08}"}) + "\n" for n in range(PEOPLE)))
    async with (
        canary_way("sms", run, env, tmp_path, WARN_BATCH_SIZE=str(PEOPLE // 3)) as way,
        AsyncExitStack() as stack,
    ):
        await typed(run, "canary", "remove", NAME)
        await typed(run, "subscriptions", "import", people)
        key = await typed(run, "source", "add", "leitstelle", "--sender", SENDER, "--territory", "05358")
        yield Emergency(way, key.stdout.strip(), stack, env)


async def reach_only_half(emergency: Emergency) -> None:
    emergency.way.gateway.set_faults(HALF_FAILS)
    await emergency.warn(**GRAVEST)
    await emergency.work()
    assert 10 <= PEOPLE - len(emergency.way.taken()) < PEOPLE
    await emergency.age()
    await emergency.calls(60, MANY)
    emergency.way.gateway.clear_faults()  # its operator was called
    await emergency.fall_due()
    await emergency.quiet(90)
    assert len(emergency.way.taken()) == PEOPLE


async def be_refused(emergency: Emergency) -> None:
    await emergency.restart_worker(authorization="Bearer of last year")
    await emergency.warn(**GRAVEST)
    await emergency.calls(0, REFUSED)
    tried = await emergency.type(
        REFUSED, "dispatcher gateway test", "--yes", code=1, NAME="sms", NUMMER=PHONE
    )
    assert "401" in tried
    await emergency.fall_due()
    await emergency.calls(0, REFUSED)  # asked again, it refuses again
    await emergency.restart_worker()
    await emergency.fall_due()
    await emergency.quiet(FORGOTTEN_S)
    assert len(emergency.way.taken()) == 2 * PEOPLE


async def have_a_worker_that_hangs(emergency: Emergency) -> None:
    before = len(emergency.way.taken())
    batch, *_ = await emergency.plan(**GRAVEST)
    await emergency.hang_at(batch)
    await emergency.calls(40, TOO_OLD)
    assert len(emergency.way.taken()) - before == PEOPLE - PEOPLE // 3
    await emergency.restart_worker()
    await emergency.fall_due()
    await emergency.quiet(90)
    assert len(emergency.way.taken()) - before == PEOPLE
    # Until its warning has expired.
    batch, *_ = await emergency.plan(**GRAVEST)
    await emergency.hang_at(batch)
    await emergency.work()
    await emergency.expire()
    await emergency.calls(0, LOSS)
    await emergency.restart_worker()
    await emergency.fall_due()
    await emergency.quiet(90)


async def have_batches_locked(emergency: Emergency) -> None:
    before = len(emergency.way.taken())
    *others, batch = await emergency.plan(**GRAVEST)
    for one in others:
        await emergency.way.worker.deliverer.deliver(one)
    async with emergency.locked(LOCK_ROW, batch):
        await emergency.calls(40, TOO_OLD)
        await emergency.restart_worker()
        await emergency.calls(90, TOO_OLD)  # it was not the worker
        await emergency.end_locks()
    await emergency.quiet(90)
    assert len(emergency.way.taken()) - before == PEOPLE
    # One that has expired.
    *others, batch = await emergency.plan(**GRAVEST)
    for one in others:
        await emergency.way.worker.deliverer.deliver(one)
    await emergency.expire()
    async with emergency.locked(LOCK_ROW, batch):
        await emergency.calls(0, LOSS)
        await emergency.restart_worker()
        await emergency.calls(15, LOSS, TOO_OLD)  # it was not the worker
        await emergency.end_locks()
    await emergency.quiet(90)
    # And all of them.
    async with emergency.locked(LOCK_TABLE):
        await emergency.calls(45, NO_RECONCILER)
        await emergency.restart_worker()
        await emergency.calls(15, NO_RECONCILER)  # it was not the worker
        await emergency.end_locks()
    await emergency.quiet(30)


async def find_no_room_for_sms(emergency: Emergency) -> None:
    before = len(emergency.way.taken())
    await emergency.restart_worker(parts_per_alert=PEOPLE // 3)
    for how in ("sent", "given room"):
        identifier = await emergency.warn()
        await emergency.calls(30, SMS_HELD)
        assert len(emergency.way.taken()) - before < PEOPLE, how
        listed = await emergency.type(SMS_HELD, "dispatcher held list")
        assert f"dispatcher held sms {identifier} --why …" in listed
        if how == "sent":
            await emergency.type(SMS_HELD, "dispatcher held sms", ID=identifier)
        else:
            await emergency.restart_worker(parts_per_alert=10 * PEOPLE)
        await emergency.work()  # one batch goes at each sweep
        await emergency.quiet(90)
        before += PEOPLE
        assert len(emergency.way.taken()) == before, how


async def test_each_fault_calls_in_its_promised_time_and_its_runbook_ends_it(
    emergency: Emergency, promtool: Any, tmp_path: Path
) -> None:
    await emergency.quiet(60)
    await reach_only_half(emergency)
    await be_refused(emergency)
    await find_no_room_for_sms(emergency)
    await have_a_worker_that_hangs(emergency)
    await have_batches_locked(emergency)
    emergency.judge(promtool, tmp_path, MANY)
