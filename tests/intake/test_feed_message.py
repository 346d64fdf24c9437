"""What becomes of a feed's messages in the record, in every order in which they can arrive."""

import json
from datetime import timedelta
from typing import Any

import pytest

import cap
from dispatcher.intake.prepare import Unusable
from dispatcher.model.vocabulary import Reason
from tests.support.feed_messages import (
    DUEREN,
    HANNOVER,
    HOUR,
    JUELICH,
    NOW,
    SENDER,
    cancel,
    dwd_id,
    update,
    warning,
)
from tests.support.feed_world import World
from tests.support.histories import depth


async def test_a_warning_goes_the_same_way_as_a_submitted_one(world: World) -> None:
    feed = await world.feed()
    taken = await world.take(feed, warning(1))
    stored = await world.alerts.get(taken.alert_id)
    assert stored.state == "accepted"
    assert stored.reason is Reason.FIRST_NOTICE
    assert stored.source_id == "feed-dwd"
    assert stored.event_key == dwd_id(1, "")
    assert "Deutscher Wetterdienst" in stored.attribution
    assert "GeoBasis-DE" in stored.attribution
    assert [place.ags for place in await world.alerts.affected(taken.alert_id)] == [DUEREN]
    assert cap.parse(await world.alerts.raw(taken.alert_id)).alerts[0].identifier == dwd_id(1)
    assert await depth(world.wake_ups, stored.lane) == 1


async def test_the_same_message_again_changes_nothing(world: World) -> None:
    feed = await world.feed()
    first = await world.take(feed, warning(1))
    again = await world.take(feed, warning(1))
    assert again.reason is Reason.DUPLICATE
    assert again.alert_id == first.alert_id
    assert await world.reasons() == ["first_notice"]


@pytest.mark.parametrize(
    "edition",
    [
        warning(1, identifier=dwd_id(1, "DEU")),
        warning(1, identifier=f"dwd.{dwd_id(1)}"),
        warning(1, identifier=f"dwd.{dwd_id(1)}", sender="warnung.bund.de", sent=NOW + timedelta(minutes=1)),
        warning(1, identifier="other", codes=(f"id:{dwd_id(1, '')}",)),
    ],
    ids=["language", "NINA", "NINA with its own sender and time", "id: code"],
)
async def test_editions_of_one_message_are_one(world: World, edition: cap.Alert) -> None:
    first = await world.take(await world.feed("dwd"), warning(1))
    second = await world.take(await world.feed("nina", "nina"), edition)
    assert second.reason is Reason.DUPLICATE
    assert second.alert_id == first.alert_id


async def test_identifiers_of_different_senders_may_collide(world: World) -> None:
    feed = await world.feed("hub", "index")
    await world.take(feed, warning(identifier="1", sender="a@x.example", headline="A", event="Sturm"))
    await world.take(feed, warning(identifier="1", sender="b@x.example", headline="B", event="Hochwasser"))
    assert await world.reasons() == ["first_notice", "first_notice"]


async def test_an_update_and_a_cancel_follow_their_chain(world: World) -> None:
    feed = await world.feed()
    first = warning(1)
    second = update(2, first)
    third = cancel(3, second, sent=NOW + timedelta(minutes=20))
    for message in (first, second, third):
        await world.take(feed, message)
    rows = await world.rows()
    assert [row["reason"] for row in rows] == ["first_notice", "update", "cancel"]
    assert len({row["chain_id"] for row in rows}) == 1


async def test_a_lifted_warning_is_an_all_clear(world: World) -> None:
    feed = await world.feed()
    await world.take(feed, warning(1))
    await world.take(feed, update(2, warning(1), headline="AUFHEBUNG der Amtlichen WARNUNG vor STARKREGEN"))
    assert await world.reasons() == ["first_notice", "all_clear"]


