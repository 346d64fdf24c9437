"""Compute whom a match would reach, whom it would miss, and whether that is plausible. Pure, from counts."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from dispatcher.model.sentences.count import Count
from dispatcher.model.sentences.sentence import Said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.model.alerts import AffectedMunicipality
    from dispatcher.targeting.outcome import Match

FEW = 5
"""Fewer than this many are not told apart where a shape decides who is reached: a preview costs nothing and leaves no
trace with those whom it counts, so that a small circle, moved about, would find the home of each of them."""
WHOLE = 0.99
"""From this share on a shape has all of a municipality: what is left of it is where two data sets draw its border."""
TOO_FEW: Literal["< 5"] = "< 5"
ShownCount = int | Literal["< 5"]
"""A number of subscribers as a source may see it."""


def shown(total: int, by_municipality: int) -> ShownCount:
    """Return how many of a `total` may be shown, of whom so many are reached `by_municipality` and the rest because a
    place of theirs lies in a shape.

    The rest is rounded down to a multiple of `FEW`, by itself: rounding the total only would show each single one of
    them to whoever adds a municipality whose number is known. So is each part of a sum, and nothing can be had by
    taking parts from a total. Nobody and a few look alike.
    """
    found = by_municipality + (total - by_municipality) // FEW * FEW
    return found if found >= FEW else TOO_FEW


@dataclass(frozen=True, slots=True)
class Gap:
    """A channel, and the affected municipalities (AGS) in which nobody has subscribed to it."""

    channel: str
    ags: tuple[str, ...]
    of: int

    def sentence(self, called: str = "") -> Said:
        """Say it in a sentence for the duty officer, with what the channel is called there, else with its name."""
        without, places, channel = Count(len(self.ags)), Count(self.of), called or self.channel
        there = f"{without} von {places} {places:Gemeinde|Gemeinden} {without:hat|haben}"
        there_en = f"{without} of {places} {places:municipality|municipalities} {without:has|have}"
        return Said(f"{there} keine Abonnenten für {channel}.", f"{there_en} no subscribers for {channel}.")


@dataclass(frozen=True, slots=True)
class AudienceReach:
    """What a dispatch would reach. Counts are subscriptions, not people."""

    municipalities: int
    population: int | None
    """The population of the affected municipalities; None where the data does not know it for each."""
    subscribers: int
    by_channel: Mapping[str, int]
    by_municipality: Mapping[str, Mapping[str, int]]
    """AGS -> channel -> count, every affected municipality and every channel present, 0 included."""
    gaps: tuple[Gap, ...]


def reach(
    match: Match,
    boundaries: Boundaries,
    subscribers: Mapping[tuple[str, str], int],
    channels: Sequence[str],
) -> AudienceReach:
    """Compute the reach of a match, from subscriber counts by (AGS, channel)."""
    affected = [found.ags for found in match.affected]
    table = {ags: {channel: subscribers.get((ags, channel), 0) for channel in channels} for ags in affected}
    by_channel: dict[str, int] = defaultdict(int)
    for counts in table.values():
        for channel, count in counts.items():
            by_channel[channel] += count
    empty = {channel: tuple(ags for ags in affected if not table[ags][channel]) for channel in channels}
    return AudienceReach(
        municipalities=len(affected),
        population=_population(affected, boundaries),
        subscribers=sum(by_channel.values()),
        by_channel={channel: by_channel[channel] for channel in channels},
        by_municipality=table,
        gaps=tuple(Gap(channel, ags, len(affected)) for channel, ags in empty.items() if ags),
    )


def _population(affected: Sequence[str], boundaries: Boundaries) -> int | None:
    total = 0
    for ags in affected:
        # A message of record may be of a municipality that newer boundaries have no more.
        unit = boundaries.by_ags(ags)
        if unit is None or unit.population is None:
            return None
        total += unit.population
    return total


@dataclass(frozen=True, slots=True)
class PeopleLiving:
    """How many people live where it is warned: at least, and at most. Where they differ, a shape has only a part of
    some municipality, and nobody knows how many live in that part.
    """

    least: int
    most: int


def people_living(affected: Sequence[AffectedMunicipality], boundaries: Boundaries) -> PeopleLiving | None:
    """Return how many people live where it is warned, to two digits, as a count of inhabitants is of a day past and
    people are elsewhere at noon. None where the boundary data do not know it for each municipality, or nobody does.
    """
    population = _population([one.ags for one in affected], boundaries)
    if not population:
        return None
    whole = [one.ags for one in affected if one.is_named or one.share >= WHOLE]
    least = _population(whole, boundaries) or 0
    if least == population:
        return PeopleLiving(_two_digits(population), _two_digits(population))
    return PeopleLiving(_two_digits(least, -1), _two_digits(population, 1))


def _two_digits(count: int, towards: int = 0) -> int:
    """Round to two digits, and to tens at least: to the nearest, down (-1) or up (1)."""
    step: int = 10 ** max(1, len(str(count)) - 2)
    return (count + {-1: 0, 0: step // 2, 1: step - 1}[towards]) // step * step


class Excess(StrEnum):
    """Why a dispatch is larger than it should be."""

    APPROVED = "more than was approved"
    BASELINE = "many times the usual for this source"


@dataclass(frozen=True, slots=True)
class AudienceLimit:
    """How large a dispatch may be before a person must confirm it."""

    baseline_factor: float = 10.0
    floor: int = 1_000
    """Below this many recipients no dispatch is too large: the baseline of a small source is small and jumpy."""


DEFAULT_LIMIT = AudienceLimit()


@dataclass(frozen=True, slots=True)
class ExcessiveAudience:
    """A dispatch that is larger than expected; it is held, with the numbers for the person who decides."""

    excess: Excess
    recipients: int
    expected: int


def excessive_audience(
    recipients: int,
    *,
    baseline: int | None = None,
    approved: int | None = None,
    limit: AudienceLimit = DEFAULT_LIMIT,
) -> ExcessiveAudience | None:
    """Return what is wrong with the size of a dispatch; None if nothing is.

    `baseline` is the median of the source's earlier dispatches, `approved` what a person has seen and approved;
    None where there is no such number. An approval replaces the comparison with the baseline.
    """
    if approved is not None:
        return ExcessiveAudience(Excess.APPROVED, recipients, approved) if recipients > approved else None
    if baseline is None or recipients <= max(limit.floor, baseline * limit.baseline_factor):
        return None
    return ExcessiveAudience(Excess.BASELINE, recipients, baseline)
