"""The JSON bodies of municipalities' apps."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from dispatcher.api.openapi import words
from dispatcher.api.schemas.alerts import AlertBody
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.feeds import StaleFeed, UnreadFeed
from dispatcher.model.webhooks import CallbackForm, Environment

Ags = words.Ags


class Language(StrEnum):
    """The languages in which notices are worded; what a sender wrote in no other one stays as it was written."""

    GERMAN = "de"
    ENGLISH = "en"


class NoticeMunicipality(Body):
    """A municipality that a notice concerns."""

    ags: Ags
    name: str = Field(description="its name", examples=["Düren"])


class ShapeBody(Body):
    """A GeoJSON MultiPolygon (RFC 7946): longitude before latitude, WGS 84."""

    type: Literal["MultiPolygon"] = Field(description="the kind of geometry")
    coordinates: list[list[list[list[float]]]] = Field(description="polygons of rings of positions")


class NotificationBody(Body):
    """What a phone shows by itself: the members of Declarative Web Push."""

    title: str = Field(
        description="what kind of notice it is and what it is about",
        examples=["WARNUNG: Hochwasser an der Rur"],
    )
    navigate: str | None = Field(
        None,
        description="the absolute URL to which a tap leads; left out where the service has no public page",
        examples=["https://warnung.dueren.example/#01K0Z3NDEKTSV4RRFFQ69G5FAV"],
    )
    body: str = Field(
        description="what to do, where, until when, and what else is in force, as far as there is room",
        examples=["Meiden Sie das Ufer.\nGebiet: Düren\nGültig bis 22.11. 19:00 Uhr"],
    )
    lang: str = Field(description="the language of the texts (BCP 47)", examples=["de-DE"])
    dir: Literal["rtl"] | None = Field(
        None, description="`rtl` where the texts run from right to left; else left out"
    )
    tag: str = Field(
        description="`chain` again: a later notification of the chain replaces this one",
        examples=["01K0Z3NDEKTSV4RRFFQ69G5FAV"],
    )
    silent: Literal[False] = Field(description="it may make a sound")


class GravestBody(Body):
    """The gravest warning in force."""

    alert: words.AlertRef
    severity: words.Severity
    headline: str | None = Field(
        None, description="what it is about; left out where it is the notice's own", examples=["Sturm"]
    )
    expires: words.Moment | None = Field(None, description="left out as `headline` is")


class PlacesInForce(Body):
    """Municipalities with as many warnings in force."""

    active: int = Field(description="how many are in force in each of them", examples=[2])
    severity: words.Severity | None = Field(description="of the gravest there; null where there is none")
    municipalities: list[Ags] = Field(description="these municipalities")


class InForceBody(Body):
    """What is in force at the places of the notice, this one among it, as `GET /v1/instance/alerts` would list it."""

    as_of: words.Moment = Field(description="when this was so")
    active: int | None = Field(
        description="how many warnings are in force in each municipality of the notice, after an end how many go on; "
        "null where that is not the same everywhere, or not known: then look into `places`, or fetch what is in force",
        examples=[1],
    )
    gravest: GravestBody | None = Field(description="the gravest of them; null also where there is none")
    places: list[PlacesInForce] | None = Field(
        None,
        description="where it is not the same everywhere: the municipalities with their numbers, the largest group "
        "first. Those that have no room (400 bytes in a push, 1,000 in a webhook) are left out",
    )


class NoticeBody(Body):
    """One notice: what a push carries, a webhook gets and `GET /v1/instance/alerts` has in `notice`. A member may be
    added at any time; read what you know and pass over the rest. A member that is not required is left out where there
    is nothing to say.
    """

    v: Literal[1] = Field(
        description="the version of this document; another one means other members", examples=[1]
    )
    alert: str = Field(
        description="our id of this message, as in the API", examples=["01K0Z3NDEKTSV4RRFFQ69G5FAV"]
    )
    chain: str = Field(
        description="the thread in which a later notice takes the place of an earlier one: show one notice of a chain",
        examples=["01K0Z3NDEKTSV4RRFFQ69G5FAV"],
    )
    sequence: int = Field(
        description="the order of the notices of one chain: show none with a lower number than what is shown has; of "
        "equal ones the end",
        examples=[1764331200000000],
    )
    also_replaces: dict[str, int] | None = Field(
        None,
        description="the other chains of which the message replaces or ends a warning, each with a `sequence`: of "
        "such a chain show nothing any more whose `sequence` is not higher. At most eight, in a push of "
        "long texts two, the newest",
        examples=[{"01K0Z3P8QJ5W2M7T4R6B1C9XAV": 1764331100000000}],
    )
    exercise: bool = Field(
        False,
        description="true: an exercise, for who wants to take part in them; `title`, `headline`, `instruction` and "
        "`description` say so at both ends. Left out of what is meant",
    )
    kind: words.KindWord
    title: str = Field(description="what kind of notice it is, in words", examples=["Warnung"])
    headline: str = Field(description="what it is about", examples=["Hochwasser an der Rur"])
    instruction: str | None = Field(None, description="what to do", examples=["Meiden Sie das Ufer."])
    description: str | None = Field(None, description="what happens", examples=["Der Pegel steigt."])
    areas: str | None = Field(
        None,
        description="the places as text, perhaps some of them and how many more",
        examples=["Düren, Jülich"],
    )
    municipalities: list[NoticeMunicipality] | None = Field(
        None,
        description="the places as keys. In a pull those of your own places, always. In a webhook and a push all of "
        "the message's, or none where they do not fit (4,000 bytes; in a push 480): then ask the pull",
    )
    area_shape: ShapeBody | None = Field(
        None,
        description="the drawn area, all of it: left out of pushes, where codes alone name the area, and where it "
        "takes more than 5,000 bytes: then it is in the message at `cap`",
    )
    cap: str | None = Field(
        None,
        description="where the CAP message is, relative to the address of the API, with the instance's key; not in "
        "pushes",
        examples=["/v1/instance/alerts/01K0Z3NDEKTSV4RRFFQ69G5FAV/cap"],
    )
    event: str = Field(description="CAP `event`, shortened", examples=["Hochwasser"])
    severity: words.Severity
    urgency: words.Urgency
    certainty: words.Certainty
    sender: str = Field(description="who warns, as people know it", examples=["Leitstelle Kreis Düren"])
    web: str | None = Field(
        None, description="where there is more to read", examples=["https://kreis.example/rur"]
    )
    contact: str | None = Field(
        None,
        description="whom to ask, as CAP `contact` has it: left out where it takes more than 300 bytes, or where a "
        "push has no room",
        examples=["Bürgertelefon 02421 22-0"],
    )
    response_types: list[words.ResponseType] | None = Field(
        None,
        description="what to do, in CAP's words, to be said in a reader's language where the texts are in another",
    )
    attribution: str | None = Field(
        None,
        description="credit and licence that must be shown beside the text",
        examples=["© DWD, CC BY 4.0"],
    )
    lang: str = Field(description="the language of the texts (BCP 47)", examples=["de-DE"])
    onset: words.Moment | None = Field(None, description="when it begins; only while that is ahead")
    ends: words.Moment | None = Field(
        None, description="the event's own end, where the source names one that is not `expires`"
    )
    sent: words.Sent
    expires: words.Moment = Field(description="show the notice no longer than until then")
    web_push: Literal[8030] | None = Field(
        None,
        description="this is a message of Declarative Web Push; only where the service has a public page",
    )
    notification: NotificationBody | None = Field(
        None, description="what a phone shows by itself; in pushes and webhooks"
    )
    in_force: InForceBody | None = Field(
        None,
        description="what is in force where the notice is read, this one among it; in pushes and webhooks",
    )
    receipt: str | None = Field(
        None,
        description="the token of this recipient's receipt, for `POST /v1/receipts`; in pushes and webhooks",
        examples=["AAAB4kAAAABNoC9LTY1X73aJ"],
    )
    test: Literal[True] | None = Field(
        None, description="a test notice or a sample: show it to nobody but the maker of the app"
    )


class InForceAlert(AlertBody):
    """An alert in force, as the record has it, and the notice that tells people of it."""

    notice: NoticeBody = Field(description="what people are told")


class EndedBody(Body):
    """A warning that was in force at one of the instance's places and is not any more, before its `expires`."""

    alert: words.AlertRef
    chain: words.Chain
    kind: words.KindWord = Field(
        description="what people were told: `cancel`, `delisted`, `no_longer_affected` (it goes on elsewhere), "
        "`update` (`by` is in force in its place)"
    )
    by: words.AlertRef = Field(description="the id of the message that ended or replaced it")
    ended_at: words.Moment = Field(description="since when")
    event: words.Event
    headline: words.Headline


