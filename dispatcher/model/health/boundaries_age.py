"""Say from when on boundary data are old. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

BOUNDARIES_OLD: Final = timedelta(days=548)
"""How old boundaries may be: a year and a half. Municipalities merge on the first of January, as a rule, and BKG
publishes the state of that day (and of 31 December) some months later. Data of this age lack a whole year's changes,
and newer ones have been to be had for months. `DispatcherBoundariesOld` has the same number."""


def are_old(vintage: date, today: date) -> bool:
    """Return whether boundaries as of that day should be replaced by newer ones."""
    return today - vintage > BOUNDARIES_OLD
