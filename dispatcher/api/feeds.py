"""Shows how the feeds stand, and takes what is pushed into them."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

import cap
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.alerts import PROBLEMS
from dispatcher.api.authentication import require
from dispatcher.api.body import MEDIA_TYPES, read_cap
from dispatcher.api.schemas import Body, StaleFeed
from dispatcher.api.shedding import reading
from dispatcher.feeds.schedule import stale_since
from dispatcher.intake.reading import unread_refused
from dispatcher.model.feeds import IngestResult, origin_of, redacted
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import Said, said
from dispatcher.model.vocabulary import Reason

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.services import FeedServices
    from dispatcher.model.feeds import Overview, QuarantinedItem

FeedName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")]
Lister = reading(Permission.READ_FEEDS)
Reader = reading(Permission.READ_FEEDS, name=FeedName)
Pusher = Annotated[Principal, Depends(require(Permission.PUSH_MESSAGES, name=FeedName))]
PUSHED = MEDIA_TYPES | {"application/json"}


class FeedBody(Body):
    """How a feed stands. Where `stale_since` is set, nobody knows what the source says now: its entries are old. Of its
    addresses only the origins are shown: keys may stand in the rest.
    """

    name: str
    format: str
    origins: list[str]
    attribution: str
    last_poll: datetime | None
    last_successful_poll: datetime | None
    last_change: datetime | None
    next_poll: datetime | None
    stale_since: datetime | None
    failures: int
    result: str
    detail: str
    entries: int
    entries_by_reason: dict[str, int]
    pending: int
    quarantined: int


class QuarantinedBody(Body):
    """Something that nobody could read, kept for `dispatcher feeds replay --quarantined`."""

    id: int
    name: str
    sha256: str
    size: int
    code: str
    detail: str
    times: int
    first_at: datetime
    last_at: datetime


class FeedList(Body):
    feeds: list[FeedBody]


class FeedPage(Body):
    feed: FeedBody
    quarantine: list[QuarantinedBody]


class PushedMessage(Body):
    """What became of one message: `reason`, and the alert of record; or why nobody can read it."""

    reason: str | None
    alert: str | None
    problem: str | None


class PushBody(Body):
    messages: list[PushedMessage]


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/feeds`."""
    router = APIRouter(prefix="/v1/feeds", tags=["feeds"])

    @router.get("", dependencies=[Lister])
    async def listed() -> FeedList:
        """List all feeds, for every source and instance."""
        return FeedList(
            feeds=await overviews(dependencies.feed_services) if dependencies.feed_services else []
        )

    @router.get("/{name}", dependencies=[Reader])
    async def page(name: FeedName) -> FeedPage:
        """Show one feed, with what it delivered that nobody could read."""
        services, feed = _named(dependencies, name)
        (overview,) = await services.store.overview([name])
        broken = await services.quarantine.listed(name)
        return FeedPage(
            feed=_feed_body(feed, overview, services), quarantine=[_broken_body(one) for one in broken]
        )

    @router.post("/{name}/messages", responses=PROBLEMS)
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


async def stale_feeds(services: FeedServices) -> list[StaleFeed]:
    """Return the feeds of which nobody knows what they say now."""
    found = await overviews(services)
    return [StaleFeed(name=one.name, since=one.stale_since) for one in found if one.stale_since is not None]


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
        stale_since=stale_since(feed.settings, state.succeeded_at, services.clock())
        if feed.is_watched
        else None,
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
