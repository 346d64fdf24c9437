"""Find where an alert reaches nobody, and which channels are weak, each with its reason. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from dispatcher.console.alert.progress import figures
from dispatcher.model.vocabulary import UNOWED, Environment

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from dispatcher.model.alerts import AffectedMunicipality
    from dispatcher.model.ledger import ChannelSummary

FAILED_PERCENT: Final = 5
"""More than this share of a channel's recipients failed: it is weak. Of those whom a gateway is given, one in twenty is
no longer a matter of single devices."""
UNHEARD_PERCENT: Final = 50
"""More than this share failed or is unknown: it is weak as well, for nobody can tell whether it works."""
JUDGED_FROM: Final = 20
"""So many recipients a channel needs to be judged: of five, one device more or less is a fifth."""


class GapReason(StrEnum):
    """Why somebody is not warned, or may not be. `gap_…` says it in words."""

    NOBODY_SUBSCRIBED = "nobody_subscribed"
    """In these municipalities it has no recipient."""
    NOBODY_REACHED = "nobody_reached"
    """In these municipalities it has recipients, and no gateway has accepted it for any of them."""
    NO_RECIPIENTS = "no_recipients"
    """Nobody is told by this channel."""
    NO_GATEWAY = "no_gateway"
    """Nobody is told by this channel, for it has no gateway."""
    MANY_FAILED = "many_failed"
    MANY_UNHEARD = "many_unheard"


_OF_EXERCISES: Final = {GapReason.NOBODY_SUBSCRIBED, GapReason.NO_RECIPIENTS}
"""Of an exercise this may be so because nobody there takes part in any."""


def gap_word(gap: GapReason, environment: Environment) -> str:
    """Return the name of the sentence that says it."""
    is_of_exercises = environment is Environment.EXERCISE and gap in _OF_EXERCISES
    return f"drill_gap_{gap}" if is_of_exercises else f"gap_{gap}"


@dataclass(frozen=True, slots=True)
class CoverageGap:
    """One gap: in these municipalities, or of this channel with this share of its recipients."""

    gap: GapReason
    municipalities: tuple[AffectedMunicipality, ...] = ()
    channel: str = ""
    kind: str = ""
    percent: int = 0
    of: int = 0
    """How many recipients the share is of."""


def place_gaps(
    places: Sequence[AffectedMunicipality], recipients: Mapping[str, Mapping[str, int]]
) -> list[CoverageGap]:
    """Return the municipalities, by name, in which nobody is told: `recipients` are by AGS and state."""
    ordered = sorted(places, key=lambda one: (one.name, one.ags))
    counted = [(one, figures(recipients.get(one.ags, {}), {})) for one in ordered]
    nobody = tuple(one for one, found in counted if not found.recipients)
    unreached = tuple(one for one, found in counted if found.recipients and not found.accepted)
    gaps = ((GapReason.NOBODY_SUBSCRIBED, nobody), (GapReason.NOBODY_REACHED, unreached))
    return [CoverageGap(gap, of) for gap, of in gaps if of]


def channel_gaps(
    summaries: Iterable[ChannelSummary], channels: Collection[str], without_gateway: Collection[str]
) -> list[CoverageGap]:
    """Return the channels by which nobody is told, of those that there are, and those that are weak."""
    summaries = list(summaries)
    used = {one.channel for one in summaries}
    unused = [
        CoverageGap(GapReason.NO_GATEWAY if one in without_gateway else GapReason.NO_RECIPIENTS, channel=one)
        for one in sorted(channels)
        if one not in used
    ]
    return [*unused, *(gap for one in summaries for gap in _weakness(one))]


def _weakness(summary: ChannelSummary) -> list[CoverageGap]:
    owed = {state: count for state, count in summary.states.items() if state not in UNOWED}
    found = figures(owed, summary.receipts, summary.reports)
    if found.recipients < JUDGED_FROM:
        return []
    failed, unheard = (
        100 * count // found.recipients for count in (found.failed, found.failed + found.unknown)
    )
    if 100 * found.failed > FAILED_PERCENT * found.recipients:
        gap, percent = GapReason.MANY_FAILED, failed
    elif 100 * (found.failed + found.unknown) > UNHEARD_PERCENT * found.recipients:
        gap, percent = GapReason.MANY_UNHEARD, unheard
    else:
        return []
    return [CoverageGap(gap, (), summary.channel, summary.kind, percent, found.recipients)]
