"""Reasons of the record, in words."""

from cap import MsgType
from dispatcher.api.approvals.withdrawing import WITHDRAWN
from dispatcher.desk_texts.reasons import REASON_WORDS, why_said
from dispatcher.intake.correction.prepared import Falsehood
from dispatcher.intake.four_eyes.deciding import BY_POLICY, UNNEEDED
from dispatcher.intake.four_eyes.states import DecisionRefusal
from dispatcher.model.problems import ProblemType


def test_what_nobody_wrote_is_said_in_the_language_of_the_page() -> None:
    assert why_said("nobody decided in time", "de") == "niemand hat rechtzeitig entschieden"
    assert why_said("Cancel", "de") == "durch eine Aufhebung"
    assert why_said("false-alarm", "en") == "false alarm"
    assert why_said("not_seen", "en") == "what was seen is not what waited"


def test_what_a_person_wrote_is_shown_as_it_is() -> None:
    assert why_said("falscher Ort", "en") == "falscher Ort"
    assert why_said("", "de") == ""


def test_all_that_the_record_gives_as_a_reason_has_words() -> None:
    withdrawing = {MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL}
    named = {
        *DecisionRefusal,
        *Falsehood,
        *withdrawing,
        BY_POLICY,
        UNNEEDED,
        WITHDRAWN,
        ProblemType.OUTSIDE_TERRITORY,
    }
    assert {str(one) for one in named} == set(REASON_WORDS)
