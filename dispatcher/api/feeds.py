"""Shows how the feeds stand, and takes what is pushed into them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

import cap
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.alerts import CAP_SCHEMA
from dispatcher.api.authentication import require
from dispatcher.api.body import CAP_MEDIA_TYPE, MEDIA_TYPES, read_cap
from dispatcher.api.openapi import words
from dispatcher.api.openapi.refusals import CAP_BODY_REFUSED, refusals
from dispatcher.api.schemas.base import Body
from dispatcher.api.shedding import reading
from dispatcher.feeds.schedule import silent_since
from dispatcher.intake.reading import unread_refused
from dispatcher.model.feeds import IngestResult, origin_of, redacted
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import Said, said
from dispatcher.model.vocabulary import FeedResult, Reason

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.services import FeedServices
    from dispatcher.model.feeds import Overview, QuarantinedItem

FeedName = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9][a-z0-9-]{0,31}$",
        description="Name of the feed in `feeds.toml`.",
        examples=["mowas"],
    ),
]
Adapter = Literal["dwd", "folder", "index", "nina", "push", "single"]
Lister = reading(Permission.READ_FEEDS)
Reader = reading(Permission.READ_FEEDS, name=FeedName)
Pusher = Annotated[Principal, Depends(require(Permission.PUSH_MESSAGES, name=FeedName))]
PUSHED = MEDIA_TYPES | {"application/json"}
PUSHED_BODY = {
    "requestBody": {
        "required": True,
        "description": "Messages of CAP, alone or in a container, also as `application/xml` and `text/xml`; or one "
        "message of NINA's JSON.",
        "content": {
            CAP_MEDIA_TYPE: {"schema": CAP_SCHEMA},
            "application/json": {"schema": {"type": "object", "description": "A message of NINA's JSON."}},
        },
    }
}
PUSH_REFUSED = (
    *CAP_BODY_REFUSED,
    ProblemType.MALFORMED,
    ProblemType.TOO_COMPLEX,
    ProblemType.SENDER_NOT_ALLOWED,
)


class FeedBody(Body):
    """How a feed stands. Where `stale_since` is set, nobody knows what the source says now: its entries are old. Of its
    addresses only the origins are shown: keys may stand in the rest.
    """

    name: words.FeedName
    format: Adapter = Field(description="How it is read.", examples=["dwd"])
    origins: list[str] = Field(
        description="Origins of its addresses.", examples=[["https://warnungen.example"]]
    )
    attribution: str = Field(description="Credit and licence of the source.", examples=["© DWD, CC BY 4.0"])
    last_poll: words.Moment | None = Field(description="When it was asked last.")
    last_successful_poll: words.Moment | None = Field(description="When it last said what it lists.")
    last_change: words.Moment | None = Field(description="When that was last something new.")
    next_poll: words.Moment | None = Field(description="When it is asked next.")
    stale_since: words.Moment | None = Field(
        description="Since when nobody knows what it says; null if known."
    )
    failures: int = Field(ge=0, description="Polls in a row that failed.", examples=[0])
    result: FeedResult = Field(description="What the last poll came to.", examples=["unchanged"])
    detail: str = Field(description="What went wrong, where something did.", examples=[""])
    entries: int = Field(ge=0, description="Messages that it lists now.", examples=[12])
    entries_by_reason: dict[str, int] = Field(
        description="These by what was decided; `pending` and `quarantined` where nothing could be.",
        examples=[{"first_notice": 3, "elsewhere": 9}],
    )
    pending: int = Field(ge=0, description="Messages that could not be fetched so far.", examples=[0])
    quarantined: int = Field(ge=0, description="What nobody could read.", examples=[0])


class QuarantinedBody(Body):
    """Something that nobody could read, kept for `dispatcher feeds replay --quarantined`."""

    id: int = Field(description="Its number.", examples=[17])
    name: str = Field(description="What the source calls it.", examples=["warnung-4711.xml"])
    sha256: str = Field(
        description="Digest of its bytes.",
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
    )
    size: int = Field(ge=0, description="Its bytes.", examples=[2048])
    code: str = Field(description="Stable code of what is wrong.", examples=["not-well-formed"])
    detail: str = Field(description="What is wrong, in words.", examples=["no XML"])
    times: int = Field(ge=1, description="How often it came.", examples=[1])
    first_at: words.Moment = Field(description="When it came first.")
    last_at: words.Moment = Field(description="When it came last.")


class FeedList(Body):
    """All feeds."""

    feeds: list[FeedBody] = Field(description="The feeds, in the order of `feeds.toml`.")


class FeedPage(Body):
    """One feed."""

    feed: FeedBody = Field(description="How it stands.")
    quarantine: list[QuarantinedBody] = Field(description="What it delivered that nobody could read.")


class PushedMessage(Body):
    """What became of one message: `reason`, and the alert of record; or why nobody can read it."""

    reason: Reason | None = Field(description="What was decided; null where it cannot be read.")
    alert: words.AlertRef | None = Field(description="Alert of record, where it became one.")
    problem: str | None = Field(description="Code of what is wrong with it.", examples=["not-well-formed"])


class PushBody(Body):
    """What became of a push."""

    messages: list[PushedMessage] = Field(description="One for each message, in their order.")


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/feeds`."""
    router = APIRouter(prefix="/v1/feeds", tags=["feeds"])

    @router.get("", dependencies=[Lister], operation_id="listFeeds")
    async def listed() -> FeedList:
        """List all feeds, for every source and instance."""
        return FeedList(
            feeds=await overviews(dependencies.feed_services) if dependencies.feed_services else []
        )

    @router.get("/{name}", dependencies=[Reader], operation_id="getFeed")
    async def page(name: FeedName) -> FeedPage:
        """Show one feed, with what it delivered that nobody could read."""
        services, feed = _named(dependencies, name)
        (overview,) = await services.store.overview([name])
        broken = await services.quarantine.listed(name)
        return FeedPage(
            feed=_feed_body(feed, overview, services), quarantine=[_broken_body(one) for one in broken]
        )

    @router.post(
        "/{name}/messages",
        responses=refusals(*PUSH_REFUSED),
        openapi_extra=PUSHED_BODY,
        operation_id="pushMessages",
    )
    async def push(pusher: Pusher, request: Request, name: FeedName) -> PushBody:
        """Deliver messages, as a MoWaS Warnmultiplikator is served: CAP as XML, alone or in a container, or one
        message of NINA's JSON. 200: every one is committed or kept aside. Without an answer, or with 5xx, push again.
        """
        services, feed = _named(dependencies, name)
        if not pusher.may_push_into(name):
            raise RequestRefused(ProblemType.SENDER_NOT_ALLOWED, said(Phrase.FOREIGN_FEED))
        if feed.is_polled:
            raise RequestRefused(ProblemType.SENDER_NOT_ALLOWED, said(Phrase.POLLED_FEED))
        body = await read_cap(request, pusher, dependencies.settings.max_body_bytes, PUSHED)
        return PushBody(messages=await _submit(services, feed, body))

    return router


