"""Measures how long SMS to many people take at a gateway whose contract says how many parts it takes a second, against
the time that this takes by the contract, and how many came in any second."""

from __future__ import annotations

import argparse
import json
from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from channels.sms.gsm7 import encoding_of, split
from ops.lab.bench import report
from ops.lab.bench.fixtures import warning
from ops.lab.bench.idle_latency import PLACE
from ops.lab.gateways.registry import STANDINS
from ops.lab.gateways.standins.sms import STANDIN as SMS
from ops.lab.gateways.state import number_ref
from ops.lab.world import ledger
from ops.lab.world.district import SENDER, District, Layout
from ops.lab.world.ledger import instant
from ops.lab.world.population import PopulationPlan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ops.lab.gateways.spec import Site, StandinSpec

FIRST_NUMBER = 500_000_000
"""Where the numbers of these people begin: above those of the population."""
SECOND_NS = 10**9


def at_rate(rate: float, *, shared: bool) -> Mapping[str, StandinSpec]:
    """Return the stand-ins with an SMS gateway whose contract allows so many parts a second."""

    def settings(site: Site, url: str) -> dict[str, str]:
        [(name, gateways)] = SMS.settings(site, url).items()
        contract = {"rate": rate, "shared_rate": shared}
        return {name: json.dumps([{**gateway, **contract} for gateway in json.loads(gateways)])}

    return {**STANDINS, SMS.name: replace(SMS, settings=settings)}


def most_in_a_second(wall_ns: Sequence[int]) -> int:
    """Return the most of these instants that lie within any second."""
    times = sorted(wall_ns)
    return max((bisect_left(times, at + SECOND_NS) - number for number, at in enumerate(times)), default=0)


def _enrol(district: District, people: int) -> set[str]:
    """Subscribe so many people, besides whoever of the population lives there. Returns their recipient keys."""
    ags = PLACE[:5] + PLACE[9:]
    file = district.home / "people.ndjson"
    numbers = [f"+4900{number}" for number in range(FIRST_NUMBER, FIRST_NUMBER + people)]
    with file.open("w") as lines:
        for number in numbers:
            one = {
                "channel": SMS.channel,
                "address": number,
                "places": [ags],
                "instance": ags,
                "legal_basis": "consent",
            }
            lines.write(json.dumps(one) + "\n")
    district.service.commands(["subscriptions", "import", str(file)])
    return set(map(number_ref, numbers))


def run(people: int, rate: float, workers: int) -> dict[str, Any]:
    """Send one warning by SMS to so many people."""
    with warning.district_home() as home:
        layout = Layout(
            plan=PopulationPlan(subscriptions=100, outside=10),
            workers=workers,
            push_services=1,
            decrypt="later",
            push_tls=False,
            texts=1,
            standins=at_rate(rate, shared=workers > 1),
        )
        with District(home, layout) as district:
            enrolled = _enrol(district, people)
            xml = warning.write("rate", sender=SENDER, ars=PLACE, grade=warning.FLASH)
            answer = district.submit(xml)
            district.wait_settled(answer.alert_id, 60 + 10 * people / rate)
            entries = ledger.read(district.gateways[SMS.name].ledger).entries
    taken = [entry for entry in entries if entry.accepted]  # by whoever else lives there, too
    text = next(entry.text for entry in taken if entry.text)
    parts = len(split(text, encoding_of(text)))
    ideal_s = len(taken) * parts / rate
    seconds = (instant(max(entry.wall_ns for entry in taken)) - answer.ended_at).total_seconds()
    return {
        "people": len(enrolled & {entry.recipient for entry in taken}),
        "parts": parts,
        "rate": rate,
        "ideal_s": round(ideal_s, 2),
        "seconds": round(seconds, 2),
        "ratio_ideal": round(seconds / ideal_s, 3),
        "parts_most_in_a_second": parts * most_in_a_second([entry.wall_ns for entry in entries]),
        "refused": len(entries) - len(taken),
    }


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench sms-rate", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=200.0, help="parts a second that the contract allows")
    parser.add_argument("--workers", type=int, default=1, help="with several, the account is shared")
    options = parser.parse_args(argv)
    report.show("sms-rate", run(options.people, options.rate, options.workers), as_json=options.json)
    return 0