class InForceList(Body):
    """What is in force now at the instance's places, and what is not any more."""

    alerts: list[InForceAlert] = Field(description="what is in force")
    ended: list[EndedBody] = Field(
        description="of the last 24 hours; with `since`, all since then that would be in force still"
    )
    complete: bool = Field(
        description="true: `alerts` is all that is in force, forget what it does not name. false: only what has "
        "changed since `since`"
    )
    cursor: str = Field(
        description="what to send as `since` next time. Keep the one you have with a 304",
        examples=["7345.7459123-1.f00d"],
    )
    environment: Environment = Field(description="`sandbox`: samples, whatever happens")
    stale_feeds: list[StaleFeed] = Field(
        default=[],
        description="where this is not empty, an empty list of alerts does not mean that there are no warnings",
    )
    unread_feeds: list[UnreadFeed] = Field(
        default=[],
        description="sources that hold something which nobody can read, or which a person has not decided upon, and "
        "which may concern these municipalities. Where this is not empty, an empty list of alerts does not mean that "
        "there are no warnings",
    )
    not_covered: list[words.Ags] = Field(
        default=[],
        description="those of the instance's municipalities where nobody warns by this service now: that no alert "
        "names them does not mean that there are no warnings",
    )


class WebhookWanted(Body):
    """The webhook that an instance wants."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"url": "https://app.dueren.example/warnings"}]},
    )

    url: str = Field(
        description="where notices are posted: https, port 443, a host on the public Internet",
        max_length=4096,
        examples=["https://app.dueren.example/warnings"],
    )
    secret: str | None = Field(
        None,
        description="`whsec_` and the Base64 of 24 to 64 random bytes. Left out: the one so far stays, or one is made "
        "and shown once",
        max_length=256,
        examples=["whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"],
    )
    places: list[Ags] | None = Field(
        None,
        description="of which of the instance's municipalities; left out: of all, also of those that are added later",
        max_length=20_000,
        fail_fast=True,
        json_schema_extra={"minItems": 1},
    )
    language: Literal["de", "en"] = Field("de", description="the language of its notices")
    form: CallbackForm = Field(
        CallbackForm.NOTICE,
        description="`notice`: a JSON document, for phones. `cap`: the CAP message, signed by the service, for sirens, "
        "displays and other systems that speak it",
    )


class RotationWanted(Body):
    """How a secret is to be replaced."""

    secret: str | None = Field(
        None,
        description="the new one; left out: one is made and shown",
        max_length=256,
        examples=["whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"],
    )
    overlap_hours: float = Field(
        24,
        ge=0,
        le=168,
        allow_inf_nan=False,
        strict=True,
        description="for how long the secrets so far sign beside the new one",
        examples=[24],
    )


class WebhookBody(Body):
    """The webhook of an instance."""

    url: str = Field(description="where notices are posted", examples=["https://app.dueren.example/warnings"])
    places: list[Ags] = Field(description="the municipalities of which it is told")
    all_places: bool = Field(
        description="whether these are all of the instance, also those that are added later"
    )
    language: str = Field(description="the language of its notices", examples=["de"])
    form: CallbackForm = Field(description="the form of its notices")
    environment: Environment = Field(
        description="`sandbox`: test notices only, whatever happens in these places"
    )
    state: Literal["active", "ended"] = Field(
        description="`ended`: the receiver answered 410, and nothing is sent until it is registered again"
    )
    previous_secrets_end: list[words.Moment] = Field(
        description="until when each secret before the newest signs beside it"
    )
    secret: str | None = Field(
        None,
        description="the secret, where the service has just made it: shown this once",
        examples=["whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"],
    )


class Meaning(StrEnum):
    """What an answer would mean for a real notice."""

    ACCEPTED = "accepted"
    RETRIED = "retried"
    """Sent again until `expires`; after a 401 or 403 too, as the secret may be put right meanwhile."""
    POSTPONED = "postponed"
    """429, or 503 with `Retry-After`: sent again when that says, and that is not an attempt."""
    REFUSED = "refused"
    """Given up: this notice is not sent again."""
    ENDED = "ended"
    """410: nothing is sent there any more."""


class TrialBody(Body):
    """How the receiver answered a test notice."""

    webhook_id: str = Field(description="the header `webhook-id` of the test notice", examples=["test-1"])
    status: int | None = Field(
        description="the receiver's HTTP status; null without an answer", examples=[204]
    )
    error: str | None = Field(
        description="why there was no answer, or the status again", examples=["timeout_connect"]
    )
    meaning: Meaning = Field(description="what it would mean for a real notice")
    seconds: float = Field(description="how long it took", examples=[0.12])
    notice: NoticeBody = Field(description="the notice that was sent")


class PushKeyBody(BaseModel):
    """The key by which push services know this installation."""

    application_server_key: str = Field(
        description="the VAPID public key, an uncompressed point of P-256 in base64url: give it to a browser's "
        "`pushManager.subscribe` as `applicationServerKey`",
        examples=["BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"],
    )


class BrandingBody(Body):
    """How the app presents itself."""

    colour: str | None = Field(description="colour behind text; null where none is set", examples=["#00457c"])
    text_colour: str | None = Field(
        description="colour of text on it, with a contrast of at least 4.5:1", examples=["#ffffff"]
    )
    logo: str | None = Field(
        description="https URL of a picture, which the service never fetches",
        examples=["https://www.dueren.example/wappen.svg"],
    )


class NeighbourBody(Body):
    """A neighbour whose warnings the app shows too, once it has consented."""

    id: str = Field(description="the neighbour's id", examples=["stolberg"])
    name: str = Field(description="its name", examples=["Stolberg (Rhld.)"])
    municipalities: list[Ags] = Field(description="its municipalities")
    given_by: str | None = Field(
        description="who consented; null: nobody has, and nothing of it is shown",
        examples=["Ordnungsamt Stolberg, A. Muster"],
    )
    given_at: words.Moment | None = Field(description="when")


class ConsentBody(Body):
    """Another instance that may show the warnings of this one's municipalities."""

    instance: str = Field(description="its id", examples=["dueren"])
    given_by: str = Field(
        description="who consented for this instance", examples=["Ordnungsamt Stolberg, A. Muster"]
    )
    given_at: words.Moment = Field(description="when")


class ConsentWanted(Body):
    """A consent that an instance gives."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"given_by": "Ordnungsamt Stolberg, A. Muster"}]},
    )

    given_by: str = Field(
        description="who gives it: the person of the municipality who may",
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        examples=["Ordnungsamt Stolberg, A. Muster"],
    )


class InstanceBody(Body):
    """An instance as the operator has entered it."""

    id: str = Field(description="its id", examples=["dueren"])
    name: str = Field(description="as people know it", examples=["Stadt Düren"])
    environment: Environment = Field(description="`sandbox`: samples, whatever happens")
    municipalities: list[Ags] = Field(description="its own municipalities")
    languages: list[str] = Field(description="the languages of the app (BCP 47)", examples=[["de", "en"]])
    branding: BrandingBody = Field(description="how it presents itself")
    contact: str | None = Field(description="whom the operator asks", examples=["app@dueren.example"])
    requests_per_minute: int | None = Field(
        description="how many requests it may make in a minute, 0 for any; null: as many as every instance",
        examples=[600],
    )
    neighbours: list[NeighbourBody] = Field(description="whose warnings it shows too")
    consents: list[ConsentBody] = Field(description="who may show its own")
