"""The gravest alarms, of a real Prometheus over a real service: each fault calls in time, once, and the call ends.

All times of the rules are a sixth of the shipped ones, so that a fault need last for seconds only. Beside it runs a
Prometheus with the shipped times, for what must not call: a planned restart.
"""

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest

from ops.lab.world.district import SENDER, District, Layout
from ops.lab.world.population import PopulationPlan
from ops.monitoring import RUNBOOKS
from tests.ops.monitoring import SCRAPED_EVERY_S, Prometheus, eventually, quick_configuration
from tests.support.messages import DUEREN, message

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

SPEED = 6
LATE_S = 12.0
"""What a scrape, a sweep and a busy machine may add to what is promised."""
PEOPLE = PopulationPlan(seed=12, subscriptions=40, outside=5)
# A gateway that is well again is to be tried again within a second.
SETTINGS = {"WARN_DELIVERY__BACKOFF__CAP_S": "1", "WARN_DELIVERY__BREAKER__PAUSE_CAP_S": "1"}
FAILS = {"action": {"kind": "status", "status": 500}}


@dataclass
class Incident:
    """What came of a fault. Times are Unix seconds."""

    began: float
    called: float | None = None
    mended: float = 0.0
    over: float | None = None
    episodes: dict[str, Any] = field(default_factory=dict)
    """All critical alerts that fired from its beginning to its end, each with its runs."""


class Alertmanager:
    """Takes alerts like a real one, and keeps them."""

    def __init__(self) -> None:
        self.alerts: list[Any] = []
        taken = self.alerts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                taken.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class World:
    """The district and who watches it."""

    district: District
    quick: Prometheus
    shipped: Prometheus
    incidents: dict[str, Incident] = field(default_factory=dict)
    restarted: tuple[float, float] = (0.0, 0.0)
    sent: list[Any] = field(default_factory=list)
    """What Alertmanager got."""

    def calls(self, *alerts: str) -> bool:
        """Whether exactly these critical alerts fire now."""
        return self._critical() == set(alerts)

    def _critical(self) -> set[str]:
        return {name for name, labels, _ in self.quick.firing() if labels["severity"] == "critical"}

    @contextmanager
    def incident(self, *alerts: str) -> Iterator[None]:
        """A fault that the block makes: the block ends when it has called, and is followed by its mending."""
        incident = Incident(time.time())
        for alert in alerts:
            self.incidents[alert] = incident
        yield
        incident.called = time.time() if eventually(lambda: self.calls(*alerts), within_s=40) else None

    def mended(self, *alerts: str) -> None:
        """From now on the alerts are to end."""
        incident = self.incidents[alerts[0]]
        incident.mended = time.time()
        incident.over = time.time() if eventually(self.calls, within_s=40) else None
        incident.episodes = self.quick.episodes(incident.began)

    def warn(self, identifier: str) -> None:
        sent = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
        xml = message(
            DUEREN, identifier=identifier, sent=sent, sender=SENDER, severity="Extreme", certainty="Observed"
        )
        answer = self.district.submit(xml.xml())
        assert answer.status == 201, answer.body


