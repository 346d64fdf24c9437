"""Say how many warnings are in force at the places of a notice, and which of them is the gravest. Pure.

One notice goes to everybody whom a message concerns, and they are in different municipalities. So a number stands for
all of these only where it is the same in all of them; else it stands beside the municipalities that it is right for, as
many as have room, and is not said of the others (ops/docs/decisions/0051-one-document-for-all-warnings-in-force.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from cap.severity import SEVERITY_ORDER
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.headline import subject
from dispatcher.texts.shortening import as_json, shorten

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from dispatcher.model.alerts import WarningInForce
    from dispatcher.texts.choice import Chosen
    from dispatcher.texts.words.words import Words

HEADLINE_BYTES: Final = 200
"""Bytes of the headline of another warning: a line of its own says more of it, and the page behind the link all."""
KEY_BYTES: Final = 11
"""Bytes of a municipality in a list: eight digits, quotes and a comma."""

_RANK: Final = {str(severity): rank for rank, severity in enumerate(SEVERITY_ORDER)}


class PlacesGroup(NamedTuple):
    """Municipalities (AGS) of which the same can be said."""

    municipalities: tuple[str, ...]
    active: int
    severity: str
    """Of the gravest warning there; empty where there is none."""


@dataclass(frozen=True, slots=True)
class InForceSummary:
    """What is in force at the places of a notice. None stands for what differs from place to place."""

    as_of: datetime = field(compare=False)
    active: int | None
    """How many warnings are in force at each of the places, the notice's own among them."""
    gravest: WarningInForce | None
    """The gravest of them; None also where there is none."""
    others: int | None
    """How many of them are not the notice's own."""
    gravest_other: WarningInForce | None
    anywhere: bool
    """Whether any other warning is in force in any municipality of the message."""
    places: tuple[PlacesGroup, ...]
    """The municipalities, the largest group first; none where all is the same in all of them."""


class _Found(NamedTuple):
    """What is in force in one municipality."""

    active: int
    gravest: WarningInForce | None
    others: int
    gravest_other: WarningInForce | None


def gravest_first(own: str, warnings: Iterable[WarningInForce]) -> list[WarningInForce]:
    """Return the warnings in the order of their severity; of equal ones the notice's own is the first, by its id."""
    return sorted(warnings, key=lambda one: (_RANK.get(one.severity, len(_RANK)), one.id != own))


def named(other: WarningInForce, chosen: Chosen | None, words: Words) -> WarningInForce:
    """Return another warning with a headline for people: that of the info that speaks now, else that of the record."""
    info = chosen.info if chosen else None
    own = (info.headline, info.event) if info else ()
    return replace(other, headline=subject(Kind.ALERT, (*own, other.headline, other.event), words))


def warnings_in_force(
    own: str, places: Sequence[str], warnings: Iterable[WarningInForce], as_of: datetime
) -> InForceSummary:
    """Return what is in force `as_of` then at these places (AGS) of the message `own`, of warnings in the order of
    arrival.
    """
    ranked = gravest_first(own, warnings)
    at: dict[str, list[WarningInForce]] = {ags: [] for ags in places}
    for warning in ranked:
        for ags in warning.municipalities:
            if ags in at:
                at[ags].append(warning)
    found = {ags: _found(own, here) for ags, here in at.items()}
    active, gravest, others, gravest_other = (
        _same([one[part] for one in found.values()]) for part in range(4)
    )
    return InForceSummary(
        as_of=as_of,
        active=active,
        gravest=gravest,
        others=others,
        gravest_other=gravest_other,
        anywhere=any(one.id != own for one in ranked),
        places=() if active is not None and (gravest or not active) else _grouped(found),
    )


def _found(own: str, here: Sequence[WarningInForce]) -> _Found:
    others = [one for one in here if one.id != own]
    return _Found(len(here), here[0] if here else None, len(others), others[0] if others else None)


def _same(values: Sequence[object]) -> Any:
    """Return what all of the values are; None where they differ or there are none."""
    return values[0] if values and all(value == values[0] for value in values) else None


def _grouped(found: dict[str, _Found]) -> tuple[PlacesGroup, ...]:
    groups: dict[tuple[int, str], list[str]] = {}
    for ags, one in found.items():
        severity = one.gravest.severity if one.gravest else ""
        groups.setdefault((one.active, severity), []).append(ags)
    by_size = sorted(groups.items(), key=lambda group: -len(group[1]))
    return tuple(PlacesGroup(tuple(ags), *said) for said, ags in by_size)


def member(
    found: InForceSummary, own: str, places_room: int, headline_room: int = HEADLINE_BYTES
) -> dict[str, object]:
    """Return the JSON member. Its list of places takes at most `places_room` bytes: a municipality that has no room is
    left out, and nothing is said of it.
    """
    said: dict[str, object] = {
        "as_of": found.as_of.isoformat(timespec="milliseconds"),
        "active": found.active,
        "gravest": _gravest(found.gravest, own, headline_room),
    }
    if places := _listed(found.places, places_room):
        said["places"] = places
    return said


def _gravest(warning: WarningInForce | None, own: str, headline_room: int) -> dict[str, object] | None:
    """Return the gravest warning; of the notice's own all else stands in the notice."""
    if warning is None:
        return None
    said: dict[str, object] = {"alert": warning.id, "severity": warning.severity}
    if warning.id != own:
        said["headline"] = shorten(warning.headline, headline_room)
        said["expires"] = warning.expires.isoformat()
    return said


def _listed(places: Sequence[PlacesGroup], room: int) -> list[dict[str, object]]:
    """Return the groups that have room, the largest first."""
    listed: list[dict[str, object]] = []
    for group in places:
        if len(group.municipalities) * KEY_BYTES > room:
            continue
        said: dict[str, object] = {
            "active": group.active,
            "severity": group.severity or None,
            "municipalities": list(group.municipalities),
        }
        if len(as_json([*listed, said])) <= room:
            listed.append(said)
    return listed


def other_warnings(found: InForceSummary | None, words: Words) -> tuple[str, str]:
    """Return the sentence that other warnings are in force too, and a shorter one; empty where there are none, or where
    it is not known.
    """
    if found is None or not found.anywhere or found.others == 0:
        return "", ""
    if found.others is None:
        return words.others_somewhere, words.others_short
    if found.gravest_other is None:  # as many everywhere, though not the same
        many = words.others_many.say(found.others) if found.others > 1 else words.others_short
        return many, words.others_short
    headline = shorten(found.gravest_other.headline, HEADLINE_BYTES)
    if found.others == 1:
        return words.others_one.format(headline), words.others_short
    return words.others_gravest.say(found.others, headline=headline), words.others_short
