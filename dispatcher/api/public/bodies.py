"""The JSON bodies of what anybody may read; `dispatcher.publication.forms.own` writes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

import cap
from dispatcher.api.instances.bodies import NoticeBody, NoticeMunicipality
from dispatcher.api.openapi import words
from dispatcher.api.schemas.base import Body
from dispatcher.api.schemas.feeds import StaleFeed, UnreadFeed
from dispatcher.publication.places import PlaceKind

SignedPath = Annotated[
    str,
    Field(
        description="where anybody gets the CAP message as the service signs it, relative to the address of the API",
        examples=["/v1/public/alerts/01K0Z3NDEKTSV4RRFFQ69G5FAV/cap/signed"],
    ),
]


class PublicNotice(NoticeBody):
    """A notice, with what the message is called and where the rest of it is."""

    cap: str = Field(
        description="where anybody gets the CAP message, relative to the address of the API",
        examples=["/v1/public/alerts/01K0Z3NDEKTSV4RRFFQ69G5FAV/cap"],
    )
    cap_signed: SignedPath
    details: str = Field(
        description="where anybody gets the warning in all its languages",
        examples=["/v1/public/alerts/01K0Z3NDEKTSV4RRFFQ69G5FAV"],
    )
    cap_sender: words.Sender
    identifier: words.Identifier


class StateBody(Body):
    """As of when a document is, and of whom nobody knows what they say."""

    as_of: words.Moment = Field(
        description="when the record last said so. A document is made anew once a minute at least: where this is some "
        "minutes ago, nobody knows what is in force now"
    )
    current: bool = Field(
        description="false: the service cannot ask its record at present, and this is the last that it said"
    )
    stale_feeds: list[StaleFeed] = Field(
        description="where this is not empty, an empty list of alerts does not mean that there are no warnings"
    )
    unread_feeds: list[UnreadFeed] = Field(
        description="sources that hold something which nobody can read, or which a person has not decided upon, and "
        "which may concern the place. Where this is not empty, an empty list of alerts does not mean that there are "
        "no warnings"
    )


class PlaceBody(Body):
    """What a list is of."""

    kind: PlaceKind = Field(description="what the key means", examples=["municipality"])
    key: str | None = Field(
        description="AGS of a municipality, its first five digits of a district; null for an area and for everywhere",
        examples=["05358008"],
    )
    ars: str | None = Field(
        description="Regionalschlüssel, 12 digits; null where there is none", examples=["053580008008"]
    )
    name: str | None = Field(description="its name; null where none is known", examples=["Düren"])


class PublicList(StateBody):
    """What is in force at a place."""

    place: PlaceBody = Field(description="what the list is of")
    covered: bool = Field(
        description="whether a control centre or feed would warn by this service wherever in the place something "
        "happens. false: it may be that nobody does"
    )
    alerts: list[PublicNotice] | None = Field(
        description="the gravest first, of several the one that was sent last. null: nobody knows, as nobody warns "
        "there by this service"
    )


class BadgeBody(StateBody):
    """What a badge says."""

    place: PlaceBody = Field(description="what it is of")
    covered: bool = Field(
        description="whether a control centre or feed would warn by this service wherever in the place something "
        "happens"
    )
    count: int | None = Field(
        description="how many warnings are in force there; null: nobody knows", examples=[2]
    )
    at_least: int = Field(
        description="as many as are known; 0 with a `count` of null is not none", examples=[2]
    )
    gravest: cap.Severity | None = Field(
        description="the gravest severity of these; null where there are none"
    )
    text: str = Field(description="the same in words", examples=["2 · schwer"])


class PublicWarningBody(StateBody):
    """One warning in all the languages in which its sender wrote."""

    id: words.AlertRef
    cap_sender: words.Sender
    identifier: words.Identifier
    sent: words.Sent
    expires: words.Expires
    in_force: bool = Field(
        description="whether it warns now. One that is over is shown for an hour, as it was told last"
    )
    ended_at: words.Moment | None = Field(description="since when it is over; null while it is in force")
    superseded_by: words.AlertRef | None = Field(
        description="id of the message that has replaced or ended it; null where none has"
    )
    cap: str = Field(
        description="where anybody gets the CAP message",
        examples=["/v1/public/alerts/01K0Z3NDEKTSV4RRFFQ69G5FAV/cap"],
    )
    cap_signed: SignedPath
    municipalities: list[NoticeMunicipality] = Field(description="all municipalities that it concerns")
    notices: list[PublicNotice] = Field(
        description="one for each language, German first; none where all that it says had run out before its end"
    )
