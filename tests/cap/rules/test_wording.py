"""A sentence says what is allowed, and what was done instead only where something was."""

import pytest

import cap
from cap.findings import Level, Problem
from cap.policy import LENIENT, STRICT
from cap.rules import RULES
from cap.rules.wording import ALLOWED, in_table, sentence

TEMPLATE = "{} is no word[ and was ignored]; allowed are {allowed}."


def problem(path: str = "/alert/info[1]/severity", detail: str = "severity “Schwer”") -> Problem:
    return Problem("enum-unknown", path, 3, detail)


def test_allowed_values_stand_in_the_standards_order() -> None:
    assert sentence(TEMPLATE, problem(), Level.ERROR) == (
        "severity “Schwer” is no word; allowed are Extreme, Severe, Moderate, Minor, Unknown."
    )
    several = problem("/alert/info[1]/category[2]")
    assert sentence("{allowed}", several, Level.ERROR).startswith("Geo, Met, ")


def test_what_was_done_instead_is_said_of_what_is_let_pass_only() -> None:
    assert "and was ignored" in sentence(TEMPLATE, problem(), Level.WARNING)
    assert "ignored" not in sentence(TEMPLATE, problem(), Level.ERROR)


def test_what_a_message_says_stays_as_it_is() -> None:
    odd = problem(detail="“[x] {allowed} {}”")
    assert "“[x] {allowed} {}”" in sentence(TEMPLATE, odd, Level.ERROR)


def test_the_table_shows_clauses_in_brackets() -> None:
    assert in_table(TEMPLATE) == "… is no word (and was ignored); allowed are …."


@pytest.mark.parametrize("code", ["time-unreadable", "element-unexpected", "number-invalid", "uri-invalid"])
def test_a_refused_message_is_not_said_to_have_been_read_otherwise(code: str) -> None:
    one = Problem(code, "/alert/info[1]/expires", 3, "expires “bald”")
    assert "übergangen" not in STRICT.judge(one).message_de
    assert "übergangen" in LENIENT.judge(one).message_de


def test_a_wrong_time_is_shown_a_right_one() -> None:
    one = Problem("time-unreadable", "/alert/info[1]/expires", 3, "expires “bald”")
    assert "2026-11-28T06:25:00+01:00" in STRICT.judge(one).message_de


def test_every_rule_that_names_allowed_values_is_about_words() -> None:
    named = {code for code, rule in RULES.items() if "{allowed}" in rule.message}
    assert named == {code for code, rule in RULES.items() if "{allowed}" in rule.message_de}
    assert named == {
        "status-unusable",
        "msg-type-unusable",
        "scope-unusable",
        "enum-spelling",
        "enum-unknown",
    }
    assert all(tuple(words) for words in ALLOWED.values())


def test_the_element_that_was_left_open_is_named() -> None:
    for body in (b"<alert>\n<info>\n<event>x\n</info>\n</alert>", b"<alert>\n<info>\n<event>x"):
        with pytest.raises(cap.CapError) as caught:
            cap.parse(body)
        assert "Das Element <event> aus Zeile 3 ist nicht geschlossen." in caught.value.message_de
        assert "<event> of line 3 is not closed." in str(caught.value)
    with pytest.raises(cap.CapError) as caught:
        cap.parse(b"nothing")
    assert "not closed" not in str(caught.value)
