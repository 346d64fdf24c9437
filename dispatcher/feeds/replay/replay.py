"""Takes in recorded or single answers as if their source had given them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cap
from dispatcher.feeds.fetch import FetchError
from dispatcher.feeds.replay.shift import Shifted
from dispatcher.model.vocabulary import FeedResult

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
    from datetime import datetime, timedelta

    from dispatcher.feeds.configuration import Feed
    from dispatcher.feeds.entry import FeedEntry
    from dispatcher.feeds.poller import Poller, PollReport
    from dispatcher.feeds.replay.recording import Recorded


class Archive:
    """Documents of a recording, as they were at the moment that the replay has reached."""

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}

    async def get(self, _feed: Feed, url: str) -> bytes:
        """Return the document as it was. Raises `FetchError` for what was not there at the time."""
        if url not in self.documents:
            raise FetchError(FeedResult.REFUSED, "not recorded", 404)
        return self.documents[url]

    def note(self, answer: Recorded) -> None:
        if answer.status == 200:
            self.documents[answer.url] = answer.body
        elif answer.status != 304:
            self.documents.pop(answer.url, None)


@dataclass(frozen=True, slots=True)
class Replay:
    """Replays answers. `speed` 60 replays an hour in a minute; 0 does not wait at all. `shift` moves every instant."""

    poller: Poller
    archive: Archive
    feed: Feed
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    speed: float = 0.0
    shift: timedelta | None = None

    async def listed(self, body: bytes, part: str, now: datetime) -> PollReport:
        """Take in one list, as a poll of `part` would bring it."""
        return await self.poller.deliver(self._moved(), part, body, now)

    async def loose(self, body: bytes, now: datetime) -> PollReport:
        """Take in messages that are in no list."""
        return await self.poller.submit_listing(self._moved(), body, now)

    async def run(self, answers: Iterable[Recorded]) -> list[PollReport]:
        """Take in a whole recording; what was behind links counts from the moment it was fetched."""
        reports, before = [], None
        for moment in _moments(answers, self.feed.settings.urls):
            if before is not None and self.speed:
                await self.sleep((moment[0].at - before).total_seconds() / self.speed)
            before = moment[0].at
            for answer in moment:
                self.archive.note(answer)
            feed, now = self._moved(), before + (self.shift or before - before)
            lists = [one for one in moment if one.url in feed.settings.urls and one.status == 200]
            reports += [await self.poller.deliver(feed, one.url, one.body, now) for one in lists]
        return reports

    def _moved(self) -> Feed:
        return replace(self.feed, adapter=Shifted(self.feed.adapter, self.shift)) if self.shift else self.feed


def _moments(answers: Iterable[Recorded], lists: Sequence[str]) -> Iterator[list[Recorded]]:
    """Yield answers in groups: each begins with lists, what was fetched because of them follows."""
    group: list[Recorded] = []
    for answer in answers:
        if answer.url in lists and any(one.url not in lists or one.url == answer.url for one in group):
            yield group
            group = []
        group.append(answer)
    if group:
        yield group


def newest(feed: Feed, body: bytes, part: str) -> datetime | None:
    """Return when the newest message of a body was sent, for `shift`. Raises `CapError` for a body that is no list."""
    sent = []
    for entry in feed.adapter.listing(body, part).entries:
        sent += [moment for moment in _sent(feed, entry) if moment is not None]
    return max(sent, default=None)


def _sent(feed: Feed, entry: FeedEntry) -> list[datetime | None]:
    if entry.links:
        return [entry.summary.sent] if entry.summary else []
    try:
        return [one.alert.sent for one in feed.adapter.read(entry, ())]
    except cap.CapError:
        return []
