"""The JSON bodies with which an operator administers instances."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from dispatcher.access.keys import KEY_ID_PATTERN
from dispatcher.api.instances.bodies import InstanceBody
from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.apps.branding import CONTACT_MAX, LANGUAGES_MAX, LOGO_MAX, NAME_MAX
from dispatcher.apps.channel_credentials import MOST_BYTES, CredentialChannel
from dispatcher.apps.profile import MOST_QUOTA
from dispatcher.model.principals import CredentialState

MUNICIPALITIES_MAX = 20_000
"""Germany has some eleven thousand."""
PREFIXES_MAX = 1_000
"""Germany has some four hundred districts."""
NEIGHBOURS_MAX = 100
_LINE = r"^[^\x00-\x1f\x7f]*$"
_ID = f"^{KEY_ID_PATTERN.pattern}$"

InstanceName = Annotated[str, Field(pattern=_ID, max_length=40, examples=["stolberg"])]
Prefix = Annotated[str, Field(pattern=r"^[0-9]{2,8}$", examples=["05358"])]


class PartyState(StrEnum):
    """Whether the keys of a party are taken."""

    ENABLED = "enabled"
    DISABLED = "disabled"


class BrandingWanted(Body):
    """How the app presents itself. What is left out stays; null takes it away."""

    colour: str | None = Field(
        None, max_length=7, description="colour behind text, `#rrggbb`", examples=["#00457c"]
    )
    text_colour: str | None = Field(
        None,
        max_length=7,
        description="colour of text on it: a contrast of at least 4.5:1",
        examples=["#ffffff"],
    )
    logo: str | None = Field(
        None,
        max_length=LOGO_MAX,
        description="https URL of a picture, which the service never fetches",
        examples=["https://www.dueren.example/wappen.svg"],
    )


class InstanceChange(Body):
    """What is to be different of an instance (RFC 7396): what is left out stays, null takes away what may be absent."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"languages": ["de", "uk"]}]}
    )

    name: str | None = Field(
        None,
        min_length=1,
        max_length=NAME_MAX,
        pattern=_LINE,
        description="as people know it",
        examples=["Stadt Düren"],
    )
    municipalities: list[words.Ags] | None = Field(
        None,
        min_length=1,
        max_length=MUNICIPALITIES_MAX,
        fail_fast=True,
        description="its municipalities. With `territory` they take the place of all that it had",
        examples=[["05358008"]],
    )
    territory: list[Prefix] | None = Field(
        None,
        min_length=1,
        max_length=PREFIXES_MAX,
        fail_fast=True,
        description="keys of municipalities, or what several begin with; kept as they are named",
        examples=[["05358"]],
    )
    languages: list[Annotated[str, Field(max_length=40)]] | None = Field(
        None,
        min_length=1,
        max_length=LANGUAGES_MAX,
        description="the languages of the app (BCP 47)",
        examples=[["de", "en"]],
    )
    branding: BrandingWanted | None = Field(None, description="how it presents itself")
    contact: str | None = Field(
        None,
        max_length=CONTACT_MAX,
        pattern=_LINE,
        description="whom to ask about it",
        examples=["app@dueren.example"],
    )
    requests_per_minute: int | None = Field(
        None,
        ge=0,
        le=MOST_QUOTA,
        strict=True,
        description="how many requests it may make in a minute, 0 for any; null: as many as every instance",
        examples=[600],
    )
    shows: list[InstanceName] | None = Field(
        None,
        max_length=NEIGHBOURS_MAX,
        description="ids of the neighbours whose warnings it shows too, once each has consented",
        examples=[["stolberg"]],
    )


class InstanceWanted(InstanceChange):
    """An instance that is to be created. It needs `municipalities` or `territory`."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [{"id": "stolberg", "name": "Stolberg", "municipalities": ["05334032"]}]
        },
    )

    id: str = Field(
        pattern=_ID, max_length=40, description="short name, which its keys have too", examples=["stolberg"]
    )


class OverlapWanted(Body):
    """How a key is to be replaced."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"overlap_hours": 24}]}
    )

    overlap_hours: float = Field(
        24,
        ge=0,
        le=168,
        allow_inf_nan=False,
        strict=True,
        description="for how long the keys so far stay good beside the new one",
        examples=[24],
    )


