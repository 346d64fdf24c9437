"""A service that tests itself by a stand-in gateway of the lab: its API, a worker's parts, and the gateway's process.

All that is set up is set up by the commands that an operator types; messages and receipts go over HTTP.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.sms.delivery_reports import client_ref
from dispatcher.model.vocabulary import Lane
from dispatcher.settings import Settings
from dispatcher.store.canary.endpoints import canaries
from dispatcher.wiring.worker import worker_dependencies
from dispatcher.worker.dependencies import WorkerDependencies
from ops.lab.gateways import launch
from ops.lab.gateways.registry import spec_of
from ops.lab.gateways.reports import Reporter, ReportPlan, ReportSequence
from ops.lab.gateways.spec import Site, StandinSpec, Subscriber
from ops.lab.world import ledger
from ops.lab.world.ledger import Entry
from tests.api.conftest import Service, serving
from tests.channels.standstill import until

NAME = "phone"
SITE = Site("token-of-the-lab-1", "secret-of-the-lab", "inline", None, None)


@dataclass
class CanaryWay:
    """The service, its receiver `NAME`, and the gateway between them, which knows another phone as well."""

    service: Service
    worker: WorkerDependencies
    run: Any
    """Runs a command as an operator does."""
    spec: StandinSpec
    gateway: launch.Standin
    folder: Path
    phones: tuple[Subscriber, ...]

    def file(self, number: int) -> Path:
        """Where it stands how a phone is reached, as `canary add` reads it."""
        return endpoint_file(self.folder, self.spec, self.phones[number])

    def restart_gateway(self) -> None:
        """Start the gateway that was killed, at the same port and with the same ledger."""
        [port] = self.gateway.ready.ports
        self.gateway = _started(self.spec, self.folder, "--port", str(port))

    @property
    def pool(self) -> Any:
        return self.service.parts.health.pool

    def taken(self) -> list[Entry]:
        """What the gateway has accepted, in the order in which it came."""
        return [one for one in ledger.read(self.gateway.ledger).entries if one.accepted]

    async def step(self) -> None:
        """Do what the worker that leads does each second."""
        assert self.worker.canary_tests is not None
        await self.worker.canary_tests.step()

    async def send(self) -> list[Entry]:
        """Do what workers do with what waits. Returns what the gateway has accepted of it."""
        before = len(self.taken())
        await self._let_a_second_pass()
        for row in await self.pool.fetch("SELECT id FROM alert WHERE state = 'accepted'"):
            await self.worker.planner.plan(row["id"])
        for row in await self.pool.fetch("SELECT id FROM batch WHERE state = 'open' ORDER BY id"):
            await self._let_a_second_pass()
            await self.worker.deliverer.deliver(row["id"])
        return self.taken()[before:]

    async def _let_a_second_pass(self) -> None:
        """Let nothing have been enqueued in the last second: for so long lower lanes stand aside."""
        assert self.worker.canary_tests is not None
        queue = self.worker.canary_tests._wake_ups._queue
        await queue.delete(*(f"warn:recent:{lane}" for lane in Lane))

    async def test(self) -> list[Entry]:
        """Make the test that is due, send it, and note how far it came. Returns what the gateway has accepted of it."""
        await self.step()
        sent = await self.send()
        await self.step()
        return sent

    async def receipt(self, token: str) -> None:
        """Post what the app on the phone posts."""
        body = json.dumps({"receipt": token, "state": "delivered"}).encode()
        answer = await self.service.request("POST", "/v1/receipts", body, key="")
        assert answer.status == 204
        await self.service.parts.receipts.flush()

    async def report_as(self, sequence: ReportSequence) -> None:
        """Have the SMS gateway report so on the test that was made last, and on nothing else."""
        plan = {
            "url": f"{self.service.url}/v1/gateways/sms/reports",
            "secret": SITE.report_secret,
            "early": 0,
        }
        sent = await self.pool.fetchrow(
            "SELECT alert_id, name FROM canary_send ORDER BY sent_at DESC LIMIT 1"
        )
        number = await self.pool.fetchval("SELECT subscription_id FROM canary WHERE name = $1", sent["name"])
        ref = client_ref(sent["alert_id"], number)
        seeds = (seed for seed in count() if Reporter(ReportPlan("", "", seed)).way(ref) is sequence)
        self.gateway.report(**plan, seed=next(seeds))

    async def reported(self) -> None:
        """Wait until the gateway has said all that it says of what it took."""
        await until(lambda: not self.gateway.reports().open)

    async def proven(self) -> list[bool]:
        """Whether the last test is proven, of each lane that was tested."""
        [canary], _ = await canaries(self.pool)
        return [one.proven_at == one.sent_at for one in canary.lanes if one.sent_at is not None]


@asynccontextmanager
async def canary_way(
    family: str, run: Any, env: pytest.MonkeyPatch, folder: Path, *options: str, **settings: str
) -> AsyncIterator[CanaryWay]:
    """Run all of it by the stand-in of this name; `options` are those of `canary add`, `settings` further ones of the
    service, by environment variable.
    """
    spec = spec_of(family)
    phones = tuple(spec.subscriber(7, number) for number in (1, 2))
    if spec.state_file:
        secrets = b"\n".join(msgspec.json.encode(one.secret) for one in phones)
        (folder / spec.state_file).write_bytes(secrets)
    gateway = _started(spec, folder)
    running = gateway
    try:
        own = {"WARN_ALLOWED_ORIGINS": f"{spec.purpose}={gateway.url}", **spec.settings(SITE, gateway.url)}
        for name, value in (own | settings).items():
            env.setenv(name, value)
        for ags, secret in spec.credentials(folder, gateway.url).items():
            await typed(run, "instance", "add", ags, "--place", ags)
            await typed(run, "instance", "credential", ags, spec.channel, "--stdin", input=secret)
        await typed(
            run, "canary", "add", NAME, "--endpoint", endpoint_file(folder, spec, phones[0]), *options
        )
        async with serving(Settings()) as service, worker_dependencies(Settings()) as worker:
            way = CanaryWay(service, worker, run, spec, gateway, folder, phones)
            try:
                yield way
            finally:
                running = way.gateway
    finally:
        running.stop()


def _started(spec: StandinSpec, folder: Path, *more: str) -> launch.Standin:
    options = (*spec.arguments(SITE), "--texts", "999", *more)
    return launch.start(spec.name, ledger=folder / "ledger", state=folder, options=options)


def endpoint_file(folder: Path, spec: StandinSpec, phone: Subscriber) -> Path:
    """Write how a phone is reached."""
    file = folder / f"{phone.ref}.json"
    file.write_text(json.dumps({"channel": spec.channel, "address": phone.address, "keys": dict(phone.keys)}))
    return file


async def typed(run: Any, *arguments: Any, code: int = 0, **more: Any) -> Any:
    """Run a command, which ends so. Returns what it said."""
    done = await run(*arguments, **more)
    assert done.exit_code == code, done.output
    return done
