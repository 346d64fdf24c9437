"""The service's own vocabulary: closed sets and small values that every layer shares.

CAP's words are in `cap`, the gateways' words in `channels`; here is what happens between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

ULID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_alert_id(now: datetime, randomness: bytes) -> str:
    """A ULID: 26 characters that sort by time. `randomness` is 10 bytes."""
    number = (int(now.timestamp() * 1000) << 80) | int.from_bytes(randomness[:10], "big")
    return "".join(ULID_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


class Lane(StrEnum):
    """What may overtake what. Each lane has its own queue and its own reserved concurrency."""

    FLASH = "flash"
    PRIORITY = "priority"
    ROUTINE = "routine"
    EXERCISE = "exercise"

    @property
    def rank(self) -> int:
        """0 overtakes 1 overtakes 2 ..."""
        return tuple(Lane).index(self)


class Kind(StrEnum):
    """What a recipient is told, seen from what that recipient was told before."""

    ALERT = "alert"
    """The first notice of this chain."""
    UPDATE = "update"
    LIFTED = "lifted"
    """The warning goes on elsewhere, but this recipient's places are out of it."""
    CANCEL = "cancel"
    ENDED = "ended"
    """The source lists the warning no longer. Nobody has given the all-clear."""


class Reason(StrEnum):
    """Why an accepted alert is dispatched, or why it is not."""

    FIRST_NOTICE = "first_notice"
    UPDATE = "update"
    CANCEL = "cancel"
    ALL_CLEAR = "all_clear"
    """An Update whose every info says AllClear ends the warning like a Cancel."""
    NOT_ACTUAL = "not_actual"
    NOT_PUBLIC = "not_public"
    NOT_A_WARNING = "not_a_warning"
    """Ack and Error speak to other systems, not to people."""
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    """A later message of the same chain is already here."""
    ALREADY_ENDED = "already_ended"
    """A Cancel for what has been cancelled before: a second all-clear never happens."""
    NO_LONGER_LISTED = "no_longer_listed"
    """A feed stopped listing the warning before it expired, without saying that it is over."""
    NOTHING_TO_END = "nothing_to_end"
    """A feed's Cancel for what nobody here was told: remembered, in case the warning itself comes later."""
    HELD = "held"
    """Waits for a person; `held_for` says why. Nothing is sent."""
    DISCARDED = "discarded"
    """A person decided that a held message is not sent."""
    DUPLICATE = "duplicate"
    """The same message came before, in another language, bundle or feed."""
    MERGED = "merged"
    """Another source warned of the same event, for the same places and time, before; for two control centres in the
    same words, too."""
    QUIET = "quiet"
    """The source asks to list the message without alarming anybody."""
    NO_WARNING = "no_warning"
    """All is well, said in the form of a warning (MeteoAlarm green)."""
    ADVANCE = "advance"
    """Advance information: a warning may follow."""
    ELSEWHERE = "elsewhere"
    """It concerns no municipality that this installation serves."""


DISPATCHED = frozenset(
    {Reason.FIRST_NOTICE, Reason.UPDATE, Reason.CANCEL, Reason.ALL_CLEAR, Reason.NO_LONGER_LISTED}
)
ENDING = frozenset({Reason.CANCEL, Reason.ALL_CLEAR, Reason.NO_LONGER_LISTED})


class State(IntEnum):
    """One recipient's state in one batch: the low seven bits of its outcome byte."""

    PENDING = 0
    CLAIMED = 1
    """Handed to the channel, answer not yet recorded. A process that dies leaves at most one slice so."""
    RETRY = 2
    ACCEPTED = 16
    DELIVERED = 17
    DISPLAYED = 18
    GONE = 32
    REJECTED = 33
    EXPIRED = 34
    SUPERSEDED = 35
    DEAD = 36

    @property
    def terminal(self) -> bool:
        return self >= State.ACCEPTED


ENDED = bytes(byte for byte in range(256) if byte & 0x7F >= State.ACCEPTED)
"""The outcome bytes with a terminal state, certain or not."""
UNCERTAIN = 0x80
"""Flag of an outcome byte: a request left us for this recipient and no answer was recorded, so the recipient
may have been reached whatever the state says. Such a recipient is told of a later Update or Cancel."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Subscribers that an alert would address, by channel and municipality (AGS)."""

    by_channel: dict[str, int]
    by_municipality: dict[str, dict[str, int]]


@dataclass(frozen=True, slots=True)
class Spot:
    """A place that is followed more closely than by municipality: one corner and a radius, or the corners of a
    polygon, as (lat, lon) rounded to three decimals. `ags`: the municipalities it lies in.
    """

    lat_lon: tuple[tuple[float, float], ...]
    radius_m: float = 0.0
    ags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Who may submit: a control centre or a feed.

    `senders` are the CAP sender values it may use, `territory` the AGS prefixes it may warn.
    """

    id: str
    name: str
    senders: frozenset[str]
    territory: tuple[str, ...]
    inset_m: float | None = None
    """How deep a hazard must enter a municipality to concern it; None: as the matching rule has it."""
    by_severity: bool = False
    """Whether the matching rule is more generous for its Extreme and more sparing for its Minor warnings."""

    def may_warn(self, ags: str) -> bool:
        return ags.startswith(self.territory)


FEED_PREFIX = "feed-"
"""How the ids of those sources begin that are feeds."""

LEASE = timedelta(seconds=8)
"""How long a batch stays with a worker that gives no sign of life. With the second until the next sweep and
what a busy machine adds, a dead worker's batches are in other hands within ten seconds."""
