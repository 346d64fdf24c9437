"""Sum up what is in force at a place in one number, and whether that number is all. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cap.severity import SEVERITY_ORDER

if TYPE_CHECKING:
    from dispatcher.publication.in_force import PublicInForce
    from dispatcher.publication.places import PublicPlace

LANGUAGE = "de"


@dataclass(frozen=True, slots=True)
class Summary:
    """How many warnings are in force at a place."""

    at_least: int
    """As many as are known."""
    gravest: str | None
    """The gravest severity of these, as CAP names it; None where there are none."""
    is_all: bool
    """Whether there are no others: False where somebody may warn there of whom the service does not hear now."""

    @property
    def count(self) -> int | None:
        """Return how many there are; None where nobody knows."""
        return self.at_least if self.is_all else None


def summary(found: PublicInForce, place: PublicPlace) -> Summary:
    """Sum up a place. A warning all of whose texts have run out does not count, as no list shows it."""
    told = [one for warning in found.at(place) if (one := found.told(warning, LANGUAGE)) is not None]
    severities = {str(one.notice["severity"]) for one in told}
    return Summary(
        at_least=len(told),
        gravest=next((str(one) for one in SEVERITY_ORDER if one in severities), None),
        is_all=found.current
        and found.covers(place)
        and not found.coverage.stale
        and not found.unread_at(place),
    )
