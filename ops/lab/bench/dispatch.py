"""Measures how fast the whole service sends: from the accepted POST to the last line in the record, all
included.

Real PostgreSQL, real Valkey, API and workers as `dispatcher up` runs them, and a sink beside them on the same machine.
Each number of workers is measured several times; medians are printed. With one worker that worker has a processor to
itself and all other processes share another, as in the benchmark `webpush`, whose rate is measured in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from dispatcher.embedded import embedded
from ops.lab.bench import report
from ops.lab.bench.fixtures import warning
from ops.lab.bench.fixtures.crowd import PROJECT, Crowd
from ops.lab.bench.fixtures.processes import Process, metric
from ops.lab.bench.senders.measurement import processors, running_sink
from ops.lab.bench.webpush import SENDERS, SENT_FAST, WebPushTestbed, new_user_agent
from ops.lab.gateways.standins.fcm import TOKEN_PATH, key_file
from ops.lab.world.certificate import write_certificate
from ops.lab.world.commands import CommandLine
from ops.lab.world.district import SENDER, SOURCE, TERRITORY
from ops.lab.world.service import FINAL, Service

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.embedded import Servers
    from ops.lab.bench.senders.measurement import SinkProcess

DISTRICT = "053580000000"
DUEREN = "05358008"
UNLIMITED = 1_000_000_000
"""Messages a minute: the benchmark is not to wait for Google's quota."""
USER_AGENTS = 64
LOOK_EVERY_S = 0.2
FILLED_WITHIN_S = 1800.0
SETTLED_WITHIN_S = 900.0
STANDARD_WORKERS = 2
"""The number of workers whose figures are given first: the service's default."""


@dataclass(frozen=True, slots=True)
class SendMeasurement:
    """Measures one alert to all recipients."""

    seconds: float
    """Seconds from its acceptance to the record's last commit, by the record's clock."""
    cpu_us: float
    """Processor time of all workers for each recipient."""
    record_us: float
    """Processor time of PostgreSQL for each recipient."""
    queue_us: float
    """Processor time of Valkey for each recipient."""
    first_s: float
    """Seconds from its acceptance to the first acceptance by a gateway."""
    rss_mb: float
    """Peak resident memory of the largest worker while it sent."""
    grown_mb: float
    """Growth of that worker's memory since before the alert."""
    ready_share: float
    """The share of messages encrypted with a precomputed key agreement."""
    loop_held: float
    """How often work held a worker's event loop for 20 ms or longer, as the workers count it."""
    loop_held_before: float
    """How often it did since the workers were started, while they made keys."""


