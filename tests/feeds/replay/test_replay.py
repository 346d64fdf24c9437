"""Recorded answers, taken in as if their source had given them."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

import cap
from channels.http.addresses import Exemptions
from dispatcher.feeds.configuration import Feed, FeedSettings, feed_of
from dispatcher.feeds.fetch import FetchError
from dispatcher.feeds.poller import Poller
from dispatcher.feeds.replay.recording import Recorded
from dispatcher.feeds.replay.replay import Archive, Replay, newest
from dispatcher.feeds.sync import FeedSync
from tests.support.feed_messages import (
    HOUR,
    NOW,
    archive,
    dashboard_entry,
    listing_body,
    nina_detail,
    warning,
)
from tests.support.feed_world import BOARD, FIRE, NoNetwork, World

BOARD_URL = f"https://x.example{BOARD}"
LIST, OTHER_LIST, DETAIL = "https://x.example/list", "https://x.example/other", "https://x.example/1.xml"
FEED = feed_of(FeedSettings(name="dwd", adapter="dwd", urls=(LIST, OTHER_LIST)))
SECOND = timedelta(seconds=1)


@dataclass
class Naps:
    """Waits are written down in place of being waited."""

    seconds: list[float] = field(default_factory=list)

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def replaying(world: World, feed: Feed, **changes: Any) -> tuple[Replay, Naps]:
    kept, naps = Archive(), Naps()
    sync = FeedSync(
        store=world.feeds,
        quarantine=world.quarantine,
        ingest=world.ingest,
        get=kept.get,
        metrics=world.metrics,
        readers=world.readers,
    )
    poller = Poller(
        client=NoNetwork(),
        exemptions=Exemptions.parse([]),
        store=world.feeds,
        sync=sync,
        metrics=world.metrics,
        clock=world.clock,
        random=lambda: 0.5,
        readers=world.readers,
    )
    return Replay(poller, kept, feed, naps, **changes), naps


def answered(url: str, seconds: float, body: bytes = b"x", status: int = 200) -> Recorded:
    return Recorded(NOW + seconds * SECOND, url, status, body)


async def test_an_archive_has_what_was_there_at_the_moment_that_it_has_reached() -> None:
    kept = Archive()
    with pytest.raises(FetchError, match="not recorded") as caught:
        await kept.get(FEED, DETAIL)
    assert caught.value.status == 404
    kept.note(answered(DETAIL, 0, b"one"))
    kept.note(answered(DETAIL, 1, b"", 304))
    assert await kept.get(FEED, DETAIL) == b"one"
    kept.note(answered(DETAIL, 2, b"", 500))
    kept.note(answered("https://x.example/never", 2, b"", 0))
    with pytest.raises(FetchError):
        await kept.get(FEED, DETAIL)


async def test_each_list_counts_with_what_was_fetched_because_of_it(world: World) -> None:
    feed = await world.feed("nina", "nina", urls=(BOARD_URL,))
    replay, _ = replaying(world, feed)
    detail = f"https://x.example/api31/warnings/{FIRE}.json"
    reports = await replay.run(
        [
            answered(BOARD_URL, 0, listing_body(dashboard_entry(FIRE))),
            answered(detail, 1, nina_detail(FIRE, info={"headline": "Brand"})),
            answered(BOARD_URL, 60, listing_body(dashboard_entry(FIRE, version=2))),
            answered(detail, 61, nina_detail(FIRE, info={"headline": "Großbrand"})),
        ]
    )
    assert [report.synced.fresh for report in reports] == [1, 1]
    found = [cap.parse(await world.alerts.raw(row["id"]) or b"").alerts[0] for row in await world.rows()]
    assert [alert.infos[0].headline for alert in found] == ["Brand", "Großbrand"]


async def test_lists_that_were_asked_for_together_are_one_moment(world: World) -> None:
    feed = await world.feed(urls=(LIST, OTHER_LIST))
    replay, naps = replaying(world, feed, speed=1.0)
    reports = await replay.run(
        [
            answered(LIST, 0, archive(warning(1))),
            answered(OTHER_LIST, 3, archive(warning(2, event="STURM"))),
            answered(DETAIL, 4),
            answered(OTHER_LIST, 60, archive(warning(2, event="STURM"))),
        ]
    )
    assert [report.synced.fresh for report in reports] == [1, 1, 0]
    assert naps.seconds == [60]


async def test_a_list_that_was_not_answered_is_no_list(world: World) -> None:
    replay, _ = replaying(world, await world.feed(urls=(LIST,)))
    assert await replay.run([answered(LIST, 0, b"", 500), answered(LIST, 60, b"", 304)]) == []
    assert await replay.run([]) == []


@pytest.mark.parametrize(("speed", "seconds"), [(0.0, []), (1.0, [60, 30]), (60.0, [1, 0.5])])
async def test_a_replay_takes_as_long_as_its_speed_says(
    world: World, speed: float, seconds: list[float]
) -> None:
    replay, naps = replaying(world, await world.feed(urls=(LIST,)), speed=speed)
    await replay.run([answered(LIST, after, archive()) for after in (0, 60, 90)])
    assert naps.seconds == seconds


async def test_a_replay_at_another_time_moves_its_messages_and_its_clock(world: World) -> None:
    feed = await world.feed(urls=(LIST,))
    shift = timedelta(minutes=20)
    replay, _ = replaying(world, feed, shift=shift)
    await replay.run([answered(LIST, 0, archive(warning(1)))])
    (stored,) = await world.rows()
    assert cap.parse(await world.alerts.raw(stored["id"]) or b"").alerts[0].sent == NOW + shift
    (entry,) = (await world.feeds.entries("dwd")).values()
    assert entry.first_seen == NOW + shift


async def test_messages_that_stand_in_no_list_move_too(world: World) -> None:
    replay, _ = replaying(world, await world.feed(urls=(LIST,)), shift=timedelta(minutes=20))
    report = await replay.loose(archive(warning(1)), NOW)
    (stored,) = await world.rows()
    assert report.synced.fresh == 1
    assert cap.parse(await world.alerts.raw(stored["id"]) or b"").alerts[0].sent == NOW + timedelta(
        minutes=20
    )


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        (archive(), None),
        (archive(warning(1, sent=NOW - HOUR), warning(2), warning(3, sent=NOW - HOUR)), NOW),
        (archive(warning(1), extra=[("x.xml", b"<nothing/>")]), NOW),
    ],
)
def test_the_newest_message_says_by_how_much_to_move(body: bytes, sent: datetime | None) -> None:
    assert newest(FEED, body, LIST) == sent


def test_of_what_is_behind_links_the_lists_own_words_say_when_it_was_sent() -> None:
    nina = feed_of(FeedSettings(name="nina", adapter="nina", urls=(BOARD_URL,)))
    body = listing_body(dashboard_entry(FIRE, sent=NOW + HOUR))
    assert newest(nina, body, nina.settings.urls[0]) == NOW + HOUR


def test_a_body_that_is_no_list_has_no_newest() -> None:
    with pytest.raises(cap.CapError):
        newest(FEED, b"<html>", LIST)
