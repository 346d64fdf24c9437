"""An entry of a list and the row that is remembered of it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import cap
from dispatcher.feeds.configuration import FeedSettings, feed_of
from dispatcher.feeds.entry import FeedEntry
from dispatcher.feeds.entry_state import (
    UPDATE_PATIENCE,
    FetchedEntry,
    acting_since,
    is_due,
    is_irrelevant,
    retry_entry,
    row_of,
    summary_message,
)
from dispatcher.intake.prepare import Incoming, Unusable
from dispatcher.model.feeds import EntryState, IngestResult
from dispatcher.model.vocabulary import ENDING_REASONS, Reason, Unresolved
from tests.support.feed_messages import HOUR, NOW, cancel, update, warning

FEED = feed_of(FeedSettings(name="nina", adapter="nina", urls=("https://x.example/",), interval_s=60))
LINK = ("https://x.example/1.json",)
MINUTE = timedelta(minutes=1)
INCOMING = Incoming(warning(), b"")
SUMMARY = warning()


def row(**changes: Any) -> EntryState:
    return replace(EntryState("nina", "k", "p", "1", Unresolved.PENDING, NOW - HOUR), **changes)


@pytest.mark.parametrize(
    ("changes", "due"),
    [
        ({}, False),
        ({"links": LINK}, True),
        ({"links": LINK, "retry_at": NOW}, True),
        ({"links": LINK, "retry_at": NOW + timedelta(microseconds=1)}, False),
        ({"links": LINK, "ended_at": NOW - HOUR}, False),
    ],
)
def test_a_message_is_due_that_is_missing_and_whose_time_has_come(changes: dict[str, Any], due: bool) -> None:
    assert is_due(row(**changes), NOW) is due


def test_a_missing_message_is_asked_for_again_by_what_was_remembered() -> None:
    assert retry_entry(row(links=LINK)) == FeedEntry("k", "1", links=LINK)


PATIENCE = 12 * HOUR


@pytest.mark.parametrize(
    ("entries", "rows", "since"),
    [
        ([], [], PATIENCE),
        ([{"dated": NOW - HOUR}], [], PATIENCE),
        ([{"dated": NOW - 20 * HOUR}], [], 20 * HOUR),
        ([{"dated": None}], [], PATIENCE),
        ([{"dated": NOW - 20 * HOUR, "expires": NOW}], [], PATIENCE),
        ([], [{"first_seen": NOW - 30 * HOUR, "reason": Reason.UPDATE, "expires": NOW + HOUR}], 30 * HOUR),
        ([], [{"first_seen": NOW - 30 * HOUR, "reason": Reason.UPDATE, "expires": NOW}], PATIENCE),
        ([], [{"first_seen": NOW - 30 * HOUR, "reason": Reason.UPDATE}], PATIENCE),
        ([], [{"first_seen": NOW - 30 * HOUR, "reason": Reason.CANCEL, "expires": NOW + HOUR}], PATIENCE),
    ],
    ids=[
        "nothing holds",
        "what is young counts",
        "an old one that holds",
        "undated",
        "what is over ends nothing that matters",
        "a warning of record",
        "one that ran out",
        "one of which nobody knows the end",
        "an end",
    ],
)
def test_what_acts_on_something_is_younger_than_the_oldest_warning(
    entries: list[dict[str, Any]], rows: list[dict[str, Any]], since: timedelta
) -> None:
    listed = [replace(FeedEntry("k", "1", expires=NOW + HOUR), **changes) for changes in entries]
    known = [row(**changes) for changes in rows]
    assert acting_since(listed, known, NOW, PATIENCE) == NOW - since


@pytest.mark.parametrize(
    ("changes", "irrelevant"),
    [
        ({}, False),
        ({"dated": NOW}, False),
        ({"dated": NOW - 13 * HOUR}, True),
        ({"msg_type": cap.MsgType.ALERT}, True),
        ({"msg_type": cap.MsgType.ACK}, True),
        ({"msg_type": cap.MsgType.CANCEL}, False),
        ({"msg_type": cap.MsgType.UPDATE, "dated": NOW - HOUR}, False),
        ({"msg_type": cap.MsgType.UPDATE, "dated": NOW - 13 * HOUR}, True),
        ({"msg_type": cap.MsgType.ALERT, "expires": NOW + HOUR}, False),
        ({"dated": NOW - 13 * HOUR, "expires": None}, False),
    ],
)
def test_an_end_that_is_over_itself_is_fetched_and_a_warning_that_is_over_is_not(
    changes: dict[str, Any], irrelevant: bool
) -> None:
    over = replace(FeedEntry("k", "1", links=LINK, expires=NOW), **changes)
    assert is_irrelevant(over, NOW - PATIENCE, NOW) is irrelevant


UNRELATED = update(2, warning())
UNRELATED = replace(UNRELATED, references=())


@pytest.mark.parametrize(
    ("summary", "before", "told"),
    [
        (None, None, False),
        (SUMMARY, None, True),
        (SUMMARY, row(), True),
        (SUMMARY, row(alert_id="A"), False),
        (cancel(2, warning()), row(alert_id="A"), True),
        (update(2, warning()), None, True),
        (UNRELATED, None, False),
        (UNRELATED, row(tries=UPDATE_PATIENCE - 1), False),
        (UNRELATED, row(tries=UPDATE_PATIENCE), True),
        (UNRELATED, row(tries=UPDATE_PATIENCE, alert_id="A"), False),
    ],
    ids=[
        "the list says nothing",
        "the first that is heard of it",
        "its message was missing before",
        "people know it",
        "its end, and people know it",
        "an update that says of what",
        "an update of nobody knows what",
        "which is given time",
        "and has had it",
        "but people know it",
    ],
)
def test_the_lists_own_words_stand_in_for_a_message_of_which_nobody_has_heard(
    summary: cap.Alert | None, before: EntryState | None, told: bool
) -> None:
    found = summary_message(FeedEntry("k", "1", links=LINK, summary=summary), before)
    assert bool(found) is told
    if told:
        assert summary is not None
        assert found == (Incoming(summary, cap.render(summary)),)


def entry(**changes: Any) -> FeedEntry:
    return replace(FeedEntry("k", "2", links=LINK, expires=NOW + HOUR), **changes)


def made(
    fetched: FetchedEntry,
    taken: IngestResult | Unusable | None = None,
    before: EntryState | None = None,
) -> EntryState:
    return row_of(FEED, "p", fetched, taken, before, NOW)


TAKEN = IngestResult(Reason.FIRST_NOTICE, "A", "key", NOW + 6 * HOUR, open_ended=True)


def test_a_message_that_was_taken_is_remembered_with_what_became_of_it() -> None:
    assert made(FetchedEntry(entry(), (INCOMING,)), TAKEN) == EntryState(
        feed="nina",
        key="k",
        part="p",
        version="2",
        reason=Reason.FIRST_NOTICE,
        first_seen=NOW,
        event_key="key",
        alert_id="A",
        expires=NOW + 6 * HOUR,
        open_ended=True,
    )


@pytest.mark.parametrize("reason", Reason)
def test_an_end_is_never_open_ended(reason: Reason) -> None:
    """Else it would be made to last for as long as it is listed."""
    found = made(FetchedEntry(entry(), (INCOMING,)), replace(TAKEN, reason=reason))
    assert found.open_ended is (reason not in ENDING_REASONS)


def test_what_is_not_looked_at_again_stays_as_it_was() -> None:
    before = row(reason=Reason.UPDATE, alert_id="A", event_key="key", expires=NOW + HOUR, open_ended=True)
    found = made(FetchedEntry(entry()), before=before)
    assert found == replace(before, version="2")


@pytest.mark.parametrize(
    ("fetched", "taken", "reason"),
    [
        (FetchedEntry(entry()), None, Unresolved.PENDING),
        (FetchedEntry(entry(), over=True), None, Reason.EXPIRED),
        (FetchedEntry(entry(), broken=True), None, Unresolved.QUARANTINED),
        (FetchedEntry(entry()), Unusable("not-cap", ""), Unresolved.QUARANTINED),
        (FetchedEntry(entry(), broken=True), TAKEN, Reason.FIRST_NOTICE),
    ],
)
def test_why_nothing_is_known_of_an_entry_is_remembered(
    fetched: FetchedEntry, taken: IngestResult | Unusable | None, reason: Reason | Unresolved
) -> None:
    assert made(fetched, taken).reason is reason


@pytest.mark.parametrize(
    ("tries", "pause_s", "retry_at"),
    [
        (None, 0.0, NOW + MINUTE),
        (2, 0.0, NOW + MINUTE),
        (3, 0.0, NOW + 2 * MINUTE),
        (0, 90.0, NOW + 1.5 * MINUTE),
    ],
)
def test_a_message_that_could_not_be_had_is_asked_for_later_by_its_links(
    tries: int | None, pause_s: float, retry_at: datetime
) -> None:
    before = None if tries is None else row(tries=tries)
    found = made(FetchedEntry(entry(), waits=True, pause_s=pause_s), before=before)
    assert (found.links, found.tries, found.retry_at) == (LINK, (tries or 0) + 1, retry_at)


def test_a_message_that_came_after_all_is_not_asked_for_again() -> None:
    found = made(FetchedEntry(entry(), (INCOMING,)), TAKEN, row(links=LINK, tries=4, retry_at=NOW))
    assert (found.links, found.tries, found.retry_at) == ((), 0, None)


@pytest.mark.parametrize(
    ("fetched", "before", "version"),
    [
        (FetchedEntry(entry(summary=SUMMARY), waits=True), None, ""),
        (FetchedEntry(entry(summary=SUMMARY), (INCOMING,), waits=True), None, "2"),
        (FetchedEntry(entry(summary=SUMMARY), waits=True), row(alert_id="A"), "2"),
        (FetchedEntry(entry(), waits=True), None, "2"),
        (FetchedEntry(entry(summary=SUMMARY)), None, "2"),
    ],
    ids=["words not told yet", "words told", "people know it", "no words", "the message is there"],
)
def test_an_entry_whose_own_words_may_be_needed_still_is_read_from_the_list_again(
    fetched: FetchedEntry, before: EntryState | None, version: str
) -> None:
    assert made(fetched, before=before).version == version


def test_when_an_entry_was_first_seen_and_until_when_it_holds_is_kept() -> None:
    new, known = made(FetchedEntry(entry())), made(FetchedEntry(entry()), before=row(expires=NOW + 9 * HOUR))
    assert (new.first_seen, new.expires) == (NOW, NOW + HOUR)
    assert (known.first_seen, known.expires) == (NOW - HOUR, NOW + 9 * HOUR)
