"""The count that decides: what of S did G see, and does D say the same?

    lost             |E \\ G|                     expected, and no gateway accepted it
    doubled          sum(max(0, n_G(k) - 1))      accepted again for one key, even if the gateway drops it
    phantom          |G \\ E|                     accepted for a recipient whom it does not concern
    wrong_content    hash of no right rendering   or nothing that a device could read
    false_delivered  |D.accepted \\ G|            the service claims what no gateway has
    unrecorded       |G \\ D.accepted|            a gateway has what the service thinks failed, and is sure of
    unknown          D not terminal               a minute after expiry, or when the message must have settled
    late             G after `expires`

and, between the messages of a chain, what `chains.violations` names.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from ops.lab.world.chains import violations
from ops.lab.world.records import (
    CLAIMED,
    TERMINAL,
    Expected,
    GatewayRecord,
    Key,
    Message,
    Row,
    ServiceRecord,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

SETTLED_AFTER_EXPIRY = timedelta(seconds=60)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Holds the three ledgers. `expected` is the tester's own, never taken from the service."""

    messages: Collection[Message]
    expected: Collection[Expected]
    gateway: Collection[GatewayRecord]
    service: Collection[ServiceRecord]


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts what happened to one message on one channel, or to all of them."""

    expected: int = 0
    accepted: int = 0
    """Recipients that were expected and whose message was accepted at least once."""
    lost: int = 0
    doubled: int = 0
    doubled_bound: int = 0
    """How many duplicates the killed processes' sends in flight allow, in total."""
    uncollapsed: int = 0
    """Duplicates that do not carry the original's collapse key: a person may see these. A protocol that has no such
    key is left out: all its duplicates are seen."""
    phantom: int = 0
    false_delivered: int = 0
    unrecorded: int = 0
    unknown: int = 0
    pending: int = 0
    """Recipients in no terminal state, but still in time: the verdict was taken too early."""
    late: int = 0
    wrong_content: int = 0
    lone_all_clear: int = 0
    second_all_clear: int = 0
    overtaken: int = 0
    stale: int = 0
    time_to_first_ms: float | None = None
    """Milliseconds from submission to the first accept; None where nothing was accepted."""
    time_to_last_ms: float | None = None
    """Milliseconds from submission to the last of all first accepts."""


