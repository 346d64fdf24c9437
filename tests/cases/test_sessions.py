"""A contract for SMPP with fewer sessions than there are workers: on the real record, queue and protocol."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import Process
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from channels.sms.channel import Sms
from channels.sms.smpp.bindings import BindingPlan
from channels.sms.smpp.carrier import SmppCarrier, SmppGateway
from channels.sms.smpp.pdu import BindRequest
from channels.sms.smpp.segments import MessageForm
from channels.sms.smpp.session import Role
from dispatcher.delivery.deliverer import Deliverer
from dispatcher.delivery.lanes import LaneGate
from dispatcher.metrics import Metrics
from dispatcher.queue.address import parse
from dispatcher.queue.session_notes import SessionNotes
from dispatcher.queue.wakeups import open_queue
from dispatcher.worker.message_centres import MessageCentres
from tests.channels.sms.smpp.centre import BOUND_ALREADY, Line, ScriptedCentre, scripted_centre
from tests.delivery import conftest as pipeline
from tests.delivery.conftest import House
from tests.store.sms.phones import phones
from tests.support.histories import until
from tests.support.messages import DUEREN
from tests.worker.test_message_centres import Idle

accounts, alerts, ledger, pool = pipeline.accounts, pipeline.alerts, pipeline.ledger, pipeline.pool
sources, subscriptions, wake_ups = pipeline.sources, pipeline.subscriptions, pipeline.wake_ups
house = pipeline.house
PATIENCE_S = 60


@dataclass
class Worker:
    """A worker process, as far as it sends SMS."""

    deliverer: Deliverer
    carrier: SmppCarrier


@asynccontextmanager
async def worker(house: House, queue: Any, centre: ScriptedCentre, *, noted: bool) -> AsyncIterator[Worker]:
    plan = BindingPlan((centre.centre(),), (Role.TRANSCEIVER,), BindRequest("kreis"), reconnect_first_s=60)
    carrier, tried = SmppCarrier(SmppGateway("smsc", plan, MessageForm("WARNUNG", 5, 0))), asyncio.Event()
    notes = SessionNotes(queue) if noted else None

    async def sleep(_: float) -> None:
        figures = carrier.figures()
        if figures and (figures.bound or figures.ends):
            tried.set()
        await asyncio.sleep(0.01)

    running = asyncio.create_task(MessageCentres([carrier], Idle(), Metrics(), notes, sleep=sleep).run())
    parts = replace(
        house.dependencies,
        channels={"sms": Sms({"smsc": carrier})},
        sessions=notes,
        gate=LaneGate(),
        metrics=Metrics(),
    )
    try:
        async with asyncio.timeout(5):
            await tried.wait()
            tried.clear()
            await tried.wait()  # what it looked like at first is noted by now
        yield Worker(Deliverer(parts), carrier)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await carrier.aclose()


@pytest.mark.parametrize("noted", [True, False], ids=["noted", "without notes"])
async def test_one_session_two_workers_and_everybody_gets_it_once(
    house: House, pool: Any, redis_url: str, noted: bool
) -> None:
    """The one that was refused looks first. Without notes it stops the gateway for the other one, too."""
    await phones(pool, house.subscriptions, 7, gateway="smsc")
    [batch] = await house.planned("A", areas=(DUEREN,))
    queue = open_queue(parse(redis_url))
    try:
        async with scripted_centre(bind_statuses=deque([0, BOUND_ALREADY])) as centre:
            async with (
                worker(house, queue, centre, noted=noted) as has,
                worker(house, queue, centre, noted=noted) as has_not,
            ):
                await has_not.deliverer.deliver(batch)
                await pool.execute("UPDATE batch SET not_before = clock_timestamp()")
                await has.deliverer.deliver(batch)
            assert len(centre.submits) == (7 if noted else 0)
        assert await house.state(batch) == ("done" if noted else "open")
        assert await pool.fetchval("SELECT count(*) FROM gateway") == (0 if noted else 1)
        assert await house.problems() == []
    finally:
        await queue.aclose(close_connection_pool=True)


@asynccontextmanager
async def worker_process(
    name: str, centre: ScriptedCentre, environment: dict[str, str]
) -> AsyncIterator[Process]:
    """`dispatcher worker`, which says its name to the centre as its system_type."""
    gateway = {
        "name": "smsc",
        "hosts": [f"smpp://127.0.0.1:{centre.port}"],
        "system_id": "kreis",
        "system_type": name,
        "reconnect_first_s": 0.2,
        "reconnect_most_s": 0.2,
    }
    own = {"WARN_SMPP_GATEWAYS": json.dumps([gateway]), "WARN_PROCESS_NAME": name}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dispatcher", "worker"),
        env={**os.environ, **environment, **own},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


def who(line: Line) -> str:
    """The worker at the other end of a line."""
    (bind,) = [pdu.body for pdu in line.seen if isinstance(pdu.body, BindRequest)]
    return bind.system_type


async def told(house: House, centre: ScriptedCentre, alert: str) -> tuple[set[str], int]:
    """Plan an alert and wait until it is done: who of the workers submitted, and how many texts."""
    before = len(centre.submits)
    [batch] = await house.planned(alert, areas=(DUEREN,))

    async def done() -> bool:
        return bool(await house.state(batch) == "done")

    async with asyncio.timeout(PATIENCE_S):
        await until(done)
    assert len({one.destination for one in centre.submits[before:]}) == len(centre.submits) - before, "twice"
    return {who(line) for line in centre.submitted_over[before:]}, len(centre.submits) - before


@pytest.mark.timeout(2 * PATIENCE_S)
async def test_of_two_processes_whoever_has_the_session_sends_and_after_its_death_the_other(
    house: House, pool: Any, database_url: str, redis_url: str, tmp_path: Path, processes: None
) -> None:
    """Real workers, a centre that allows one bind."""
    await phones(pool, house.subscriptions, 7, gateway="smsc")
    shared = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "WARN_DATA_DIR": str(tmp_path)}
    async with (
        scripted_centre(most_bound=1) as centre,
        worker_process("one", centre, shared) as one,
        worker_process("two", centre, shared) as two,
    ):
        async with asyncio.timeout(PATIENCE_S), centre.happened:
            await centre.happened.wait_for(
                lambda: {who(line) for line in centre.lines if line.seen} == {"one", "two"}
            )
        (line,) = centre.bound
        has, has_not = who(line), ({"one", "two"} - {who(line)}).pop()
        assert await told(house, centre, "A") == ({has}, 7)
        {"one": one, "two": two}[has].kill()
        assert await told(house, centre, "B") == ({has_not}, 7)
