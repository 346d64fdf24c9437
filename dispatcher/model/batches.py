"""Define batches: what a worker leases, what it writes back, and what wakes a worker up for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.vocabulary import Kind, Lane, State


@dataclass(frozen=True, slots=True)
class RecipientProblem:
    """What is recorded of a recipient beyond plain success. `detail` names no person."""

    position: int
    recipient: int
    attempts: int
    crashes: int
    """How often a process died with this recipient in flight."""
    label: str
    code: str
    detail: str
    due: datetime | None
    alike: int = 0
    """How many attempts, up to the last, came to this label and code."""
    since: datetime | None = None
    """When the first of them did."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A batch that a worker holds. `recipients[i]` has outcome byte `outcomes[i]`."""

    batch_id: int
    token: int
    alert_id: str
    chain_id: str
    source_id: str
    kind: Kind
    channel: str
    gateway: str
    language: str
    lane: Lane
    deadline: datetime
    received_at: datetime
    now: datetime
    recipients: tuple[int, ...]
    outcomes: bytes
    problems: dict[int, RecipientProblem]
    text_parts: int = 0
    """Parts of one recipient's text; 0 where gateways count none."""
    parts_sent: int = 0
    """Parts that the gateway has accepted, of all recipients."""
    extreme: bool = False
    """Whether the alert's severity is Extreme."""
    generation: int = 0
    """How often the recipients were renumbered, as a webhook moved."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One write to the ledger: all outcome bytes, and what changed."""

    outcomes: bytes
    problems: tuple[RecipientProblem, ...] = ()
    remove: tuple[int, ...] = ()
    """Recipients whose endpoint is gone for good."""
    gone_since: tuple[datetime | None, ...] = ()
    """Since when each of them is, where the gateway has said so: who was seen later stays. Empty: of none."""
    remove_reason: str = ""
    accepted_first: datetime | None = None
    accepted_last: datetime | None = None
    text_parts: int = 0
    parts_sent: int = 0
    """All parts accepted so far: a total, so that what is written twice counts once."""


@dataclass(frozen=True, slots=True)
class ReadyBatch:
    """What a wake-up needs to say of a batch that may be worked on."""

    batch_id: int
    lane: Lane
    token: int
    source_id: str


@dataclass(frozen=True, slots=True)
class Closed:
    """What closing unfinished batches came to."""

    state: State
    in_flight: int
    """Batches that could not be closed, as workers hold them."""
    recipients: dict[tuple[str, str], int]
    """Recipients that now have the state, by channel and lane."""
