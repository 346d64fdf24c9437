"""The order of the desk's lists, and what an entry says of its alert."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.console.approvals import longest_waiting_first
from dispatcher.console.desk.overview import (
    HOUSEKEEPING,
    DeskEntry,
    DeskList,
    DeskReading,
    gravest_first,
    is_correctable,
    remarkable,
    version_of,
)
from dispatcher.console.desk.readiness import CanWarn, ServiceReadiness
from dispatcher.model.status import Owed, RecipientProgress
from dispatcher.model.vocabulary import AlertState, Reason
from tests.support.messages import HOUR, NOW, stored

ALERT = stored()
ALERTS = [
    replace(ALERT, id=name, severity=severity, received_at=NOW + hours * HOUR)
    for name, severity, hours in (
        ("D", "Minor", 5),
        ("B", "Extreme", 1),
        ("A", "Extreme", 1),
        ("C", "Extreme", 2),
        ("E", "Unheard", 9),
    )
]


@pytest.mark.parametrize("given", [ALERTS, ALERTS[::-1]], ids=["one way", "the other way round"])
def test_equally_grave_ones_have_one_order(given: Any) -> None:
    assert [one.id for one in gravest_first(given)] == ["C", "B", "A", "D", "E"]
    assert [one.id for one in longest_waiting_first(given)] == ["A", "B", "C", "D", "E"]


@pytest.mark.parametrize("reason", Reason)
def test_what_a_control_centre_submitted_is_never_left_out(reason: Reason) -> None:
    own, feeds = replace(ALERT, reason=reason), replace(ALERT, reason=reason, source_id="feed-dwd")
    assert remarkable([own, feeds]) == ([own] if reason in HOUSEKEEPING else [own, feeds])


def test_an_entry_counts_each_person_once() -> None:
    owed = (Owed("sms", "a", "queued", "", 2), Owed("app", "b", "down", "", 3))
    entry = DeskEntry(ALERT, progress=RecipientProgress(5, owed, owed[:1]))
    assert (entry.waiting, entry.failed) == (5, 2)
    assert (DeskEntry(ALERT).waiting, DeskEntry(ALERT).failed) == (0, 0)


def test_an_entry_says_where_it_came_from_and_why_it_waits() -> None:
    held = replace(
        ALERT, state=AlertState.HELD, held_for="audience: 5 of 7", source_id="feed-dwd", status="Test"
    )
    entry = DeskEntry(held)
    assert (entry.source, entry.is_of_a_feed, entry.is_held, entry.is_sent) == ("dwd", True, True, False)
    assert (entry.held_for, entry.other_status) == (["audience"], "Test")
    assert DeskEntry(replace(ALERT, held_for="approval, area")).held_for == ["approval", "area"]
    assert (DeskEntry(ALERT).source, DeskEntry(ALERT).other_status) == (ALERT.source_id, "")
    assert DeskEntry(replace(ALERT, reason=Reason.CANCEL)).is_ending


READY = ServiceReadiness(CanWarn.READY)
READING = DeskReading(NOW, (DeskList("in_force", [ALERT]),), counts={ALERT.id: RecipientProgress(5)})


@pytest.mark.parametrize(
    "changed",
    [
        replace(READING, now=NOW + timedelta(minutes=1)),
        replace(READING, counts={ALERT.id: RecipientProgress(6)}),
        replace(READING, lists=(DeskList("in_force", [replace(ALERT, stopped_by="B")]),)),
        replace(READING, lists=(DeskList("in_force", [ALERT], left_out=1),)),
        replace(READING, lists=(DeskList("sent", [ALERT]),)),
    ],
)
def test_a_version_changes_with_what_the_desk_shows(changed: Any) -> None:
    assert version_of(READING, READY) == version_of(replace(READING), READY)
    assert version_of(changed, READY) != version_of(READING, READY)
    assert version_of(READING, ServiceReadiness(CanWarn.UNABLE)) != version_of(READING, READY)


def test_what_is_in_force_is_corrected_but_a_feeds() -> None:
    assert is_correctable(ALERT, NOW)
    assert is_correctable(replace(ALERT, reason=Reason.DRILL), NOW)
    for change in (
        {"source_id": "feed-dwd"},
        {"stopped_by": "B"},
        {"reason": Reason.CANCEL},
        {"expires": NOW},
    ):
        assert not is_correctable(replace(ALERT, **change), NOW), change
