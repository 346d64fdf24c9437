"""Three machines with an API and a worker each, namespaces of this kernel, send a warning to many. Meanwhile Redis'
primary is killed and Sentinels elect another, and PostgreSQL's primary is cut off and its synchronous standby is
promoted. Nobody is left out, nothing that was promised is lost, and no more are told twice than were in flight.
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from dispatcher.model.vocabulary import FINAL_STATES
from ops.lab.world import queue_group, record_group
from ops.lab.world.commands import CommandLine
from tests.channels.far_side import FarSide, Seen, answer, far_side
from tests.support.messages import DUEREN, HEIMBACH, JUELICH, SENDER
from tests.support.namespaces import Network
from tests.support.submissions import warning

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

ROOT = Path(__file__).parents[2]
PEOPLE, FEW = 1500, 5
PLACES = (HEIMBACH, JUELICH, "05358036")
"""Whom a warning concerns that is submitted while PostgreSQL fails over: one at each machine."""
MACHINES = len(PLACES)
SLICE, JOBS = 10, 2
IN_FLIGHT = MACHINES * SLICE * JOBS
"""How many sends the workers have handed over without having recorded their outcome: so many may come twice."""
PACE_S, SLOW_S = 0.02, 1.0
"""How long the push service takes for an answer, and while servers fail: some 60 are told a second then."""
PATIENCE_S, DOWN_S, ACCEPTS_WITHIN_S = 240.0, 1.0, 15.0


class Machine:
    """A namespace with a data directory of its own."""

    def __init__(self, number: int, network: Network, home: Path, shared: dict[str, str]) -> None:
        self.prefix = network.machine(number)
        self.home = home / f"machine-{number}"
        self.home.mkdir()
        address = network.address(number)
        own = {"WARN_DATA_DIR": str(self.home), "WARN_API_HOST": address, "WARN_METRICS_HOST": address}
        few = {"WARN_SLICE_SIZE": str(SLICE), "WARN_JOBS_PER_LANE": str(JOBS), "WARN_BATCH_SIZE": "50"}
        self.environment = {**os.environ, **shared, **own, **few, "WARN_API_PORT": "8080"}
        self.environment.pop("WARN_ADDRESS_KEYS", None)
        self.url = f"http://{address}:8080"

    def _command(self, module: str, *arguments: str) -> list[str]:
        return [*self.prefix, sys.executable, "-m", module, *arguments]

    def run(self, *commands: str) -> str:
        """Run commands of `dispatcher` in one process, and return what the last printed."""
        done = subprocess.run(
            self._command("ops.lab.world.commands"),
            env=self.environment,
            cwd=ROOT,
            input=b"".join(msgspec.json.encode(CommandLine(tuple(one.split()))) + b"\n" for one in commands),
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()
        return str(json.loads(done.stdout.splitlines()[-1])["output"])

    def start(self, kind: str, stack: ExitStack) -> subprocess.Popen[bytes]:
        with (self.home / f"{kind}.log").open("wb") as log:
            process = subprocess.Popen(
                self._command("dispatcher", kind), env=self.environment, cwd=ROOT, stderr=log
            )
        stack.callback(process.wait)
        stack.callback(process.kill)
        return process

    def serves(self, kind: str) -> bool:
        return f"{kind}_serving" in (self.home / f"{kind}.log").read_text()


def request(url: str, key: str, body: bytes | None = None) -> tuple[int, bytes]:
    """The answer to a control centre; 0 where none came."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/cap+xml"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as response:
            return response.status, response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""


def accepted(url: str, key: str, xml: bytes) -> str:
    """Submit until it is accepted, and return the alert's id."""
    give_up = time.monotonic() + PATIENCE_S
    while (found := request(f"{url}/v1/alerts", key, xml))[0] not in {200, 201}:
        assert found[0] in {0, 503}, found
        assert time.monotonic() < give_up, found
        time.sleep(0.1)
    return str(json.loads(found[1])["alert"]["id"])


def subscriptions(origin: str) -> str:
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    public = point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    keys = {"p256dh": urlsafe_b64encode(public).decode(), "auth": urlsafe_b64encode(bytes(16)).decode()}
    people = {DUEREN: PEOPLE, **dict.fromkeys(PLACES, FEW)}
    lines = (
        {"channel": "webpush", "address": f"{origin}/{ags}/{n}", "keys": keys, "places": [ags]}
        for ags, number in people.items()
        for n in range(number)
    )
    return "".join(f"{json.dumps(line)}\n" for line in lines)


