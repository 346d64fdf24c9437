"""A false alarm, taken back in one step by one person: to exactly those alarmed, in their language, at once.

Who was alarmed is read from the gateways' ledgers; so is when the first gateway accepted the correction. The instant of
the decision is that before the one request that it takes.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import msgspec

import cap
from ops.lab.demo import counting
from ops.lab.demo.authority import desk
from ops.lab.demo.authority.account import account
from ops.lab.demo.authority.alarms import alarm
from ops.lab.demo.counting import ToldCounts  # noqa: TC001 - msgspec reads the annotations
from ops.lab.world.district import SENDER
from ops.lab.world.ledger import Tail
from ops.lab.world.people import VETTWEISS
from ops.lab.world.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from ops.lab.demo.authority.desk import Staff
    from ops.lab.demo.authority.texts import KeptText
    from ops.lab.world.district import District
    from ops.lab.world.records import GatewayRecord, ServiceRecord

PLACE = (VETTWEISS, "Vettweiß")
CONCERNED = frozenset({VETTWEISS})
FIRST_WITHIN_S: Final = 2.0
"""Seconds from the decision until a gateway has accepted the first of the corrections, at most."""
TOLD_WITHIN_S: Final = 120.0
WORDS: Final = {"de": "Fehlalarm", "en": "False alarm", "uk": "Хибна тривога"}
"""What a false alarm is called in the languages that people here read."""


class CorrectionRecord(msgspec.Struct, frozen=True):
    """What the run knows of a false alarm and its correction, both by the service's id. Instants are aware."""

    alarm: str
    correction: str
    alarmed_at: datetime
    decided_at: datetime
    """The instant before the request that corrected it."""
    answered_at: datetime
    first_within_s: float
    """The limit for the first accept."""


class CorrectionCounts(msgspec.Struct, frozen=True):
    """What the ledgers say of both, beside what the run knows."""

    alarm: ToldCounts
    """Times count from its submission."""
    correction: ToldCounts
    """Owed to those who were alarmed; times count from the decision."""
    claimed: tuple[int, int]
    """How many each of them reached as the service says."""
    understood: int
    """How many read in their own language that it was a false alarm."""
    step_s: float
    """How long the operator's step took, from the request to its answer."""
    first_within_s: float


def run(
    district: District, staff: Staff, name: str, first_within_s: float
) -> tuple[CorrectionRecord, tuple[ServiceRecord, ...]]:
    """Alarm a municipality wrongly, and take it back once everybody is alarmed. Returns what is known of it, and the
    service's account. `name` makes its identifier a run's own. Raises ServiceError.
    """
    tail = Tail(gateway.ledger for gateway in district.gateways.values())
    left = counting.gone(tail.new())
    message = alarm(
        SENDER,
        f"fehlalarm-{name}",
        datetime.now(UTC),
        place=PLACE,
        event="Gefahr durch Brandgase",
        headline="Gefahr durch Brandgase in Vettweiß",
    )
    alarmed = district.submit(cap.render(message))
    if not alarmed.accepted:
        raise ServiceError(f"{message.identifier} was refused: {alarmed.status} {alarmed.body!r}")
    owed = counting.concerned(district.recipients, district.people, CONCERNED, left)
    counting.follow(tail, alarmed.alert_id, owed, time.monotonic() + TOLD_WITHIN_S)
    claims = account(staff.approver.get, f"/v1/alerts/{alarmed.alert_id}")
    corrected = staff.approver.request("POST", f"/v1/alerts/{alarmed.alert_id}/correct?what=false-alarm")
    if not corrected.accepted:
        raise ServiceError(f"the correction was refused: {corrected.status} {corrected.body!r}")
    counting.follow(tail, corrected.alert_id, owed, time.monotonic() + TOLD_WITHIN_S)
    claims += account(staff.approver.get, f"/v1/alerts/{corrected.alert_id}")
    record = CorrectionRecord(
        alarmed.alert_id,
        corrected.alert_id,
        alarmed.began_at,
        corrected.began_at,
        corrected.ended_at,
        first_within_s,
    )
    return record, claims


def count(
    record: CorrectionRecord | None,
    owed: Collection[str],
    gateway: Collection[GatewayRecord],
    claimed: Mapping[str, int],
    understood: int,
) -> CorrectionCounts | None:
    """Count by what gateways accepted; None where nothing was corrected. The alarm is `owed` to these. `claimed` is by
    alert what the service says, `understood` see `understanding`.
    """
    if record is None:
        return None
    alarmed = {one.recipient for one in gateway if one.accepted and one.message == record.alarm}
    return CorrectionCounts(
        counting.count("alarm", record.alarm, owed, gateway, record.alarmed_at),
        counting.count("correction", record.correction, alarmed, gateway, record.decided_at),
        claimed=(claimed.get(record.alarm, 0), claimed.get(record.correction, 0)),
        understood=understood,
        step_s=round((record.answered_at - record.decided_at).total_seconds(), 3),
        first_within_s=record.first_within_s,
    )


def understanding(texts: Iterable[KeptText], correction: str, languages: Mapping[str, str]) -> int:
    """Count the people whose device shows in their own language that it was a false alarm. `languages` by reference."""
    return len(
        {
            one.recipient
            for one in texts
            if one.alert == correction
            and any(WORDS[languages.get(one.recipient, "de")] in part for part in one.parts.values())
        }
    )


def faults(found: CorrectionCounts | None) -> Iterator[str]:
    """Yield what is wrong: others than those alarmed were told, in another language, or too late."""
    if found is None:
        yield "no false alarm was corrected"
        return
    for one, claimed in zip((found.alarm, found.correction), found.claimed, strict=True):
        name = f"the false alarm's {one.kind}"
        yield from counting.faults(name, one)
        yield from counting.unclaimed(name, one, claimed)
    if found.understood != found.correction.reached:
        yield f"the correction: in their own language to {found.understood} of {found.correction.reached}"
    first = found.correction.first_s
    if first is None or first > found.first_within_s:
        yield (
            f"the correction: first accepted after {counting.seconds(first, 2)}, "
            f"not within {found.first_within_s:g} s of the decision"
        )


def lines(found: CorrectionCounts | None) -> Iterator[str]:
    """Yield what is said of it."""
    if found is None:
        return
    yield f"A false alarm in {PLACE[1]}, which {desk.APPROVER} took back in one step:"
    yield f"  alarm: {counting.said(found.alarm)}"
    yield f"  correction: {counting.said(found.correction)}; in their own language {found.understood}"
    yield (
        f"  from the decision to the first accept {counting.seconds(found.correction.first_s, 2)} (at most "
        f"{found.first_within_s:g} s), to the last {counting.seconds(found.correction.last_s, 2)}; the operator's step "
        f"took {found.step_s:.2f} s"
    )
