"""Compares a source's list with what is remembered of it. Pure.

Absence is never a Cancel: lists flicker. An entry counts as gone when it was missing from several lists in a row
that could be read as a whole, and from more of them when everything vanished at once, which is rather a fault of
the source than the end of every danger. Nor is it gone while the list holds something that nobody can read and
that came when it went: that may be the entry itself, or its update.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dispatcher.feeds.entry import FeedEntry, Listing
    from dispatcher.model.feeds import EntryState

MASS_DISAPPEARANCE_MIN = 5
MASS_DISAPPEARANCE_FACTOR = 3
"""How many times as many misses are needed when a list of at least five entries is suddenly empty."""
SUSPENDED = -1
"""The number of misses of a row whose entry something unreadable in the list may be."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs. `fresh`: new, changed, or back after it had been gone. `counted`: rows whose number of misses
    changed. `gone`: rows that were missing often enough.
    """

    fresh: tuple[FeedEntry, ...] = ()
    counted: tuple[EntryState, ...] = ()
    gone: tuple[EntryState, ...] = ()


def compare(known: Mapping[str, EntryState], listing: Listing, misses: int) -> Difference:
    """Compare a list with `known`, the rows of the same part of the feed."""
    listed = {entry.key for entry in listing.entries} | {one.key for one in listing.broken}
    fresh = tuple(entry for entry in listing.entries if _is_fresh(known.get(entry.key), entry))
    back = tuple(
        replace(row, missed=0)
        for row in known.values()
        if row.key in listed and row.missed and row.ended_at is None
    )
    missing = [row for row in known.values() if row.key not in listed and row.ended_at is None]
    counted, gone = _missed(
        missing, misses * (MASS_DISAPPEARANCE_FACTOR if _is_mass_disappearance(known, missing) else 1)
    )
    renewed = {entry.key for entry in fresh}
    return Difference(fresh, (*(row for row in back if row.key not in renewed), *counted), gone)


def compare_unchanged(known: Mapping[str, EntryState], misses: int) -> Difference:
    """The source says that its list is the same as last time: what was missing then is missing still, and what was
    excused then is still.
    """
    missing = [row for row in known.values() if row.missed > 0 and row.ended_at is None]
    counted, gone = _missed(
        missing, misses * (MASS_DISAPPEARANCE_FACTOR if _is_mass_disappearance(known, missing) else 1)
    )
    return Difference(counted=counted, gone=gone)


def _is_fresh(row: EntryState | None, entry: FeedEntry) -> bool:
    return row is None or row.version != entry.version or row.ended_at is not None


def _is_mass_disappearance(known: Mapping[str, EntryState], missing: list[EntryState]) -> bool:
    return len(missing) >= MASS_DISAPPEARANCE_MIN and len(missing) == sum(
        row.ended_at is None for row in known.values()
    )


def _missed(missing: list[EntryState], needed: int) -> tuple[tuple[EntryState, ...], tuple[EntryState, ...]]:
    counted = [replace(row, missed=max(row.missed, 0) + 1) for row in missing]
    return (
        tuple(row for row in counted if row.missed < needed),
        tuple(row for row in counted if row.missed >= needed),
    )


def suspend_misses(
    difference: Difference, known: Mapping[str, EntryState], *, new: bool, any_at_all: bool
) -> Difference:
    """Return the difference, given whether the list holds something `new`, or anything, that nobody can read so far."""

    def may_stand(row: EntryState) -> bool:
        before = known[row.key].missed
        return (new and before == 0) or (any_at_all and before == SUSPENDED)

    missed = [row for row in (*difference.counted, *difference.gone) if row.missed]
    held = {row.key for row in missed if may_stand(row)}
    return Difference(
        difference.fresh,
        tuple(replace(row, missed=SUSPENDED) if row.key in held else row for row in difference.counted)
        + tuple(replace(row, missed=SUSPENDED) for row in difference.gone if row.key in held),
        tuple(row for row in difference.gone if row.key not in held),
    )


def ended(row: EntryState, now: datetime) -> EntryState:
    """Return the row of an entry that is no longer listed; nothing more is fetched for it."""
    return replace(row, ended_at=now, links=(), retry_at=None)
