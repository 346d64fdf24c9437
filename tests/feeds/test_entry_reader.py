"""Which messages of an index are fetched, over real HTTP, and in which order."""

from datetime import datetime, timedelta
from typing import Any

import pytest

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.feeds.configuration import Feed
from dispatcher.feeds.entry import FeedEntry
from dispatcher.feeds.entry_reader import read_all
from dispatcher.feeds.poller import Poller
from dispatcher.intake.prepare import Unusable
from ops.lab.faults.feeds.server import FeedServer
from tests.support.feed_messages import HANNOVER, HOUR, NOW, warning
from tests.support.feed_world import LIST, World, poll

ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">
<id>x</id><title>x</title><updated>2026-11-22T12:00:00+00:00</updated>{}</feed>"""
OVER = NOW - timedelta(minutes=1)


def entry(name: str, *, expires: Any = OVER, msg_type: str = "", dated: datetime = NOW) -> str:
    tail = f"<cap:expires>{expires.isoformat()}</cap:expires>" if expires else ""
    tail += f"<cap:msgType>{msg_type}</cap:msgType>" if msg_type else ""
    link = f'<link type="application/cap+xml" href="/{name}"/>'
    return f"<entry><id>{name}</id><title>t</title><updated>{dated.isoformat()}</updated>{link}{tail}</entry>"


class Source:
    """An index and what is behind its links."""

    def __init__(self, server: FeedServer, *names: str) -> None:
        self.server = server
        for number, name in enumerate(names, 1):
            server.put(f"/{name}", cap.render(warning(number, places=(HANNOVER,))))

    def show(self, *entries: str) -> None:
        self.server.put(LIST, ATOM.format("".join(entries)).encode())
        self.server.forget()

    @property
    def fetched(self) -> list[str]:
        return [asked.path[1:] for asked in self.server.requests if asked.path != LIST]


@pytest.fixture
async def feed(world: World, server: FeedServer) -> Feed:
    return await world.feed("alpha", "index", urls=(server.origin + LIST,))


async def test_of_what_is_over_all_is_fetched_that_may_end_something_and_once(
    world: World, server: FeedServer, poller: Poller, feed: Feed
) -> None:
    source = Source(server, "warning", "end", "change", "unnamed", "long-ago")
    source.show(
        entry("warning", msg_type="Alert"),
        entry("end", msg_type="Cancel"),
        entry("change", msg_type="Update"),
        entry("unnamed"),
        entry("long-ago", dated=NOW - 13 * HOUR),
    )
    await poll(poller, world, feed)
    assert sorted(source.fetched) == ["change", "end", "unnamed"]
    (overview,) = await world.feeds.overview(["alpha"])
    assert (overview.entries, overview.reasons) == (5, {"elsewhere": 3, "expired": 2})
    server.forget()
    await poll(poller, world, feed)
    assert source.fetched == []


async def test_an_index_of_thousands_of_old_messages_costs_no_fetch(
    world: World, server: FeedServer, poller: Poller, feed: Feed
) -> None:
    old = [entry(f"old-{number}", dated=NOW - 24 * HOUR) for number in range(3000)]
    source = Source(server, "now")
    source.show(*old, entry("now", expires=NOW + 6 * HOUR))
    await poll(poller, world, feed)
    assert source.fetched == ["now"]
    (overview,) = await world.feeds.overview(["alpha"])
    assert (overview.reasons["expired"], overview.pending) == (3000, 0)


async def test_what_holds_is_fetched_before_what_is_over(
    world: World, server: FeedServer, poller: Poller
) -> None:
    feed = await world.feed("alpha", "index", urls=(server.origin + LIST,), max_details=2)
    source = Source(server, "end-1", "end-2", "now-1", "now-2")
    holds = [entry(f"now-{number}", expires=NOW + 6 * HOUR) for number in (1, 2)]
    source.show(entry("end-1"), entry("end-2"), *holds)
    await poll(poller, world, feed)
    assert sorted(source.fetched) == ["now-1", "now-2"]
    await poll(poller, world, feed)
    assert sorted(source.fetched) == ["end-1", "end-2", "now-1", "now-2"]


async def test_a_warning_that_holds_for_long_makes_old_ends_matter(
    world: World, server: FeedServer, poller: Poller, feed: Feed
) -> None:
    source = Source(server, "long", "end", "older")
    source.show(
        entry("long", expires=NOW + 48 * HOUR, dated=NOW - 48 * HOUR),
        entry("end", dated=NOW - 20 * HOUR),
        entry("older", dated=NOW - 49 * HOUR),
    )
    await poll(poller, world, feed)
    assert sorted(source.fetched) == ["end", "long"]


async def test_what_is_not_fetched_is_counted(
    world: World, server: FeedServer, poller: Poller, feed: Feed
) -> None:
    Source(server).show(entry("warning", msg_type="Alert"))
    await poll(poller, world, feed)
    counted = world.metrics.feed_messages.labels("alpha", "expired")._value.get()
    assert counted == 1


async def test_a_message_within_and_one_behind_a_link_both_go_out(
    world: World, server: FeedServer, poller: Poller, feed: Feed
) -> None:
    within = cap.render(warning(1)).decode().partition("?>")[2]
    server.put("/linked", cap.render(warning(2, event="STURM")))
    server.put(
        LIST,
        ATOM.format(
            f"<entry><id>1</id><title>t</title><updated>{NOW.isoformat()}</updated>"
            f'<content type="text/xml">{within}</content></entry>'
            + entry("linked", expires=None)
            + entry("missing", expires=None)
        ).encode(),
    )
    await poll(poller, world, feed)
    assert await world.reasons() == ["first_notice", "first_notice"]
    (overview,) = await world.feeds.overview(["alpha"])
    assert (overview.reasons, overview.pending) == ({"first_notice": 2, "pending": 1}, 1)


class Careless:
    """A format with a mistake."""

    def read(self, _entry: Any, _parts: Any) -> Any:
        raise ZeroDivisionError


async def test_a_mistake_of_a_format_is_a_reason(boundaries: Boundaries) -> None:
    (found,) = read_all(boundaries, [FeedEntry("k", "1")], (Careless(), ()))
    assert isinstance(found, Unusable)
    assert found.code == "unforeseen"
