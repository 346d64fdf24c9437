"""The tables together: every rule is there once."""

from cap.rules import RULES
from cap.rules.content import CONDITIONS, FILES, PLACES, TIMES
from cap.rules.feeds import FEEDS
from cap.rules.profiles import PROFILES
from cap.rules.structure import STRUCTURE, WORDS
from tests.cap.rules.breaches import codes_of

TABLES = (STRUCTURE, WORDS, TIMES, CONDITIONS, PLACES, FILES, FEEDS, PROFILES)


def test_every_rule_of_every_table_is_there_once() -> None:
    assert set(RULES) == codes_of(*TABLES)
    assert len(RULES) == sum(map(len, TABLES))
