"""Which lane an alert travels in."""

from dataclasses import replace
from typing import Any

import pytest

import cap
from dispatcher.intake.lane import lane_of
from dispatcher.model.vocabulary import Lane
from tests.support.feed_messages import cancel, update, warning

ALL_CLEAR = (cap.ResponseType.ALL_CLEAR,)
MILD: dict[str, Any] = {"severity": cap.Severity.MINOR, "urgency": cap.Urgency.FUTURE}


@pytest.mark.parametrize(
    ("alert", "lane"),
    [
        (warning(severity=cap.Severity.EXTREME, certainty=cap.Certainty.OBSERVED), Lane.FLASH),
        (warning(severity=cap.Severity.SEVERE, certainty=cap.Certainty.LIKELY), Lane.FLASH),
        (warning(certainty=cap.Certainty.POSSIBLE), Lane.PRIORITY),
        (warning(certainty=cap.Certainty.UNLIKELY), Lane.PRIORITY),
        (warning(certainty=cap.Certainty.UNKNOWN), Lane.PRIORITY),
        (warning(urgency=cap.Urgency.EXPECTED), Lane.PRIORITY),
        (warning(urgency=cap.Urgency.FUTURE), Lane.PRIORITY),
        (warning(severity=cap.Severity.MODERATE), Lane.ROUTINE),
        (warning(severity=cap.Severity.UNKNOWN), Lane.ROUTINE),
        (warning(infos=()), Lane.ROUTINE),
        (cancel(2, warning(), **MILD), Lane.PRIORITY),
        (cancel(2, warning(), infos=()), Lane.PRIORITY),
        (update(2, warning(), response_types=ALL_CLEAR, **MILD), Lane.PRIORITY),
        (update(2, warning(), **MILD), Lane.ROUTINE),
        (cancel(2, warning()), Lane.FLASH),
        (warning(status=cap.Status.EXERCISE), Lane.EXERCISE),
        (cancel(2, warning(), status=cap.Status.TEST), Lane.EXERCISE),
    ],
)
def test_the_lane_follows_gravity_urgency_and_certainty(alert: cap.Alert, lane: Lane) -> None:
    assert lane_of(alert) is lane


def test_the_gravest_of_several_infos_decides() -> None:
    grave = warning().infos[0]
    mild = replace(grave, **MILD)
    likely = replace(grave, certainty=cap.Certainty.POSSIBLE)
    assert lane_of(replace(warning(), infos=(mild, grave))) is Lane.FLASH
    assert lane_of(replace(warning(), infos=(mild, likely))) is Lane.PRIORITY
    assert lane_of(replace(warning(), infos=(mild, mild))) is Lane.ROUTINE


def test_one_info_must_be_all_of_it() -> None:
    """A grave info and another that is certain and immediate are not a grave, certain and immediate one."""
    grave = replace(warning().infos[0], urgency=cap.Urgency.EXPECTED)
    certain = replace(warning().infos[0], severity=cap.Severity.MINOR)
    assert lane_of(replace(warning(), infos=(grave, certain))) is Lane.PRIORITY


@pytest.mark.parametrize(
    ("alert", "lane"),
    [
        (warning(severity=cap.Severity.EXTREME, certainty=cap.Certainty.OBSERVED), Lane.PRIORITY),
        (cancel(2, warning()), Lane.PRIORITY),
        (warning(severity=cap.Severity.MODERATE), Lane.ROUTINE),
        (warning(status=cap.Status.EXERCISE), Lane.EXERCISE),
    ],
)
def test_the_gravest_of_a_source_without_the_most_urgent_lane_travels_in_the_next(
    alert: cap.Alert, lane: Lane
) -> None:
    assert lane_of(alert, may_flash=False) is lane


@pytest.mark.parametrize("may_flash", [True, False])
def test_an_end_is_as_quick_as_what_it_ends(may_flash: bool) -> None:
    end = cancel(2, warning(), **MILD)
    assert lane_of(end, may_flash=may_flash, ended=[Lane.ROUTINE, Lane.FLASH]) is Lane.FLASH
    assert lane_of(end, may_flash=may_flash, ended=[Lane.ROUTINE]) is Lane.PRIORITY
    lapsed = update(2, warning(), **MILD)
    assert lane_of(lapsed, may_flash=may_flash, ended=[Lane.ROUTINE]) is Lane.PRIORITY


@pytest.mark.parametrize("ended", [(Lane.FLASH,), (Lane.PRIORITY,), (Lane.ROUTINE, Lane.PRIORITY)])
def test_a_correction_of_what_was_grave_overtakes_everything(ended: tuple[Lane, ...]) -> None:
    mild = cancel(2, warning(), **MILD)
    assert lane_of(mild, ended=ended, corrects=True) is Lane.FLASH
    assert lane_of(mild, ended=ended, may_flash=False, corrects=True) is Lane.FLASH


def test_a_correction_of_what_was_routine_wakes_nobody() -> None:
    assert lane_of(cancel(2, warning(), **MILD), ended=[Lane.ROUTINE], corrects=True) is Lane.PRIORITY