class ServiceUnderTest:
    """Runs the service on a record full of subscriptions, with a given number of workers."""

    def __init__(self, home: Path, servers: Servers, sink: SinkProcess, ca_file: str, crowd: Crowd) -> None:
        self._home = home
        self._sink = sink
        self._crowd = crowd
        self._servers = {one.name: Process(pid) for one in servers.started if (pid := one.pid) is not None}
        self._settings = {
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "WARN_ALLOWED_ORIGINS": f"push={sink.origin},gateway={sink.origin}",
            "WARN_FCM_URL": sink.origin,
            "WARN_FCM_PER_MINUTE": str(UNLIMITED),
            "WARN_OUTBOUND_CA_FILE": ca_file,
            "WARN_READY_KEYS": str(crowd.size),
            "WARN_ADDRESS_KEYS": crowd.ring.text().decode(),
        }
        self._key = ""

    def measure(self, workers: int, rounds: int, name: str) -> list[SendMeasurement]:
        """Send `rounds` alerts. Raises ServiceError, TimeoutError, AssertionError where not all were reached."""
        service = Service(self._home / "service", {**self._settings, "WARN_WORKERS": str(workers)})
        self._key = self._key or self._introduce(service)
        service.start()
        try:
            service.key = self._key
            _pin(service, workers)
            return [self._send(service, f"{name}-{number}") for number in range(rounds)]
        finally:
            service.stop()

    def measure_cold(self, workers: int, name: str, *, key_process: bool) -> SendMeasurement:
        """Send one alert as soon as the workers have started, when they have no message keys. All processes share all
        processors. Raises as `measure` does.
        """
        more = {"WARN_WORKERS": str(workers), "WARN_KEY_PROCESS": str(key_process).lower()}
        service = Service(self._home / "service", {**self._settings, **more})
        self._key = self._key or self._introduce(service)
        service.start()
        try:
            service.key = self._key
            return self._sent(service, name)
        finally:
            service.stop()

    def _introduce(self, service: Service) -> str:
        """Make the control centre, and where there are phones the app that they have. Returns the centre's key."""
        commands = [CommandLine(("source", "add", SOURCE, "--sender", SENDER, "--territory", TERRITORY))]
        if not self._crowd.agents:
            account = key_file(PROJECT, self._sink.origin + TOKEN_PATH)
            commands += [
                CommandLine(("instance", "add", DUEREN, "--place", DUEREN)),
                CommandLine(("instance", "credential", DUEREN, "fcm", "--stdin"), account),
            ]
        return service.commands(*commands)[0].strip()

    def _send(self, service: Service, name: str) -> SendMeasurement:
        self._await_keys(service)
        return self._sent(service, name)

    def _sent(self, service: Service, name: str) -> SendMeasurement:
        processes = _workers(service)
        for process in processes:
            process.forget_peak()
        rss, cpu = [one.rss_mb() for one in processes], sum(one.cpu_s() for one in processes)
        servers = {name: one.family_cpu_s() for name, one in self._servers.items()}
        taken, held = _taken(service), _held(service)
        before = self._sink.report()["count"]
        xml = warning.write(name, sender=SENDER, ars=DISTRICT, grade=warning.ROUTINE)
        alert = self._settled(service, service.submit(xml).alert_id)
        more = self._sink.report()["count"] - before - self._crowd.size
        tokens = 0 if self._crowd.agents else len(processes)  # each worker asks FCM's token service once
        assert 0 <= more <= tokens
        assert alert["audience"] == self._crowd.size
        peaks = [one.peak_mb() for one in processes]
        cpu = sum(one.cpu_s() for one in processes) - cpu
        servers = {name: one.family_cpu_s() - servers[name] for name, one in self._servers.items()}
        used = self._counted(service, taken) if self._crowd.agents else ()
        span = datetime.fromisoformat(alert["settled_at"]) - datetime.fromisoformat(alert["received_at"])
        return SendMeasurement(
            seconds=span.total_seconds(),
            cpu_us=cpu / self._crowd.size * 1e6,
            record_us=servers["postgres"] / self._crowd.size * 1e6,
            queue_us=servers["valkey"] / self._crowd.size * 1e6,
            first_s=_first_s(service, alert),
            rss_mb=max(peaks),
            grown_mb=max(peak - earlier for peak, earlier in zip(peaks, rss, strict=True)),
            ready_share=used[0] / sum(used) if used else 0.0,
            loop_held=_held(service) - held,
            loop_held_before=held,
        )

    def _await_keys(self, service: Service) -> None:
        """Wait until every worker has a key agreement for every recipient, as in a service that has been idle."""
        deadline = time.monotonic() + FILLED_WITHIN_S
        while self._crowd.agents and min(_gauges(service, "warn_precomputed_keys")) < self._crowd.size:
            if time.monotonic() > deadline:
                raise TimeoutError("key agreements are not ready")
            time.sleep(1.0)

    def _counted(self, service: Service, before: tuple[float, float]) -> tuple[float, float]:
        """Return the agreements taken and made since `before`: the workers count when they are idle again."""
        deadline = time.monotonic() + FILLED_WITHIN_S
        while True:
            ready, none = (after - earlier for after, earlier in zip(_taken(service), before, strict=True))
            if ready + none >= self._crowd.size:
                return ready, none
            if time.monotonic() > deadline:
                raise TimeoutError("agreements are not accounted for")
            time.sleep(LOOK_EVERY_S)

    def _settled(self, service: Service, alert_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + SETTLED_WITHIN_S
        while (alert := service.alert(alert_id))["state"] not in FINAL:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{alert_id} is not settled")
            time.sleep(LOOK_EVERY_S)
        return alert


def _first_s(service: Service, alert: dict[str, Any]) -> float:
    [channel] = service.status(alert["id"])["channels"]
    first = datetime.fromisoformat(channel["first_accepted_at"])
    return (first - datetime.fromisoformat(alert["received_at"])).total_seconds()


def _workers(service: Service) -> list[Process]:
    return [Process(pid) for name, pid in service.pids().items() if name.startswith("worker-")]


def _gauges(service: Service, name: str) -> list[float]:
    texts = service.metrics()
    return [metric(text, name) for worker, text in texts.items() if worker.startswith("worker-")] or [0.0]


def _taken(service: Service) -> tuple[float, float]:
    """Read how many agreements were taken from all workers' stores, and how many were made at the send."""
    ready, none = (f'warn_precomputed_keys_used_total{{agreement="{kind}"}}' for kind in ("ready", "none"))
    return sum(_gauges(service, ready)), sum(_gauges(service, none))


def _held(service: Service) -> float:
    return sum(_gauges(service, 'warn_event_loop_blocked_total{cause="work"}'))


def _pin(service: Service, workers: int) -> None:
    """Give one worker a processor, and all other processes another. Several workers share what there is."""
    first, second = processors()
    if first is None or second is None:
        return
    for name, pid in service.pids().items():
        mine = {first, second} if workers > 1 else {first if name.startswith("worker-") else second}
        Process(pid).pin(mine)


def summary(
    recipients: int, found: dict[int, list[SendMeasurement]], webpush_per_s: float | None
) -> dict[str, Any]:
    """Return the object that `--json` prints: the standard number of workers first, then each. `webpush_per_s` is the
    channel's rate alone, where one worker was measured.
    """
    runs = [_row(recipients, workers, sent) for workers, sent in sorted(found.items())]
    standard = next((run for run in runs if run["workers"] == STANDARD_WORKERS), runs[-1])
    alone = next((run for run in runs if run["workers"] == 1), None)
    return {
        "recipients": recipients,
        "seconds": standard["seconds"],
        "per_s": standard["per_s"],
        "per_core": standard["per_core"],
        "ratio_webpush": round(alone["per_s"] / webpush_per_s, 3) if alone and webpush_per_s else None,
        "rss_mb": standard["rss_mb"],
        "webpush_per_s": round(webpush_per_s) if webpush_per_s else None,
        "workers": standard["workers"],
        "rounds": max(len(sent) for sent in found.values()),
        "runs": runs,
    }


def _row(recipients: int, workers: int, sent: Sequence[SendMeasurement]) -> dict[str, Any]:
    seconds = median(one.seconds for one in sent)
    return {
        "workers": workers,
        "seconds": round(seconds, 2),
        "per_s": round(recipients / seconds),
        "per_core": round(recipients / seconds / min(workers, len(os.sched_getaffinity(0)))),
        "first_s": round(median(one.first_s for one in sent), 3),
        "worker_cpu_us": round(median(one.cpu_us for one in sent), 1),
        "record_cpu_us": round(median(one.record_us for one in sent), 1),
        "queue_cpu_us": round(median(one.queue_us for one in sent), 2),
        "rss_mb": round(max(one.rss_mb for one in sent), 1),
        "rss_grown_mb": round(max(one.grown_mb for one in sent), 1),
        "ready_share": round(median(one.ready_share for one in sent), 3),
        "loop_held": median(one.loop_held for one in sent),
        "loop_held_before": sent[0].loop_held_before,
    }


def phones(recipients: int, workers: Sequence[int], rounds: int) -> dict[int, list[SendMeasurement]]:
    """Measure all numbers of workers on a record full of phones, which are reached by FCM."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        certificate, key = write_certificate(home, datetime.now(UTC))
        sink = stack.enter_context(running_sink(certificate, key, "h2,http/1.1", processors()[1], "fcm"))
        crowd = Crowd(sink.origin, [], recipients)
        servers = stack.enter_context(embedded(home / "servers"))
        asyncio.run(crowd.enrol(servers.database_url))
        service = ServiceUnderTest(home, servers, sink, str(certificate), crowd)
        return {count: service.measure(count, rounds, f"phones-{count}") for count in workers}


def with_phones(result: dict[str, Any], found: dict[int, list[SendMeasurement]]) -> dict[str, Any]:
    """Return the object that `--json` prints where the same was sent to phones as well."""
    runs = [_row(result["recipients"], workers, sent) for workers, sent in sorted(found.items())]
    seconds = {run["workers"]: run["seconds"] for run in result["runs"]}
    ratios = {run["workers"]: round(run["seconds"] / seconds[run["workers"]], 3) for run in runs}
    return {**result, "fcm_seconds_ratio": ratios[result["workers"]], "fcm_runs": runs}


def cold(recipients: int, workers: int, rounds: int) -> dict[str, Any]:
    """Measure in turn workers that have just started, with and without a process of their own that makes keys."""
    found: dict[bool, list[SendMeasurement]] = {True: [], False: []}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        certificate, key = write_certificate(home, datetime.now(UTC))
        sink = stack.enter_context(running_sink(certificate, key, "h2,http/1.1", None))
        crowd = Crowd(sink.origin, [new_user_agent(number) for number in range(USER_AGENTS)], recipients)
        servers = stack.enter_context(embedded(home / "servers"))
        asyncio.run(crowd.enrol(servers.database_url))
        service = ServiceUnderTest(home, servers, sink, str(certificate), crowd)
        for number in range(rounds):
            for key_process in (True, False) if number % 2 else (False, True):
                one = service.measure_cold(workers, f"cold-{number}-{key_process}", key_process=key_process)
                found[key_process].append(one)
    return cold_summary(recipients, workers, found)


def cold_summary(recipients: int, workers: int, found: dict[bool, list[SendMeasurement]]) -> dict[str, Any]:
    """Return the object that `--cold --json` prints; `found` is with and without the process that makes keys."""
    ratios = [one.seconds / other.seconds for one, other in zip(found[True], found[False], strict=True)]
    return {
        "recipients": recipients,
        "workers": workers,
        "seconds_ratio": round(median(ratios), 3),
        "with_process": _row(recipients, workers, found[True]),
        "without_process": _row(recipients, workers, found[False]),
    }


def run(recipients: int, workers: Sequence[int], rounds: int) -> dict[str, Any]:
    """Measure all numbers of workers on one record, and the channel alone."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        home = Path(folder)
        certificate, key = write_certificate(home, datetime.now(UTC))
        sink = stack.enter_context(running_sink(certificate, key, "h2,http/1.1", processors()[1]))
        crowd = Crowd(sink.origin, [new_user_agent(number) for number in range(USER_AGENTS)], recipients)
        servers = stack.enter_context(embedded(home / "servers"))
        asyncio.run(crowd.enrol(servers.database_url))
        service = ServiceUnderTest(home, servers, sink, str(certificate), crowd)
        found = {count: service.measure(count, rounds, f"workers-{count}") for count in workers}
        rates = []
        if 1 in workers:  # the channel is one worker's yardstick
            alone = WebPushTestbed(home, stack, min(1.0, recipients / SENT_FAST))
            rates = [alone.measure(SENDERS[0]).per_s for _ in range(rounds)]
    return summary(recipients, found, median(rates) if rates else None)


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench dispatch", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--recipients", type=int, default=100_000)
    parser.add_argument("--workers", default="1,2,4", help="numbers of workers, comma-separated")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fcm", action="store_true", help="the same to as many phones by FCM as well")
    parser.add_argument(
        "--cold", action="store_true", help="only workers that have just started, without keys"
    )
    options = parser.parse_args(argv)
    workers = [int(number) for number in options.workers.split(",")]
    if options.cold:
        report.show(
            "dispatch, cold", cold(options.recipients, workers[0], options.rounds), as_json=options.json
        )
        return 0
    result = run(options.recipients, workers, options.rounds)
    if options.fcm:
        result = with_phones(result, phones(options.recipients, workers, options.rounds))
    report.show("dispatch", result, as_json=options.json)
    return 0