def _named(dependencies: ApiDependencies, name: str) -> tuple[FeedServices, Feed]:
    feed = dependencies.feed_services.named(name) if dependencies.feed_services else None
    if dependencies.feed_services is None or feed is None:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_FEED))
    return dependencies.feed_services, feed


async def _submit(services: FeedServices, feed: Feed, body: bytes) -> list[PushedMessage]:
    now = services.clock()
    try:
        listing = await asyncio.to_thread(feed.adapter.listing, body, "")
    except cap.CapError as error:
        await services.sync.quarantine_body(feed, "push", body, error.code, str(error), now)
        raise RequestRefused(
            ProblemType.MALFORMED, said(Phrase.MESSAGE_UNREADABLE, why=Said(error.message_de, str(error)))
        ) from error
    with unread_refused():
        results = await services.sync.submit_listing(feed, listing, now)
    ingested = [result for result in results if isinstance(result, IngestResult)]
    if ingested or not results:
        news = any(result.reason is not Reason.DUPLICATE for result in ingested)
        await services.store.record_contact(feed.name, now, changed=news)
    return [_pushed(result) for result in results]


def _pushed(result: Any) -> PushedMessage:
    if isinstance(result, IngestResult):
        return PushedMessage(reason=result.reason, alert=result.alert_id, problem=None)
    return PushedMessage(reason=None, alert=None, problem=result.code)


async def overviews(services: FeedServices) -> list[FeedBody]:
    """Return how every feed stands."""
    found = await services.store.overview([feed.name for feed in services.feeds])
    return [
        _feed_body(feed, overview, services) for feed, overview in zip(services.feeds, found, strict=True)
    ]


def _feed_body(feed: Feed, overview: Overview, services: FeedServices) -> FeedBody:
    state = overview.state
    return FeedBody(
        name=feed.name,
        format=feed.settings.adapter,
        origins=list(dict.fromkeys(map(origin_of, feed.settings.urls))),
        attribution=feed.credit,
        last_poll=state.polled_at,
        last_successful_poll=state.succeeded_at,
        last_change=state.changed_at,
        next_poll=state.next_at,
        stale_since=silent_since(feed, state.succeeded_at, services.clock()),
        failures=state.failures,
        result=state.result,
        detail=redacted(state.detail),
        entries=overview.entries,
        entries_by_reason=overview.reasons,
        pending=overview.pending,
        quarantined=overview.quarantined,
    )


def _broken_body(one: QuarantinedItem) -> QuarantinedBody:
    return QuarantinedBody(
        id=one.id,
        name=redacted(one.name),
        sha256=one.sha256.hex(),
        size=one.size,
        code=one.code,
        detail=redacted(one.detail),
        times=one.times,
        first_at=one.first_at,
        last_at=one.last_at,
    )
