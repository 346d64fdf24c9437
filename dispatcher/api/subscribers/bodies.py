"""The JSON bodies of subscribers: what an app asks for on behalf of its user, and what it is told."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.audience.wish import ENDPOINTS_MAX
from dispatcher.model.subscribers import EndpointState

_ADDRESS = "https://push.example/v2/2f0e"
_WISH: dict[str, Any] = {
    "endpoints": [
        {"channel": "webpush", "address": _ADDRESS, "keys": {"p256dh": "BNcRdr…", "auth": "8eDyX_…"}}
    ],
    "places": ["05358008", {"lat": 50.804, "lon": 6.482, "radius_m": 500}],
    "languages": ["de-simple", "de"],
}


class EndpointWanted(Body):
    """Where the user can be reached."""

    channel: str = Field(
        description="how: `webpush`; `fcm`, an app on Android; `apns`, an app on iPhones; `sms`, where the service has "
        "an SMS gateway",
        max_length=32,
        examples=["webpush"],
    )
    address: str = Field(
        description="the `endpoint` of a push subscription; the registration token or installation ID of FCM; the "
        "device token of APNs in hexadecimal; the number of a mobile phone, as people write it",
        max_length=2048,
        examples=[_ADDRESS],
    )
    keys: dict[str, Annotated[str, Field(max_length=256)]] = Field(
        default={},
        description="its `keys` as the browser gives them: `p256dh`, `auth`; perhaps `vapid`, the "
        "`applicationServerKey` that it subscribed with, if that is not the current one. Of `fcm` `project`, the ID of "
        "the app's Firebase project, and perhaps `target`: `token` or `fid`. Of `apns` `topic`, its bundle ID, and "
        "perhaps `environment`: `production` or `sandbox`",
        max_length=4,
        examples=[{"p256dh": "BNcRdr…", "auth": "8eDyX_…"}],
    )


class QuietHours(Body):
    """When nothing but the gravest is to be told."""

    begins: str = Field(description="time of day in Germany", max_length=5, examples=["22:00"])
    ends: str = Field(
        description="time of day in Germany, perhaps of the next", max_length=5, examples=["06:30"]
    )


class SubscriberWanted(Body):
    """All that an installation wants from now on: what is left out is wanted no more."""

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra={"examples": [_WISH]})

    endpoints: list[EndpointWanted] = Field(
        description="where the user can be reached, the best first; at most 8", max_length=64
    )
    places: list[Any] = Field(
        description="what is followed: AGS of a municipality, or its beginning for a district; a point "
        "`{lat, lon, radius_m}`; a polygon `{polygon: [[lat, lon], …]}`. At most 200, of them 20 points and polygons",
        max_length=1000,
        examples=[_WISH["places"]],
    )
    languages: list[Annotated[str, Field(max_length=255)]] = Field(
        default=[],
        description="tags of BCP 47, the best first, at most 5; `de-simple` is Leichte Sprache. Extensions and private "
        "use (`-u-…`, `-x-…`) are left out",
        max_length=64,
        examples=[["de-simple", "de"]],
    )
    min_severity: Literal["Minor", "Moderate", "Severe", "Extreme"] | None = Field(
        None, description="nothing below is told; null tells everything", examples=["Moderate"]
    )
    quiet_hours: QuietHours | None = Field(
        None,
        description="what comes then waits until they end. Extreme is told at any hour, and Severe that is Immediate "
        "and Observed or Likely",
    )
    drills: bool = Field(default=False, description="whether exercises are told, too")
    escalate_after_s: int | None = Field(
        None,
        description="the first endpoint is told, and the next one after so many seconds without a confirmation (30 to "
        "3600). null: of an Extreme warning all are told at once, of any other the first, and the next one only where "
        "that before it cannot be reached",
        examples=[120],
    )
    device: str | None = Field(
        None,
        description="an opaque reference, the same in all apps of the device, so that it is alarmed once. Random, of "
        "at least 128 bits: who knows it is taken for the device",
        min_length=22,
        max_length=128,
        examples=["1b4e28ba-2fa1-11d2-883f-0016d3cca427"],
    )
    ends_at: words.Instant | None = Field(None, description="until when it holds, for visitors and commuters")


class CodeWanted(Body):
    """A code that came to an endpoint."""

    code: str = Field(
        description="as it was in the message; of an SMS the six digits",
        max_length=64,
        examples=["q8Tz3vX2o7sJ1mWcKf4B9A"],
    )


class CodeAskedFor(Body):
    """Where the SMS with a code is to go."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    position: int = Field(
        description="where the number stands in `endpoints`", ge=0, lt=ENDPOINTS_MAX, examples=[1]
    )


