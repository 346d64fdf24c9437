"""The three ledgers as files, so that anybody can count again what a run left behind.

ledgers/*.ndjson      G  what the gateways wrote down before they answered
claims.ndjson         D  what the service says became of every recipient
case.json             S  what was submitted when, which process was killed, and the seed of the population
population/              who is subscribed where, and who subscribes themselves (made from the seed)
summary.json             the verdict
"""

from __future__ import annotations

from collections import Counter
from dataclasses import fields
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Any

import msgspec

from ops.lab.demo import counting, neighbour, once
from ops.lab.demo.apps import ShownRecord, faults
from ops.lab.demo.authority import approval, exercise, false_alarm
from ops.lab.demo.authority.account import claimed
from ops.lab.demo.authority.approval import ApprovalRecord  # noqa: TC001 - msgspec reads the annotations
from ops.lab.demo.authority.exercise import ExerciseRecord  # noqa: TC001 - as above
from ops.lab.demo.authority.false_alarm import CorrectionRecord  # noqa: TC001 - as above
from ops.lab.demo.authority.texts import kept, languages
from ops.lab.demo.neighbour import TakenInMessage  # noqa: TC001 - msgspec reads the annotations
from ops.lab.world import people, population
from ops.lab.world.chains import audience, excuse
from ops.lab.world.district import gateway_records
from ops.lab.world.messages import CHAPTERS, CONCERNED
from ops.lab.world.population import INHABITANTS, Recipient, watching
from ops.lab.world.records import Expected, GatewayRecord, Kind, Message, RecipientChannel, ServiceRecord
from ops.lab.world.verdict import Counts, Evidence, Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from ops.lab.demo.authority.approval import ApprovalCounts
    from ops.lab.demo.authority.exercise import ExerciseCounts
    from ops.lab.demo.authority.false_alarm import CorrectionCounts
    from ops.lab.world.people import Person

CASE = "case.json"
CLAIMS = "claims.ndjson"
SUMMARY = "summary.json"


class SubmittedMessage(msgspec.Struct, frozen=True):
    """A submitted message and its instants, all aware."""

    kind: Kind
    id: str
    submitted_at: datetime
    answered_at: datetime
    settled_at: datetime
    expires: datetime


class KilledProcess(msgspec.Struct, frozen=True):
    """A process that was killed, and the process that replaced it."""

    process: str
    pid: int
    successor: int
    kind: Kind
    """The kind of the message that was being sent."""
    at_share: float
    """The share of the expected recipients that had been reached."""


class RunRecord(msgspec.Struct, frozen=True):
    """Holds what the run knows without asking the service."""

    seed: int
    in_flight_max: int
    """How many sends one process can have handed over without having recorded their outcome."""
    messages: tuple[SubmittedMessage, ...]
    deaths: tuple[KilledProcess, ...]
    shown: tuple[ShownRecord, ...] = ()
    """What apps showed after each message."""
    taken_in: tuple[TakenInMessage, ...] = ()
    """What was taken in of the neighbour's."""
    approval: ApprovalRecord | None = None
    correction: CorrectionRecord | None = None
    exercise: ExerciseRecord | None = None

    @property
    def apart(self) -> frozenset[str]:
        """Return the alerts, by id, that are counted each by itself and not in the verdict."""
        approved = {self.approval.id} if self.approval else set()
        corrected = {self.correction.alarm, self.correction.correction} if self.correction else set()
        exercised = {one.id for one in self.exercise.steps} if self.exercise else set()
        return frozenset(one.id for one in self.taken_in) | approved | corrected | exercised


def keep(home: Path, case: RunRecord, claims: Iterable[ServiceRecord]) -> None:
    """Write S and D beside the gateways' ledgers."""
    with (home / CLAIMS).open("wb") as lines:
        lines.writelines(msgspec.json.encode(claim) + b"\n" for claim in claims)
    (home / CASE).write_bytes(msgspec.json.format(msgspec.json.encode(case)) + b"\n")


def owed(
    message: Message,
    recipients: Iterable[Recipient],
    earlier: Sequence[Message],
    gateway: Collection[GatewayRecord],
) -> tuple[Expected, ...]:
    """Return the recipients that must get `message`: those who watch a municipality it concerns, and those who were
    warned before."""
    concerned = (
        RecipientChannel(one.ref, one.channel) for one in watching(recipients, CONCERNED[message.kind])
    )
    return audience(message, earlier, concerned, gateway)


