"""How many parts a warning's texts have."""

from channels.base import Cut, Line, Notice, Urgency
from channels.sms.contract import Contract
from dispatcher.sms.parts import ANY_LANGUAGE, NOT_COUNTED, TextParts, most_parts, parts_at
from tests.support.messages import NOW

LINES = (Line("WARNUNG: " + "Hochwasser an der Rur " * 8, cut=Cut.WORDS), Line("Gebiet: Jülich"))


def test_a_language_that_nobody_wrote_has_the_text_of_all_others() -> None:
    counted = TextParts({("alert", "de", "a"): 2, ("alert", ANY_LANGUAGE, "a"): 3})
    assert counted.of("alert", "de", "a") == 2
    assert counted.of("alert", "tr", "a") == 3
    assert counted.of("cancel", "de", "a") == 0
    assert NOT_COUNTED.of("alert", "de", "a") == 0


def test_parts_are_those_that_the_carrier_sends() -> None:
    notice = Notice("A", "c", "t", "text", b"{}", "de", Urgency.HIGH, NOW, LINES)
    assert parts_at(notice, [Contract("a"), Contract("short", max_parts=1)]) == {"a": 2, "short": 1}


def test_of_a_readers_languages_the_first_counts_in_which_there_is_a_text() -> None:
    counted = TextParts({("alert", "ru", "a"): 4, ("alert", "en", "a"): 2, ("alert", ANY_LANGUAGE, "a"): 3})
    assert [counted.of("alert", wanted, "a") for wanted in ("uk,ru,en", "en-GB,ru", "uk,tr")] == [4, 2, 3]


def test_the_most_parts_are_those_of_the_gateway_that_takes_the_most() -> None:
    assert most_parts([Contract("a", max_parts=2), Contract("b", max_parts=4)]) == 4
    assert most_parts([]) == 6
