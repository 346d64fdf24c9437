"""The three ledgers that an outsider joins to count what became of a warning, as plain records.

    S  submitted   Message, Expected    the tester's own: what was answered with 2xx, and whom it concerns
    G  gateways    GatewayRecord        what was written down before the answer
    D  service     ServiceRecord        what the service says of itself

They meet in (message, recipient, channel): our alert's id, the opaque recipient key, the channel's name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Kind(StrEnum):
    """Says what a message is to the recipient who gets it."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"
    NO_LONGER_AFFECTED = "no_longer_affected"
    """What recipients see of an Update that no longer names their municipality."""


ALL_CLEAR = frozenset({Kind.CANCEL, Kind.NO_LONGER_AFFECTED})

TERMINAL = frozenset(
    {
        "accepted",
        "delivered",
        "displayed",
        "gone",
        "rejected",
        "expired",
        "superseded",
        "dead",
        "quiet_past_end",
    }
)
"""The terminal states of a recipient."""
CLAIMED = frozenset({"accepted", "delivered", "displayed"})
"""The states that claim that a gateway accepted the message."""


class Row(NamedTuple):
    """Identifies what counts are given for."""

    message: str
    channel: str


class Key(NamedTuple):
    """The key on which the ledgers are joined."""

    message: str
    recipient: str
    channel: str

    @property
    def row(self) -> Row:
        return Row(self.message, self.channel)


class RecipientChannel(NamedTuple):
    """Identifies a recipient on a channel."""

    recipient: str
    channel: str


@dataclass(frozen=True, slots=True)
class Message:
    """A submission that was answered with 2xx."""

    id: str
    chain: str
    """Equal for an Alert and all that refers to it."""
    order: int
    """Position in the chain, by CAP `sent`."""
    kind: Kind
    submitted_at: datetime
    """When the submission began: the times to the recipients count from here."""
    expires: datetime
    answered_at: datetime | None = None
    """When its 2xx was read: from then on, what it replaces must not be sent. `submitted_at` where not given."""
    settle_by: datetime | None = None
    """When every recipient must be in a terminal state; a minute after `expires` where not given."""
    contents: Mapping[str, Kind] = field(default_factory=dict)
    """SHA-256 (hex) of every rendering that is right, and what it is; empty: content is not checked."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The tester's own statement that this recipient is concerned."""

    message: str
    recipient: str
    channel: str

    @property
    def key(self) -> Key:
        return Key(self.message, self.recipient, self.channel)


@dataclass(frozen=True, slots=True)
class GatewayRecord:
    """A request as a gateway wrote it down. `message` is "" where the content could not be read."""

    message: str
    recipient: str
    channel: str
    accepted: bool
    wall_time: datetime
    content_hash: str
    kind: str = ""
    collapse: str = ""
    status: int = 0
    collapses: bool = True
    """Whether its protocol lets a repeat replace the original. Where it does not, a person sees every repeat."""

    @property
    def key(self) -> Key:
        return Key(self.message, self.recipient, self.channel)

    @property
    def reach(self) -> RecipientChannel:
        return RecipientChannel(self.recipient, self.channel)


@dataclass(frozen=True, slots=True)
class ServiceRecord:
    """Says what became of one recipient of one message, by the service's own account."""

    message: str
    recipient: str
    channel: str
    state: str
    uncertain: bool = False
    """Whether the service says that the recipient may have been reached whatever the state."""

    @property
    def key(self) -> Key:
        return Key(self.message, self.recipient, self.channel)
