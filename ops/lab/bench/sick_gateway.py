"""Measures what endpoints that fail do to those behind the same gateway that do not: how much later a grave warning
reaches these than while all are well, and how many requests the failing ones cost."""

from __future__ import annotations

import argparse
import time
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from ops.lab.bench import report
from ops.lab.bench.fixtures import warning
from ops.lab.gateways.faults import draw
from ops.lab.gateways.standins.sms import STANDIN as SMS
from ops.lab.gateways.standins.webpush import STANDIN as PUSH
from ops.lab.world import ledger
from ops.lab.world.district import SENDER, District, Layout
from ops.lab.world.ledger import instant
from ops.lab.world.population import PopulationPlan
from ops.lab.world.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

DISTRICT = "053580000000"
SHARES = (0.01, 0.1, 0.4)
SEED = 14
TIMEOUT_S = "2"
"""How long the service waits for an answer: with the default of ten seconds a run would take hours, and what hangs
costs in proportion."""
REACHED_WITHIN_S = 60.0
"""When those who are well and were not reached count as reached, so that a run ends."""
LOOK_EVERY_S = 0.1
SETTLES_WITHIN_S = 60.0
"""How long the next measurement waits for what this one still owes: after a 429 a pause may be longer than that."""


def _status(status: int, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    return {"kind": "status", "status": status, "headers": dict(headers or {})}


@dataclass(frozen=True, slots=True)
class Sickness:
    """One kind of error, and at which gateway it is."""

    action: dict[str, Any]
    channel: str = PUSH.channel
    ends: bool = False
    """Whether it ends subscriptions: then it is the last that is measured in its district."""


JSON = {"content-type": "application/json"}
SICKNESSES: Mapping[str, Sickness] = {
    "reset": Sickness({"kind": "reset"}),
    "hang": Sickness({"kind": "hang"}),
    "slow": Sickness({"kind": "slow", "pause_s": 0.5}),
    "500": Sickness(_status(500)),
    "503": Sickness(_status(503)),
    "503-retry-after": Sickness(_status(503, {"retry-after": "30"})),
    "507": Sickness(_status(507)),
    "429": Sickness(_status(429)),
    "429-retry-after": Sickness(_status(429, {"retry-after": "30"})),
    "401": Sickness(_status(401)),
    "403": Sickness(_status(403)),
    "garbage": Sickness({"kind": "garbage"}),
    "half-closed": Sickness({"kind": "cut_off", "status": 201, "keep_bytes": 20}),
    "sms-500": Sickness(_status(500), SMS.channel),
    "sms-200-error": Sickness(
        {**_status(200, JSON), "body": '{"status": "failed", "error": "busy"}'}, SMS.channel
    ),
    "sms-200-number": Sickness(
        {**_status(200, JSON), "body": '{"status": "failed", "error": "number"}'}, SMS.channel
    ),
    "404": Sickness(_status(404), ends=True),
    "410": Sickness(_status(410), ends=True),
}
"""The errors by name. Connections that are refused are a gateway's and not an endpoint's: here they are reset."""


@dataclass(slots=True)
class Round:
    """The milliseconds to those who are well, undisturbed and beside those who are not, and the requests meanwhile."""

    undisturbed_ms: float
    sick_ms: float
    requests: int


@dataclass(slots=True)
class Ward:
    """A gateway of the district, some of whose endpoints can be made sick."""

    district: District
    sickness: Sickness
    aged_s: float
    """How long the sick ones have failed for an earlier warning when the next one comes."""
    _number: int = field(default=0)
    _owed: list[str] = field(default_factory=list)
    """The warnings that may not have been sent to all."""

    @property
    def _gateway(self) -> str:
        return "webpush-1" if self.sickness.channel == PUSH.channel else "sms"

    @property
    def _ledger(self) -> Path:
        return self.district.gateways[self._gateway].ledger

    def measure(self, share: float) -> Round:
        """Warn while all are well; then make some sick, warn, and warn again while the first warning is retried."""
        well = self._well(share)
        undisturbed_ms = self._p99_ms(well, *self._warn())
        before = self._requests()
        rule = {"match": {"share": share, "seed": SEED}, "action": self.sickness.action}
        self.district.gateways[self._gateway].set_faults(rule)
        # On a busy machine the next one would come before this one was sent to anybody.
        self._p99_ms(well, *self._warn())
        time.sleep(self.aged_s)
        sick_ms = self._p99_ms(well, *self._warn())
        requests = self._requests() - before
        self.district.gateways[self._gateway].clear_faults()
        self._calm_down()
        return Round(undisturbed_ms, sick_ms, requests)

    def _well(self, share: float) -> set[str]:
        return {
            one.ref
            for one in self.district.recipients
            if one.channel == self.sickness.channel and draw(SEED, 0, one.ref, 0) >= share
        } & self._concerned()

    def _concerned(self) -> set[str]:
        return {
            one.ref for one in self.district.recipients if any(ags.startswith("05358") for ags in one.places)
        }

    def _warn(self) -> tuple[int, datetime]:
        """Submit one of the gravest warnings. Returns how long the ledger was, and when the answer came."""
        self._number += 1
        at = self._requests()
        xml = warning.write(
            f"sick-{self._number}-{time.monotonic_ns()}",
            sender=SENDER,
            ars=DISTRICT,
            grade=warning.FLASH,
            event=f"Messung {self._number}",
        )
        answer = self.district.submit(xml)
        self._owed.append(answer.alert_id)
        return at, answer.ended_at

    def _p99_ms(self, well: set[str], begun: int, submitted: datetime) -> float:
        """Return when 99 % of those who are well had been reached, in milliseconds after the submission."""
        give_up = time.monotonic() + REACHED_WITHIN_S
        while True:
            reached: dict[str, float] = {}
            for entry in ledger.read(self._ledger).entries[begun:]:
                ms = (instant(entry.wall_ns) - submitted).total_seconds() * 1000
                if entry.accepted and entry.recipient in well:
                    reached.setdefault(entry.recipient, ms)
            if len(reached) == len(well) or time.monotonic() > give_up:
                break
            time.sleep(LOOK_EVERY_S)
        missing = [REACHED_WITHIN_S * 1000] * (len(well) - len(reached))
        return report.quantile([*reached.values(), *missing], 0.99)

    def _requests(self) -> int:
        return len(ledger.read(self._ledger).entries)

    def _calm_down(self) -> None:
        """Wait until those who were sick have got what they are owed, or it came among the requests of the next one."""
        give_up = time.monotonic() + SETTLES_WITHIN_S
        for alert_id in self._owed:
            with suppress(ServiceError):
                self.district.wait_settled(alert_id, max(0.0, give_up - time.monotonic()))
        self._owed.clear()


def row(error: str, share: float, rounds: Sequence[Round]) -> dict[str, Any]:
    """Sum up the rounds of one error and share by their medians."""
    sick, undisturbed = (
        median(values) for values in zip(*((one.sick_ms, one.undisturbed_ms) for one in rounds), strict=True)
    )
    return {
        "error": error,
        "share": share,
        "healthy_p99_ms": round(sick, 1),
        "ratio_healthy": round(sick / undisturbed, 2),
        "requests": round(median(one.requests for one in rounds)),
    }


def measure(error: str, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure one error in a district of its own."""
    with warning.district_home() as home:
        layout = Layout(
            plan=PopulationPlan(subscriptions=options.subscriptions, outside=10),
            push_services=1,
            decrypt="later",
            push_tls=False,
            settings={"WARN_REQUEST_TIMEOUT_S": TIMEOUT_S, "WARN_QUOTA_PER_HOUR": "0"},
        )
        with District(home, layout) as district:
            ward = Ward(district, SICKNESSES[error], options.aged_s)
            ward.measure(0.0)  # warm
            found: dict[float, list[Round]] = {share: [] for share in options.shares}
            for _ in range(1 if SICKNESSES[error].ends else options.rounds):
                for share in options.shares:
                    found[share].append(ward.measure(share))
            return [row(error, share, rounds) for share, rounds in found.items()]


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every error asked for."""
    rows = [one for error in options.errors for one in measure(error, options)]
    return {"rows": rows, "worst_ratio": max(one["ratio_healthy"] for one in rows)}


def _table(found: dict[str, Any]) -> dict[str, Any]:
    """Lay the rows out for people."""
    lines = {
        f"{one['error']}, {one['share']:.0%}": (
            f"{one['healthy_p99_ms']:,.0f} ms, {one['ratio_healthy']:.2f} x, {one['requests']} requests"
        )
        for one in found["rows"]
    }
    return {**lines, "worst_ratio": found["worst_ratio"]}


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench sick-gateway", description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument(
        "--errors", nargs="+", choices=SICKNESSES, default=list(SICKNESSES), help="default: every one"
    )
    parser.add_argument("--shares", nargs="+", type=float, default=list(SHARES), help="of sick endpoints")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--subscriptions", type=int, default=400)
    parser.add_argument("--aged-s", type=float, default=5.0, help="seconds from one warning to the next")
    options = parser.parse_args(argv)
    found = run(options)
    report.show("sick-gateway", found if options.json else _table(found), as_json=options.json)
    return 0
