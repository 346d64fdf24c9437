"""The tables together: every rule once, whole in both languages."""

import re

import pytest

from cap.findings import Level
from cap.rules import RULES
from cap.rules.content import CONDITIONS, FILES, PLACES, TIMES
from cap.rules.feeds import FEEDS
from cap.rules.profiles import PROFILES
from cap.rules.structure import STRUCTURE, WORDS
from tests.cap.rules.breaches import codes_of

TABLES = (STRUCTURE, WORDS, TIMES, CONDITIONS, PLACES, FILES, FEEDS, PROFILES)
WEIGHT = [Level.INFO, Level.WARNING, Level.ERROR]


def test_every_rule_of_every_table_is_there_once() -> None:
    assert set(RULES) == codes_of(*TABLES)
    assert len(RULES) == sum(map(len, TABLES))


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
