"""Arrange what is open when a shift ends, for whoever takes over. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from dispatcher.access.principals import actor_name
from dispatcher.model.status import owed_recipients

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from dispatcher.console.desk.overview import DeskReading
    from dispatcher.console.desk.readiness import ServiceCondition
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.store.audit import AuditLine

NOTE_MAX: Final = 500
"""Characters of a note: as of the reason of a rejection."""
NAMED_MAX: Final = 20
"""How many of each kind of open matters a line of the trail names; all of them are counted."""


@dataclass(frozen=True, slots=True)
class OpenMatters:
    """What the next one has to know of."""

    held: tuple[StoredAlert, ...]
    failing: tuple[StoredAlert, ...]
    """In force, and not handed over to some."""
    in_force: tuple[StoredAlert, ...]
    """In force, and handed over to all that can be reached."""
    silent_feeds: tuple[str, ...] | None
    """None: nobody can say now."""
    as_of: datetime
    left_out: int = 0
    """How many more wait or are in force than a desk lists."""

    @property
    def count(self) -> int:
        """Return how many they are."""
        listed = (self.held, self.failing, self.in_force, self.silent_feeds or ())
        return sum(map(len, listed)) + self.left_out

    def as_detail(self) -> dict[str, Any]:
        """Return what a line of the trail says of them."""
        return {
            "held": _named(one.id for one in self.held),
            "failing": _named(one.id for one in self.failing),
            "in_force": _named(one.id for one in self.in_force),
            "silent_feeds": None if self.silent_feeds is None else _named(self.silent_feeds),
            "open": self.count,
        }


@dataclass(frozen=True, slots=True)
class BegunShift:
    """One shift that began: who took over when, with which note, and how much was open then."""

    by: str
    at: datetime
    note: str
    open: int


def open_matters(reading: DeskReading, condition: ServiceCondition) -> OpenMatters:
    """Return what is open."""
    alerts = {one.name: one.alerts for one in reading.lists}
    failing = {one.id for one in alerts["in_force"] if _is_failing(reading, one)}
    feeds = condition.feeds
    return OpenMatters(
        tuple(alerts["held"]),
        tuple(one for one in alerts["in_force"] if one.id in failing),
        tuple(one for one in alerts["in_force"] if one.id not in failing),
        None if feeds is None else tuple(one.name for one in feeds if one.silent_since),
        reading.now,
        sum(one.left_out for one in reading.lists),
    )


def begun_shift(line: AuditLine) -> BegunShift:
    """Return the shift that a line of the trail speaks of."""
    return BegunShift(actor_name(line.actor), line.at, str(line.detail["note"]), int(line.detail["open"]))


def is_note(text: str) -> bool:
    """Whether somebody may write this down: one line that is not too long."""
    return len(text) <= NOTE_MAX and text.isprintable()


def _is_failing(reading: DeskReading, alert: StoredAlert) -> bool:
    progress = reading.counts.get(alert.id)
    return progress is not None and owed_recipients(progress.failed) > 0


def _named(names: Iterable[str]) -> list[str]:
    return [*names][:NAMED_MAX]
