"""Define canaries, and decide when one is late. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.model.vocabulary import CANARY_PREFIX, Lane

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

NAME: Final = re.compile(r"[a-z0-9-]{1,32}")
"""A canary's name, which stands in metrics and addresses: nothing of a person's."""
EVERY: Final = timedelta(minutes=1)
"""How often a canary is tested unless it says otherwise."""
EVERY_PAID: Final = timedelta(hours=1)
"""The same where each test costs something. Then the lanes take turns, too."""
SHORTEST: Final = timedelta(seconds=10)
PAID_CHANNELS: Final = frozenset({"sms"})
SLACK: Final = timedelta(minutes=1)
"""How much later than twice its interval a proof may come before the canary is late: as the rules have it."""
KEPT: Final = timedelta(days=1)
"""How long tests are kept, but for the last proof of each lane. What is shown of longer times Prometheus keeps."""


class CanaryStage(StrEnum):
    """How far a test has come."""

    ACCEPTED = "accepted"
    """The gateway took it."""
    DELIVERED = "delivered"
    """Its receiver has it: a device receipt, or a report of the SMS gateway."""


@dataclass(frozen=True, slots=True)
class NewCanary:
    """A canary that is to be. `address` and `keys` are those of its endpoint, as of a subscription."""

    name: str
    channel: str
    gateway: str
    address: str = field(repr=False)
    keys: Mapping[str, str] = field(repr=False)
    every: timedelta
    expects: CanaryStage
    """What proves a test. Not every receiver says that it has a message."""
    in_turn: bool
    """Whether its lanes take turns, instead of all being tested each time."""


@dataclass(frozen=True, slots=True)
class LaneProof:
    """What is known of a canary in one lane. Times are when a test was made; None: never since tests are kept."""

    lane: Lane
    sent_at: datetime | None = None
    """The last test."""
    proven_at: datetime | None = None
    """The last one that was proven."""
    took: timedelta | None = None
    """How long that took until its proof."""


@dataclass(frozen=True, slots=True)
class Canary:
    """A canary as it stands."""

    name: str
    channel: str
    gateway: str
    every: timedelta
    expects: CanaryStage
    in_turn: bool
    created_at: datetime
    ended_at: datetime | None
    """Since when its endpoint is gone, as its gateway said: nothing goes there any more."""
    lanes: tuple[LaneProof, ...] = ()

    @property
    def lane_every(self) -> timedelta:
        """Return how often each of its lanes is tested."""
        return self.every * (len(Lane) if self.in_turn else 1)

    def since(self, proof: LaneProof) -> datetime:
        """Return since when nothing was proven in a lane: since the last test that was, or since it exists."""
        return self.created_at if proof.proven_at is None else max(proof.proven_at, self.created_at)

    def late_lanes(self, now: datetime) -> list[Lane]:
        """Return the lanes in which a proof is missing, at `now` (aware): as the alarm has it."""
        latest = 2 * self.lane_every + SLACK
        return [proof.lane for proof in self.lanes if now - self.since(proof) > latest]

    @property
    def all_proven_at(self) -> datetime | None:
        """Return when the test was made that every lane has proven at least; None where one never was."""
        proven = [proof.proven_at for proof in self.lanes]
        return min((one for one in proven if one), default=None) if all(proven) else None


def silent_lanes(canaries: Sequence[Canary], now: datetime) -> dict[Lane, datetime]:
    """Return the lanes in which no canary hears anything at `now` (aware), each with since when: as the alarm says.

    Any proof counts, but the shortest interval says when one is due: a slow canary says nothing of the last minutes.
    """
    heard: dict[Lane, datetime] = {}
    for one in canaries:
        for proof in one.lanes:
            heard[proof.lane] = max(heard.get(proof.lane, one.since(proof)), one.since(proof))
    latest = 2 * min((one.lane_every for one in canaries), default=EVERY) + SLACK
    return {lane: since for lane, since in heard.items() if now - since > latest}


@dataclass(frozen=True, slots=True)
class DueCanary:
    """A canary that is to be tested now, in these lanes."""

    name: str
    channel: str
    lanes: tuple[Lane, ...]


def lanes_of(turn: int, *, in_turn: bool) -> tuple[Lane, ...]:
    """Return the lanes of a test, which is the one of this number where they take turns."""
    every = tuple(Lane)
    return (every[turn % len(every)],) if in_turn else every


def place_of(name: str) -> str:
    """Return the place that a canary follows, and nobody else does: a key that no municipality has."""
    return f"{CANARY_PREFIX}-{name}"


@dataclass(frozen=True, slots=True)
class CanaryNews:
    """A test that has come to a stage since it was last looked at."""

    channel: str
    lane: Lane
    stage: CanaryStage
    seconds: float
    """Since the test alert was recorded."""
