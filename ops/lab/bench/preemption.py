"""Measures how long a flash warning takes while a mass send of a minor one is under way, and what that costs the mass
send."""

from __future__ import annotations

import argparse
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from dispatcher.delivery.render import collapse_key
from ops.lab.bench import idle_latency, report
from ops.lab.bench.fixtures import warning
from ops.lab.world import ledger
from ops.lab.world.district import SENDER, District, Layout
from ops.lab.world.population import PopulationPlan

if TYPE_CHECKING:
    from datetime import datetime

    from ops.lab.world.service import ApiResponse

DISTRICT = "053580000000"
STEP_S = 1.0
PAUSE_S = 0.2
LEAD_S = 1.0
"""The seconds by which the mass send begins before the first flash warning."""


def routine(district: District, run: str) -> ApiResponse:
    """Start the mass send."""
    xml = warning.write(run, sender=SENDER, ars=DISTRICT, grade=warning.ROUTINE, event="Hinweis")
    return district.submit(xml)


def rate(district: District, alert_id: str, start: datetime, end: datetime) -> float:
    """Return the acceptances of the alert per second in the window."""
    key = collapse_key(alert_id)
    entries = (
        entry
        for path in warning.push_ledgers(district.home)
        for entry in ledger.read(path).entries
        if entry.collapse == key and entry.accepted
    )
    inside = sum(start <= ledger.instant(entry.wall_ns) < end for entry in entries)
    return inside / max(STEP_S, (end - start).total_seconds())


def run(subscriptions: int, alerts: int) -> dict[str, float | int]:
    """Measure an idle district first, then the same warnings in the middle of a mass send of the same district."""
    with warning.district_home() as home:
        layout = Layout(
            plan=PopulationPlan(subscriptions=subscriptions, outside=100), decrypt="later", push_tls=False
        )
        with District(home, layout) as district:
            idle_latency.measure(district, 3, "warm")
            idle = idle_latency.measure(district, alerts, "idle")
            mass = routine(district, "mass")
            busy, before, after = _under_fire(district, mass, alerts)
    p99_idle = report.quantile(idle, 0.99)
    p99_busy = report.quantile(busy, 0.99)
    return {
        "routine_deliveries": subscriptions,
        "alerts": len(busy),
        "p50_ms": round(report.quantile(busy, 0.5), 1),
        "p99_ms": round(p99_busy, 1),
        "idle_p50_ms": round(report.quantile(idle, 0.5), 1),
        "idle_p99_ms": round(p99_idle, 1),
        "ratio_idle": round(p99_busy / p99_idle, 2),
        "routine_per_s_before": round(before),
        "routine_per_s_after": round(after),
    }


def _under_fire(district: District, mass: ApiResponse, alerts: int) -> tuple[list[float], float, float]:
    """Return the latencies of those warnings that met the mass send under way, and its rate before and after them."""
    time.sleep(LEAD_S)
    accepted: dict[str, datetime] = {}
    for number in range(alerts):
        alert_id, at = idle_latency.flash(district, number, "busy")
        accepted[alert_id] = at
        district.wait_settled(alert_id)  # each is to meet the mass send, and not the one before
        if district.status(mass.alert_id)["alert"]["state"] == "settled":
            break
        time.sleep(PAUSE_S)
    district.wait_settled(mass.alert_id)
    first = warning.first_accepts(warning.push_ledgers(district.home), accepted)
    values = [(first[alert_id] - at).total_seconds() * 1000 for alert_id, at in accepted.items()]
    begun, last = min(accepted.values()), max(accepted.values())
    before = rate(district, mass.alert_id, mass.ended_at, begun)
    after = rate(district, mass.alert_id, last, last + timedelta(seconds=3))
    return values, before, after


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench preemption", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--subscriptions", type=int, default=100_000)
    parser.add_argument("--alerts", type=int, default=40)
    options = parser.parse_args(argv)
    report.show("preemption", run(options.subscriptions, options.alerts), as_json=options.json)
    return 0
