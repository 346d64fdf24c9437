"""The sentences about approvals."""

from cap import Severity
from dispatcher.console.approval_words import APPROVAL_WORDS
from dispatcher.console.words import WORDS
from dispatcher.intake.correction.prepared import Falsehood
from dispatcher.texts.words.catalogues import CATALOGUES


def test_they_are_a_part_of_all_and_replace_none() -> None:
    assert {name: WORDS[name] for name in APPROVAL_WORDS} == dict(APPROVAL_WORDS)


def test_every_severity_and_language_has_a_name() -> None:
    assert {f"severity_{one.value}" for one in Severity} <= set(APPROVAL_WORDS)
    assert {f"language_{one}" for one in CATALOGUES} <= set(APPROVAL_WORDS)


def test_everything_that_may_have_been_wrong_has_a_button() -> None:
    for what in Falsehood:
        wanted = {f"correct_{what}", f"correct_now_{what}"}
        assert wanted | {f"drill_{name}" for name in wanted} <= set(APPROVAL_WORDS)
