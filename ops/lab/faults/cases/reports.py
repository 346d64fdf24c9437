"""F20: an SMS gateway whose delivery reports are wrong, repeated, out of order or forged."""

from __future__ import annotations

import os
import re
import signal
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.lab.faults.trial import TrialError
from ops.lab.gateways.reports import FINAL, NUMBER
from ops.lab.gateways.standins.sms import STANDIN as SMS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ops.lab.faults.trial import SentMessage, Trial
    from ops.lab.gateways.reports import AnsweredReport

REPORTED_WITHIN_S = 60.0
LOOK_EVERY_S = 0.1
_COUNTED = re.compile(r'^warn_delivery_reports_total\{.*verdict="(\w+)".*\} (\S+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Line:
    """One recipient in the service's ledger."""

    state: str
    report: str | None


def lie(trial: Trial) -> None:
    """Send reports that come early, twice, in the wrong order, in contradiction, of unknown messages, from forgers."""
    _lie(trial, lambda: None)


def lie_meanwhile(trial: Trial) -> None:
    """Do the same, and kill PostgreSQL in the middle of it: what was not taken is reported again."""

    def strike() -> None:
        before = trial.service.pids()["postgres"]
        trial.await_moment()
        trial.allow(trial.in_flight_max() * trial.district.layout.workers)
        os.kill(before, signal.SIGKILL)
        trial.service.wait_replaced("postgres", before)

    _lie(trial, strike)


def _lie(trial: Trial, strike: Callable[[], None]) -> None:
    sms, service = trial.district.gateways[SMS.name], trial.service
    before = _counted(trial)
    sms.report(
        url=f"{service.url}/v1/gateways/sms/reports",
        secret=trial.district.report_secret,
        seed=trial.chance.randrange(2**31),
    )
    try:
        sent = trial.warn()
        strike()
        trial.settle()
        heard = _all_reported(trial)
    finally:
        sms.report_no_more()
    lines = _lines(trial, sent)
    for name, count in broken(heard, lines).items():
        trial.hold(name, float(count), 0)
    trial.hold("counted_otherwise", float(_difference(_counted(trial) - before, _verdicts(heard))), 0)
    shown = Counter(_summary(trial, sent))
    trial.hold("summed_otherwise", float(_difference(shown, Counter(_reported(lines.values())))), 0)
    trial.look()
    messages = [entry for entry in trial.entries if entry.channel == SMS.channel and entry.alert == sent.id]
    trial.hold(
        "sent_again", float(len(messages) - len({entry.collapse for entry in messages})), trial.case.bound
    )
    log = service.log.read_text("utf-8", "replace")
    trial.hold("numbers_in_the_log", float(log.count(NUMBER) + log.count(NUMBER.removeprefix("+"))), 0)


def broken(heard: Sequence[AnsweredReport], lines: Mapping[str, Line]) -> dict[str, int]:
    """Count what must not happen. `lines` are by client reference."""
    by_ref: defaultdict[str, list[AnsweredReport]] = defaultdict(list)
    for one in heard:
        if one.step.known and one.step.honest and one.step.status in FINAL and one.status == 200:
            by_ref[one.client_ref].append(one)
    overtook = [one for one in heard if one.early and one.verdict in FINAL]
    return {
        "reports_lost": sum(lines[ref].report is None for ref in by_ref),
        "failure_not_believed": sum(
            lines[ref].report not in (None, _state(finals)) for ref, finals in by_ref.items()
        ),
        "recorded_twice": sum(
            [one.verdict for one in finals].count(final) > 1 for finals in by_ref.values() for final in FINAL
        ),
        "said_otherwise": sum(
            one.verdict == "failed" != lines[ref].report for ref, found in by_ref.items() for one in found
        ),
        "invented": sum(line.report is not None and ref not in by_ref for ref, line in lines.items()),
        "states_turned": sum(lines[ref].state != "accepted" for ref in by_ref),
        "answered_wrongly": sum(not _rightly_answered(one) for one in heard),
        "never_overtook": int(not overtook),
    }


def _state(finals: Sequence[AnsweredReport]) -> str:
    """Return what the reports say together, in whatever order they came."""
    return "failed" if any(one.step.status == "failed" for one in finals) else "delivered"


def _rightly_answered(one: AnsweredReport) -> bool:
    if not one.step.honest:
        return one.status == 401
    if not one.step.known:
        return (one.status, one.verdict) == (200, "unknown")
    if one.step.status not in FINAL:
        return (one.status, one.verdict) == (200, "pending")
    return one.status == 200 and one.verdict in {one.step.status, "duplicate", "contradiction"}


def _all_reported(trial: Trial) -> Sequence[AnsweredReport]:
    give_up = time.monotonic() + REPORTED_WITHIN_S
    while time.monotonic() < give_up:
        account = trial.district.gateways[SMS.name].reports()
        if not account.open:
            return account.heard
        time.sleep(LOOK_EVERY_S)
    raise TrialError(f"{account.open} messages are not reported on after {REPORTED_WITHIN_S:.0f} s")


def _lines(trial: Trial, sent: SentMessage) -> dict[str, Line]:
    return {
        f"{sent.id}-{entry['recipient']}": Line(entry["state"], entry["report"])
        for entry in trial.ledger_lines(sent.id)
        if entry["channel"] == SMS.channel
    }


def _reported(lines: Iterable[Line]) -> list[str]:
    return [line.report for line in lines if line.report is not None]


def _summary(trial: Trial, sent: SentMessage) -> dict[str, int]:
    channels = trial.service.status(sent.id)["channels"]
    return {state: n for one in channels for state, n in one["reports"].items()}


def _verdicts(heard: Iterable[AnsweredReport]) -> Counter[str]:
    return Counter(one.verdict for one in heard if one.status == 200)


def _counted(trial: Trial) -> Counter[str]:
    counted: Counter[str] = Counter()
    for verdict, count in _COUNTED.findall(trial.service.metrics()["api"]):
        counted[verdict] += round(float(count))
    return counted


def _difference(one: Counter[str], other: Counter[str]) -> int:
    return sum(abs(one[name] - other[name]) for name in one.keys() | other.keys())
