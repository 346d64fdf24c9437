"""What is remembered of feeds from poll to poll."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.model.feeds import EntryState, FeedState, Overview
from dispatcher.model.vocabulary import FeedResult, Reason, Unresolved
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.feeds.quarantine import Quarantine
from tests.support.histories import submit
from tests.support.messages import HOUR, NOW

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def feeds(pool: Any) -> Feeds:
    feeds = Feeds(pool)
    await feeds.register(["dwd", "nina"])
    return feeds


def entry(key: str, **changes: Any) -> EntryState:
    return replace(EntryState("dwd", key, "p", "1", Reason.FIRST_NOTICE, NOW), **changes)


FULL = entry(
    "full",
    links=("https://x.example/1", "https://x.example/2"),
    tries=3,
    retry_at=NOW + MINUTE,
    event_key="k",
    expires=NOW + HOUR,
    open_ended=True,
    missed=-1,
    ended_at=NOW + HOUR,
)


async def test_a_feed_is_known_as_such_and_as_a_source_and_registering_it_again_changes_nothing(
    feeds: Feeds, pool: Any
) -> None:
    await feeds.save(FeedState("dwd", failures=3))
    await feeds.register(["dwd"])
    assert (await feeds.state("dwd")).failures == 3
    rows = await pool.fetch("SELECT id, senders, territory FROM source ORDER BY id")
    assert [tuple(row) for row in rows] == [("feed-dwd", [], []), ("feed-nina", [], [])]


async def test_a_state_comes_back_as_it_was_saved(feeds: Feeds) -> None:
    state = FeedState(
        "dwd",
        NOW,
        NOW - MINUTE,
        NOW - HOUR,
        NOW + MINUTE,
        2,
        FeedResult.REFUSED,
        "http 500",
        {"u": {"etag": "x"}},
    )
    await feeds.save(state)
    assert await feeds.state("dwd") == state
    assert await feeds.state("nina") == FeedState("nina")
    assert await feeds.state("nobody") == FeedState("nobody")


@pytest.mark.parametrize("changed", [True, False])
async def test_a_contact_is_a_success_and_a_change_only_if_it_was_one(feeds: Feeds, changed: bool) -> None:
    await feeds.save(FeedState("dwd", changed_at=NOW - HOUR))
    await feeds.record_contact("dwd", NOW, changed=changed)
    state = await feeds.state("dwd")
    assert (state.polled_at, state.succeeded_at, state.result) == (NOW, NOW, "changed")
    assert state.changed_at == (NOW if changed else NOW - HOUR)


async def test_entries_come_back_as_they_were_put_and_a_new_one_replaces_the_old(feeds: Feeds) -> None:
    await feeds.put([FULL, entry("a")])
    assert await feeds.entries("dwd") == {"full": FULL, "a": entry("a")}
    changed = replace(FULL, version="2", reason=Reason.UPDATE, links=(), tries=0, missed=1, ended_at=None)
    await feeds.put([replace(changed, first_seen=NOW + HOUR)])
    assert (await feeds.entries("dwd"))["full"] == changed, "when it was first seen stays"
    assert await feeds.entries("nina") == {}


@pytest.mark.parametrize(
    ("other", "still"),
    [
        (entry("b", event_key="k"), {"k"}),
        (entry("a", feed="nina", event_key="k"), {"k"}),
        (entry("b", event_key="k", ended_at=NOW), set()),
        (entry("b", event_key="other"), set()),
        (entry("gone too", event_key="k"), set()),
    ],
)
async def test_what_another_entry_tells_is_not_over(feeds: Feeds, other: EntryState, still: set[str]) -> None:
    gone = [entry("a", event_key="k"), entry("gone too", event_key="k"), entry("c", event_key="")]
    await feeds.put([*gone, other, entry("d", event_key="")])
    assert await feeds.still_listed("dwd", gone) == still


@pytest.mark.parametrize(
    ("later", "statement", "orphaned"),
    [
        (None, None, False),
        (Reason.CANCEL, None, True),
        (Reason.UPDATE, None, True),
        (Reason.NOT_ACTUAL, None, False),
        (None, "UPDATE alert SET expires = '2026-11-22T12:00:00Z'", True),
    ],
)
async def test_an_entry_whose_place_another_took_speaks_when_that_one_is_over(
    feeds: Feeds, pool: Any, alerts: Alerts, later: Reason | None, statement: str | None, orphaned: bool
) -> None:
    await submit(alerts, "A", expires=NOW + 6 * HOUR)
    await feeds.put([entry("a", reason=Reason.MERGED, alert_id="A", expires=NOW + HOUR)])
    if later:
        await submit(alerts, "B", chain="A", reason=later)
    if statement:
        await pool.execute(statement)
    assert await feeds.orphaned("dwd", NOW) == ({"a"} if orphaned else set())
    assert await feeds.orphaned("dwd", NOW + HOUR) == set(), "it is over itself"


async def test_a_warning_is_made_to_last_longer_and_never_shorter(feeds: Feeds, alerts: Alerts) -> None:
    for alert_id, hours in (("A", 1), ("B", 5)):
        await submit(alerts, alert_id, expires=NOW + hours * HOUR)
    await feeds.extend(["A", "B"], NOW + 3 * HOUR)
    found = [await alerts.get(one) for one in ("A", "B")]
    assert [one and one.expires for one in found] == [NOW + 3 * HOUR, NOW + 5 * HOUR]


async def test_only_what_ended_long_ago_is_forgotten(feeds: Feeds) -> None:
    await feeds.put([entry("old", ended_at=NOW - 2 * HOUR), entry("new", ended_at=NOW - HOUR), entry("here")])
    await feeds.forget(NOW, HOUR)
    assert set(await feeds.entries("dwd")) == {"new", "here"}


async def test_the_overview_counts_what_is_listed_and_what_lies_aside(feeds: Feeds, pool: Any) -> None:
    await feeds.put(
        [
            entry("a"),
            entry("b", reason=Unresolved.PENDING, links=("https://x.example/",)),
            entry("c", reason=Unresolved.PENDING),
            entry("over", ended_at=NOW),
        ]
    )
    await Quarantine(pool).put("nina", "x", b"x", "code", "", NOW)
    assert await feeds.overview(["nina", "dwd"]) == [
        Overview(FeedState("nina"), 0, {}, 0, 1),
        Overview(FeedState("dwd"), 3, {"first_notice": 1, "pending": 2}, 1, 0),
    ]


async def test_a_warning_that_was_delisted_is_known_in_all_its_revisions(
    feeds: Feeds, pool: Any, alerts: Alerts
) -> None:
    for name in ("A", "B"):
        await submit(alerts, name, identifier=name)
    notice = (("leitstelle@dueren.example", "A", NOW),)
    await submit(alerts, "N", chain="A", reason=Reason.NO_LONGER_LISTED, identifier="n", references=notice)
    await submit(alerts, "A1", chain="A", identifier="A", raw=b"again")
    await submit(alerts, "C", chain="B", reason=Reason.CANCEL, references=((*notice[0][:1], "B", NOW),))
    assert await feeds.delisted(["A", "B", "A1", "C"]) == {"A", "A1"}
    assert await feeds.delisted([]) == set()


async def test_states_are_given_in_the_order_asked_for_and_of_an_unknown_feed_an_empty_one(
    feeds: Feeds,
) -> None:
    saved = FeedState("nina", polled_at=NOW, result=FeedResult.CHANGED)
    await feeds.save(saved)
    assert await feeds.states(["nina", "new", "dwd"]) == [saved, FeedState("new"), FeedState("dwd")]
