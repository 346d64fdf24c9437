"""Every rule is whole in both languages, and weighs no more in a feed than in a submission."""

import re

import pytest

from cap.findings import Level
from cap.rules import RULES

WEIGHT = [Level.INFO, Level.WARNING, Level.ERROR]


@pytest.mark.parametrize("code", RULES)
def test_a_rule_is_whole(code: str) -> None:
    rule = RULES[code]
    assert rule.code == code
    assert re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", code)
    assert rule.section
    for sentence in (rule.message, rule.message_de):
        assert re.fullmatch(r"[^ ].*(\.|: \{\}|\{\}\.)", sentence)
    assert rule.message != rule.message_de
    assert rule.message.count("{}") == rule.message_de.count("{}") <= 1


@pytest.mark.parametrize("code", RULES)
def test_a_feed_is_never_judged_harder_than_a_submission(code: str) -> None:
    assert WEIGHT.index(RULES[code].lenient) <= WEIGHT.index(RULES[code].strict)
