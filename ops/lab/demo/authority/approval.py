"""A warning that needs a second person: it waits, its author cannot approve it, another person does, and it goes out.

That nobody was told before the approval, and everybody once after it, is counted in the gateways' ledgers; the instant
of the approval is that before its request.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

import cap
from ops.lab.demo import counting
from ops.lab.demo.authority import desk
from ops.lab.demo.authority.account import account
from ops.lab.demo.authority.alarms import alarm
from ops.lab.demo.counting import ToldCounts  # noqa: TC001 - msgspec reads the annotations
from ops.lab.world.ledger import Tail
from ops.lab.world.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ops.lab.demo.authority.desk import SignedInPerson, Staff
    from ops.lab.world.district import District
    from ops.lab.world.records import GatewayRecord, ServiceRecord
    from ops.lab.world.service import ApiResponse

PLACE = ("05358056", "Titz")
CONCERNED = frozenset({PLACE[0]})
WAITS_S = 2.0
"""How long it waits at least: a warning that nothing holds has reached somebody by then."""
TOLD_WITHIN_S = 120.0


class ApprovalRecord(msgspec.Struct, frozen=True):
    """What the run knows of the warning. Instants are aware."""

    id: str
    submitted_at: datetime
    held: bool
    """Whether it was answered with 202, held."""
    own: int
    """The status that answered the author's own approval."""
    people: int
    """How many people the approver was shown: the number that is stored."""
    approved_at: datetime
    """The instant before the request that approved it."""


class ApprovalCounts(msgspec.Struct, frozen=True):
    """What the ledgers say of it, beside what the run knows."""

    told: ToldCounts
    """Times count from the approval."""
    early: int
    """How many had been told before it."""
    claimed: int
    """How many were reached as the service says."""
    waited_s: float
    held: bool
    own: int
    people: int


def run(district: District, staff: Staff, name: str) -> tuple[ApprovalRecord, tuple[ServiceRecord, ...]]:
    """Have it written, refused to its author, approved by another, and sent. Returns what is known of it, and the
    service's account. `name` makes its identifier a run's own. Raises ServiceError.
    """
    tail = Tail(gateway.ledger for gateway in district.gateways.values())
    left = counting.gone(tail.new())
    message = alarm(
        desk.SENDER,
        f"gas-{name}",
        datetime.now(UTC),
        place=PLACE,
        event="Gasaustritt",
        headline="Gasaustritt nach einem Unfall in Titz",
    )
    submission = staff.author.request("POST", "/v1/alerts", cap.render(message), "application/cap+xml")
    if not submission.accepted:
        raise ServiceError(f"{message.identifier} was refused: {submission.status} {submission.body!r}")
    alert = submission.json()["alert"]
    waits_until = time.monotonic() + WAITS_S
    own = _approve(staff.author, _shown(staff.author, alert["id"]))
    time.sleep(max(0.0, waits_until - time.monotonic()))
    shown = _shown(staff.approver, alert["id"])
    approved = _approve(staff.approver, shown)
    if not approved.accepted:
        raise ServiceError(f"the approval was refused: {approved.status} {approved.body!r}")
    owed = counting.concerned(district.recipients, district.people, CONCERNED, left)
    counting.follow(tail, alert["id"], owed, time.monotonic() + TOLD_WITHIN_S)
    record = ApprovalRecord(
        alert["id"],
        submission.began_at,
        held=submission.status == HTTPStatus.ACCEPTED and alert["state"] == "held",
        own=own.status,
        people=shown["people"],
        approved_at=approved.began_at,
    )
    return record, account(staff.author.get, f"/v1/alerts/{alert['id']}")


def _shown(person: SignedInPerson, alert_id: str) -> dict[str, Any]:
    found: dict[str, Any] = person.get(f"/v1/approvals/{alert_id}").json()
    return found


def _approve(person: SignedInPerson, shown: Mapping[str, Any]) -> ApiResponse:
    body = msgspec.json.encode({"binding": shown["binding"]})
    return person.request("POST", f"/v1/approvals/{shown['alert']}/approve", body)


def count(
    record: ApprovalRecord | None,
    owed: Collection[str],
    gateway: Collection[GatewayRecord],
    claimed: Mapping[str, int],
) -> ApprovalCounts | None:
    """Count by what gateways accepted; None where nothing was approved. `claimed` is by alert what the service says."""
    if record is None:
        return None
    early = {
        one.recipient
        for one in gateway
        if one.accepted and one.message == record.id and one.wall_time < record.approved_at
    }
    return ApprovalCounts(
        counting.count("alert", record.id, owed, gateway, record.approved_at),
        early=len(early),
        claimed=claimed.get(record.id, 0),
        waited_s=round((record.approved_at - record.submitted_at).total_seconds(), 1),
        held=record.held,
        own=record.own,
        people=record.people,
    )


def faults(found: ApprovalCounts | None) -> Iterator[str]:
    """Yield what is wrong: it did not wait, somebody heard of it before the approval, or not once after it."""
    name = "the approved warning"
    if found is None:
        yield "nothing was approved by a second person"
        return
    if not found.held:
        yield f"{name} was not held"
    if found.own != HTTPStatus.CONFLICT:
        yield f"{name}: its author's own approval was answered with {found.own}"
    if found.early:
        yield f"{name}: told before its approval={found.early}"
    if found.people != found.told.owed:
        yield f"{name}: shown for {found.people} people, owed to {found.told.owed}"
    yield from counting.faults(name, found.told)
    yield from counting.unclaimed(name, found.told, found.claimed)


def lines(found: ApprovalCounts | None) -> Iterator[str]:
    """Yield what is said of it."""
    if found is None:
        return
    yield f"A warning for {PLACE[1]} needed a second person: {desk.AUTHOR} wrote it, {desk.APPROVER} approved it:"
    yield (
        f"  held for {found.waited_s:.1f} s, told meanwhile {found.early}; the author's own approval refused "
        f"({found.own}); approved for {found.people} people"
    )
    yield (
        f"  {counting.said(found.told)}; the first {counting.seconds(found.told.first_s, 2)} after the approval, "
        f"the last {counting.seconds(found.told.last_s, 2)}"
    )
