"""Matches the areas of an alert to the municipalities it concerns, each with its reason and share, and says what led to
none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cap.model import Area
from dispatcher.boundaries.registry import Registry
from dispatcher.model.sentences.count import Count
from dispatcher.targeting.explanation import explained, german
from dispatcher.targeting.geocodes import Unresolved
from dispatcher.targeting.measure import BEYOND_REASONS, Measured, measure
from dispatcher.targeting.outcome import Affected, Beyond, Match, MatchProfile, MatchReason, Unmatched
from dispatcher.targeting.reading import AreaReading, Context, read_areas
from dispatcher.targeting.rule import MatchingRule
from dispatcher.targeting.shapes import ShapeProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cap.model import Alert
    from dispatcher.boundaries.municipalities import Boundaries

__all__ = [
    "Affected",
    "Match",
    "MatchProfile",
    "MatchReason",
    "MatchingRule",
    "Registry",
    "Unmatched",
    "areas_of",
    "match",
]

DEFAULT_MATCHING_RULE = MatchingRule()
DEFAULT_PROFILE = MatchProfile()
# Codes and geometry of one alert describe the same place; below this likeness a person should look.
LIKENESS = 0.8
MOWAS_DISTRICTS = "warnVerwaltungsbereiche"
REASONS = {
    (True, False): MatchReason.GEOCODE,
    (False, True): MatchReason.GEOMETRY,
    (True, True): MatchReason.BOTH,
}
NO_AREA = Unmatched("area", "", "the alert has no area")


def match(
    areas: Sequence[Area],
    boundaries: Boundaries,
    *,
    rule: MatchingRule = DEFAULT_MATCHING_RULE,
    profile: MatchProfile = DEFAULT_PROFILE,
    registry: Registry | None = None,
) -> Match:
    """Return the municipalities that the union of `areas` concerns. `registry` replaces that of the boundaries.

    Pass the areas of all languages of an alert: the same area twice costs nothing. Never raises for what a
    sender wrote; what cannot be used is in `unmatched`, and `held` says whether a person must look.
    """
    context = Context(boundaries, rule, profile, boundaries.registry if registry is None else registry)
    readings = read_areas(areas, context)
    measured = measure([reading.shapes for reading in readings], boundaries, rule)
    coded = {index for reading in readings for index in reading.indices}
    unmatched = [failure for reading in readings for failure in reading.failures]
    unmatched += [
        Unmatched(name.partition(" ")[0], name, reason) for name, reason in measured.failures.items()
    ]
    notes = [note for reading in readings for note in reading.notes]
    distinct = dict.fromkeys(unmatched or ([] if areas else [NO_AREA]))
    said = tuple(dict.fromkeys([*notes, *measured.notes, *_likeness(coded, measured)]))
    return Match(
        affected=_affected(coded, measured, boundaries),
        unmatched=tuple(explained(list(distinct), areas, boundaries)),
        held=not areas or any(_is_held(reading, measured, profile) for reading in readings),
        notes=said,
        notes_de=tuple(map(german, said)),
        geometry=measured.union,
        boundaries_sha256=boundaries.sha256,
    )


def areas_of(alert: Alert) -> tuple[Area, ...]:
    """Return what to match for an alert: the areas of all its languages.

    MoWaS lists the districts it means in the parameter `warnVerwaltungsbereiche` as well. Beside a geometry
    that list is only coarser and would widen the target; without any it is the target.
    """
    areas = tuple(alert.areas())
    if any(area.polygons or area.circles or area.unreadable for area in areas):
        return areas
    named = [value for info in alert.infos for value in info.parameters if value.name == MOWAS_DISTRICTS]
    return (*areas, *dict.fromkeys(Area(MOWAS_DISTRICTS, geocodes=(value,)) for value in named))


def _affected(coded: set[int], measured: Measured, boundaries: Boundaries) -> tuple[Affected, ...]:
    affected = []
    for index in sorted(coded | measured.kept):
        unit = boundaries.municipalities[index]
        reason = REASONS[index in coded, index in measured.kept]
        share = 1.0 if reason is MatchReason.GEOCODE else round(measured.share[index], 4)
        affected.append(Affected(unit.ags, unit.ars, unit.name, reason, share))
    return tuple(affected)


def _is_held(reading: AreaReading, measured: Measured, profile: MatchProfile) -> bool:
    """Return whether a person must look: at a shape without a target always; at a code if its area has no target at
    all, or none but other codes of its scheme: then it means a place of its own.
    """
    lost = [measured.failures[item.name] for item in reading.shapes if item.name in measured.failures]
    shaped = len(lost) < len(reading.shapes)
    targeted = bool(reading.indices) or shaped
    lost += [failure.reason for failure in reading.failures if failure.kind != "geocode"]
    if not lost and not targeted:
        lost = [failure.reason for failure in reading.failures]
    if reading.gap and not shaped:
        lost.append(Unresolved.CODE.value)
    if profile.beyond is Beyond.NOTE:
        lost = [reason for reason in lost if reason not in _expected(lost, profile)]
    return bool(lost)


def _expected(lost: Sequence[str], profile: MatchProfile) -> frozenset[str]:
    """Return what a person need not look at where a source warns for other regions too: what lies elsewhere; a code of
    a scheme that nobody knows, beside one that is understood and says elsewhere; and what would lie here if latitude
    and longitude were exchanged, with a source whose country nobody has named: it may well mean what it says.
    """
    expected = BEYOND_REASONS
    if Unresolved.CODE.value in lost:
        expected |= {Unresolved.SCHEME.value}
    return expected if profile.home else expected | {ShapeProblem.SWAPPED.value}


def _likeness(coded: set[int], measured: Measured) -> list[str]:
    if not coded or not measured.kept:
        return []
    likeness = len(coded & measured.kept) / len(coded | measured.kept)
    if likeness >= LIKENESS:
        return []
    named = Count(len(coded))
    reached = (
        f"codes name {named} {named:municipality|municipalities}, the geometry reaches {len(measured.kept)}"
    )
    return [f"{reached}: {likeness:.0%} in common"]
