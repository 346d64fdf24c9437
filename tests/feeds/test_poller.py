"""Polls over real HTTP, from a server that has every fault of real sources."""

import asyncio
import json
from datetime import timedelta

import pytest

import cap
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from dispatcher.feeds.details import Details
from dispatcher.feeds.hosts import SILENT_MAX
from dispatcher.feeds.poller import Poller
from dispatcher.feeds.scheduler import FeedScheduler
from dispatcher.feeds.sync import FETCHES_AT_ONCE, FeedSync
from dispatcher.store.leadership import FEEDS_LOCK, Leadership
from ops.lab.faults.feeds.server import Fault, FeedServer
from tests.feeds.material import (
    HANNOVER,
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

LIST = "/list"
BOARD = "/api31/dashboard/053580000000.json"
FIRE = "mow.DE-NW-DN-W001-20261122-1-000"


@pytest.fixture
def server():
    with FeedServer() as running:
        yield running


@pytest.fixture
async def client(server, tmp_path):
    bundle = tmp_path / "none.pem"
    bundle.write_text("")
    http = HttpClient(AddressPolicy(frozenset({server.origin})), ca_file=str(bundle))
    yield http
    await http.aclose()


@pytest.fixture
def poller(world, client):
    sync = FeedSync(
        store=world.feeds,
        quarantine=world.quarantine,
        ingest=world.ingest,
        get=Details(client, world.metrics, world.clock).get,
        metrics=world.metrics,
    )
    return Poller(
        client=client,
        store=world.feeds,
        sync=sync,
        metrics=world.metrics,
        clock=world.clock,
        random=lambda: 0.5,
    )


@pytest.fixture
async def dwd(world, server):
    return await world.feed(urls=(server.origin + LIST,), timeout_s=0.5, max_bytes=1_000_000)


@pytest.fixture
async def nina(world, server):
    return await world.feed("nina", "nina", urls=(server.origin + BOARD,))


async def poll(poller, world, feed, **step):
    world.clock.forward(**step or {"minutes": 1})
    return await poller.poll(feed)


async def test_an_unchanged_list_costs_one_conditional_request(world, server, poller, dwd):
    server.put(LIST, archive(warning(1)))
    assert (await poll(poller, world, dwd)).result == "changed"
    server.forget()
    assert (await poll(poller, world, dwd)).result == "unchanged"
    assert [(asked.conditional, asked.status) for asked in server.requests] == [(True, 304)]
    assert await world.reasons() == ["first_notice"]


async def test_a_source_that_knows_only_dates_is_asked_by_date(world, server, poller, dwd):
    server.put(LIST, archive(), etag=False, modified="Sun, 22 Nov 2026 12:00:00 GMT")
    await poll(poller, world, dwd)
    await poll(poller, world, dwd)
    assert [asked.status for asked in server.requests] == [200, 304]


async def test_a_source_without_validators_is_recognised_by_content(world, server, poller, dwd):
    server.put(LIST, archive(warning(1)), etag=False)
    await poll(poller, world, dwd)
    assert (await poll(poller, world, dwd)).result == "unchanged"


@pytest.mark.parametrize(
    ("fault", "result", "detail"),
    [
        (Fault.SERVER_ERROR, "refused", "http 500"),
        (Fault.TOO_MANY, "refused", "http 429"),
        (Fault.UNAVAILABLE_DATE, "refused", "http 503"),
        (Fault.NOT_FOUND, "refused", "http 404"),
        (Fault.EMPTY, "unreadable", "not-xml"),
        (Fault.NO_CONTENT, "unchanged", ""),
        (Fault.ERROR_BODY, "unreadable", "not-xml"),
        (Fault.XML_ERROR_BODY, "unreadable", "not-xml"),
        (Fault.TRUNCATED, "unreachable", "truncated"),
        (Fault.CUT, "unreadable", "not-xml"),
        (Fault.GARBLED, "unreadable", "not-xml"),
        (Fault.COMPRESSED, "unreadable", "not-xml"),
        (Fault.SLOW, "unreachable", "timeout"),
        (Fault.DRIP, "unreachable", "timeout"),
        (Fault.REDIRECT, "refused", "http 404"),
        (Fault.REDIRECT_AWAY, "unreachable", "url_not_https"),
        (Fault.REDIRECT_LOOP, "refused", "redirects"),
        (Fault.HUGE, "unreachable", "oversized"),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else "",
)
async def test_no_fault_of_the_source_ends_or_doubles_a_warning(  # noqa: PLR0917 - three of them are one case
    world, server, poller, dwd, fault, result, detail
):
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    server.fail(LIST, fault, times=8)
    for _ in range(2):
        report = await poll(poller, world, dwd)
        assert (report.result, report.detail) == (result, detail)
    state = await world.feeds.state("dwd")
    if result != "unchanged":
        assert state.failures == 2
        assert state.succeeded_at == world.clock.now - timedelta(minutes=2)
    server.fail(LIST, fault, times=0)
    assert (await poll(poller, world, dwd)).succeeded
    assert await world.reasons() == ["first_notice"]


async def test_an_answer_without_a_list_is_no_second_miss(world, server, poller, dwd):
    server.put(LIST, archive(warning(1), warning(2, event="STURM")))
    await poll(poller, world, dwd)
    server.put(LIST, archive(warning(2, event="STURM")))
    await poll(poller, world, dwd)
    server.fail(LIST, Fault.NO_CONTENT)
    await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice", "first_notice"]


@pytest.mark.parametrize("fault", [Fault.NO_CONTENT, Fault.NOT_MODIFIED])
async def test_unchanged_since_never_tells_nothing(world, server, poller, dwd, fault):
    server.fail(LIST, fault)
    report = await poll(poller, world, dwd)
    assert (report.result, report.detail) == ("refused", "unchanged since never")
    assert (await world.feeds.state("dwd")).succeeded_at is None


async def test_the_first_list_is_news_even_if_it_is_empty(world, server, poller, dwd):
    server.put(LIST, archive())
    await poll(poller, world, dwd)
    known = world.clock.now
    await poll(poller, world, dwd)
    assert (await world.feeds.state("dwd")).changed_at == known


async def test_a_redirect_within_the_rules_is_followed(world, server, poller, dwd):
    server.put(f"/moved{LIST}", archive(warning(1)))
    server.fail(LIST, Fault.REDIRECT)
    assert (await poll(poller, world, dwd)).result == "changed"


async def test_retry_after_is_heeded(world, server, poller, dwd):
    server.put(LIST, archive())
    server.fail(LIST, Fault.TOO_MANY)
    await poll(poller, world, dwd)
    assert (await world.feeds.state("dwd")).next_at == world.clock.now + timedelta(seconds=120)


async def test_a_body_that_is_no_list_is_kept(world, server, poller, dwd):
    server.fail(LIST, Fault.ERROR_BODY, times=2)
    await poll(poller, world, dwd)
    await poll(poller, world, dwd)
    (broken,) = await world.quarantine.listed("dwd")
    assert (broken.code, broken.times) == ("not-xml", 2)
    assert (await world.quarantine.content(broken.id))[2].startswith(b"<html>")
    assert await world.quarantine.content(0) is None


async def test_a_broken_member_is_kept_and_the_others_go_out(world, server, poller, dwd):
    server.put(LIST, archive(warning(1), extra=[("x.xml", b"<alert/>")]))
    report = await poll(poller, world, dwd)
    assert report.succeeded
    assert await world.reasons() == ["first_notice"]
    (broken,) = await world.quarantine.listed(None)
    assert broken.name == "x.xml"
    (overview,) = await world.feeds.overview(["dwd"])
    assert overview.reasons == {"first_notice": 1, "quarantined": 1}
    assert overview.quarantined == 1


async def test_a_member_without_identity_is_kept(world, server, poller, dwd):
    anonymous = cap.render(warning(1)).replace(b"opendata@dwd.de", b"")
    server.put(LIST, archive(extra=[("x.xml", anonymous)]))
    await poll(poller, world, dwd)
    assert [one.code for one in await world.quarantine.listed("dwd")] == ["identity-missing"]


async def test_a_member_that_was_damaged_is_read_when_it_is_whole_again(world, server, poller, dwd):
    body = bytearray(archive(warning(1)))
    body[100:140] = b"\x00" * 40
    server.put(LIST, bytes(body))
    report = await poll(poller, world, dwd)
    assert report.synced.broken == 1
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice"]


# absence


async def test_one_miss_is_a_flicker(world, server, poller, dwd):
    for body in (archive(warning(1), warning(2, event="STURM")), archive(warning(2, event="STURM"))):
        server.put(LIST, body)
        await poll(poller, world, dwd)
    server.put(LIST, archive(warning(1), warning(2, event="STURM")))
    await poll(poller, world, dwd)
    assert sorted(await world.reasons()) == ["first_notice", "first_notice"]
    assert {row.missed for row in (await world.feeds.entries("dwd")).values()} == {0}


async def test_two_misses_end_an_entry_also_when_the_list_stays_the_same(world, server, poller, dwd):
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    server.put(LIST, archive())
    await poll(poller, world, dwd)
    report = await poll(poller, world, dwd)
    assert (report.result, report.synced.gone) == ("changed", 1)
    assert await world.reasons() == ["first_notice", "no_longer_listed"]
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    assert (await world.reasons())[-1] == "update"


async def test_a_variant_that_goes_while_the_other_stays_ends_nothing(world, server, poller, dwd):
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


async def test_when_everything_vanishes_at_once_it_takes_longer_to_believe(world, server, poller, dwd):
    many = [warning(n, event=f"E{n}") for n in range(1, 7)]
    server.put(LIST, archive(*many))
    await poll(poller, world, dwd)
    server.put(LIST, archive())
    for _ in range(5):
        assert (await poll(poller, world, dwd)).synced.gone == 0
    assert (await poll(poller, world, dwd)).synced.gone == 6
    assert (await world.reasons()).count("no_longer_listed") == 6


@pytest.mark.parametrize(
    "body", [b'[{"error": "maintenance"}]', b"[null]", b"[[]]", b'["x"]', b'{"error": 1}', b"<html/>"]
)
async def test_an_error_in_place_of_the_entries_ends_nothing(world, server, poller, nina, body):
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


async def test_an_archive_of_which_nothing_can_be_read_ends_nothing(world, server, poller, dwd):
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    server.put(LIST, archive(extra=[("error.html", b"<html/>")]))
    for _ in range(4):
        assert (await poll(poller, world, dwd)).result == "unreadable"
    assert await world.reasons() == ["first_notice"]


async def test_what_is_missing_may_be_what_cannot_be_read(world, server, poller, dwd):
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


async def test_what_was_unreadable_before_excuses_nothing_that_goes_later(world, server, poller, dwd):
    other, broken = warning(2, event="STURM"), [("old.xml", b"<alert/>")]
    server.put(LIST, archive(warning(1), other, extra=broken))
    await poll(poller, world, dwd)
    server.put(LIST, archive(other, extra=broken))
    await poll(poller, world, dwd)
    await poll(poller, world, dwd)
    assert (await world.reasons())[-1] == "no_longer_listed"


async def test_what_can_be_read_again_goes_on(world, server, poller, dwd):
    other = warning(2, event="STURM")
    server.put(LIST, archive(warning(1), other))
    await poll(poller, world, dwd)
    server.put(LIST, archive(other, extra=[("new.xml", b"<alert/>")]))
    await poll(poller, world, dwd)
    server.put(LIST, archive(other, cancel(3, warning(1))))
    for _ in range(3):
        await poll(poller, world, dwd)
    assert await world.reasons() == ["first_notice", "first_notice", "cancel"]


async def test_an_index_says_nothing_by_leaving_out(world, server, poller):
    feed = await world.feed("one", "single", urls=(server.origin + LIST,))
    server.put(LIST, cap.render(warning(1)))
    await poll(poller, world, feed)
    server.put(LIST, cap.render(warning(2, event="STURM")))
    await poll(poller, world, feed)
    report = await poll(poller, world, feed)
    assert report.synced.gone == 1
    assert await world.reasons() == ["first_notice", "first_notice"]


async def test_silence_of_one_feed_ends_nothing_that_another_lists(world, server, poller, dwd):
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


async def test_the_first_look_at_a_running_state_alarms_only_with_the_newest(world, server, poller, dwd):
    first = warning(1)
    second = update(2, first)
    server.put(LIST, archive(first, second, warning(4, event="STURM"), cancel(5, warning(4, event="STURM"))))
    await poll(poller, world, dwd)
    assert sorted(await world.reasons()) == ["nothing_to_end", "superseded", "superseded", "update"]


async def test_elsewhere_leaves_entries_only(world, server, poller, dwd):
    server.put(LIST, archive(*(warning(n, places=(HANNOVER,)) for n in range(1, 4))))
    await poll(poller, world, dwd)
    assert await world.rows() == []
    (overview,) = await world.feeds.overview(["dwd"])
    assert overview.reasons == {"elsewhere": 3}


async def test_a_warning_without_end_holds_as_long_as_it_is_listed(world, server, poller):
    feed = await world.feed(urls=(server.origin + LIST,), default_lifetime_h=1)
    server.put(LIST, archive(warning(1, lasts=None)))
    await poll(poller, world, feed)
    for _ in range(4):
        await poll(poller, world, feed, minutes=25)
    (row,) = await world.pool.fetch("SELECT expires FROM alert")
    assert row["expires"] > world.clock.now
    assert await world.reasons() == ["first_notice"]


async def test_a_merged_account_speaks_when_the_other_has_ended(world, server, poller, dwd):
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


# what is behind links


async def test_a_list_entry_alarms_while_its_message_is_missing(world, server, poller, nina):
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


async def test_a_message_that_stays_missing_is_asked_for_less_and_less(world, server, poller, nina):
    server.put(BOARD, listing_body(dashboard_entry(FIRE)))
    for _ in range(30):
        await poll(poller, world, nina)
    asked = [one for one in server.requests if one.path.endswith(f"{FIRE}.json")]
    assert 5 < len(asked) < 15
    assert await world.reasons() == ["first_notice"]


async def test_an_update_of_nobody_knows_what_is_given_time(world, server, poller, nina):
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


async def test_a_message_that_nobody_can_read_is_kept_and_the_list_alarms(world, server, poller, nina):
    server.put(BOARD, listing_body(dashboard_entry(FIRE)))
    server.put(f"/api31/warnings/{FIRE}.json", b"<html>")
    await poll(poller, world, nina)
    assert await world.reasons() == ["first_notice"]
    assert [one.code for one in await world.quarantine.listed("nina")] == ["not-json"]


async def test_a_changed_version_is_fetched_anew_and_its_absence_keeps_the_old_text(
    world, server, poller, nina
):
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


async def test_nina_brings_alarm_and_all_clear(world, server, poller, nina):
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


async def test_only_so_many_messages_are_fetched_at_once(world, server, poller):
    feed = await world.feed("nina", "nina", urls=(server.origin + BOARD,), max_details=2)
    names = [FIRE.replace("-000", f"-{n:03}") for n in range(5)]
    server.put(BOARD, listing_body(*(dashboard_entry(name) for name in names)))
    for name in names:
        server.put(f"/api31/warnings/{name}.json", nina_detail(name, ars="090000000000"))
    for waiting in (3, 1, 0):
        await poll(poller, world, feed)
        (overview,) = await world.feeds.overview(["nina"])
        assert overview.pending == waiting


async def test_a_host_that_asks_for_a_pause_gets_it(world, server, poller, nina):
    names = [FIRE.replace("-000", f"-{n:03}") for n in range(20)]
    server.put(BOARD, listing_body(*(dashboard_entry(name) for name in names)))
    for name in names:
        server.fail(f"/api31/warnings/{name}.json", Fault.TOO_MANY, times=9)
    await poll(poller, world, nina)
    assert len(server.requests) <= 1 + FETCHES_AT_ONCE
    rows = (await world.feeds.entries("nina")).values()
    assert {row.retry_at for row in rows} == {world.clock.now + timedelta(seconds=120)}
    assert {row.reason for row in rows} != {"pending"}


async def test_a_silent_host_is_not_waited_for_by_every_message(world, server, poller):
    feed = await world.feed("nina", "nina", urls=(server.origin + BOARD,), timeout_s=0.2)
    names = [FIRE.replace("-000", f"-{n:03}") for n in range(20)]
    server.put(BOARD, listing_body(*(dashboard_entry(name) for name in names)))
    for name in names:
        server.fail(f"/api31/warnings/{name}.json", Fault.SLOW, times=9)
    await poll(poller, world, feed)
    assert len(server.requests) <= 1 + FETCHES_AT_ONCE + SILENT_MAX


async def test_what_the_list_calls_over_is_not_fetched(world, server, poller, nina):
    over = dashboard_entry(FIRE, expires=NOW.isoformat())
    server.put(BOARD, listing_body(over))
    await poll(poller, world, nina)
    assert [asked.path for asked in server.requests] == [BOARD]
    assert [row.reason for row in (await world.feeds.entries("nina")).values()] == ["expired"]


async def test_an_entry_that_is_broken_leaves_the_others(world, server, poller, nina):
    server.put(f"/api31/warnings/{FIRE}.json", nina_detail(FIRE))
    server.put(BOARD, json.dumps([{"id": 7}, dashboard_entry(FIRE)]).encode())
    assert (await poll(poller, world, nina)).synced.broken == 1
    assert await world.reasons() == ["first_notice"]


async def test_a_list_of_unforeseen_form_is_a_failed_poll(world, server, poller, nina):
    server.put(BOARD, b'[{"id": "x", "payload": {"data": {"transKeys": 3}}}]')
    report = await poll(poller, world, nina)
    assert report.synced.broken == 1


async def test_a_folder_is_a_feed(world, poller, tmp_path):
    folder = tmp_path / "in"
    feed = await world.feed("inbox", "folder", folder=folder)
    assert (await poll(poller, world, feed)).result == "unreachable"
    folder.mkdir()
    (folder / "a.cap").write_bytes(cap.render(warning(1)))
    assert (await poll(poller, world, feed)).result == "changed"
    assert await world.reasons() == ["first_notice"]


# the watch


@pytest.fixture
async def watch(world, poller, dwd, nina):
    leadership = Leadership(world.pool, FEEDS_LOCK)
    yield FeedScheduler(
        poller=poller,
        feeds=(dwd, nina),
        store=world.feeds,
        held=world.held,
        leadership=leadership,
        metrics=world.metrics,
        clock=world.clock,
    )
    await leadership.drop()


async def settled(watch):
    while watch.busy:
        await asyncio.gather(*watch.busy)


def gauge(world, name, feed):
    return world.metrics.registry.get_sample_value(name, {"feed": feed})


async def test_the_watch_polls_what_is_due_and_shows_how_things_stand(world, server, watch):
    server.put(LIST, archive(warning(1)))
    await watch.step()
    assert gauge(world, "warn_feed_stale", "dwd") == 1
    await settled(watch)
    await watch.step()
    await settled(watch)
    assert gauge(world, "warn_feed_stale", "dwd") == 0
    assert gauge(world, "warn_feed_last_success_timestamp_seconds", "dwd") == world.clock.now.timestamp()
    assert gauge(world, "warn_feed_entries", "dwd") == 1
    assert gauge(world, "warn_feed_stale", "nina") == 1
    assert [asked.path for asked in server.requests] == [LIST, BOARD] or len(server.requests) == 2
    world.clock.forward(minutes=11)
    server.fail(LIST, Fault.SERVER_ERROR, times=5)
    await watch.step()
    await settled(watch)
    assert gauge(world, "warn_feed_stale", "dwd") == 1
    await watch.stop()


async def test_what_ended_long_ago_is_forgotten(world, server, watch, poller, dwd):
    server.put(LIST, archive(warning(1)))
    await poll(poller, world, dwd)
    server.put(LIST, archive())
    await poll(poller, world, dwd)
    await poll(poller, world, dwd)
    assert len(await world.feeds.entries("dwd")) == 1
    world.clock.forward(days=15)
    await watch.step()
    await settled(watch)
    assert await world.feeds.entries("dwd") == {}


async def test_a_mistake_of_ours_is_not_repeated_at_once(world, server, watch, dwd):
    server.put(LIST, archive(warning(1)))
    await world.pool.execute("ALTER TABLE feed_entry RENAME TO mislaid")
    with pytest.raises(Exception, match="feed_entry"):
        await watch.step()
    await world.pool.execute("ALTER TABLE mislaid RENAME TO feed_entry")
    await world.pool.execute("ALTER TABLE quarantine RENAME COLUMN code TO kode")
    server.fail(LIST, Fault.ERROR_BODY)
    await watch.step()
    await settled(watch)
    state = await world.feeds.state("dwd")
    assert (state.result, state.failures) == ("failed", 1)
    assert state.next_at > world.clock.now


async def test_one_process_watches_at_a_time(world, server, watch):
    server.put(LIST, archive(warning(1)))
    other = Leadership(world.pool, FEEDS_LOCK)
    assert await other.hold()
    task = asyncio.create_task(watch.run())
    await asyncio.sleep(0)
    assert server.requests == []
    await other.drop()
    while not server.requests:  # noqa: ASYNC110 - the server runs in a thread of its own
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
