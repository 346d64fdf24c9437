"""What a list comes to in the record: entries that come, change, flicker and go, and messages behind links."""

import json
from datetime import timedelta
from typing import Any

import pytest

import cap
from dispatcher.feeds.configuration import Feed, feed_of
from dispatcher.feeds.poller import Poller
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.store.record import Pool
from ops.lab.faults.feeds.server import FeedServer
from tests.support.feed_messages import (
    DUEREN,
    HANNOVER,
    JUELICH,
    NOW,
    archive,
    cancel,
    dashboard_entry,
    dwd_id,
    listing_body,
    nina_detail,
    update,
    warning,
)
from tests.support.feed_world import BOARD, FIRE, LIST, World, poll


async def test_one_miss_is_a_flicker(world: World, server: FeedServer, poller: Poller, dwd: Feed) -> None:
    for body in (archive(warning(1), warning(2, event="STURM")), archive(warning(2, event="STURM"))):
        server.put(LIST, body)
        await poll(poller, world, dwd)
    server.put(LIST, archive(warning(1), warning(2, event="STURM")))
    await poll(poller, world, dwd)
    assert sorted(await world.reasons()) == ["first_notice", "first_notice"]
    assert {row.missed for row in (await world.feeds.entries("dwd")).values()} == {0}


async def test_two_misses_end_an_entry_also_when_the_list_stays_the_same(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    server.put(LIST, archive())
    await poll(poller, world, dwd)
    report = await poll(poller, world, dwd)
    assert (report.result, report.synced.gone) == ("changed", 1)
    assert await world.reasons() == ["first_notice", "no_longer_listed"]
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    assert (await world.reasons())[-1] == "first_notice"


async def test_a_variant_that_goes_while_the_other_stays_ends_nothing(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    german = warning(1, identifier=dwd_id(1, "DEU"))
    server.put(LIST, archive(warning(1), german))
    await poll(poller, world, dwd)
    server.put(LIST, archive(german))
    for _ in range(3):
        await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice"]
    server.put(LIST, archive())
    for _ in range(3):
        await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice", "no_longer_listed"]


async def test_when_everything_vanishes_at_once_it_takes_longer_to_believe(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    many = [warning(n, event=f"E{n}") for n in range(1, 7)]
    server.put(LIST, archive(*many))
    await poll(poller, world, dwd)
    server.put(LIST, archive())
    for _ in range(5):
        assert (await poll(poller, world, dwd)).synced.gone == 0
    assert (await poll(poller, world, dwd)).synced.gone == 6
    assert (await world.reasons()).count("no_longer_listed") == 6


async def test_what_is_missing_may_be_what_cannot_be_read(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    other = warning(2, event="STURM")
    server.put(LIST, archive(warning(1), other))
    await poll(poller, world, dwd)
    server.put(LIST, archive(other, extra=[("new.xml", b"<alert/>")]))
    for _ in range(4):
        assert (await poll(poller, world, dwd)).succeeded
    assert await world.reasons() == ["first_notice", "first_notice"]
    server.put(LIST, archive(other))
    await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice", "first_notice"]
    await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice", "first_notice", "no_longer_listed"]


async def test_what_was_unreadable_before_excuses_nothing_that_goes_later(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    other, broken = warning(2, event="STURM"), [("old.xml", b"<alert/>")]
    server.put(LIST, archive(warning(1), other, extra=broken))
    await poll(poller, world, dwd)
    server.put(LIST, archive(other, extra=broken))
    await poll(poller, world, dwd)
    await poll(poller, world, dwd)
    assert (await world.reasons())[-1] == "no_longer_listed"


async def test_what_can_be_read_again_goes_on(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    other = warning(2, event="STURM")
    server.put(LIST, archive(warning(1), other))
    await poll(poller, world, dwd)
    server.put(LIST, archive(other, extra=[("new.xml", b"<alert/>")]))
    await poll(poller, world, dwd)
    server.put(LIST, archive(other, cancel(3, warning(1))))
    for _ in range(3):
        await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice", "first_notice", "cancel"]


async def test_an_index_says_nothing_by_leaving_out(world: World, server: FeedServer, poller: Poller) -> None:
    feed = await world.feed("one", "single", urls=(server.origin + LIST,))
    server.put(LIST, cap.render(warning(1)))
    await poll(poller, world, feed)
    server.put(LIST, cap.render(warning(2, event="STURM")))
    await poll(poller, world, feed)
    report = await poll(poller, world, feed)
    assert report.synced.gone == 1
    assert await world.reasons() == ["first_notice", "first_notice"]


async def test_silence_of_one_feed_ends_nothing_that_another_lists(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    other = await world.feed("deu", "dwd", urls=(server.origin + "/deu",))
    server.put(LIST, archive(warning(1)))
    server.put("/deu", archive(warning(1, identifier=warning(1).identifier.replace(".MUL", ".DEU"))))
    await poll(poller, world, dwd)
    await poll(poller, world, other)
    server.put(LIST, archive())
    await poll(poller, world, dwd)
    await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice"]
    server.put("/deu", archive())
    await poll(poller, world, other)
    await poll(poller, world, other)
    assert await world.reasons() == ["first_notice", "no_longer_listed"]


async def test_the_first_look_at_a_running_state_alarms_only_with_the_newest(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    first = warning(1)
    second = update(2, first)
    server.put(LIST, archive(first, second, warning(4, event="STURM"), cancel(5, warning(4, event="STURM"))))
    await poll(poller, world, dwd)
    assert sorted(await world.reasons()) == ["nothing_to_end", "superseded", "superseded", "update"]


async def test_elsewhere_leaves_entries_only(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    server.put(LIST, archive(*(warning(n, places=(HANNOVER,)) for n in range(1, 4))))
    await poll(poller, world, dwd)
    assert await world.rows() == []
    (overview,) = await world.feeds.overview(["dwd"])
    assert overview.reasons == {"elsewhere": 3}


async def test_a_warning_without_end_holds_as_long_as_it_is_listed(
    world: World, server: FeedServer, poller: Poller
) -> None:
    feed = await world.feed(urls=(server.origin + LIST,), default_lifetime_h=1)
    server.put(LIST, archive(warning(1, lasts=None)))
    await poll(poller, world, feed)
    for _ in range(4):
        await poll(poller, world, feed, minutes=25)
    (row,) = await world.pool.fetch("SELECT expires FROM alert")
    assert row["expires"] > world.clock.now
    assert await world.reasons() == ["first_notice"]


async def test_a_merged_account_speaks_when_the_other_has_ended(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    lhp = await world.feed("lhp", "single", urls=(server.origin + "/lhp",))
    other = warning(9, identifier="lhp-1", sender="lhp@x.example")
    server.put(LIST, archive(warning(1)))
    server.put("/lhp", cap.render(other))
    await poll(poller, world, dwd)
    await poll(poller, world, lhp)
    assert [row.reason for row in (await world.feeds.entries("lhp")).values()] == ["merged"]
    server.put(LIST, archive(cancel(2, warning(1))))
    await poll(poller, world, dwd)
    await poll(poller, world, lhp)
    assert await world.reasons() == ["first_notice", "cancel", "first_notice"]


async def test_a_list_entry_alarms_while_its_message_is_missing(
    world: World, server: FeedServer, poller: Poller, nina: Feed
) -> None:
    server.put(BOARD, listing_body(dashboard_entry(FIRE)))
    await poll(poller, world, nina)
    (row,) = await world.rows()
    assert row["reason"] == "first_notice"
    places = await world.alerts.affected(row["id"])
    assert {place.ags[:5] for place in places} == {"05358"}
    (overview,) = await world.feeds.overview(["nina"])
    assert overview.pending == 1

    server.put(f"/api31/warnings/{FIRE}.json", nina_detail(FIRE))
    await poll(poller, world, nina)
    assert [row["reason"] for row in await world.rows()] == ["first_notice", "update"]
    newest = (await world.rows())[-1]
    assert [place.ags for place in await world.alerts.affected(newest["id"])] == ["05358008"]
    server.forget()
    await poll(poller, world, nina)
    assert [asked.status for asked in server.requests] == [304]


async def test_a_message_that_stays_missing_is_asked_for_less_and_less(
    world: World, server: FeedServer, poller: Poller, nina: Feed
) -> None:
    server.put(BOARD, listing_body(dashboard_entry(FIRE)))
    for _ in range(30):
        await poll(poller, world, nina)
    asked = [one for one in server.requests if one.path.endswith(f"{FIRE}.json")]
    assert 5 < len(asked) < 15
    assert await world.reasons() == ["first_notice"]


async def test_an_update_of_nobody_knows_what_is_given_time(
    world: World, server: FeedServer, poller: Poller, nina: Feed
) -> None:
    entry = dashboard_entry(f"dwd.{warning(1).identifier}", msg_type="Update")
    server.put(BOARD, listing_body(entry))
    for _ in range(3):
        await poll(poller, world, nina)
        assert await world.rows() == []
    await poll(poller, world, nina)
    assert await world.reasons() == ["update"]
    server.forget()
    await poll(poller, world, nina)
    assert server.requests[0].conditional


async def test_a_message_that_nobody_can_read_is_kept_and_the_list_alarms(
    world: World, server: FeedServer, poller: Poller, nina: Feed
) -> None:
    server.put(BOARD, listing_body(dashboard_entry(FIRE)))
    server.put(f"/api31/warnings/{FIRE}.json", b"<html>")
    await poll(poller, world, nina)
    assert await world.reasons() == ["first_notice"]
    assert [one.code for one in await world.quarantine.listed("nina")] == ["not-json"]


async def test_a_changed_version_is_fetched_anew_and_its_absence_keeps_the_old_text(
    world: World, server: FeedServer, poller: Poller, nina: Feed
) -> None:
    path = f"/api31/warnings/{FIRE}.json"
    server.put(BOARD, listing_body(dashboard_entry(FIRE)))
    server.put(path, nina_detail(FIRE))
    await poll(poller, world, nina)
    server.put(BOARD, listing_body(dashboard_entry(FIRE, version=2)))
    server.remove(path)
    await poll(poller, world, nina)
    assert await world.reasons() == ["first_notice"]
    server.put(path, nina_detail(FIRE, info={"headline": "Größer"}))
    await poll(poller, world, nina)
    assert await world.reasons() == ["first_notice", "update"]


async def test_nina_brings_alarm_and_all_clear(
    world: World, server: FeedServer, poller: Poller, nina: Feed
) -> None:
    end = FIRE.replace("-000", "-001")
    server.put(BOARD, listing_body(dashboard_entry(FIRE)))
    server.put(f"/api31/warnings/{FIRE}.json", nina_detail(FIRE))
    await poll(poller, world, nina)
    later = NOW + timedelta(minutes=10)
    server.put(BOARD, listing_body(dashboard_entry(end, msg_type="Cancel", sent=later)))
    server.put(
        f"/api31/warnings/{end}.json",
        nina_detail(
            end,
            msg_type="Cancel",
            sent=later,
            references=f"DE-NW-DN-W001,{FIRE},{NOW.isoformat()}",
        ),
    )
    await poll(poller, world, nina)
    await poll(poller, world, nina)
    await poll(poller, world, nina)
    assert await world.reasons() == ["first_notice", "cancel"]


async def test_only_so_many_messages_are_fetched_at_once(
    world: World, server: FeedServer, poller: Poller
) -> None:
    feed = await world.feed("nina", "nina", urls=(server.origin + BOARD,), max_details=2)
    names = [FIRE.replace("-000", f"-{n:03}") for n in range(5)]
    server.put(BOARD, listing_body(*(dashboard_entry(name) for name in names)))
    for name in names:
        server.put(f"/api31/warnings/{name}.json", nina_detail(name, ars="090000000000"))
    for waiting in (3, 1, 0):
        await poll(poller, world, feed)
        (overview,) = await world.feeds.overview(["nina"])
        assert overview.pending == waiting


async def test_what_the_list_calls_over_is_not_fetched(
    world: World, server: FeedServer, poller: Poller, nina: Feed
) -> None:
    over = dashboard_entry(FIRE, expires=NOW.isoformat())
    server.put(BOARD, listing_body(over))
    await poll(poller, world, nina)
    assert [asked.path for asked in server.requests] == [BOARD]
    assert [row.reason for row in (await world.feeds.entries("nina")).values()] == ["expired"]


async def test_an_entry_that_is_broken_leaves_the_others(
    world: World, server: FeedServer, poller: Poller, nina: Feed
) -> None:
    server.put(f"/api31/warnings/{FIRE}.json", nina_detail(FIRE))
    server.put(BOARD, json.dumps([{"id": 7}, dashboard_entry(FIRE)]).encode())
    assert (await poll(poller, world, nina)).synced.broken == 1
    assert await world.reasons() == ["first_notice"]


async def test_a_list_of_unforeseen_form_is_a_failed_poll(
    world: World, server: FeedServer, poller: Poller, nina: Feed
) -> None:
    server.put(BOARD, b'[{"id": "x", "payload": {"data": {"transKeys": 3}}}]')
    report = await poll(poller, world, nina)
    assert report.synced.broken == 1


class Clumsy:
    """An adapter with a mistake."""

    def __init__(self, adapter: Any, *, at: str) -> None:
        self.adapter, self.at = adapter, at

    def listing(self, body: bytes, url: str) -> Any:
        if self.at == "listing":
            raise ZeroDivisionError
        return self.adapter.listing(body, url)

    def read(self, entry: Any, parts: Any) -> None:
        raise ZeroDivisionError


@pytest.mark.parametrize(("at", "code"), [("listing", "not-cap"), ("read", "unforeseen")])
async def test_a_mistake_in_an_adapter_loses_nothing(world: World, at: str, code: str) -> None:
    from dataclasses import replace

    feed = await world.feed()
    clumsy = replace(feed, adapter=Clumsy(feed.adapter, at=at))
    await world.list(clumsy, archive(warning(1)))
    assert [one.code for one in await world.quarantine.listed("dwd")] == [code]
    assert feed_of(feed.settings).name == "dwd"


class Doorbell(WakeUpQueue):
    """Notes how many alerts the record has whenever it is rung."""

    def __init__(self, url: str, pool: Pool) -> None:
        super().__init__(open_queue(parse(url)))
        self.pool = pool
        self.rings: list[tuple[int, int]] = []

    async def enqueue(self, wake_ups: Any) -> Any:
        self.rings.append((await self.pool.fetchval("SELECT count(*) FROM alert"), len(wake_ups)))
        return await super().enqueue(wake_ups)


async def test_of_one_warning_split_in_two_nothing_is_planned_before_all_is_recorded(
    world: World, redis_url: str
) -> None:
    doorbell = Doorbell(redis_url, world.pool)
    watched = World(world.pool, doorbell)
    feed = await watched.feed()
    first, other = warning(1, places=(DUEREN, JUELICH)), warning(9, event="STURM")
    await watched.list(feed, archive(first))
    parts = [update(2, first, places=(DUEREN,)), update(3, first, places=(JUELICH,))]
    await watched.list(feed, archive(first, *parts, other))
    await doorbell.aclose()
    # The two parts are there before the first of them wakes anybody up. The other warning, which is older, waits for
    # nobody and nobody for it.
    assert doorbell.rings == [(1, 1), (3, 2), (4, 1)]


async def test_one_message_in_two_languages_is_told_once_in_the_language_of_the_feed(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    german = warning(1, identifier="aviso-de", language="de-DE")
    spanish = warning(1, identifier="aviso-es", language="es-CL", headline="Aviso")
    server.put(LIST, archive(spanish, german))
    await poll(poller, world, dwd)
    assert [row["identifier"] for row in await world.rows()] == ["aviso-de"]
    rows = (await world.feeds.entries("dwd")).values()
    assert sorted(row.reason for row in rows) == ["duplicate", "first_notice"]
    ends = [
        cancel(2, german, identifier="fin-de", language="de-DE"),
        cancel(2, spanish, identifier="fin-es", language="es-CL", headline="Fin"),
    ]
    server.put(LIST, archive(*ends))
    await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice", "cancel"]


@pytest.mark.parametrize(
    ("settings", "minutes"),
    [({}, 10), ({"missing_for_s": 300}, 5), ({"missing_for_s": 300, "misses": 7}, 7)],
    ids=["ten minutes", "as long as the feed says", "as often as the feed says"],
)
async def test_a_list_that_flickers_for_some_minutes_ends_nothing(
    world: World, settings: dict[str, float], minutes: int
) -> None:
    feed = await world.feed(**{"missing_for_s": 600} | settings)
    for _ in range(3):
        await world.list(feed, archive(warning(1)))
        for _ in range(minutes - 1):
            await world.list(feed, archive())
    assert await world.reasons() == ["first_notice"]
    await world.list(feed, archive())
    assert await world.reasons() == ["first_notice", "no_longer_listed"]


async def test_a_warning_that_goes_comes_back_and_goes_is_called_gone_once(
    world: World, server: FeedServer, poller: Poller, dwd: Feed
) -> None:
    for body in 3 * (archive(warning(1)), archive(), archive()):
        server.put(LIST, body)
        await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice", "no_longer_listed", "first_notice"]
    server.put(LIST, archive(warning(2, event="STURM")))
    await poll(poller, world, dwd)
    server.put(LIST, archive())
    await poll(poller, world, dwd)
    await poll(poller, world, dwd)
    assert (await world.reasons())[3:] == ["first_notice", "no_longer_listed"]
