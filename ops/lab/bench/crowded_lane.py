"""Measures how long one control centre's gravest warning takes while another floods the same lane, at gateways that are
slow to answer; and what that costs the one that floods."""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from statistics import median
from typing import Any

from ops.lab.bench import report
from ops.lab.bench.fixtures import warning
from ops.lab.world.district import TERRITORY, District, Layout
from ops.lab.world.population import PopulationPlan

CROWD, OTHER = "crowd", "other"
CROWD_PLACE, OTHER_PLACE = "053580008008", "053580024024"
"""Where each warns: Düren and Jülich."""
LIMITLESS = {"WARN_QUOTA_PER_HOUR": "0"}
"""The quota of a source is not what is measured."""
CONNECTIONS = 8
"""How many submissions of the flood are under way at once."""
SETTLED_WITHIN_S = 300.0


class Centres:
    """Two control centres of a district whose gateways all answer late."""

    def __init__(self, district: District, delay_s: float) -> None:
        self._service = district.service
        commands = [
            ["source", "add", name, "--sender", f"{name}@land.example", "--territory", TERRITORY]
            for name in (CROWD, OTHER)
        ]
        keys = district.service.commands(*commands)
        self._keys = dict(zip((CROWD, OTHER), (key.strip() for key in keys), strict=True))
        for gateway in district.gateways.values():
            gateway.set_faults({"action": {"kind": "delay", "delay_s": delay_s}})

    def flood(self, run: str, count: int) -> list[str]:
        """Have the one centre submit so many of its gravest warnings. Returns their ids."""
        self._service.key = self._keys[CROWD]
        everything = [_warning(CROWD, f"{run}-{number}", CROWD_PLACE) for number in range(count)]
        with ThreadPoolExecutor(CONNECTIONS) as pool:
            return [answer.alert_id for answer in pool.map(self._service.submit, everything)]

    def first_s(self, run: str) -> tuple[float, int]:
        """Have the other centre submit one. Returns the seconds until the first acceptance by a gateway, and how many
        people it is for."""
        self._service.key = self._keys[OTHER]
        alert_id = self._service.submit(_warning(OTHER, run, OTHER_PLACE)).alert_id
        alert = self._service.wait_settled(alert_id, SETTLED_WITHIN_S)
        channels = self._service.status(alert_id)["channels"]
        firsts = [datetime.fromisoformat(one["first_accepted_at"]) for one in channels]
        return (min(firsts) - datetime.fromisoformat(alert["received_at"])).total_seconds(), alert["audience"]

    def seconds(self, alert_ids: list[str]) -> tuple[float, int]:
        """Wait until all of these are settled. Returns the seconds since the first of them, and their recipients."""
        self._service.key = self._keys[CROWD]
        alerts = [self._service.wait_settled(one, SETTLED_WITHIN_S) for one in alert_ids]
        begun = min(datetime.fromisoformat(one["received_at"]) for one in alerts)
        ended = max(datetime.fromisoformat(one["settled_at"]) for one in alerts)
        return (ended - begun).total_seconds(), sum(one["audience"] for one in alerts)


def _warning(source: str, identifier: str, ars: str) -> bytes:
    return warning.write(identifier, sender=f"{source}@land.example", ars=ars, grade=warning.FLASH)


def measure(centres: Centres, flood: int, rounds: int) -> dict[str, Any]:
    """Measure the other centre alone, then the flood alone, then the one in the middle of the other."""
    centres.first_s("warm")
    alone = [centres.first_s(f"alone-{number}") for number in range(rounds)]
    crowd_alone, _ = centres.seconds(centres.flood("by-itself", flood))
    crowded, crowds = [], []
    for number in range(rounds):
        began = time.monotonic()
        ids = centres.flood(f"flood-{number}", flood)
        submitted_s = time.monotonic() - began
        crowded.append(centres.first_s(f"crowded-{number}"))
        crowds.append(centres.seconds(ids))
    alone_s, crowded_s = (median(first for first, _ in found) for found in (alone, crowded))
    return {
        "flood": flood,
        "flood_recipients": crowds[0][1],
        "submitted_s": round(submitted_s, 2),
        "recipients": crowded[0][1],
        "alone_s": round(alone_s, 2),
        "crowded_s": round(crowded_s, 2),
        "crowded_max_s": round(max(first for first, _ in crowded), 2),
        "ratio_alone": round(crowded_s / alone_s, 2),
        "flood_alone_s": round(crowd_alone, 2),
        "flood_s": round(median(seconds for seconds, _ in crowds), 2),
        "rounds": rounds,
    }


def run(flood: int, rounds: int, subscriptions: int, delay_s: float) -> dict[str, Any]:
    """Run everything in one district."""
    with warning.district_home() as home:
        layout = Layout(
            plan=PopulationPlan(subscriptions=subscriptions, outside=100),
            push_services=1,
            decrypt="later",
            push_tls=False,
            settings=LIMITLESS,
        )
        with District(home, layout) as district:
            return {"delay_s": delay_s, **measure(Centres(district, delay_s), flood, rounds)}


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench crowded-lane", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--flood", type=int, default=60, help="warnings of the centre that floods")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--subscriptions", type=int, default=100)
    parser.add_argument("--delay-s", type=float, default=1.5, help="what every gateway takes to answer")
    options = parser.parse_args(argv)
    found = run(options.flood, options.rounds, options.subscriptions, options.delay_s)
    report.show("crowded-lane", found, as_json=options.json)
    return 0
