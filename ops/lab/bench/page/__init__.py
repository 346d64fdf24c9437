"""Measures the citizens' page when a siren sounds: people open it and subscribe on it, while a control centre submits.

Each visit asks for everything that a browser asks for that was never there; each sign-up ends with the code that came
by a push and was brought back. The service is as `dispatcher up` runs it with a process for citizens, to which all that
people ask goes. All of its processes have all processors. The crowd, which is nobody's machine, comes after them.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from dispatcher.embedded import embedded
from ops.lab.bench import report
from ops.lab.bench.fixtures.aside import Aside
from ops.lab.bench.fixtures.front import free_port
from ops.lab.bench.fixtures.page_crowd import HOST, CrowdOrders, CrowdResult
from ops.lab.bench.fixtures.processes import Process
from ops.lab.bench.fixtures.submitter import ADD_SOURCE, SUBMISSIONS_PER_S, Submitter
from ops.lab.bench.fixtures.warning import in_memory
from ops.lab.bench.webpush import new_user_agent
from ops.lab.world.district import TERRITORY
from ops.lab.world.service import Service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.embedded import EmbeddedServer

INSTANCE: Final = "dueren"
WARNED, FOLLOWED = "05358008", "05358024"
"""Where the centre warns, which all look at, and where those who subscribe live."""
SCOPE: Final = f"/app/{INSTANCE}/"
PROVEN_WITHIN_S: Final = 300.0
CITIZENS: Final = "citizens-1"
MEASURED: Final = {"api": "api", "citizens": CITIZENS, "worker": "worker-1"}
"""The processes of the service whose processor time is read, by what the report calls them."""
_BUILD: Final = re.compile(r"^const BUILD = (.*);$", re.MULTILINE)


@dataclass
class Submitted:
    """What became of submissions."""

    seconds: list[float] = field(default_factory=list)
    """How long each answer took."""
    failed: int = 0
    """Those that were not answered 201: the centre sends them again."""


class Trial:
    """The service with an app, and a control centre that warns in it."""

    def __init__(self, service: Service, push_port: int, servers: Sequence[EmbeddedServer]) -> None:
        self._service = service
        self._push_port = push_port
        self.submitter = Submitter(service, "page")
        output = service.commands(
            ADD_SOURCE,
            ["instance", "add", INSTANCE, "--territory", TERRITORY, "--name", "Kreis Düren"],
        )
        service.key = output[0].strip().split()[-1]
        self.submitter.submit()
        pids = service.pids()
        self._measured = {
            **{name: Process(pids[of]) for name, of in MEASURED.items()},
            **{one.name: Process(one.pid) for one in servers if one.pid is not None},
        }

    def cpu_s(self) -> dict[str, float]:
        """Return the processor time that each part of the service has used, in seconds."""
        return {name: one.family_cpu_s() for name, one in self._measured.items()}

    def paths(self) -> list[str]:
        """Return what a first visit asks for: the page, what it is made of, and what its worker keeps."""
        worker = self._service.request("GET", f"{SCOPE}worker.js").body.decode()
        [build] = map(json.loads, _BUILD.findall(worker))
        own = [SCOPE + name for name in ("", "worker.js", *build["own"])]
        return [*own, *build["files"], f"/v1/municipalities/{WARNED}/alerts"]

    def crowd(
        self, visits: int, sign_ups: int, seconds: float
    ) -> tuple[CrowdResult, Submitted, dict[str, float]]:
        """Let the crowd come while the centre submits. Returns how they fared, how the submissions, and the processor
        time that each part of the service used until the last code was back, in seconds.
        """
        port = urlsplit(self._service.url_of(CITIZENS)).port or 0
        agent = new_user_agent(0)
        aside = Aside(
            "page_crowd",
            CrowdOrders(
                port=port,
                push_port=self._push_port,
                agent=agent,
                paths=self.paths(),
                subscribers=f"/v1/instances/{INSTANCE}/subscribers/",
                place=FOLLOWED,
                visits=visits,
                sign_ups=sign_ups,
                seconds=seconds,
                patience_s=PROVEN_WITHIN_S,
            ),
            comes_last=True,
        )
        before = self.cpu_s()
        aside.begin()
        beside = self.submit_for(seconds)
        found = msgspec.json.decode(aside.result(), type=CrowdResult)
        return found, beside, {name: used - before[name] for name, used in self.cpu_s().items()}

    def submit_for(self, seconds: float) -> Submitted:
        """Submit evenly, whatever becomes of each."""
        began, found = time.perf_counter(), Submitted()
        for number in range(int(seconds * SUBMISSIONS_PER_S)):
            time.sleep(max(0.0, began + number / SUBMISSIONS_PER_S - time.perf_counter()))
            if time.perf_counter() >= began + seconds:
                break
            try:
                found.seconds.append(self.submitter.submit()[1])
            except (OSError, HTTPException, RuntimeError):
                found.failed += 1
        return found


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure all of it on one service."""
    push_port = free_port()
    with in_memory() as folder, embedded(Path(folder) / "servers") as servers:
        settings = {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "WARN_WORKERS": "1",
            "WARN_CITIZENS_PROCESSES": "1",
            "WARN_CITIZENS_PORT": "0",
            "WARN_ALLOWED_ORIGINS": f"push=http://{HOST}:{push_port}",
        }
        service = Service(Path(folder) / "service", settings)
        service.start()
        try:
            trial = Trial(service, push_port, servers.started)
            requests = len(trial.paths())
            quiet = trial.submit_for(options.seconds / 2).seconds
            found, beside, cpu = trial.crowd(options.visits, options.sign_ups, options.seconds)
            quiet += trial.submit_for(options.seconds / 2).seconds
        finally:
            service.stop()
    p99 = {"beside": report.quantile(beside.seconds, 0.99), "quiet": report.quantile(quiet, 0.99)}
    return {
        "visits": options.visits,
        "sign_ups": options.sign_ups,
        "seconds": options.seconds,
        "submission_p99_ratio": round(p99["beside"] / p99["quiet"], 2),
        "submission_p99_ms": round(p99["beside"] * 1000, 1),
        "submissions": len(beside.seconds),
        "submissions_failed": beside.failed,
        "late_s": round(found.late, 1),
        "visit_p99_ms": round(found.visit_p99 * 1000, 1),
        "visit_requests": requests,
        "sign_up_p99_ms": round(found.sign_up_p99 * 1000, 1),
        "proven": found.proven,
        "proven_after_s": round(found.proven_after, 1),
        "asked_again": found.again,
        "refused": found.refused,
        **{f"{name}_cpu_s": round(used, 1) for name, used in cpu.items()},
    }


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench page", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--visits", type=int, default=10_000, help="people who open the page")
    parser.add_argument("--sign-ups", type=int, default=10_000, help="people who subscribe meanwhile")
    parser.add_argument("--seconds", type=float, default=60.0, help="over which both are spread evenly")
    options = parser.parse_args(argv)
    report.show("page", run(options), as_json=options.json)
    return 0