class Pushes:
    """A push service that answers at a pace that can be set."""

    def __init__(self) -> None:
        self.after_s = PACE_S

    async def react(self, seen: Seen, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(self.after_s)
        await answer(201)(seen, writer)


def times(push: FarSide, ags: str) -> Counter[str]:
    """How often each of a place was sent to."""
    return Counter(one.target for one in push.seen if one.target.startswith(f"/{ags}/"))


async def until(true: Any, what: str) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not await asyncio.to_thread(true):
        assert time.monotonic() < give_up, what
        await asyncio.sleep(0.1)


@pytest.fixture
def network() -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture
def running() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def queue(network: Network, server_dir: Path, running: ExitStack) -> queue_group.QueueGroup:
    return running.enter_context(queue_group.running(server_dir / "queue", network.own(200)))


@pytest.fixture
def record(network: Network, server_dir: Path, running: ExitStack) -> record_group.RecordGroup:
    addresses = (network.own(201), network.own(202))
    return running.enter_context(record_group.running(server_dir / "record", addresses))


@dataclass
class Town:
    """The machines at work, the control centre's key, and the push service."""

    machines: list[Machine]
    processes: list[subprocess.Popen[bytes]]
    key: str
    pushes: Pushes
    push: FarSide

    def settled(self, alerts: Collection[str]) -> bool:
        status, body = request(f"{self.machines[-1].url}/v1/alerts?limit=500", self.key)
        states = {one["id"]: one["state"] for one in json.loads(body)["alerts"]} if status == 200 else {}
        return all(states.get(one) in FINAL_STATES for one in alerts)

    def ledger(self, alert: str) -> list[Any]:
        """What the service says became of each recipient."""
        status, body = request(f"{self.machines[0].url}/v1/alerts/{alert}/ledger", self.key)
        assert status == 200
        return [json.loads(line) for line in body.splitlines()]


@pytest.fixture
async def town(
    network: Network,
    queue: queue_group.QueueGroup,
    record: record_group.RecordGroup,
    running: ExitStack,
    tmp_path: Path,
) -> AsyncIterator[Town]:
    pushes, thread = Pushes(), asyncio.to_thread
    async with far_side(pushes.react, host=network.own(254)) as push:
        shared = {
            "DATABASE_URL": record.owner_url,
            "REDIS_URL": queue.url,
            "WARN_ALLOWED_ORIGINS": f"push={push.origin}",
        }
        machines = [Machine(1 + n, network, tmp_path, shared) for n in range(MACHINES)]
        first = machines[0]
        (tmp_path / "people.jsonl").write_text(subscriptions(push.origin))
        key = await thread(
            first.run,
            "migrate",
            "secrets init",
            f"subscriptions import {tmp_path}/people.jsonl --legal-basis consent",
            f"source add leitstelle --sender {SENDER} --territory 05358",
        )
        for other in machines[1:]:
            shutil.copytree(first.home / "keys", other.home / "keys")
        kinds = ("api", "worker")
        processes = [one.start(kind, running) for one in machines for kind in kinds]
        await until(lambda: all(one.serves(kind) for one in machines for kind in kinds), "they do not start")
        yield Town(machines, processes, key.strip(), pushes, push)
        for process in processes:
            process.kill()


async def test_both_stores_fail_over_in_mid_send_and_nobody_is_left_out(
    network: Network, queue: queue_group.QueueGroup, record: record_group.RecordGroup, town: Town
) -> None:
    thread = asyncio.to_thread
    town.pushes.after_s = SLOW_S
    alert = await thread(accepted, town.machines[0].url, town.key, warning(DUEREN).xml())
    await until(lambda: len(town.push.seen) > PEOPLE // 10, "nobody is told")
    former = queue.primary()
    assert former is not None
    os.kill(queue.servers[former], signal.SIGKILL)
    await thread(queue.await_new_primary, former)
    assert len(town.push.seen) < PEOPLE, "Redis fails in mid-send"
    with network.lost(201):
        await asyncio.sleep(DOWN_S)
        await thread(record.promote)
        since = time.monotonic()
        others = await asyncio.gather(
            *(
                thread(accepted, one.url, town.key, warning(ags).xml())
                for one, ags in zip(town.machines, PLACES, strict=True)
            )
        )
        assert time.monotonic() - since < ACCEPTS_WITHIN_S
        assert len(times(town.push, DUEREN)) < PEOPLE, "PostgreSQL fails in mid-send"
        town.pushes.after_s = PACE_S
        await until(lambda: town.settled((alert, *others)), "not settled")
    assert {one.poll() for one in town.processes} == {None}, "no process ended"

    sent = times(town.push, DUEREN)
    assert set(sent) == {f"/{DUEREN}/{n}" for n in range(PEOPLE)}, "nobody is left out"
    doubled = sum(sent.values()) - PEOPLE
    assert doubled <= IN_FLIGHT
    lines = await thread(town.ledger, alert)
    assert Counter(line["state"] for line in lines) == {"accepted": PEOPLE}
    assert sum(line["uncertain"] for line in lines) >= doubled, "who may have it twice is marked"
    for one, ags in zip(others, PLACES, strict=True):
        assert [line["state"] for line in await thread(town.ledger, one)] == FEW * ["accepted"]
        assert times(town.push, ags) == Counter(f"/{ags}/{n}" for n in range(FEW)), "each promise is kept"
