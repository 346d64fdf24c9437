"""Say where an alert reaches nobody, and which channels are weak, in the language of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.api.console.approvals import names_of
from dispatcher.api.situation.coverage import coverage_gaps
from dispatcher.console.alert.coverage import FAILED_PERCENT, JUDGED_FROM, UNHEARD_PERCENT, gap_word
from dispatcher.console.approvals import number
from dispatcher.desk_texts.owed import channel_word
from dispatcher.model.vocabulary import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.api.console.visits import Visit
    from dispatcher.api.situation.coverage import PlaceCounts
    from dispatcher.console.alert.coverage import CoverageGap
    from dispatcher.model.alerts import AffectedMunicipality
    from dispatcher.model.status import AlertStatus

WEAK: Final = {"judged": JUDGED_FROM, "failed": FAILED_PERCENT, "unheard": UNHEARD_PERCENT}
"""When a channel is called weak."""


def gap_values(
    visit: Visit, status: AlertStatus, places: Sequence[AffectedMunicipality], counts: PlaceCounts | None
) -> dict[str, Any]:
    """Return what the page is given that says where a warning reaches nobody: no lines where nobody knows. Without
    `counts` it says that its recipients could not be counted by municipality.
    """
    gaps = coverage_gaps(visit.dependencies, status, places, counts)
    lines = None
    if gaps is not None:
        uncounted = [] if counts is not None else [visit.word("alert_places_uncounted")]
        lines = uncounted + [_line(visit, one) for one in gaps]
    return {"gaps": lines, "weak": WEAK}


def _line(visit: Visit, one: CoverageGap) -> str:
    desk = visit.desk
    return visit.word(
        gap_word(one.gap, visit.environment),
        names=names_of(visit, [place.name for place in one.municipalities]),
        channel=channel_word(one.channel, desk),
        kind=desk.texts.kinds.get(Kind(one.kind), "") if one.kind else "",
        percent=one.percent,
        of=number(one.of, visit.language),
    )
