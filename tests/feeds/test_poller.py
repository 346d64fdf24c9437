"""Polls over real HTTP, from a server that has every fault of real sources."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog
from prometheus_client import generate_latest

import cap
from dispatcher.feeds.configuration import Feed, feed_of
from dispatcher.feeds.poller import Poller
from dispatcher.feeds.schedule import stale_since
from dispatcher.readers.pool import ReaderLimits, ReaderPool
from dispatcher.readers.process import BoundaryFiles
from dispatcher.readers.readers import ReaderStopped, StopReason
from dispatcher.store.feeds.unread import UnreadContents
from ops.lab.faults.feeds.server import FeedFault, FeedServer
from tests.support.feed_messages import (
    DUEREN,
    archive,
    dashboard_entry,
    listing_body,
    nina_detail,
    warning,
)
from tests.support.feed_world import BOARD, FIRE, LIST, World, poll


async def test_an_unchanged_list_costs_one_conditional_request(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.put(LIST, archive(warning(1)))
    assert (await poll(poller, world, dwd)).result == "changed"
    server.forget()
    assert (await poll(poller, world, dwd)).result == "unchanged"
    assert [(asked.conditional, asked.status) for asked in server.requests] == [(True, 304)]
    assert await world.reasons() == ["first_notice"]


async def test_a_source_that_knows_only_dates_is_asked_by_date(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.put(LIST, archive(), etag=False, modified="Sun, 22 Nov 2026 12:00:00 GMT")
    await poll(poller, world, dwd)
    await poll(poller, world, dwd)
    assert [asked.status for asked in server.requests] == [200, 304]


async def test_a_source_without_validators_is_recognised_by_content(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.put(LIST, archive(warning(1)), etag=False)
    await poll(poller, world, dwd)
    assert (await poll(poller, world, dwd)).result == "unchanged"


def impatient(feed: Feed) -> Feed:
    """The same, but an answer that does not come is not waited for long. Any other may be late on a busy machine."""
    return feed_of(feed.settings.model_copy(update={"timeout_s": 0.3}))


@pytest.mark.parametrize(
    ("fault", "result", "detail"),
    [
        (FeedFault.SERVER_ERROR, "refused", "http 500"),
        (FeedFault.TOO_MANY, "refused", "http 429"),
        (FeedFault.UNAVAILABLE_DATE, "refused", "http 503"),
        (FeedFault.NOT_FOUND, "refused", "http 404"),
        (FeedFault.EMPTY, "unreadable", "not-xml"),
        (FeedFault.NO_CONTENT, "unchanged", ""),
        (FeedFault.ERROR_BODY, "unreadable", "not-xml"),
        (FeedFault.XML_ERROR_BODY, "unreadable", "not-xml"),
        (FeedFault.TRUNCATED, "unreachable", "truncated"),
        (FeedFault.CUT, "unreadable", "not-xml"),
        (FeedFault.GARBLED, "unreadable", "not-xml"),
        (FeedFault.COMPRESSED, "unreadable", "not-xml"),
        (FeedFault.SLOW, "unreachable", "timeout"),
        (FeedFault.DRIP, "unreachable", "timeout"),
        (FeedFault.REDIRECT, "refused", "http 404"),
        (FeedFault.REDIRECT_AWAY, "unreachable", "url_not_https"),
        (FeedFault.REDIRECT_LOOP, "refused", "redirects"),
        (FeedFault.HUGE, "unreachable", "oversized"),
    ],
    ids=lambda value: value.name if isinstance(value, FeedFault) else "",
)
async def test_no_fault_of_the_source_ends_or_doubles_a_warning(  # noqa: PLR0917 - three of them are one case
    world: World, server: FeedServer, poller: Poller, dwd: Feed, fault: Any, result: str, detail: str
) -> None:
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    server.fail(LIST, fault, times=8)
    asked = impatient(dwd) if detail == "timeout" else dwd
    for _ in range(2):
        report = await poll(poller, world, asked)
        assert (report.result, report.detail) == (result, detail)
    state = await world.feeds.state("dwd")
    if result != "unchanged":
        assert state.failures == 2
        assert state.succeeded_at == world.clock.now - timedelta(minutes=2)
    server.fail(LIST, fault, times=0)
    assert (await poll(poller, world, dwd)).succeeded
    assert await world.reasons() == ["first_notice"]


async def test_an_answer_without_a_list_is_no_second_miss(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.put(LIST, archive(warning(1), warning(2, event="STURM")))
    await poll(poller, world, dwd)
    server.put(LIST, archive(warning(2, event="STURM")))
    await poll(poller, world, dwd)
    server.fail(LIST, FeedFault.NO_CONTENT)
    await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice", "first_notice"]


@pytest.mark.parametrize("fault", [FeedFault.NO_CONTENT, FeedFault.NOT_MODIFIED])
async def test_unchanged_since_never_tells_nothing(
    world: World, server: FeedServer, poller: Poller, dwd: Feed, fault: Any
) -> None:
    server.fail(LIST, fault)
    report = await poll(poller, world, dwd)
    assert (report.result, report.detail) == ("refused", "unchanged since never")
    assert (await world.feeds.state("dwd")).succeeded_at is None


async def test_the_first_list_is_news_even_if_it_is_empty(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.put(LIST, archive())
    await poll(poller, world, dwd)
    known = world.clock.now
    await poll(poller, world, dwd)
    assert (await world.feeds.state("dwd")).changed_at == known


async def test_what_a_neighbour_knew_a_while_ago_is_not_known_now(
    world: World, server: FeedServer, poller: Poller
) -> None:
    """A neighbour whose record is away, or whose cache answers for it, says as of when it knew, time and again."""
    feed = await world.feed("neighbour", "index", urls=(server.origin + LIST,))
    knew = world.clock.now
    body = f"""<feed xmlns="http://www.w3.org/2005/Atom"><id>x</id><title>x</title><updated>{knew.isoformat()}</updated>
        <current xmlns="urn:cap-dispatcher:state">true</current></feed>"""
    server.put(LIST, body.encode())
    for status in (200, 304):
        assert (await poll(poller, world, feed, minutes=6)).succeeded
        state = await world.feeds.state("neighbour")
        assert (server.requests[-1].status, state.succeeded_at, state.failures) == (status, knew, 0)
    assert stale_since(feed.settings, state.succeeded_at, world.clock.now) == knew
    earlier = knew - timedelta(minutes=5)
    server.put(LIST, body.replace(knew.isoformat(), earlier.isoformat()).encode())
    await poll(poller, world, feed)
    assert (await world.feeds.state("neighbour")).succeeded_at == knew, "a cache has an older one"


async def test_a_neighbour_that_covers_nothing_there_is_not_known_to_say_nothing(
    world: World, server: FeedServer, poller: Poller
) -> None:
    """Nobody warns by that service any more of what happens there: its empty list says nothing."""
    feed = await world.feed("neighbour", "index", urls=(server.origin + LIST,))
    body = """<feed xmlns="http://www.w3.org/2005/Atom" xmlns:state="urn:cap-dispatcher:state"><id>x</id><title>x</title>
        <updated>{}</updated><state:current>true</state:current><state:covered>{}</state:covered></feed>"""
    server.put(LIST, body.format(world.clock.now.isoformat(), "false").encode())
    for status in (200, 304):
        assert (await poll(poller, world, feed, minutes=6)).succeeded
        state = await world.feeds.state("neighbour")
        assert (server.requests[-1].status, state.succeeded_at, state.failures) == (status, None, 0)
    knew = world.clock.now
    for covered in ("true", "false"):
        server.put(LIST, body.format(knew.isoformat(), covered).encode())
        await poll(poller, world, feed)
        assert (await world.feeds.state("neighbour")).succeeded_at == knew


async def test_a_redirect_within_the_rules_is_followed(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.put(f"/moved{LIST}", archive(warning(1)))
    server.fail(LIST, FeedFault.REDIRECT)
    assert (await poll(poller, world, dwd)).result == "changed"


async def test_retry_after_is_heeded(world: World, server: FeedServer, poller: Poller, dwd: Feed) -> None:
    server.put(LIST, archive())
    server.fail(LIST, FeedFault.TOO_MANY)
    await poll(poller, world, dwd)
    assert (await world.feeds.state("dwd")).next_at == world.clock.now + timedelta(seconds=120)


async def test_a_body_that_is_no_list_is_kept(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.fail(LIST, FeedFault.ERROR_BODY, times=2)
    await poll(poller, world, dwd)
    await poll(poller, world, dwd)
    (broken,) = await world.quarantine.listed("dwd")
    assert (broken.code, broken.times) == ("not-xml", 2)
    assert (await world.quarantine.content(broken.id))[2].startswith(b"<html>")
    assert await world.quarantine.content(0) is None


async def test_a_broken_member_is_kept_and_the_others_go_out(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.put(LIST, archive(warning(1), extra=[("x.xml", b"<alert/>")]))
    report = await poll(poller, world, dwd)
    assert report.succeeded
    assert await world.reasons() == ["first_notice"]
    (broken,) = await world.quarantine.listed(None)
    assert broken.name == "x.xml"
    (overview,) = await world.feeds.overview(["dwd"])
    assert overview.reasons == {"first_notice": 1, "quarantined": 1}
    assert overview.quarantined == 1


async def test_a_member_without_identity_is_kept(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    anonymous = cap.render(warning(1)).replace(b"opendata@dwd.de", b"")
    server.put(LIST, archive(extra=[("x.xml", anonymous)]))
    await poll(poller, world, dwd)
    assert [one.code for one in await world.quarantine.listed("dwd")] == ["identity-missing"]


async def test_a_member_that_was_damaged_is_read_when_it_is_whole_again(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    body = bytearray(archive(warning(1)))
    body[100:140] = b"\x00" * 40
    server.put(LIST, bytes(body))
    report = await poll(poller, world, dwd)
    assert report.synced.broken == 1
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice"]


@pytest.mark.parametrize(
    "body", [b'[{"error": "maintenance"}]', b"[null]", b"[[]]", b'["x"]', b'{"error": 1}', b"<html/>"]
)
async def test_an_error_in_place_of_the_entries_ends_nothing(
    world: World, server: FeedServer, poller: Poller, nina: Feed, body: bytes
) -> None:
    server.put(BOARD, listing_body(dashboard_entry(FIRE)))
    server.put(f"/api31/warnings/{FIRE}.json", nina_detail(FIRE))
    await poll(poller, world, nina)
    known = world.clock.now
    server.put(BOARD, body)
    for _ in range(4):
        assert (await poll(poller, world, nina)).result == "unreadable"
    assert (await world.feeds.state("nina")).succeeded_at == known
    assert len(await world.quarantine.listed("nina")) == 1
    assert await world.reasons() == ["first_notice"]


async def test_an_archive_of_which_nothing_can_be_read_ends_nothing(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    server.put(LIST, archive(extra=[("error.html", b"<html/>")]))
    for _ in range(4):
        assert (await poll(poller, world, dwd)).result == "unreadable"
    assert await world.reasons() == ["first_notice"]


async def test_a_folder_is_a_feed(world: World, poller: Poller, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    feed = await world.feed("inbox", "folder", folder=folder)
    assert (await poll(poller, world, feed)).result == "unreachable"
    folder.mkdir()
    (folder / "a.cap").write_bytes(cap.render(warning(1)))
    assert (await poll(poller, world, feed)).result == "changed"
    assert await world.reasons() == ["first_notice"]


async def test_what_is_aside_or_waits_is_unread_until_the_source_mends_or_drops_it(
    world: World, poller: Poller, tmp_path: Path
) -> None:
    feed = await world.feed("inbox", "folder", folder=tmp_path, territory=("05358",), senders={"known"})
    contents = UnreadContents(world.pool)

    async def unread() -> list[tuple[str, ...]]:
        """Where what is unread may be about, after the next poll."""
        await poll(poller, world, feed)
        return [one.municipalities for one in await contents.read(["inbox"], ["inbox"], world.clock.now)]

    (tmp_path / "a.xml").write_bytes(b"<alert")
    assert await unread() == [()]
    (tmp_path / "b.xml").write_bytes(cap.render(warning(1)))
    assert await unread() == [(), (DUEREN,)], "its sender is a stranger"
    assert await unread() == [(), (DUEREN,)], "the same list"
    (tmp_path / "a.xml").write_bytes(cap.render(warning(2, sender="known")))
    assert await unread() == [(DUEREN,)]
    (tmp_path / "a.xml").write_bytes(b"<alert")
    assert await unread() == [(), (DUEREN,)], "what was read before is not readable now"
    (tmp_path / "a.xml").unlink()
    for _ in range(feed.settings.misses_needed):
        last = await unread()
    assert last == [(DUEREN,)]
    world.clock.forward(hours=6)
    assert await unread() == []


async def test_a_poll_is_not_redirected_to_an_origin_meant_for_something_else(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.redirect(LIST, "http://127.0.0.1:9931/internal/admin")
    report = await poll(poller, world, dwd)
    assert (report.result, report.detail) == ("unreachable", "url_not_https")


SECRET = "GEHEIM-8c1f"
KEYED = f"/{SECRET}/list?apikey={SECRET}"


async def test_a_key_in_an_address_gets_into_no_log_no_metric_and_no_record(
    world: World, server: FeedServer, poller: Poller
) -> None:
    feed = await world.feed(urls=(server.origin + KEYED,))
    url = server.put(KEYED, archive(warning(1)))
    assert SECRET in url
    with structlog.testing.capture_logs() as lines:
        assert (await poll(poller, world, feed)).result == "changed"
        assert (await poll(poller, world, feed)).result == "unchanged"
        for fault in (
            FeedFault.SERVER_ERROR,
            FeedFault.ERROR_BODY,
            FeedFault.REDIRECT,
            FeedFault.REDIRECT_AWAY,
            FeedFault.REDIRECT_LOOP,
            FeedFault.SLOW,
            FeedFault.CUT,
        ):
            server.fail(KEYED, fault, times=4)
            await poll(poller, world, impatient(feed) if fault is FeedFault.SLOW else feed)
            server.fail(KEYED, fault, times=0)
    assert {line["event"] for line in lines} >= {"feed_poll_failed", "feed_quarantined"}
    record = [
        str([tuple(row) for row in await world.pool.fetch(f"SELECT * FROM {table}")])
        for table in ("feed", "feed_entry", "quarantine", "source", "audit", "alert")
    ]
    shown = [*map(str, lines), *record, generate_latest(world.metrics.registry).decode()]
    assert not [text for text in shown if SECRET in text]
    assert sum(server.origin in text for text in record) >= 3, "which source it was is there all the same"


class Stopped:
    """Readers that are stopped by everything."""

    def __init__(self) -> None:
        self.asked = 0

    async def run(self, *_: Any) -> Any:
        self.asked += 1
        raise ReaderStopped(StopReason.TIME)


async def test_a_list_that_stops_its_reader_is_put_aside_and_not_read_again(world: World) -> None:
    feed, readers = await world.feed(), Stopped()
    world.poller._readers = readers  # type: ignore[assignment]
    for _ in range(3):
        report = await world.list(feed, archive(warning(1)))
        assert (report.result, report.detail) == ("unreadable", "limit-exceeded")
    assert readers.asked == 1
    await world.list(feed, archive(warning(2)))
    assert readers.asked == 2
    assert [item.code for item in await world.quarantine.listed(feed.name)] == ["limit-exceeded"] * 2


async def test_a_message_that_stops_its_reader_is_put_aside_and_not_read_again(world: World) -> None:
    feed, readers = await world.feed(), Stopped()
    world.sync._reader._readers = readers  # type: ignore[assignment]
    for _ in range(2):
        await world.list(feed, archive(warning(1)))
    assert readers.asked == 1
    assert [item.code for item in await world.quarantine.listed(feed.name)] == ["too-complex"]


@pytest.mark.processes
async def test_a_list_is_read_in_readers_as_it_is_here(world: World) -> None:
    """Formats, rules and what was read go from one process to the other."""
    limits = ReaderLimits(readers=2, share=1, time_s=60.0, memory_bytes=3 << 30, wait_s=None)
    readers = ReaderPool(BoundaryFiles(), limits, world.metrics)
    world.poller._readers = world.sync._reader._readers = world.ingest._readers = readers
    try:
        feed = await world.feed()
        report = await world.list(feed, archive(warning(1), warning(2), extra={"x.xml": b"<alert"}.items()))
        assert (report.synced.fresh, await world.reasons()) == (3, ["first_notice", "first_notice"])
        assert [item.code for item in await world.quarantine.listed(feed.name)] == ["not-xml"]
    finally:
        await readers.aclose()
