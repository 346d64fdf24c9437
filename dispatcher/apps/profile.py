"""Decide what an instance becomes by what an operator names of it; the commands and the API ask the same."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dispatcher.apps.branding import wrong_profile
from dispatcher.boundaries.territories import wrong_municipality, wrong_territory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.model.principals import Branding, Instance

MOST_QUOTA: Final = 1_000_000
"""Requests in a minute."""


class ProfileRefused(Exception):
    """No instance can be so; nothing was changed. `member` is what of it is wrong, empty where several are."""

    def __init__(self, sentence: str, member: str = "") -> None:
        super().__init__(sentence)
        self.member = member


@dataclass(frozen=True, slots=True)
class NamedProfile:
    """What an operator names of an instance; None is what he does not name. An empty text takes away what was there,
    and what has several values takes the place of all of them.
    """

    places: Sequence[str] | None = None
    """AGS; together with `territory` they are the instance's municipalities, whichever of them is named."""
    territory: Sequence[str] | None = None
    """AGS, or prefixes of several."""
    name: str | None = None
    languages: Sequence[str] | None = None
    colour: str | None = None
    text_colour: str | None = None
    logo: str | None = None
    contact: str | None = None
    shows: Sequence[str] | None = None


def profile_of(instance: Instance, named: NamedProfile, boundaries: Callable[[], Boundaries]) -> Instance:
    """Return the instance with what is named. Raises `ProfileRefused` for what no instance can be; whether there are
    the neighbours that it shows, the record knows. `boundaries` is called where municipalities are named.
    """
    if named.places or named.territory:
        places, territory = _municipalities(named.places or (), named.territory or (), boundaries())
        instance = replace(instance, places=places, territory=territory)
    if named.name is not None:
        instance = replace(instance, name=named.name.strip())
    if named.languages:
        instance = replace(instance, languages=tuple(named.languages))
    if named.contact is not None:
        instance = replace(instance, contact=named.contact.strip())
    if named.shows is not None:
        instance = replace(instance, shows=tuple(dict.fromkeys(named.shows)))
    instance = replace(instance, branding=_branding(instance.branding, named))
    if instance.id in instance.shows:
        raise ProfileRefused("an instance is no neighbour of its own", "shows")
    if wrong := wrong_profile(instance):
        raise ProfileRefused(wrong)
    return instance


def _branding(branding: Branding, named: NamedProfile) -> Branding:
    if named.colour is not None:
        branding = replace(branding, colour=named.colour.lower())
    if named.text_colour is not None:
        branding = replace(branding, text_colour=named.text_colour.lower())
    if named.logo is not None:
        branding = replace(branding, logo=named.logo)
    return branding


def _municipalities(
    places: Sequence[str], territory: Sequence[str], boundaries: Boundaries
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the municipalities that are named, each once, and by what they were named where not each by its own."""
    if wrong := wrong_municipality(places, boundaries):
        raise ProfileRefused(wrong, "places")
    if not territory:
        return tuple(dict.fromkeys(places)), ()
    if wrong := wrong_territory(territory, boundaries):
        raise ProfileRefused(wrong, "territory")
    named = tuple(dict.fromkeys((*territory, *places)))
    return tuple(sorted({one.ags for prefix in named for one in boundaries.by_prefix(prefix)})), named
