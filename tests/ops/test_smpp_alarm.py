"""The alarm of an SMS gateway at which no worker is bound: each cause calls within two minutes, and its runbook's steps
end it. The SMS centre is one of its own, and so are the sessions with it.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.metrics_core import Metric

from dispatcher.settings import Settings
from dispatcher.wiring.worker import worker_dependencies
from dispatcher.worker.dependencies import WorkerDependencies
from ops.lab.gateways import launch
from ops.lab.gateways.standins.smsc import STANDIN
from tests.channels.standstill import until
from tests.commands import conftest as commands
from tests.metrics.test_registry import samples
from tests.ops.rehearsals import Rehearsal, step
from tests.support.canary_ways import SITE

surroundings = commands.surroundings
pytestmark = [pytest.mark.processes, pytest.mark.timeout(300)]

UNBOUND = "DispatcherSmppUnbound"
SHOWN = ("warn_smpp_binds", "warn_smpp_binds_planned")
PROMISED_S, KEPT_S = 120, 90


class Centre:
    """The stand-in SMS centre, which keeps its port."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running = self._start()

    @property
    def url(self) -> str:
        return self._running.url

    def _start(self, *more: str) -> launch.Standin:
        options = (*STANDIN.arguments(SITE), *more)
        return launch.start(STANDIN.name, ledger=self._folder / "ledger", state=self._folder, options=options)

    def kill(self) -> None:
        self._running.kill()

    def restart(self) -> None:
        [port] = self._running.ready.ports
        self._running = self._start("--port", str(port))


class Sessions(Rehearsal):
    """A worker and its sessions with the centre."""

    def __init__(self, centre: Centre, env: pytest.MonkeyPatch, stack: AsyncExitStack) -> None:
        super().__init__(SHOWN, UNBOUND)
        self._centre = centre
        self._env = env
        self._stack = stack

    async def restart_worker(self, **gateway: Any) -> None:
        """Have another worker in place of the one that there was, with these settings of its gateway."""
        [usual] = json.loads(STANDIN.settings(SITE, self._centre.url)["WARN_SMPP_GATEWAYS"])
        self._env.setenv("WARN_SMPP_GATEWAYS", json.dumps([usual | gateway]))
        await self._stack.aclose()
        self._worker = await self._stack.enter_async_context(working())

    async def bound(self, sessions: int) -> None:
        """Wait until so many are bound."""
        await until(lambda: self._shown("warn_smpp_binds") == sessions)

    async def ended_by(self, *reasons: str) -> None:
        """Wait until a session has ended for one of these reasons, each of which the runbook names."""
        for one in reasons:
            assert step(UNBOUND, one) == one
        await until(lambda: any(self._shown("warn_smpp_sessions_ended_total", reason=one) for one in reasons))

    def _shown(self, name: str, **labels: str) -> float:
        found = samples(self._worker.metrics)
        return found.get((name, frozenset({"gateway": "sms", **labels}.items())), 0)

    async def work(self) -> None:
        """It works by itself."""

    async def metrics(self) -> Mapping[str, Iterable[Metric]]:
        return {"worker-1": list(self._worker.metrics.registry.collect())}


@asynccontextmanager
async def working() -> AsyncIterator[WorkerDependencies]:
    """A worker, as far as it keeps sessions."""
    async with worker_dependencies(Settings()) as worker:
        assert worker.message_centres is not None
        running = asyncio.create_task(worker.message_centres.run())
        try:
            yield worker
        finally:
            running.cancel()
            await asyncio.wait([running])


@pytest.fixture
def centre(tmp_path: Path, prometheus_tools: Any) -> Iterator[Centre]:
    centre = Centre(tmp_path)
    yield centre
    centre.kill()


async def test_a_gateway_at_which_nobody_is_bound_calls_in_time_and_its_runbook_ends_it(
    centre: Centre, surroundings: pytest.MonkeyPatch, promtool: Any, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        sessions = Sessions(centre, surroundings, stack)
        await sessions.restart_worker()
        await sessions.bound(1)
        await sessions.quiet(60)
        # No connection: the operator of the gateway is called, and mends it.
        centre.kill()
        await sessions.ended_by("closed", "torn")
        await sessions.calls(PROMISED_S, UNBOUND)
        await sessions.calls(KEPT_S, UNBOUND)  # for as long as nothing is done
        centre.restart()
        await sessions.bound(1)
        await sessions.quiet(KEPT_S)
        # Not let in: the password is set right.
        await sessions.restart_worker(password="old")
        await sessions.ended_by("bind_refused")
        await sessions.calls(PROMISED_S, UNBOUND)
        await sessions.restart_worker()
        await sessions.bound(1)
        await sessions.quiet(KEPT_S)
    sessions.judge(promtool, tmp_path, UNBOUND)
