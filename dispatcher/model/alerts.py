"""Define alerts as the record has them: what is recorded, what is read back, what waits for its plan."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from dispatcher.model.vocabulary import (
    AUTHENTICITY_DOUBTS,
    DRILLS,
    ENDS,
    OPEN_DRILL,
    SENT,
    TOUCHED,
    WARNING,
    Environment,
    Reason,
    environment_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from dispatcher.model.vocabulary import AlertState, Kind, Lane


@dataclass(frozen=True, slots=True)
class AffectedMunicipality:
    """A municipality that the alert concerns, why, and how much of it (0 to 1)."""

    ags: str
    name: str
    reason: str
    share: float

    @property
    def is_named(self) -> bool:
        """Whether a code or a person named it, instead of a shape that touches it: then it is the target as a whole."""
        return self.reason != TOUCHED


@dataclass(frozen=True, slots=True)
class NewAlert:
    """All that is recorded of an accepted alert."""

    id: str
    source_id: str
    sender: str
    identifier: str
    sent: datetime
    msg_type: str
    status: str
    scope: str
    event: str
    headline: str
    severity: str
    raw: bytes
    sha256: bytes
    received_at: datetime
    expires: datetime
    lane: Lane
    reason: Reason
    chain_id: str
    references: tuple[tuple[str, str, datetime | None], ...]
    affected: tuple[AffectedMunicipality, ...]
    event_key: str = ""
    """What all language editions and republications of the message share (`cap.profiles`)."""
    hazards: tuple[str, ...] = ()
    begins: datetime | None = None
    attribution: str = ""
    """Credit and licence that must be shown beside the text."""
    held_for: str = ""
    merged_into: str | None = None
    """The equal warning, by id, of which people are notified in place of this one."""
    reference_keys: tuple[str, ...] = ()
    """The same as `event_key`, for each of `references`."""
    original: tuple[bytes, bytes] | None = None
    """What a feed delivered, and its geometry, where `raw` was rendered from it."""
    target: bytes = b""
    """What its shapes cover, as WKB in EPSG:3035."""
    proved: bool = True
    """Whether it is proved who wrote it: by the source's key, the feed's list of senders, or a signature."""
    territory: tuple[str, ...] = ()
    """AGS prefixes that its source could warn when it came; none: every municipality."""
    thread: str = ""
    """What all notices have in common of which a later one takes the place of an earlier one on a device: one branch of
    the graph of references. Empty: the alert's own id."""
    stopped_by: str | None = None
    """The recorded message, by id, that replaced or ended this one before it came."""
    words: bytes | None = None
    """A digest of what people read of it, `similarity.words_digest`; None: unlike any other."""


@dataclass(frozen=True, slots=True)
class StoredAlert:
    """An alert that is read back, as the record has it."""

    id: str
    source_id: str
    sender: str
    identifier: str
    sent: datetime
    msg_type: str
    status: str
    scope: str
    event: str
    headline: str
    severity: str
    sha256: bytes
    received_at: datetime
    expires: datetime
    lane: Lane
    reason: Reason
    chain_id: str
    state: AlertState
    planned_at: datetime | None
    settled_at: datetime | None
    stopped_by: str | None
    audience: int
    revision: int = 0
    event_key: str = ""
    hazards: tuple[str, ...] = ()
    begins: datetime | None = None
    attribution: str = ""
    held_for: str = ""
    merged_into: str | None = None
    proved: bool = True
    thread: str = ""
    territory: tuple[str, ...] = ()
    words: bytes | None = None
    stopped_at: datetime | None = None
    sequence: int = field(default=0, compare=False)
    """The higher, the newer, of the messages of one thread; 0 where it was not read. `store.sql.sequence` makes it."""
    also_replaces: Mapping[str, int] | None = field(default=None, compare=False)
    """The other threads of which it replaces or ends a warning, each with the sequence of the last one of these; None
    for none, and where it was not read. `store.sql.also_replaces` makes it.
    """

    @property
    def environment(self) -> Environment:
        """Return what it is: the real thing, or an exercise."""
        return environment_of(self.status)

    @property
    def has_power(self) -> bool:
        """Whether it may have an effect on other messages: it goes out, or nobody doubts who wrote it, and when."""
        doubts = set(self.held_for.split(", "))
        return self.reason in SENT or not doubts & AUTHENTICITY_DOUBTS

    def may_reach(self, places: Iterable[AffectedMunicipality]) -> bool:
        """Whether its source may act on what another source told in all of these places: they lie in its territory."""
        return not self.territory or all(place.ags.startswith(self.territory) for place in places)

    @property
    def ready(self) -> ReadyAlert:
        """Return what a wake-up for its plan needs to say of it."""
        return ReadyAlert(self.id, self.lane, self.source_id)

    def is_in_force(self, now: datetime) -> bool:
        """Whether it warns at this time: `store.sql.is_in_force` asks the same of the record."""
        return self.reason in WARNING and self.stopped_by is None and self.expires > now

    def is_open_drill(self, now: datetime) -> bool:
        """Whether it is an exercise that somebody has to end: `store.sql.is_open_drill` asks the same of the record."""
        return self.reason in OPEN_DRILL and self.stopped_by is None and self.expires > now


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """Which alerts of a list are wanted; what is not set leaves none out."""

    states: tuple[AlertState, ...] = ()
    received_from: datetime | None = None
    received_before: datetime | None = None
    in_force: bool | None = None
    before: str | None = None
    """The id of the alert after which the list goes on: the last one of the page before."""
    environment: Environment = Environment.LIVE


