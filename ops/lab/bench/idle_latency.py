"""Measures how long a flash warning takes on an idle system, from accepted to the first gateway's acceptance, and how
many times as long that is as two commits and one request over HTTPS, which are measured afterwards.
"""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING

from dispatcher.embedded.postgres import EmbeddedPostgres
from ops.lab.bench import report
from ops.lab.bench.fixtures import floor, warning
from ops.lab.world.district import SENDER, District, Layout
from ops.lab.world.population import PopulationPlan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

PAUSE_S = 0.3
"""The pause between two warnings, so that each meets an idle system."""
PLACE = "053580012012"
"""The area code of the warnings: Heimbach, the smallest municipality of the district."""


def flash(district: District, number: int, run: str) -> tuple[str, datetime]:
    """Submit one flash warning. Returns its id and the instant of acceptance."""
    xml = warning.write(f"{run}-{number}", sender=SENDER, ars=PLACE, grade=warning.FLASH)
    answer = district.submit(xml)
    return answer.alert_id, answer.ended_at


def measure(district: District, count: int, run: str, pause_s: float = PAUSE_S) -> list[float]:
    """Measure the milliseconds for each of `count` warnings, one after the other."""
    accepted: dict[str, datetime] = {}
    for number in range(count):
        alert_id, at = flash(district, number, run)
        accepted[alert_id] = at
        district.wait_settled(alert_id)
        time.sleep(pause_s)
    first = warning.first_accepts(warning.push_ledgers(district.home), accepted)
    return [(first[alert_id] - at).total_seconds() * 1000 for alert_id, at in accepted.items()]


def run(count: int, subscriptions: int) -> dict[str, float | int]:
    """Run `count` warnings in one district."""
    with warning.district_home() as home:
        layout = Layout(
            plan=PopulationPlan(subscriptions=subscriptions, outside=100), decrypt="later", push_tls=False
        )
        with District(home, layout) as district:
            measure(district, 3, "warm")
            values = measure(district, count, "idle")
            least = floor.measure(EmbeddedPostgres(district.service.home / "postgres").url, count)
    return summary(values, least)


def summary(values: Sequence[float], least: Sequence[float]) -> dict[str, float | int]:
    """Return what is printed of the milliseconds of warnings, and of those that they take at `least`."""
    p99, floor_p99 = report.quantile(values, 0.99), report.quantile(least, 0.99)
    return {
        "alerts": len(values),
        "p50_ms": round(report.quantile(values, 0.5), 1),
        "p99_ms": round(p99, 1),
        "max_ms": round(max(values), 1),
        "floor_p50_ms": round(report.quantile(least, 0.5), 2),
        "floor_p99_ms": round(floor_p99, 2),
        "p50_over_floor": round(report.quantile(values, 0.5) / report.quantile(least, 0.5), 2),
        "p99_over_floor": round(p99 / floor_p99, 2),
    }


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench idle-latency", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--alerts", type=int, default=100)
    parser.add_argument("--subscriptions", type=int, default=2_000)
    options = parser.parse_args(argv)
    report.show("idle-latency", run(options.alerts, options.subscriptions), as_json=options.json)
    return 0
