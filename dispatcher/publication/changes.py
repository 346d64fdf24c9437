"""Say what has changed between two states of what is in force, and whom it concerns. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from dispatcher.publication.in_force import LANGUAGES
from dispatcher.publication.places import DISTRICT_DIGITS, PlaceKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dispatcher.apps.told import Told
    from dispatcher.publication.in_force import PublicInForce, PublicWarning
    from dispatcher.publication.places import PublicPlace

EVERYWHERE_KEY: Final = ""


class ChangeKind(StrEnum):
    """What a change is to whoever is at a place."""

    NEW = "new"
    UPDATED = "updated"
    """Another warning takes the place of one, or the same says something else now."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What has changed, and where it is that and nothing else."""

    kind: ChangeKind
    warning: PublicWarning
    """That which is in force now; one that has ended as it was."""
    keys: frozenset[str]
    """Where: keys of places as `key_of` makes them."""
    replaces: tuple[str, ...] = ()
    """The warnings, by id, of which it takes the place."""
    ended_by: str | None = None
    """The message, by id, that has replaced or ended it; None where it ran out."""
    languages: tuple[str, ...] = LANGUAGES
    """In which languages of lists it is one: a text may run out in one of them alone."""


class ShownWarning(NamedTuple):
    """A warning of a list, and what people are told of it in each of `LANGUAGES`."""

    warning: PublicWarning
    told: tuple[Told, ...]


def key_of(place: PublicPlace) -> str:
    """Return the key of a place among `Change.keys`: no district has that of a municipality."""
    return EVERYWHERE_KEY if place.kind is PlaceKind.EVERYWHERE else place.key


def shown_in(found: PublicInForce) -> dict[str, ShownWarning]:
    """Return the warnings that lists show, by id, the gravest first."""
    shown = {}
    for one in found.warnings:
        told = [said for language in LANGUAGES if (said := found.told(one, language)) is not None]
        if len(told) == len(LANGUAGES):  # else all has run out: what there is, is told in every language
            shown[one.stored.id] = ShownWarning(one, tuple(told))
    return shown


def changes_between(
    before: Mapping[str, ShownWarning], after: Mapping[str, ShownWarning], found: PublicInForce
) -> tuple[Change, ...]:
    """Return what has changed from what was shown `before` to what is shown `after`, which is all of `found`: first
    what has ended, then what holds now, the gravest first. At a place each change of a warning is one of these.
    """
    stops = {one.stored.id: one.stored.stopped_by for one in found.over}
    ended = [one.warning for alert_id, one in before.items() if alert_id not in after]
    ended_by = {one.stored.id: _successor(one.stored.id, stops, after) for one in ended}
    gone: list[Change] = []
    come: list[Change] = []
    for one in ended:
        successor = ended_by[one.stored.id]
        held = after.get(successor) if successor else None
        still = _keys(held.warning) if held else frozenset[str]()
        if where := _keys(one) - still:
            gone.append(Change(ChangeKind.ENDED, one, where, ended_by=successor))
    for alert_id, shown in after.items():
        earlier = before.get(alert_id)
        replaced = [one for one in ended if ended_by[one.stored.id] == alert_id]
        languages = LANGUAGES if earlier is None or replaced else _says_something_else(earlier, shown)
        if languages:
            before_it = [*replaced, *([earlier.warning] if earlier else [])]
            come += _arrival(shown.warning, before_it, tuple(one.stored.id for one in replaced), languages)
    return (*gone, *come)


def _arrival(
    warning: PublicWarning,
    held: list[PublicWarning],
    replaces: tuple[str, ...],
    languages: tuple[str, ...],
) -> Iterator[Change]:
    """Return what a warning is where one of these `held` before, in these languages, and everywhere else."""
    where, already = _keys(warning), frozenset[str]().union(*map(_keys, held))
    if updated := where & already:
        yield Change(ChangeKind.UPDATED, warning, updated, replaces, languages=languages)
    if new := where - already:
        yield Change(ChangeKind.NEW, warning, new)


def _says_something_else(earlier: ShownWarning, now: ShownWarning) -> tuple[str, ...]:
    """Return in which languages of lists it does."""
    both = zip(LANGUAGES, earlier.told, now.told, strict=True)
    return tuple(language for language, was, told in both if was is not told and was.notice != told.notice)


def _successor(
    alert_id: str, stops: Mapping[str, str | None], after: Mapping[str, ShownWarning]
) -> str | None:
    """Return what has replaced or ended a warning, over those that have come and gone in between."""
    found, seen = stops.get(alert_id), {alert_id}
    while found is not None and found not in after and found not in seen and stops.get(found) is not None:
        seen.add(found)
        found = stops[found]
    return found


def _keys(warning: PublicWarning) -> frozenset[str]:
    own = {ags for ags, _ in warning.municipalities}
    return frozenset({*own, *(ags[:DISTRICT_DIGITS] for ags in own), EVERYWHERE_KEY})