def family(pid: int) -> list[int]:
    """A process and all that it started."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in children for one in family(int(child)))]


def freeze(pids: Any) -> Any:
    """Stop the processes, and return what lets them go on."""
    stopped = [one for pid in pids for one in family(pid)]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)

    def go_on() -> None:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)

    return go_on


@pytest.fixture(scope="module")
def world(prometheus_tools: Any, servers_dir: Path) -> Iterator[World]:
    home = servers_dir / "alarms"
    home.mkdir()
    layout = Layout(plan=PEOPLE, push_services=1, settings=SETTINGS)
    with Alertmanager() as alertmanager, District(home / "district", layout) as district:
        data_dir = district.service.home
        configurations = {
            "quick": quick_configuration(
                data_dir,
                home / "quick",
                speed=SPEED,
                scraped_every_s=SCRAPED_EVERY_S,
                alertmanager=alertmanager.address,
            ),
            "shipped": quick_configuration(data_dir, home / "shipped"),
        }
        watching = {name: Prometheus(home / f"{name}-data", file) for name, file in configurations.items()}
        for prometheus in watching.values():
            prometheus.start()
        try:
            world = World(district, **watching)
            go_through(world)
            world.sent = list(alertmanager.alerts)
            yield world
        finally:
            for prometheus in watching.values():
                prometheus.stop()


def go_through(world: World) -> None:
    """Each fault in turn; the next begins when the last is over."""
    assert eventually(lambda: len(world.quick.query("up == 1")[1]) == 3)
    gateways = world.district.gateways
    with world.incident("DispatcherNobodyReached"):
        for gateway in gateways.values():
            gateway.set_faults(FAILS)
        world.warn("nobody")
    with world.incident("DispatcherGatewayUnreached"):
        for name, gateway in gateways.items():
            if name != "app":
                gateway.clear_faults()
        world.incidents["DispatcherNobodyReached"].mended = time.time()
    gateways["app"].clear_faults()
    world.mended("DispatcherGatewayUnreached")
    for alerts, names in (
        (("DispatcherRecordDown",), ("postgres",)),
        (("DispatcherQueueDown",), ("valkey",)),
        (("DispatcherApiMissing", "DispatcherWorkersMissing"), ("api", "worker-1", "worker-2")),
    ):
        pids = world.district.service.pids()
        with world.incident(*alerts):
            go_on = freeze(pids[name] for name in names)
        go_on()
        world.mended(*alerts)
    began = time.time()
    world.district.service.stop()
    world.district.service.start()
    assert eventually(lambda: len(world.shipped.query("up == 1")[1]) == 3)
    world.restarted = began, time.time()


PROMISED_S = {
    "DispatcherNobodyReached": 60,
    "DispatcherRecordDown": 10,
    "DispatcherQueueDown": 15,
    "DispatcherApiMissing": 15,
    "DispatcherWorkersMissing": 15,
}


@pytest.mark.parametrize("alert", PROMISED_S)
def test_a_grave_fault_calls_in_time(world: World, alert: str) -> None:
    incident = world.incidents[alert]
    first, _ = incident.episodes.get(alert, world.quick.episodes(incident.began)[alert])[0]
    assert first - incident.began < PROMISED_S[alert] / SPEED + LATE_S


def test_a_towns_app_that_takes_nothing_calls_in_time_by_its_gateways_name(world: World) -> None:
    first, _ = world.incidents["DispatcherGatewayUnreached"].episodes["DispatcherGatewayUnreached"][0]
    assert first - world.incidents["DispatcherNobodyReached"].began < 120 / SPEED + 2 * LATE_S
    _, series = world.quick.query(
        'max_over_time(ALERTS{alertname="DispatcherGatewayUnreached",alertstate="firing"}[10m])'
    )
    [labels] = [one["metric"] for one in series]
    assert labels["gateway"] == world.district.gateways["app"].url
    assert (labels["channel"], labels["lane"], labels["severity"]) == ("app", "flash", "critical")


@pytest.mark.parametrize(
    "alerts",
    [
        ("DispatcherRecordDown",),
        ("DispatcherQueueDown",),
        ("DispatcherApiMissing", "DispatcherWorkersMissing"),  # everything hangs: these are two
    ],
    ids=["record", "queue", "processes"],
)
def test_a_fault_calls_once_and_nothing_else_calls_and_the_call_ends(world: World, alerts: Any) -> None:
    incident = world.incidents[alerts[0]]
    assert {name: len(runs) for name, runs in incident.episodes.items()} == dict.fromkeys(alerts, 1)
    assert incident.called is not None
    assert incident.over is not None


def test_a_warning_that_reaches_nobody_calls_once_and_ends_with_the_first_who_is_reached(
    world: World,
) -> None:
    began = world.incidents["DispatcherNobodyReached"].began
    ended = world.incidents["DispatcherGatewayUnreached"].over
    assert ended is not None
    runs = {
        name: len([run for run in found if run[0] <= ended])
        for name, found in world.quick.episodes(began).items()
    }
    assert runs["DispatcherNobodyReached"] == runs["DispatcherGatewayUnreached"] == 1
    assert sum(runs.values()) == 2


def test_a_planned_restart_calls_nobody_within_a_minute(world: World) -> None:
    """With the times that are shipped; a busy machine may need longer. And it was seen: all were away meanwhile."""
    began, ended = world.restarted
    runs = [run for found in world.shipped.episodes(began).values() for run in found]
    assert [run for run in runs if began <= run[0] < began + 60] == []
    lasted = f"{round(ended - began) + 2}s"
    assert world.shipped.query(f"count(count_over_time(up[{lasted}]))")[1][0]["value"][1] == "6"


def test_what_alertmanager_gets_links_to_the_published_runbook(world: World) -> None:
    sent = {one["labels"]["alertname"]: one for one in world.sent}
    assert set(PROMISED_S) <= set(sent)
    for name, one in sent.items():
        assert one["annotations"]["runbook_url"] == f"{RUNBOOKS}#{name.lower()}"
        assert "runbooks" not in one["labels"]