class CredentialWanted(Body):
    """A credential of an instance's own with a channel."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", json_schema_extra={"examples": [{"subject": "mailto:app@dueren.de"}]}
    )

    secret: str | None = Field(
        None,
        max_length=MOST_BYTES,
        description="the key itself: of `webpush` a P-256 key as PEM; of `sms` a gateway as JSON, as one of "
        "WARN_SMS_GATEWAYS without name, weight and reports; of `fcm` the key file; of `apns` an object of `team_id`, "
        "`key_id`, `key` (the text of the .p8 file), `topics`, `environment`, `interruption`. It is sealed and "
        "never shown. Left out, `webpush` only: one is made where the instance has none",
        examples=["-----BEGIN PRIVATE KEY-----…"],
    )
    subject: str = Field(
        "",
        max_length=200,
        description="of `webpush`: whom push services reach, `mailto:` or `https:`; else the operator's",
        examples=["mailto:app@dueren.de"],
    )


class KeyBody(Body):
    """A key of an instance, without its secret."""

    key: str = Field(description="what it begins with", examples=["wi_dueren-0a1b2c3d"])
    state: CredentialState = Field(description="whether it is taken", examples=["valid"])
    created_at: words.Moment = Field(description="when it was made")
    expires_at: words.Moment | None = Field(description="when it ends; null: never")
    last_used_at: words.Moment | None = Field(description="when it was last used, to the minute; null: never")


class CredentialBody(Body):
    """What is known of a credential that an instance has of its own with a channel."""

    channel: CredentialChannel = Field(description="what it is for", examples=["webpush"])
    fingerprint: str = Field(
        description="what it is known by; of `webpush` the public key, which browsers subscribe with; of `fcm` the "
        "Firebase project, and which of its keys; of `apns` team, key, environment, bundle IDs and interruption",
        examples=["BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM"],
    )
    subject: str = Field(
        description="whom push services reach; empty: the operator", examples=["mailto:a@b.de"]
    )
    created_at: words.Moment = Field(description="when it was given, the last time")
    replaced_at: words.Moment | None = Field(
        description="when a newer one took its place; null: it is the newest"
    )


class OperatedInstanceBody(InstanceBody):
    """All that is known of an instance, without any secret."""

    state: PartyState = Field(description="`disabled`: its keys are refused; its people are still warned")
    created_at: words.Moment = Field(description="when it was created")
    disabled_at: words.Moment | None = Field(description="since when it is disabled")
    territory: list[str] = Field(
        description="by what its municipalities were named; empty: each by its own", examples=[["05358"]]
    )
    keys: list[KeyBody] = Field(description="its keys")
    credentials: list[CredentialBody] = Field(description="its own credentials with channels")


class CreatedInstanceBody(OperatedInstanceBody):
    """An instance, and its key where it was just made."""

    key: str | None = Field(
        description="its key, shown this once; null: the instance was there and is just so",
        examples=["wi_dueren-0a1b2c3d_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"],
    )


class RotatedKeyBody(Body):
    """A new key of an instance."""

    key: str = Field(
        description="the new key, shown this once",
        examples=["wi_dueren-0a1b2c3d_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE"],
    )
    keys: list[KeyBody] = Field(description="all its keys: those before end after the overlap")


class InstanceLine(Body):
    """An instance as a list shows it."""

    id: str = Field(description="its id", examples=["dueren"])
    name: str = Field(description="as people know it", examples=["Stadt Düren"])
    state: PartyState = Field(description="`disabled`: its keys are refused")
    municipalities: int = Field(description="how many municipalities are its own", examples=[15])
    keys: int = Field(description="how many of its keys are good", examples=[1])
    created_at: words.Moment = Field(description="when it was created")
    disabled_at: words.Moment | None = Field(description="since when it is disabled")


class InstancePage(Body):
    """One page of instances, by id."""

    instances: list[InstanceLine] = Field(description="the instances")
    next: str | None = Field(
        description="what to send as `after` for the next page; null on the last one", examples=["dueren"]
    )