async def test_a_chain_across_editions_and_feeds(world: World) -> None:
    """NINA brought the warning; DWD's own feed updates it under DWD's own identifier."""
    nina = await world.feed("nina", "nina", senders=[SENDER])
    await world.take(nina, warning(1, identifier=f"dwd.{dwd_id(1)}"))
    await world.take(await world.feed("dwd", senders=[SENDER]), update(2, warning(1)))
    await world.take(nina, cancel(3, warning(2, identifier=f"dwd.{dwd_id(2)}")))
    rows = await world.rows()
    assert [row["reason"] for row in rows] == ["first_notice", "update", "cancel"]
    assert len({row["chain_id"] for row in rows}) == 1


async def test_what_arrives_after_its_own_update_is_outdated(world: World) -> None:
    feed = await world.feed()
    await world.take(feed, update(2, warning(1)))
    await world.take(feed, warning(1))
    assert await world.reasons() == ["update", "superseded"]


async def test_what_arrives_after_its_own_cancel_is_never_sent(world: World) -> None:
    feed = await world.feed()
    await world.take(feed, cancel(2, warning(1)))
    await world.take(feed, warning(1))
    assert await world.reasons() == ["nothing_to_end", "superseded"]


async def test_a_second_cancel_is_not_a_second_all_clear(world: World) -> None:
    feed = await world.feed()
    for message in (warning(1), cancel(2, warning(1)), cancel(3, warning(1), sent=NOW + HOUR)):
        world.clock.forward(minutes=20)
        await world.take(feed, message)
    assert await world.reasons() == ["first_notice", "cancel", "already_ended"]


async def test_an_older_message_of_the_chain_comes_late(world: World) -> None:
    feed = await world.feed()
    first, second = warning(1), update(2, warning(1))
    third = update(3, second)
    for message in (first, third, second):
        await world.take(feed, message)
    # The third names the second only, so it begins a chain of its own until the second joins them.
    assert (await world.reasons())[-1] == "superseded"
    assert len({row["chain_id"] for row in await world.rows()}) == 1
    await world.take(feed, cancel(4, third, sent=NOW + timedelta(minutes=25)))
    assert (await world.reasons())[-1] == "cancel"


async def test_a_warning_that_moves_away_reaches_those_who_were_told(world: World) -> None:
    feed = await world.feed()
    first = await world.take(feed, warning(1))
    moved = await world.take(feed, update(2, warning(1), places=(HANNOVER,)))
    assert moved.reason is Reason.UPDATE
    assert await world.alerts.affected(moved.alert_id) == []
    assert (await world.alerts.get(first.alert_id)).stopped_by == moved.alert_id


async def test_elsewhere_is_normal_and_leaves_no_alert(world: World) -> None:
    feed = await world.feed()
    taken = await world.take(feed, warning(1, places=(HANNOVER,)))
    assert taken.reason is Reason.ELSEWHERE
    assert await world.rows() == []


async def test_the_territory_of_a_feed_is_a_filter(world: World) -> None:
    feed = await world.feed(territory=(JUELICH,))
    assert (await world.take(feed, warning(1))).reason is Reason.ELSEWHERE
    both = await world.take(feed, warning(2, places=(DUEREN, JUELICH)))
    assert [place.ags for place in await world.alerts.affected(both.alert_id)] == [JUELICH]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (warning(1, status=cap.Status.TEST), Reason.NOT_ACTUAL),
        (warning(1, status=cap.Status.EXERCISE), Reason.NOT_ACTUAL),
        (warning(1, event_codes=(cap.NamedValue("II", "99"),)), Reason.NOT_ACTUAL),
        (warning(1, scope=cap.Scope.PRIVATE), Reason.NOT_PUBLIC),
        (warning(1, msg_type=cap.MsgType.ACK), Reason.NOT_A_WARNING),
        (warning(1, sent=NOW - 8 * HOUR), Reason.EXPIRED),
        (warning(1, codes=("Materna:noPush",), identifier="mow.DE-X-20261122-1-000"), Reason.QUIET),
        (warning(1, parameters=(cap.NamedValue("awareness_level", "1; green; Minor"),)), Reason.NO_WARNING),
        (warning(1, urgency=cap.Urgency.FUTURE), Reason.ADVANCE),
    ],
    ids=lambda value: value if isinstance(value, Reason) else "",
)
async def test_what_is_recorded_and_not_sent(world: World, message: cap.Alert, reason: Reason) -> None:
    feed = await world.feed("x", "single")
    assert (await world.take(feed, message)).reason is reason
    rows = await world.rows()
    assert [(row["reason"], row["state"]) for row in rows] == [(reason, "recorded")]


