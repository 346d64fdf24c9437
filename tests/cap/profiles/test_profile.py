"""What several profiles find in a message, by values."""

import cap
from cap.findings import Problem
from cap.profiles.profile import (
    Facts,
    breach,
    first_value,
    hazard_codes,
    no_problems,
    unchanged,
    values,
)
from tests.cap.profiles.alerts import alert, named

PAIRS = named(("a", ""), ("b", "1"), ("a", "2"), ("a", "3"))


def test_values_of_a_name_come_in_order_and_empty_ones_are_not_the_first() -> None:
    assert list(values(PAIRS, "a")) == ["", "2", "3"]
    assert (first_value(PAIRS, "a"), first_value(PAIRS, "c")) == ("2", None)


def test_hazards_are_named_once_over_all_infos() -> None:
    infos = [
        cap.Info(event_codes=named(("II", "61"), ("II", ""), ("GROUP", "RAIN"))),
        cap.Info(event_codes=named(("II", "61"), ("II", "62"))),
    ]
    assert hazard_codes(infos, "II", "DWD-II") == named(("DWD-II", "61"), ("DWD-II", "62"))


def test_a_breach_stands_at_its_element_or_else_at_the_alert() -> None:
    message = cap.Alert("s", "i", None, cap.Status.TEST, cap.MsgType.ALERT, cap.Scope.PUBLIC, line=2)
    assert breach(message, "profile-element", "/alert/info[1]", 9, "area") == Problem(
        "profile-element", "/alert/info[1]", 9, "area"
    )
    assert breach(message, "profile-element", "/alert", None).line == 2


def test_a_profile_without_knowledge_changes_and_finds_nothing() -> None:
    message = alert()
    assert unchanged(message) is message
    assert list(no_problems(message)) == []


def test_nothing_is_claimed_by_default() -> None:
    assert Facts() == Facts(key="", profiles=(), hazards=(), all_clear=False, is_test=False, quiet=False)
