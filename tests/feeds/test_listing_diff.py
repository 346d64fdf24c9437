"""A list against what is remembered of it."""

from dataclasses import replace
from typing import Any

from dispatcher.feeds.entry import FeedEntry, Listing
from dispatcher.feeds.listing_diff import compare
from dispatcher.model.feeds import EntryState
from tests.support.feed_messages import NOW


def row(key: str, **changes: Any) -> Any:
    return replace(EntryState("x", key, "p", "1", "first_notice", NOW), **changes)


def test_an_ended_entry_is_not_missed_again() -> None:
    known = {"a": row("a", ended_at=NOW), "b": row("b", missed=1)}
    found = compare(known, Listing((FeedEntry("b", "1"),)), 2)
    assert [one.key for one in found.counted] == ["b"]
    assert found.counted[0].missed == 0
    assert found.fresh == found.gone == ()


def test_a_changed_entry_that_had_been_missing_is_only_fresh() -> None:
    found = compare({"b": row("b", missed=1)}, Listing((FeedEntry("b", "2"),)), 2)
    assert [one.key for one in found.fresh] == ["b"]
    assert found.counted == ()
