"""Read what a desk shows, once for all who may see the same."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from dispatcher.console.approvals import longest_waiting_first
from dispatcher.console.desk.overview import (
    DeskList,
    DeskReading,
    gravest_first,
    is_correctable,
    remarkable,
)
from dispatcher.model.alerts import AlertFilter
from dispatcher.model.vocabulary import DISPATCHED_STATES, AlertState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from dispatcher.api.console.desk.counts import RecipientCounts
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.vocabulary import Environment

READ_MAX: Final = 500
"""How many alerts are read to find the gravest of those in force or held: as many as the API's list has at most."""
CARDS_MAX: Final = 30
"""How many alerts in force, or held, the page shows: with more than these nobody looks at a list."""
LATEST: Final = 15
"""How many of the alerts that are over the overview shows."""
PAGE: Final = 50
"""How many a list of older ones shows."""
NAMES_MAX: Final = 3
"""How many municipalities of an alert are named."""
COUNTS_S: Final = 1.0
"""How long a page waits for the counts of recipients, of all its alerts together."""
OLDER: Final = {
    "sent": AlertFilter(states=DISPATCHED_STATES, in_force=False),
    "unsent": AlertFilter(states=(AlertState.RECORDED,)),
}
"""The lists that go on with older ones."""


async def read_overview(
    dependencies: ApiDependencies, counts: RecipientCounts, environment: Environment, source: str | None
) -> DeskReading:
    """Return the lists of the overview: of a source's alerts, or of all (None)."""

    async def listed(wanted: AlertFilter, limit: int) -> list[StoredAlert]:
        return await dependencies.alerts.listed(source, limit, replace(wanted, environment=environment))

    held = await listed(AlertFilter(states=(AlertState.HELD,)), READ_MAX + 1)
    in_force = await listed(AlertFilter(in_force=True), READ_MAX + 1)
    latest = {
        name: await listed(OLDER[name], read + 1) for name, read in (("sent", LATEST), ("unsent", PAGE * 3))
    }
    lists = (
        _current("held", held, longest_waiting_first),
        _current("in_force", in_force, gravest_first),
        *(_latest(name, found) for name, found in latest.items()),
    )
    return await _read(dependencies, counts, lists)


async def read_older(
    dependencies: ApiDependencies,
    counts: RecipientCounts,
    source: str | None,
    name: str,
    wanted: AlertFilter,
) -> DeskReading:
    """Return one page of a list that goes on: `wanted` of `OLDER`."""
    found = await dependencies.alerts.listed(source, PAGE + 1, wanted)
    return await _read(dependencies, counts, (DeskList(name, found[:PAGE], goes_on=len(found) > PAGE),))


def _current(
    name: str, found: list[StoredAlert], ordered: Callable[[Iterable[StoredAlert]], list[StoredAlert]]
) -> DeskList:
    """Return what waits or is in force, in order; what is more than the page has is counted."""
    alerts = ordered(found[:READ_MAX])
    return DeskList(
        name, alerts[:CARDS_MAX], left_out=len(alerts[CARDS_MAX:]), is_exact=len(found) <= READ_MAX
    )


def _latest(name: str, found: list[StoredAlert]) -> DeskList:
    """Return the latest ones of a list that goes on."""
    alerts = remarkable(found)[:LATEST]
    return DeskList(name, alerts, goes_on=len(found) > len(alerts))


async def _read(
    dependencies: ApiDependencies, counts: RecipientCounts, lists: tuple[DeskList, ...]
) -> DeskReading:
    alerts = [alert for one in lists for alert in one.alerts]
    ids = [one.id for one in alerts]
    async with dependencies.alerts.snapshot() as reading:
        now = reading.now
        bounded = [one.id for one in alerts if one.state is AlertState.HELD or is_correctable(one, now)]
        stoppers = await reading.several([*{one.stopped_by for one in alerts if one.stopped_by}])
        codes = await reading.codes(bounded)
    return DeskReading(
        now,
        lists,
        await dependencies.alerts.places_in_short(ids, NAMES_MAX),
        await dependencies.approvals.several(ids),
        {one.id: one for one in stoppers},
        codes,
        await counts.of_several(alerts, dependencies.statuses.counted, COUNTS_S),
    )
