"""A list against what is remembered of it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.feeds.entry import FeedEntry, Listing, UnreadablePart
from dispatcher.feeds.listing_diff import (
    MASS_DISAPPEARANCE_MIN,
    SUSPENDED,
    Difference,
    compare,
    compare_unchanged,
    ended,
    suspend_misses,
)
from dispatcher.model.feeds import EntryState
from dispatcher.model.vocabulary import Reason
from tests.support.feed_messages import NOW

MISSES = 2
Known = dict[str, EntryState]


def row(key: str, **changes: Any) -> EntryState:
    return replace(EntryState("x", key, "p", "1", Reason.FIRST_NOTICE, NOW), **changes)


def rows(count: int, **changes: Any) -> Known:
    return {f"e{number}": row(f"e{number}", **changes) for number in range(count)}


def listing(*keys: str, broken: tuple[str, ...] = ()) -> Listing:
    """Entries in the version that `row` has."""
    return Listing(
        tuple(FeedEntry(key, "1") for key in keys),
        tuple(UnreadablePart(key, b"", "not-xml", "") for key in broken),
    )


def outcome(found: Difference) -> tuple[list[str], dict[str, int], list[str]]:
    """Keys that are fresh, misses by key of those counted, keys that are gone."""
    return (
        [one.key for one in found.fresh],
        {one.key: one.missed for one in found.counted},
        [one.key for one in found.gone],
    )


def test_an_ended_entry_is_not_missed_again() -> None:
    known = {"a": row("a", ended_at=NOW), "b": row("b", missed=1)}
    found = compare(known, Listing((FeedEntry("b", "1"),)), 2)
    assert [one.key for one in found.counted] == ["b"]
    assert found.counted[0].missed == 0
    assert (found.fresh, found.gone) == ((), ())


def test_a_changed_entry_that_had_been_missing_is_only_fresh() -> None:
    found = compare({"b": row("b", missed=1)}, Listing((FeedEntry("b", "2"),)), 2)
    assert [one.key for one in found.fresh] == ["b"]
    assert found.counted == ()


@pytest.mark.parametrize(
    ("known", "listed", "expected"),
    [
        ({}, listing(), ([], {}, [])),
        ({}, listing("a"), (["a"], {}, [])),
        ({"a": row("a")}, listing("a"), ([], {}, [])),
        ({"a": row("a", version="0")}, listing("a"), (["a"], {}, [])),
        ({"a": row("a", ended_at=NOW)}, listing("a"), (["a"], {}, [])),
        ({"a": row("a")}, listing(), ([], {"a": 1}, [])),
        ({"a": row("a", missed=1)}, listing(), ([], {}, ["a"])),
        ({"a": row("a", missed=SUSPENDED)}, listing(), ([], {"a": 1}, [])),
        ({"a": row("a", missed=1)}, listing("a"), ([], {"a": 0}, [])),
        ({"a": row("a", missed=SUSPENDED)}, listing("a"), ([], {"a": 0}, [])),
        ({"a": row("a", missed=1)}, listing(broken=("a",)), ([], {"a": 0}, [])),
        ({"a": row("a"), "b": row("b")}, listing("b"), ([], {"a": 1}, [])),
        ({"a": row("a", missed=1), "b": row("b")}, listing("b", "c"), (["c"], {}, ["a"])),
    ],
    ids=[
        "nothing",
        "new",
        "the same",
        "changed",
        "back after its end",
        "missing once",
        "missing often enough",
        "no longer excused",
        "back after a miss",
        "back after an excuse",
        "there, though unreadable",
        "one of two missing",
        "all at once",
    ],
)
def test_what_a_list_changes(
    known: Known, listed: Listing, expected: tuple[list[str], dict[str, int], list[str]]
) -> None:
    assert outcome(compare(known, listed, MISSES)) == expected


@pytest.mark.parametrize(
    ("known", "needed"),
    [
        (rows(MASS_DISAPPEARANCE_MIN - 1), MISSES),
        (rows(MASS_DISAPPEARANCE_MIN), 3 * MISSES),
        (rows(MASS_DISAPPEARANCE_MIN) | {"over": row("over", ended_at=NOW)}, 3 * MISSES),
    ],
)
@pytest.mark.parametrize("unchanged", [True, False], ids=["unchanged list", "empty list"])
def test_when_everything_vanishes_at_once_more_misses_are_needed(
    known: Known, needed: int, unchanged: bool
) -> None:
    for missed in range(1, needed):
        found = compare(known, listing(), MISSES)
        assert (set(found.gone), {one.missed for one in found.counted}) == (set(), {missed})
        known = known | {one.key: one for one in found.counted}
    last = compare_unchanged(known, MISSES) if unchanged else compare(known, listing(), MISSES)
    assert len(last.gone) == sum(one.ended_at is None for one in known.values())


def test_one_entry_that_stays_makes_many_missing_ones_no_mass_disappearance() -> None:
    known = rows(MASS_DISAPPEARANCE_MIN + 1, missed=MISSES - 1)
    assert len(compare(known, listing("e0"), MISSES).gone) == MASS_DISAPPEARANCE_MIN


def test_an_unchanged_list_counts_again_what_was_missing_and_nothing_else() -> None:
    known = {
        "there": row("there"),
        "missing": row("missing", missed=1),
        "new miss": row("new miss", missed=MISSES),
        "excused": row("excused", missed=SUSPENDED),
        "over": row("over", missed=1, ended_at=NOW),
    }
    assert outcome(compare_unchanged(known, MISSES + 1)) == ([], {"missing": 2}, ["new miss"])


@pytest.mark.parametrize(
    ("before", "new", "any_at_all", "counted", "gone"),
    [
        (0, False, False, {"a": 1}, []),
        (0, False, True, {"a": 1}, []),
        (0, True, True, {"a": SUSPENDED}, []),
        (1, True, True, {}, ["a"]),
        (1, False, False, {}, ["a"]),
        (SUSPENDED, False, True, {"a": SUSPENDED}, []),
        (SUSPENDED, False, False, {"a": 1}, []),
    ],
    ids=[
        "nothing is unreadable",
        "what is unreadable was there before",
        "something unreadable came when it went",
        "it had been missing before",
        "missing often enough",
        "excused as long as anything is unreadable",
        "excused no longer",
    ],
)
def test_what_nobody_can_read_may_be_what_is_missing(
    before: int, new: bool, any_at_all: bool, counted: dict[str, int], gone: list[str]
) -> None:
    known = {"a": row("a", missed=before)}
    found = suspend_misses(compare(known, listing(), MISSES), known, new=new, any_at_all=any_at_all)
    assert outcome(found) == ([], counted, gone)


def test_what_would_be_gone_at_its_first_miss_is_excused_too() -> None:
    known = {"a": row("a")}
    found = suspend_misses(compare(known, listing(), 1), known, new=True, any_at_all=True)
    assert outcome(found) == ([], {"a": SUSPENDED}, [])


def test_an_excuse_leaves_alone_what_is_back_and_what_is_fresh() -> None:
    known = {"a": row("a", missed=1)}
    found = suspend_misses(compare(known, listing("a", "b"), MISSES), known, new=True, any_at_all=True)
    assert outcome(found) == (["b"], {"a": 0}, [])
    excused = {"a": row("a", missed=SUSPENDED)}
    found = suspend_misses(compare(excused, listing("a"), MISSES), excused, new=False, any_at_all=True)
    assert outcome(found) == ([], {"a": 0}, [])


def test_nothing_more_is_fetched_for_what_has_ended() -> None:
    over = ended(row("a", links=("https://x.example/a",), retry_at=NOW, alert_id="A"), NOW + timedelta(1))
    assert over == row("a", alert_id="A", ended_at=NOW + timedelta(1))