async def test_green_after_yellow_is_an_all_clear(world: World) -> None:
    feed = await world.feed("meteoalarm", "index")
    yellow = warning(
        1, identifier="y", parameters=(cap.NamedValue("awareness_level", "2; yellow; Moderate"),)
    )
    green = update(
        2, yellow, identifier="g", parameters=(cap.NamedValue("awareness_level", "1; green; Minor"),)
    )
    await world.take(feed, yellow)
    await world.take(feed, green)
    assert await world.reasons() == ["first_notice", "all_clear"]


async def test_a_content_changed_under_its_identity_is_a_revision(world: World) -> None:
    feed = await world.feed("nina", "nina")
    await world.take(feed, warning(1))
    await world.take(feed, warning(1, headline="Jetzt schlimmer"))
    rows = await world.rows()
    assert [(row["reason"], row["revision"]) for row in rows] == [("first_notice", 0), ("update", 1)]


async def test_a_message_without_language_is_in_the_feeds_own(world: World) -> None:
    feed = await world.feed(default_language="de-DE")
    taken = await world.take(feed, warning(1, language=None))
    assert cap.parse(await world.alerts.raw(taken.alert_id)).alerts[0].infos[0].language == "de-DE"


async def test_a_message_without_end_gets_the_feeds_lifetime(world: World) -> None:
    feed = await world.feed(default_lifetime_h=3)
    taken = await world.take(feed, warning(1, lasts=None))
    assert taken.open_ended
    assert (await world.alerts.get(taken.alert_id)).expires == world.clock.now + 3 * HOUR


async def test_another_sources_account_of_the_same_event_is_merged(world: World) -> None:
    await world.take(await world.feed("dwd"), warning(1))
    other = warning(9, identifier="lhp-1", sender="lhp@x.example", sent=NOW + timedelta(minutes=5))
    merged = await world.take(await world.feed("lhp", "index"), other)
    assert merged.reason is Reason.MERGED
    assert await world.reasons() == ["first_notice"]


@pytest.mark.parametrize(
    "change",
    [
        {"places": (DUEREN, JUELICH)},
        {"event": "ORKAN", "event_codes": ()},
        {"lasts": 9 * HOUR},
        {"severity": cap.Severity.EXTREME},
        {"infos": ()},
    ],
)
async def test_what_differs_is_not_merged(world: World, change: dict[str, Any]) -> None:
    await world.take(await world.feed("dwd"), warning(1))
    other = warning(9, **{"identifier": "x", "sender": "lhp@x.example"} | change)
    taken = await world.take(await world.feed("lhp", "index"), other)
    assert taken.reason is not Reason.MERGED


async def test_an_unusable_message_says_why(world: World) -> None:
    feed = await world.feed()
    with pytest.raises(Unusable) as raised:
        await world.take(feed, warning(1, identifier=""))
    assert raised.value.code == "identity-missing"


