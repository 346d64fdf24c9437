"""Counts, by what the gateways accepted, who was told of one message: each of those owed it once, and nobody else.

Of messages in which no process is killed and no gateway fails: so nothing may come twice either.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING

import msgspec

from ops.lab.world.chains import GONE
from ops.lab.world.people import told
from ops.lab.world.population import watching
from ops.lab.world.service import ServiceError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from ops.lab.world.ledger import Entry, Tail
    from ops.lab.world.people import Person
    from ops.lab.world.population import Recipient
    from ops.lab.world.records import GatewayRecord

LOOK_EVERY_S = 0.1


class ToldCounts(msgspec.Struct, frozen=True):
    """Counts of people for one message."""

    kind: str
    owed: int
    once: int
    doubled: int
    missed: int
    astray: int
    first_s: float | None
    """Seconds from the instant that counts until a gateway accepted it for the first of them; None: for nobody."""
    last_s: float | None

    @property
    def reached(self) -> int:
        """Return how many were told at all."""
        return self.owed - self.missed + self.astray


def gone(answers: Iterable[Entry | GatewayRecord]) -> frozenset[str]:
    """Return by which references somebody is gone, as a gateway has said in a message before: nothing is owed there."""
    return frozenset(one.recipient for one in answers if not one.accepted and one.status in GONE[one.channel])


def concerned(
    recipients: Iterable[Recipient],
    people: Iterable[Person],
    places: Collection[str],
    left: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Return by which references a warning for these places (AGS) is owed: who was imported and has not `left`, and the
    one endpoint of each who subscribed.
    """
    own = (told(person, places, None) for person in people)
    imported = frozenset(one.ref for one in watching(recipients, places)) - left
    return imported | frozenset(filter(None, own))


def count(
    kind: str, message: str, owed: Collection[str], gateway: Iterable[GatewayRecord], since: datetime
) -> ToldCounts:
    """Count for the message of this id, which is owed to these (by reference). Times count from `since`, aware."""
    accepted = [one for one in gateway if one.accepted and one.message == message]
    times = Counter(record.recipient for record in accepted)
    seconds = [(record.wall_time - since).total_seconds() for record in accepted]
    return ToldCounts(
        kind,
        owed=len(owed),
        once=sum(times[ref] == 1 for ref in owed),
        doubled=sum(number - 1 for number in times.values()),
        missed=sum(not times[ref] for ref in owed),
        astray=len(times.keys() - set(owed)),
        first_s=round(min(seconds), 3) if seconds else None,
        last_s=round(max(seconds), 3) if seconds else None,
    )


def faults(name: str, one: ToldCounts) -> Iterator[str]:
    """Yield what is wrong with a message that is called so: somebody was told twice, not at all, or should not be."""
    for wrong in ("doubled", "missed", "astray"):
        if number := getattr(one, wrong):
            yield f"{name}: {wrong}={number}"
    if not one.owed:
        yield f"{name} was owed to nobody"


def unclaimed(name: str, one: ToldCounts, claimed: int) -> Iterator[str]:
    """Yield where the service says of another number than the gateways have that it was reached."""
    if claimed != one.reached:
        yield f"{name}: the service claims {claimed}, the gateways have {one.reached}"


def said(one: ToldCounts) -> str:
    """Return the counts as part of a line."""
    return (
        f"owed to {one.owed}, told once {one.once}, doubled {one.doubled}, missed {one.missed}, "
        f"astray {one.astray}"
    )


def seconds(value: float | None, digits: int = 1) -> str:
    """Return a time as a line has it."""
    return "never" if value is None else f"{value:.{digits}f} s"


def follow(tail: Tail, message: str, owed: Collection[str], deadline: float) -> None:
    """Wait until gateways have accepted the message for everybody it is owed to. Raises ServiceError where they have
    not by then (of the monotonic clock).
    """
    missing = set(owed)
    while missing := missing - {one.recipient for one in tail.new() if one.accepted and one.alert == message}:
        look_again(deadline, f"{len(missing)} people were not told of {message}")


def look_again(deadline: float, otherwise: str) -> None:
    """Wait for the next look. Raises ServiceError, which says what is the case `otherwise`, when it is too late."""
    if time.monotonic() > deadline:
        raise ServiceError(f"{otherwise} in time")
    time.sleep(LOOK_EVERY_S)
