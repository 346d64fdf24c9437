"""Collects every rule: its code, its weight under each policy, its section of the standard, its sentence in two
languages.
"""

from typing import Final

from cap.rules.content import CONDITIONS, FILES, PLACES, TIMES
from cap.rules.feeds import FEEDS
from cap.rules.profiles import PROFILES
from cap.rules.rule import Rule
from cap.rules.structure import STRUCTURE, WORDS

__all__ = ["RULES", "Rule"]

RULES: Final[dict[str, Rule]] = {
    rule.code: rule
    for table in (STRUCTURE, WORDS, TIMES, CONDITIONS, PLACES, FILES, FEEDS, PROFILES)
    for rule in table
}