MUST_BE_ZERO = (
    "lost",
    "uncollapsed",
    "phantom",
    "false_delivered",
    "unrecorded",
    "unknown",
    "pending",
    "late",
    "wrong_content",
    "lone_all_clear",
    "second_all_clear",
    "overtaken",
    "stale",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Holds the counts per (message, channel) and in total."""

    rows: Mapping[Row, Counts]
    total: Counts

    @property
    def failures(self) -> tuple[str, ...]:
        """List what must not be and is, as `name=count`; empty: the promise was kept."""
        found = [f"{name}={count}" for name in MUST_BE_ZERO if (count := getattr(self.total, name))]
        if self.total.doubled > self.total.doubled_bound:
            found.append(f"doubled={self.total.doubled}>{self.total.doubled_bound}")
        return tuple(found)

    def as_json(self) -> dict[str, object]:
        """{"total": {...}, "rows": [{"message", "channel", ...}], "failures": [...]}."""
        rows = [{**row._asdict(), **asdict(counts)} for row, counts in sorted(self.rows.items())]
        return {"total": asdict(self.total), "rows": rows, "failures": list(self.failures)}


def judge(evidence: Evidence, *, at: datetime, doubled_bound: int = 0) -> Verdict:
    """Join the ledgers as they were at the aware instant `at`."""
    accepted: dict[Key, list[GatewayRecord]] = defaultdict(list)
    for record in evidence.gateway:
        if record.accepted:
            accepted[record.key].append(record)
    expected = {one.key for one in evidence.expected}
    messages = {message.id: message for message in evidence.messages}
    states = {one.key: one.state for one in evidence.service}
    unsure = {one.key for one in evidence.service if one.uncertain}
    counts: dict[str, Counter[Row]] = {
        "expected": _rows(expected),
        "accepted": _rows(expected & accepted.keys()),
        "lost": _rows(expected - accepted.keys()),
        "phantom": _rows(key for key in accepted.keys() - expected if key.message),
        **_repeats(accepted),
        **_claims(accepted, states, unsure),
        **_ends(expected, states, messages, at),
        **_handed_over(accepted, messages),
        **violations(evidence.messages, evidence.gateway),
    }
    times = _times(expected, accepted, messages)
    return _assemble(counts, times, doubled_bound)


def _rows(keys: Iterable[Key]) -> Counter[Row]:
    return Counter(key.row for key in keys)


def _repeats(accepted: Mapping[Key, list[GatewayRecord]]) -> dict[str, Counter[Row]]:
    doubled: Counter[Row] = Counter()
    uncollapsed: Counter[Row] = Counter()
    for key, records in accepted.items():
        original, *repeats = sorted(records, key=lambda record: record.wall_time)
        doubled[key.row] += len(repeats)
        uncollapsed[key.row] += sum(
            repeat.collapses and (not repeat.collapse or repeat.collapse != original.collapse)
            for repeat in repeats
        )
    return {"doubled": doubled, "uncollapsed": uncollapsed}


def _claims(
    accepted: Mapping[Key, list[GatewayRecord]], states: Mapping[Key, str], unsure: set[Key]
) -> dict[str, Counter[Row]]:
    claimed = {key for key, state in states.items() if state in CLAIMED}
    denied = {key for key, state in states.items() if state in TERMINAL - CLAIMED}
    return {
        "false_delivered": _rows(claimed - accepted.keys()),
        "unrecorded": _rows((denied & accepted.keys()) - unsure),
    }


def _ends(
    expected: set[Key], states: Mapping[Key, str], messages: Mapping[str, Message], at: datetime
) -> dict[str, Counter[Row]]:
    open_ends = {key for key in expected | states.keys() if states.get(key) not in TERMINAL}
    overdue = {key for key in open_ends if _overdue(messages.get(key.message), at)}
    return {"unknown": _rows(overdue), "pending": _rows(open_ends - overdue)}


def _overdue(message: Message | None, at: datetime) -> bool:
    return message is None or at >= (message.settle_by or message.expires + SETTLED_AFTER_EXPIRY)


def _handed_over(
    accepted: Mapping[Key, list[GatewayRecord]], messages: Mapping[str, Message]
) -> dict[str, Counter[Row]]:
    late: Counter[Row] = Counter()
    wrong: Counter[Row] = Counter()
    for key, records in accepted.items():
        message = messages.get(key.message)
        if message is None:
            wrong[key.row] += len(records) * (not key.message)
            continue
        late[key.row] += sum(record.wall_time > message.expires for record in records)
        wrong[key.row] += sum(not _right(record, message) for record in records)
    return {"late": late, "wrong_content": wrong}


def _right(record: GatewayRecord, message: Message) -> bool:
    return not message.contents or record.content_hash in message.contents


def _times(
    expected: set[Key], accepted: Mapping[Key, list[GatewayRecord]], messages: Mapping[str, Message]
) -> dict[Row, tuple[float, float]]:
    """Return the first and last of the keys' first accepts, in milliseconds from the submission."""
    waits: dict[Row, list[float]] = defaultdict(list)
    for key in expected & accepted.keys():
        if message := messages.get(key.message):
            first = min(record.wall_time for record in accepted[key])
            waits[key.row].append(round((first - message.submitted_at) / _MILLISECOND, 3))
    return {row: (min(values), max(values)) for row, values in waits.items()}


def _assemble(
    counts: Mapping[str, Counter[Row]], times: Mapping[Row, tuple[float, float]], bound: int
) -> Verdict:
    named = {row for counter in counts.values() for row, count in counter.items() if count}
    rows = {
        row: Counts(
            **{name: counter[row] for name, counter in counts.items()},
            doubled_bound=bound,
            time_to_first_ms=times.get(row, (None, None))[0],
            time_to_last_ms=times.get(row, (None, None))[1],
        )
        for row in sorted(named)
    }
    total = Counts(
        **{name: counter.total() for name, counter in counts.items()},
        doubled_bound=bound,
        time_to_first_ms=min((first for first, _ in times.values()), default=None),
        time_to_last_ms=max((last for _, last in times.values()), default=None),
    )
    return Verdict(rows, total)
