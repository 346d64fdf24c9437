"""Counts by the gateways' ledgers whether each person was told once: not on two devices, and nobody passed over.

once         one of the person's endpoints accepted the message, once
doubled      that endpoint accepted it again: as a process was killed, within the bound of its sends in flight
called_up    another one accepted it as well, a minute after the submission or later: the first had not taken it by
             then. Both are told what follows. Only a machine that is busy with other things comes to this
elsewhere    another one accepted it as well, sooner: must be 0
missed       no endpoint of a person accepted it to whom it was owed: must be 0
astray       a person was told whom it does not concern: must be 0
claimed      how many endpoints of people, as the service says, took it: as many as the ledgers have
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from dispatcher.store.delivery.standby import PATIENCE
from ops.lab.world.people import owed
from ops.lab.world.records import CLAIMED, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from ops.lab.world.people import Person
    from ops.lab.world.records import GatewayRecord, ServiceRecord


class ToldOnce(msgspec.Struct, frozen=True):
    """Counts of people for one message."""

    kind: Kind
    owed: int
    once: int
    doubled: int
    called_up: int
    elsewhere: int
    missed: int
    astray: int
    claimed: int

    @property
    def told(self) -> int:
        """Return how many endpoints of people accepted it."""
        return self.owed - self.missed + self.called_up + self.elsewhere + self.astray


class Sent(NamedTuple):
    """A message by the service's id, and when it was submitted (aware)."""

    id: str
    at: datetime


def count(
    people: Sequence[Person],
    messages: Mapping[Kind, Sent],
    gateway: Iterable[GatewayRecord],
    claims: Iterable[ServiceRecord],
) -> list[ToldOnce]:
    """Count for each message, in their order. `claims` are of those who were not imported."""
    owner = {one.ref: person.name for person in people for one in person.endpoints}
    accepted: dict[str, dict[str, dict[str, list[datetime]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    for record in gateway:
        if record.accepted and record.recipient in owner:
            accepted[record.message][owner[record.recipient]][record.recipient].append(record.wall_time)
    claimed = Counter(claim.message for claim in claims if claim.state in CLAIMED)
    expected = owed(people)
    called_up: set[str] = set()
    return [
        _count(kind, sent, expected[kind], accepted[sent.id], claimed[sent.id], called_up)
        for kind, sent in messages.items()
    ]


def _count(
    kind: Kind,
    sent: Sent,
    expected: Mapping[str, str],
    accepted: Mapping[str, Mapping[str, Sequence[datetime]]],
    claimed: int,
    called_up: set[str],
) -> ToldOnce:
    """Count for one message. `called_up` are endpoints that were told besides; those of this message are added."""
    heard = {name: accepted.get(name, {}) for name in expected}
    further = [
        (ref, min(times))
        for ends in heard.values()
        for ref, times in sorted(ends.items(), key=lambda one: min(one[1]))[1:]
    ]
    late = [ref for ref, at in further if ref in called_up or at >= sent.at + PATIENCE]
    called_up |= set(late)
    return ToldOnce(
        kind,
        owed=len(expected),
        once=sum([len(times) for times in ends.values()] == [1] for ends in heard.values()),
        doubled=sum(len(times) - 1 for ends in accepted.values() for times in ends.values()),
        called_up=len(late),
        elsewhere=len(further) - len(late),
        missed=sum(not ends for ends in heard.values()),
        astray=sum(len(ends) for name, ends in accepted.items() if name not in expected),
        claimed=claimed,
    )


def faults(counts: Sequence[ToldOnce], doubled_bound: int) -> Iterator[str]:
    """Yield where somebody was not told once. `doubled_bound`: so many sends the killed processes may have repeated."""
    for one in counts:
        for name in ("elsewhere", "missed", "astray"):
            if wrong := getattr(one, name):
                yield f"people in the {one.kind}: {name}={wrong}"
        if one.claimed != one.told:
            yield f"people in the {one.kind}: the service claims {one.claimed}, the gateways have {one.told}"
        if not one.owed:
            yield f"the {one.kind} was owed to nobody who subscribed"
    if (doubled := sum(one.doubled for one in counts)) > doubled_bound:
        yield f"people: doubled={doubled}>{doubled_bound}"


def lines(people: Sequence[Person], counts: Iterable[ToldOnce]) -> Iterator[str]:
    """Yield what is said of it, a line for each message."""
    ends = [one for person in people for one in person.endpoints]
    apps = {app.instance for person in people for app in person.installations}
    several = sum(len({app.instance for app in person.installations}) > 1 for person in people)
    yield (
        f"{len(people)} people subscribed in {len(apps)} apps, {several} of them in several, with {len(ends)} "
        f"endpoints, of which {sum(one.is_gone for one in ends)} were gone:"
    )
    for one in counts:
        repeated = f" ({one.doubled} sends repeated)" if one.doubled else ""
        repeated += f" ({one.called_up} called up after a minute)" if one.called_up else ""
        yield (
            f"  {one.kind}: owed to {one.owed}, told once {one.once}, on two endpoints {one.elsewhere}, "
            f"missed {one.missed}, astray {one.astray}{repeated}"
        )
