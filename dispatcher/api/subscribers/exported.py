"""The JSON body of all that is kept of a subscriber, for whoever asks what is known of them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.api.subscribers.bodies import QuietHours
from dispatcher.api.subscribers.requests import missing

_PLACES: list[Any] = ["05358008", {"lat": 50.8, "lon": 6.48, "radius_m": 500}]


class ExportedWish(Body):
    """What is wanted, in the words of the `PUT`; its endpoints are in `endpoints` beside it, its device is not kept."""

    places: list[Any] = Field(
        description="what is followed, as it was asked for; points and polygons rounded to 100 m",
        examples=[_PLACES],
    )
    languages: list[str] = Field(description="tags of BCP 47, the best first", examples=[["de-simple", "de"]])
    min_severity: Literal["Minor", "Moderate", "Severe", "Extreme"] | None = Field(
        description="nothing below is told; null tells everything"
    )
    quiet_hours: QuietHours | None = Field(description="what comes then waits until they end")
    drills: bool = Field(description="whether exercises are told, too")
    escalate_after_s: int | None = Field(
        description="after how many seconds without a confirmation the next endpoint is told", examples=[120]
    )
    ends_at: words.Moment | None = Field(description="until when warnings are wanted; null: for good")


class ExportedArea(Body):
    """A point or polygon that is followed, as the record has it."""

    lat: list[float] = Field(
        description="degrees north (WGS 84), of each corner; one of a point", examples=[[50.8]]
    )
    lon: list[float] = Field(description="degrees east, of each corner", examples=[[6.48]])
    radius_m: float = Field(
        description="the radius around a point, in metres; 0 of a polygon", examples=[500]
    )
    ags: list[words.Ags] = Field(description="the municipalities in which it lies")


class ExportedEndpoint(Body):
    """An endpoint with its address and keys, and what is known of it."""

    number: int = Field(
        description="what ledgers of warnings have of it: it stands for nobody once the endpoint is erased",
        examples=[17],
    )
    address: str = Field(
        description="the address of a push subscription, or a telephone number (E.164)",
        examples=["https://push.example/v2/2f0e"],
    )
    keys: dict[str, str] = Field(
        description="its `p256dh` and `auth`; `vapid`: of the `applicationServerKey` that it subscribed with the first "
        "22 characters, by which the key is found: no more is kept",
        examples=[{"p256dh": "BNcRdr…", "auth": "8eDyX_…", "vapid": "BLc4xRzKlKORKWlbdgFaBr"}],
    )
    channel: words.Channel
    created_at: words.Moment = Field(description="when the service first had it")
    ended_at: words.Moment | None = Field(description="since when nothing is sent there; null: it is told")
    end_reason: str | None = Field(description="why", examples=["gone"])
    active: bool = Field(
        description="whether warnings are sent there: anybody has proven it, or it was imported"
    )
    proven_at: words.Moment | None = Field(
        description="when this subscriber brought back a code that was sent there"
    )
    code_sent_at: words.Moment | None = Field(description="when a code last left for it")
    answer: str | None = Field(
        description="what the push service or SMS gateway said to that", examples=["accepted"]
    )
    last_accepted_at: words.Moment | None = Field(
        description="when a warning or a code was last accepted for it"
    )
    last_confirmed_at: words.Moment | None = Field(description="when a code or a confirmation last came back")


class ExportBody(Body):
    """All that is kept of a subscriber."""

    wish: ExportedWish = Field(description="what is wanted, in the words of the `PUT`")
    instance: str = Field(description="whose app it is", examples=["dueren"])
    languages: list[str] = Field(description="as in `wish`", examples=[["de-simple", "de"]])
    min_severity: int = Field(
        description="the rank of the severity in `wish`: 1 `Minor` to 4 `Extreme`, 0 for none", examples=[2]
    )
    quiet_from: str | None = Field(
        description="when quiet hours begin, the time of day in Germany", examples=["22:00:00"]
    )
    quiet_until: str | None = Field(description="when they end", examples=["06:30:00"])
    drills: bool = Field(description="as in `wish`")
    escalate_after_s: int | None = Field(description="as in `wish`", examples=[120])
    ends_at: words.Moment | None = Field(description="as in `wish`")
    created_at: words.Moment = Field(description="when the app first sent a wish")
    changed_at: words.Moment = Field(description="when a wish was last another one")
    seen_at: words.Moment = Field(description="when the app last sent a wish, to the hour")
    tested_at: words.Moment | None = Field(description="when a test was last asked for")
    names_a_device: bool = Field(description="whether a device is named, of which a keyed hash is kept")
    places: list[words.Ags] = Field(description="municipalities that are wanted")
    areas: list[ExportedArea] = Field(description="points and polygons that are wanted")
    endpoints: list[ExportedEndpoint] = Field(description="all of them, the best first")


def export_body(found: dict[str, Any] | None) -> ExportBody:
    """Return what the record says of a subscriber, as it is described. Refuses where it says nothing: there is
    none any more.
    """
    return missing() if found is None else ExportBody.model_validate(found)
