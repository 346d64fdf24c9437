"""Measure a step of a drill by what the service says of its message: times, reach, receipts, duplicates. Pure.

Times are seconds from the instant at which the service committed the message, by its own clock, so that no difference
of two clocks is in them. When a recipient was accepted is known as exactly as the ledger has it: of those accepted at
once when the last of their batch was.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from math import ceil
from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.vocabulary import State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dispatcher.commands.drill.plan import Expected

REACHED: Final = frozenset(state.name.lower() for state in State if state.reached)
WAITING: Final = frozenset(state.name.lower() for state in State if not state.terminal)
NOT_OWED: Final = frozenset({"gone", "quiet_past_end"})
"""States of recipients who do not count against a channel: they have left, or do not want to be disturbed."""
RECEIPTS: Final = ("delivered", "displayed", "confirmed")
CURVE: Final = 120
"""Points that a curve has at most."""
PERCENTILES: Final = (50, 95, 99)


def measured(
    step: str, submission_s: float, status: Mapping[str, Any], ledger: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return what came of a step, as JSON has it; `municipalities` is None where the service could not count by them.
    `submission_s`: from the request to its answer, at the desk.
    """
    zero = datetime.fromisoformat(status["alert"]["received_at"])
    channels = {one["channel"]: one for one in _summed(status["channels"])}
    lines: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for line in ledger:
        lines[line["channel"]].append(line)
    said = status["receipts_by_municipality"] or {}
    names = {place["ags"]: place["name"] for place in status["municipalities"]}
    return {
        "step": step,
        "alert": status["alert"]["id"],
        "reason": status["alert"]["reason"],
        "received_at": status["alert"]["received_at"],
        "submission_s": round(submission_s, 3),
        "people": {
            name: status["progress"][name]
            for name in ("recipients", "accepted", "waiting", "failed", "quiet_past_end")
        },
        "channels": {name: _channel(channels[name], lines[name], zero) for name in sorted(channels)},
        "municipalities": None
        if status["recipients_by_municipality"] is None
        else [
            {
                "ags": ags,
                "name": names.get(ags, ags),
                "recipients": sum(states.values()),
                "accepted": sum(count for state, count in states.items() if state in REACHED),
                **{name: said.get(ags, {}).get(name, 0) for name in RECEIPTS},
            }
            for ags, states in sorted(status["recipients_by_municipality"].items())
        ],
    }


def _summed(channels: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return one entry for each channel, of those that the status has for each kind of notice."""
    found: dict[str, dict[str, Any]] = {}
    for one in channels:
        sums = found.setdefault(
            one["channel"], {"channel": one["channel"], "states": Counter(), "receipts": Counter()}
        )
        sums["states"].update(one["states"])
        sums["receipts"].update(one["receipts"])
        for name, choose in (("first_accepted_at", min), ("last_accepted_at", max)):
            moments = [moment for moment in (sums.get(name), one[name]) if moment]
            sums[name] = choose(moments, key=datetime.fromisoformat) if moments else None
    return list(found.values())


def _channel(sums: Mapping[str, Any], lines: Sequence[Mapping[str, Any]], zero: datetime) -> dict[str, Any]:
    states = sums["states"]
    accepted = sorted(
        (datetime.fromisoformat(line["last_attempt_at"]) - zero).total_seconds()
        for line in lines
        if line["state"] in REACHED and line["last_attempt_at"]
    )
    times = Counter((line["recipient"], line["kind"]) for line in lines)
    return {
        "recipients": sum(states.values()),
        "accepted": sum(states[state] for state in REACHED),
        "waiting": sum(states[state] for state in WAITING),
        "not_owed": sum(states[state] for state in NOT_OWED),
        "failed": dict(
            sorted(
                (state, count)
                for state, count in states.items()
                if count and state not in REACHED | WAITING | NOT_OWED
            )
        ),
        "first_s": _seconds(sums["first_accepted_at"], zero),
        "last_s": _seconds(sums["last_accepted_at"], zero),
        **{f"p{percent}_s": percentile(accepted, percent) for percent in PERCENTILES},
        **{name: sums["receipts"].get(name, 0) for name in RECEIPTS},
        "twice": sum(count - 1 for count in times.values()),
        "perhaps_twice": sum(bool(line["uncertain"]) for line in lines if line["state"] in REACHED),
        "curve": curve(accepted),
    }


def _seconds(moment: str | None, zero: datetime) -> float | None:
    return None if moment is None else round((datetime.fromisoformat(moment) - zero).total_seconds(), 3)


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the smallest value that so many per cent of the ordered ones do not exceed; None of none."""
    if not ordered:
        return None
    return round(ordered[max(0, ceil(len(ordered) * percent / 100) - 1)], 3)


def curve(ordered: Sequence[float]) -> list[list[float]]:
    """Return how many had been accepted after how many seconds, in few points, the last of them among these."""
    by_time: dict[float, int] = {}
    for number, seconds in enumerate(ordered, 1):
        by_time[round(max(seconds, 0.0), 3)] = number
    points = [[seconds, float(number)] for seconds, number in by_time.items()]
    step = ceil(len(points) / CURVE) or 1
    return points[::-1][::step][::-1]


def people_owed(people: Mapping[str, int]) -> int:
    """Return how many people a step had to reach: all but those whose quiet hours outlast it."""
    return people["recipients"] - people["quiet_past_end"]


def owed(channel: Mapping[str, Any]) -> int:
    """Return how many recipients of a step count against a channel."""
    return int(channel["recipients"] - channel["not_owed"])


def last_accepted(channels: Iterable[Mapping[str, Any]]) -> float | None:
    """Return after how many seconds the last recipient of any channel was accepted; None where none was."""
    return max((one["last_s"] for one in channels if one["last_s"] is not None), default=None)


def weak_channels(steps: Iterable[Mapping[str, Any]], expected: Expected) -> list[dict[str, Any]]:
    """Return what fell short of what was expected: by step and channel, `what` with its value and the bound."""
    found: list[dict[str, Any]] = []
    for step in steps:
        for name, one in step["channels"].items():
            where = {"step": step["step"], "channel": name}
            if not (due := owed(one)):
                continue
            if (share := one["accepted"] / due) < expected.accepted:
                found.append(
                    {**where, "what": "accepted", "value": round(share, 4), "bound": expected.accepted}
                )
            bound = expected.within.total_seconds()
            if one["last_s"] is not None and one["last_s"] > bound:
                found.append({**where, "what": "within", "value": one["last_s"], "bound": bound})
            shown = one["displayed"] / due
            if shown < expected.displayed:
                found.append(
                    {**where, "what": "displayed", "value": round(shown, 4), "bound": expected.displayed}
                )
            if one["twice"]:
                found.append({**where, "what": "twice", "value": one["twice"], "bound": 0})
    return found
