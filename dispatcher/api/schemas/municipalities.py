"""What the API says of municipalities, of what led to none, and of the boundary data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.targeting.outcome import MatchReason

if TYPE_CHECKING:
    from dispatcher.model.alerts import AffectedMunicipality
    from dispatcher.targeting.outcome import Unmatched


class MunicipalityBody(Body):
    """A municipality that an alert concerns. `share` is the part of its area, 0 to 1."""

    ags: words.Ags
    name: str = Field(description="Name of the municipality.", examples=["Düren"])
    reason: MatchReason = Field(
        description="Why it is concerned: a code names it, a shape touches it, or both.",
        examples=["geometry"],
    )
    share: float = Field(
        ge=0, le=1, description="Part of the municipality's area that is concerned.", examples=[0.125]
    )


class UnmatchedBody(Body):
    """A code or shape that led to no municipality, although others did."""

    kind: str = Field(description="`polygon`, `circle`, `geocode` or `area`.", examples=["geocode"])
    value: str = Field(description="What led nowhere, shortened.", examples=["AGS=99999999"])
    reason: str = Field(description="Why it led nowhere.", examples=["code not in the boundary data"])
    message: str = Field(
        description="why, and what to give instead", examples=["No municipality has this key."]
    )
    message_de: str = Field(
        description="The same in German.", examples=["Keine Gemeinde hat diesen Schlüssel."]
    )


class BoundariesBody(Body):
    """The boundary data in use; the attribution must be shown wherever its results are."""

    attribution: str = Field(
        description="Whose data it is, in words that must be shown.", examples=["© BKG (2026) dl-de/by-2-0"]
    )
    vintage: str = Field(description="Date of the boundaries.", examples=["2026-01-01"])
    municipalities: int = Field(description="How many municipalities are held.", examples=[10751])


def municipality_body(place: AffectedMunicipality) -> MunicipalityBody:
    """Return a municipality as it is shown; its share has four digits."""
    return MunicipalityBody(ags=place.ags, name=place.name, reason=place.reason, share=round(place.share, 4))


def unmatched_body(lost: Unmatched) -> UnmatchedBody:
    """Return what led nowhere, with why in both languages."""
    return UnmatchedBody(
        kind=lost.kind, value=lost.value, reason=lost.reason, message=lost.said.en, message_de=lost.said.de
    )