@pytest.mark.parametrize(
    ("settings", "change", "doubt"),
    [
        ({"severities": ["Minor", "Moderate"]}, {}, "severity"),
        ({"statuses": []}, {}, "status"),
        ({"senders": ["other@x.example"]}, {}, "sender"),
        ({"signature": "required"}, {}, "signature"),
        ({}, {"sent": NOW + HOUR}, "clock"),
        ({}, {"areas": (cap.Area("Nirgendwo"),)}, "area"),
    ],
    ids=["severity", "status", "sender", "signature", "clock", "area"],
)
async def test_what_waits_for_a_person_is_not_sent(
    world: World, settings: dict[str, Any], change: dict[str, Any], doubt: str
) -> None:
    feed = await world.feed(**settings)
    message = warning(1, **change)
    taken = await world.take(feed, message, cap.render(message))
    assert taken.reason is Reason.HELD
    (held,) = await world.held.listed()
    assert held.held_for == doubt
    assert await world.held.count() == 1
    assert await depth(world.wake_ups, held.lane) == 0
    assert await world.alerts.raw_for(held.id, [DUEREN]) is None


async def test_grave_warnings_for_elsewhere_bother_nobody(world: World) -> None:
    feed = await world.feed(severities=["Minor"])
    assert (await world.take(feed, warning(1, places=(HANNOVER,)))).reason is Reason.ELSEWHERE


async def test_the_end_of_what_waits_ends_the_waiting(world: World) -> None:
    feed = await world.feed(severities=["Minor"])
    await world.take(feed, warning(1))
    await world.take(feed, cancel(2, warning(1)))
    assert await world.reasons() == ["superseded", "nothing_to_end"]
    assert await world.held.count() == 0


async def test_another_feed_may_send_what_this_one_must_hold(world: World) -> None:
    await world.take(await world.feed("nina", "nina", severities=["Minor"]), warning(1))
    trusted = await world.feed("dwd", senders=[SENDER])
    await world.take(trusted, warning(1, identifier=dwd_id(1, "DEU")))
    assert await world.reasons() == ["superseded", "first_notice"]


async def test_silence_is_worded_as_such(world: World) -> None:
    feed = await world.feed()
    first = await world.take(feed, warning(1))
    ended = await world.ingest.no_longer_listed(feed.rules, first.alert_id)
    stored = await world.alerts.get(ended.alert_id)
    assert stored.reason is Reason.NO_LONGER_LISTED
    assert stored.sender == "feed-dwd"
    info = cap.parse(await world.alerts.raw(ended.alert_id)).alerts[0].infos[0]
    assert info.description.startswith("Die Quelle führt diese Warnung nicht mehr.")
    assert info.instruction is None
    assert await world.ingest.no_longer_listed(feed.rules, first.alert_id) is None


async def test_silence_ends_only_what_holds(world: World) -> None:
    feed = await world.feed()
    first = await world.take(feed, warning(1))
    await world.take(feed, update(2, warning(1)))
    assert await world.ingest.no_longer_listed(feed.rules, first.alert_id) is None
    assert await world.ingest.no_longer_listed(feed.rules, "0" * 26) is None
    second = await world.take(feed, warning(3))
    world.clock.forward(hours=7)
    assert await world.ingest.no_longer_listed(feed.rules, second.alert_id) is None


async def test_a_warning_that_is_listed_again_is_told_again(world: World) -> None:
    feed = await world.feed()
    first = await world.take(feed, warning(1))
    await world.ingest.no_longer_listed(feed.rules, first.alert_id)
    await world.take(feed, warning(1))
    await world.take(feed, warning(1))
    assert await world.reasons() == ["first_notice", "no_longer_listed", "first_notice"]


async def test_an_all_clear_after_silence_is_not_a_second_message(world: World) -> None:
    feed = await world.feed()
    first = await world.take(feed, warning(1))
    await world.ingest.no_longer_listed(feed.rules, first.alert_id)
    await world.take(feed, cancel(2, warning(1)))
    assert (await world.reasons())[-1] == "already_ended"


async def test_what_nobody_foresaw_is_kept_and_not_raised(world: World) -> None:
    feed = await world.feed()
    (found,) = await world.ingest.prepare([None], feed.rules, NOW)
    assert isinstance(found, Unusable)
    assert json.dumps(found.detail)