EVERY_ALERT = AlertFilter()


@dataclass(frozen=True, slots=True)
class EndedAlert:
    """A warning that was in force at some place and is so no longer, before its own end."""

    id: str
    thread: str
    kind: Kind
    """What people of the place were told: an update, that they are no longer affected, an end."""
    by: str
    """The message, by id, that replaced or ended it."""
    ended_at: datetime
    event: str
    headline: str


@dataclass(frozen=True, slots=True)
class WarningInForce:
    """A warning in force, as what is told of another one mentions it."""

    id: str
    event: str
    headline: str
    severity: str
    """Of its gravest info, as it came."""
    expires: datetime
    municipalities: frozenset[str]
    """Its municipalities (AGS), as far as they were asked for."""


def together(headlines: Sequence[str]) -> str:
    """Return the headlines of all that has ended, each once: people were told of one or the other."""
    return "; ".join(dict.fromkeys(headlines))


@dataclass(frozen=True, slots=True)
class PendingAlert:
    """An alert that waits for its plan."""

    id: str
    chain_id: str
    lane: Lane
    reason: Reason
    expires: datetime
    stopped: bool
    source_id: str
    audience: int
    approved: int | None
    planned_to: int
    """Subscriptions up to this number have been planned."""
    changed: bool
    """Whether the target in the record is no longer the one that the alert is bound to."""
    over: bool
    """Whether its validity is over by now: then it only takes away what it replaced."""
    again: bool
    """Whether it was planned before, and is planned again for those who could not be notified then."""
    by_policy: bool = False
    """Whether the policy let it go out and nobody approved it: `approved` is what it was counted for."""
    severity: str = ""
    now: datetime | None = None
    """The record's present."""

    @property
    def ends(self) -> bool:
        """Whether it ends warnings or exercises, and warns nobody itself."""
        return self.over or self.reason in ENDS

    @property
    def is_drill(self) -> bool:
        """Whether it goes to those who take part in exercises, and to nobody else."""
        return self.reason in DRILLS


class ReadyAlert(NamedTuple):
    """What a wake-up needs to say of an alert that is to be planned."""

    alert_id: str
    lane: Lane
    source_id: str


Span: TypeAlias = "tuple[datetime, datetime]"
"""From one aware instant to another."""


ULID_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_alert_id(now: datetime, randomness: bytes) -> str:
    """Return a ULID: 26 characters that sort by time. `randomness` is 10 bytes."""
    number = (int(now.timestamp() * 1000) << 80) | int.from_bytes(randomness[:10], "big")
    return "".join(ULID_ALPHABET[(number >> shift) & 31] for shift in range(125, -1, -5))


def new_identifier(name: str, now: datetime) -> str:
    """Return a CAP identifier for a message that is made here: it begins with `name`, and no other one is the same."""
    return f"{name}-{now.astimezone(UTC):%Y%m%d%H%M%S}-{secrets.token_hex(4)}"