def recount(home: Path) -> dict[str, Any]:
    """Judge what lies in `home`, write the result to `summary.json` and return it. Raises OSError, DecodeError."""
    case = msgspec.json.decode((home / CASE).read_bytes(), type=RunRecord)
    recipients = tuple(population.read(home / "population"))
    persons = tuple(people.read(home / "population"))
    own = {one.ref for person in persons for one in person.endpoints}
    neighbours = {one.id for one in case.taken_in}
    everybody = tuple(gateway_records(home))
    gateway = tuple(one for one in everybody if one.recipient not in own and one.message not in case.apart)
    decoder = msgspec.json.Decoder(ServiceRecord)
    said = [decoder.decode(line) for line in (home / CLAIMS).read_bytes().splitlines()]
    claims = tuple(one for one in said if one.recipient and one.message not in case.apart)
    messages = [_message(case, one) for one in case.messages]
    expected = [
        one
        for position, message in enumerate(messages)
        for one in owed(message, recipients, messages[:position], gateway)
    ]
    left = excuse(expected, gateway, claims, messages)
    verdict = judge(
        Evidence(messages, left.expected, gateway, claims),
        at=max(one.settled_at for one in case.messages),
        doubled_bound=case.in_flight_max * len(case.deaths),
    )
    gone = Counter(one.message for one in left.refused)
    told = once.count(
        persons,
        {one.kind: once.Sent(one.id, one.submitted_at) for one in case.messages},
        everybody,
        [one for one in said if not one.recipient],
    )
    of_neighbour = neighbour.count(
        case.taken_in, counting.concerned(recipients, persons, neighbour.CONCERNED), everybody
    )
    approved, corrected, exercised = _authority(home, case, recipients, persons, everybody, claimed(said))
    failures = (
        *failures_of(case, verdict),
        *once.faults(told, verdict.total.doubled_bound),
        *neighbour.faults(of_neighbour),
        *approval.faults(approved),
        *false_alarm.faults(corrected),
        *exercise.faults(exercised),
        *exercise.unreported(case.exercise, home),
    )
    summary = {
        "ok": not failures,
        "failures": failures,
        "seed": case.seed,
        "deaths": case.deaths,
        "messages": [_account(one, gone[one.id], verdict) for one in case.messages],
        "total": verdict.total,
        **_outsiders(recipients, [one for one in everybody if one.message not in neighbours]),
        "shown": case.shown,
        "people": list(once.lines(persons, told)),
        "told_once": told,
        "neighbour": of_neighbour,
        "authority": [*approval.lines(approved), *false_alarm.lines(corrected), *exercise.lines(exercised)],
        "approval": approved,
        "correction": corrected,
        "exercise": exercised,
    }
    (home / SUMMARY).write_bytes(msgspec.json.format(msgspec.json.encode(summary)) + b"\n")
    read: dict[str, Any] = msgspec.to_builtins(summary)
    return read


def _authority(
    home: Path,
    case: RunRecord,
    recipients: Sequence[Recipient],
    persons: Sequence[Person],
    gateway: Sequence[GatewayRecord],
    claims: Mapping[str, int],
) -> tuple[ApprovalCounts | None, CorrectionCounts | None, ExerciseCounts | None]:
    """Count what came of the approval, of the correction and of the exercise. `claims` are by alert how many
    the service reached.
    """
    texts = kept(home, case.apart)
    read = languages(recipients, persons)
    left = counting.gone(gateway)
    return (
        approval.count(
            case.approval, counting.concerned(recipients, persons, approval.CONCERNED, left), gateway, claims
        ),
        false_alarm.count(
            case.correction,
            counting.concerned(recipients, persons, false_alarm.CONCERNED, left),
            gateway,
            claims,
            false_alarm.understanding(texts, case.correction.correction if case.correction else "", read),
        ),
        exercise.count(
            case.exercise,
            exercise.taking_part(persons),
            counting.concerned(recipients, persons, exercise.CONCERNED, left),
            gateway,
            claims,
            exercise.read_texts(case.exercise, texts, read),
        ),
    )


def failures_of(case: RunRecord, verdict: Verdict) -> tuple[str, ...]:
    """List what the verdict finds wrong with the service, what apps showed wrongly, and messages without expected
    recipients or that no app looked for, which prove nothing."""
    idle = [one.kind for one in case.messages if not any(row.message == one.id for row in verdict.rows)]
    unshown = [one.kind for one in case.messages if one.kind not in {seen.kind for seen in case.shown}]
    return (
        *verdict.failures,
        *(f"nobody expected the {kind}" for kind in idle),
        *faults(case.shown),
        *(f"no app looked after the {kind}" for kind in unshown),
    )


def _message(case: RunRecord, one: SubmittedMessage) -> Message:
    return Message(
        id=one.id,
        chain=case.messages[0].id,
        order=CHAPTERS.index(one.kind),
        kind=one.kind,
        submitted_at=one.submitted_at,
        answered_at=one.answered_at,
        expires=one.expires,
        settle_by=one.settled_at,
    )


def _account(one: SubmittedMessage, gone: int, verdict: Verdict) -> dict[str, Any]:
    rows = {row.channel: counts for row, counts in verdict.rows.items() if row.message == one.id}
    return {
        "kind": one.kind,
        "id": one.id,
        "municipalities": sorted(CONCERNED[one.kind]),
        "gone": gone,
        "channels": rows,
        "total": together(rows.values()),
    }


def together(rows: Collection[Counts]) -> Counts:
    """Add counts up; of the times, the earliest first and the latest last are kept."""
    firsts = [row.time_to_first_ms for row in rows if row.time_to_first_ms is not None]
    lasts = [row.time_to_last_ms for row in rows if row.time_to_last_ms is not None]
    apart = {"doubled_bound", "time_to_first_ms", "time_to_last_ms"}
    return Counts(
        **{
            field.name: sum(getattr(row, field.name) for row in rows)
            for field in fields(Counts)
            if field.name not in apart
        },
        doubled_bound=max((row.doubled_bound for row in rows), default=0),
        time_to_first_ms=min(firsts, default=None),
        time_to_last_ms=max(lasts, default=None),
    )


def _outsiders(recipients: Iterable[Recipient], gateway: Iterable[GatewayRecord]) -> dict[str, int]:
    """Count the people who watch no municipality of the district, and how many of them got anything of these."""
    outside = {one.ref for one in recipients if INHABITANTS.keys().isdisjoint(one.places)}
    reached = {record.recipient for record in gateway if record.accepted}
    return {"outside": len(outside), "outside_reached": len(outside & reached)}
