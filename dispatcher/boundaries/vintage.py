"""Says as of which day a boundary data set stands, as far as it says so itself. Pure."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# `vg250_01-01.utm32s.gpkg.ebenen.zip`, `vg250-ew_ebenen_1231`: the state is that of one of two days of a year.
_STATE = re.compile(r"(?<!\d)(?:(01)-?(01)|(12)-?(31))(?!\d)")


def stated_vintage(names: Iterable[str], newest_change: date | None, today: date) -> date | None:
    """Return as of when a data set stands, from what it is called and the newest change by law in it: the earliest day
    that agrees with both, so that it is never thought newer than it is. None where it has no change, or one to come.
    """
    if newest_change is None or newest_change > today:
        return None
    found = next((match for name in names if (match := _STATE.search(name))), None)
    if found is None:
        return newest_change
    month, day = (int(part) for part in found.groups() if part)
    in_that_year = date(newest_change.year, month, day)
    state = (
        in_that_year if in_that_year >= newest_change else in_that_year.replace(year=newest_change.year + 1)
    )
    return state if state <= today else newest_change


def bkg_attribution(vintage: date) -> str:
    """Return what BKG asks to be said wherever the data are shown: dissolving and projecting them is a change."""
    return f"© GeoBasis-DE / BKG {vintage.year} (Daten verändert)"