class RoundTripShown(Body):
    """What a phone shows of a message with a code."""

    title: str = Field(description="what it is", examples=["Warnungen werden eingerichtet"])
    body: str = Field(description="that nothing has happened", examples=["Dies ist keine Warnung."])
    lang: str = Field(description="the language of the texts (BCP 47)", examples=["de"])
    dir: Literal["rtl"] | None = Field(
        None, description="`rtl` where the texts run from right to left; else left out"
    )
    tag: Literal["round-trip"] = Field(description="a later one replaces this one")
    silent: Literal[False] = Field(description="it may make a sound")


class RoundTripBody(Body):
    """A message with a code, which comes to an endpoint the way that warnings come: the app brings the code back. It
    has no `alert`: what has `round_trip` is no notice. It is no declarative message, as those wake no service worker.
    """

    v: Literal[1] = Field(
        description="the version of this document; another one means other members", examples=[1]
    )
    round_trip: Literal["proof", "test"] = Field(
        description="`proof`: the endpoint is new, and told of nothing until the code is back; `test`: it is told of "
        "warnings, and the owner asked for a test"
    )
    code: str = Field(description="what is to be brought back", examples=["q8Tz3vX2o7sJ1mWcKf4B9A"])
    test: Literal[True] = Field(description="it is no warning")
    title: str = Field(description="what to show", examples=["Warnungen werden eingerichtet"])
    headline: str = Field(description="what to show below", examples=["Dies ist keine Warnung."])
    lang: str = Field(description="the language of the texts (BCP 47)", examples=["de"])
    expires: words.Moment = Field(description="until when the code is taken")
    notification: RoundTripShown = Field(description="the same, ready for a screen")


class EndpointBody(Body):
    """How an endpoint stands."""

    channel: str = Field(description="how the user is reached", examples=["webpush"])
    position: int = Field(description="where it stood in `endpoints`", examples=[0])
    state: EndpointState = Field(
        description="`active`; `waiting`: a code is on its way and must come back, by SMS once it is asked for with "
        "`code`; `replaced`: told until the one in "
        "its place is proven; `gone`: its push service knows it no more"
    )
    sent_at: words.Moment | None = Field(description="when a code last left for it")
    answer: str | None = Field(
        description="what the push service or SMS gateway said to that: `accepted`, or a short code; null while it is "
        "open. `limit_number` and the like: no SMS was sent, as there were too many; `limit_month`: the gateway's "
        "budget of the month is spent",
        examples=["accepted"],
    )
    last_accepted: words.Moment | None = Field(
        description="when a push service last took a warning or a code for it; of a warning some seconds later"
    )
    last_confirmed: words.Moment | None = Field(
        description="when a code last came back, or its device said that a warning was confirmed: nothing shows better "
        "that warnings arrive"
    )
    retry_after_s: int | None = Field(
        None,
        description="where it is `waiting` and no code is on its way, as one was sent a moment ago: in how many "
        "seconds a `PUT` sends another. null: one is on its way, or none is needed",
        examples=[540],
    )


class PartlyShownBody(Body):
    """A place of which the app shows a part."""

    path: str = Field(description="pointer to it", examples=["/places/0"])
    followed: int = Field(description="how many of its municipalities are followed", examples=[1])
    left_out: int = Field(
        description="how many are not, as this app does not show their warnings", examples=[14]
    )


class SubscriberBody(Body):
    """A subscriber as it is now."""

    active: bool = Field(
        description="whether any endpoint is told of new warnings: none is from `ends_at` on"
    )
    endpoints: list[EndpointBody] = Field(description="all of them")
    places: list[words.Ags] = Field(description="municipalities that are followed")
    areas: int = Field(description="how many points and polygons are followed", examples=[1])
    left_out: list[str] = Field(
        default=[],
        description="pointers to places whose warnings this app does not show: nobody is told of them",
        examples=[["/places/1"]],
    )
    partly_left_out: list[PartlyShownBody] = Field(
        default=[],
        description="places of which this app shows some municipalities' warnings and not others': of those nobody is "
        "told",
    )
    languages: list[str] = Field(description="as wanted", examples=[["de-simple", "de"]])
    min_severity: Literal["Minor", "Moderate", "Severe", "Extreme"] | None = Field(description="as wanted")
    quiet_hours: QuietHours | None = Field(description="as wanted")
    drills: bool = Field(description="as wanted")
    escalate_after_s: int | None = Field(description="as wanted", examples=[120])
    ends_at: words.Moment | None = Field(description="as wanted")
    seen_at: words.Moment = Field(description="when the app last sent what it wants, to the hour")
    leave: str = Field(
        description="the link by which one leaves, relative to the address of the API; it needs no token",
        examples=["/v1/leave/mfrggzdfmztwq2lkmfrggzdfmy"],
    )
    token: str | None = Field(
        None,
        description="the management token, where it is new: shown this once, and needed for all that follows",
        examples=["wt_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"],
    )
