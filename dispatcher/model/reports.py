"""Define delivery reports as the record has them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from dispatcher.model.vocabulary import Lane


@dataclass(frozen=True, slots=True)
class ReportedDelivery:
    """What the record has of one delivery while a report about it is assessed."""

    batch_id: int
    position: int
    outcome: int
    lane: Lane
    wanted: str
    """The gateway that the recipient names."""
    received_at: datetime
    """When the alert was accepted."""
    deadline: datetime
    now: datetime
    reported: str | None
    """The first final state that was reported."""

    @property
    def key(self) -> tuple[int, int]:
        return self.batch_id, self.position


@dataclass(frozen=True, slots=True)
class FinalReport:
    """A final state to be recorded, if none is there."""

    batch_id: int
    position: int
    gateway: str
    state: str
    code: str

    @property
    def key(self) -> tuple[int, int]:
        return self.batch_id, self.position
