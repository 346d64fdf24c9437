"""Policies weigh the same problems differently: two are given, an operator may add others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cap.findings import Finding, Level, Problem
from cap.rules import RULES
from cap.rules.wording import sentence


@dataclass(frozen=True, slots=True)
class Policy:
    """`strict` chooses the column of the rule table; `overrides` replaces single weights by code."""

    name: str
    strict: bool
    overrides: Mapping[str, Level] = field(default_factory=dict, hash=False)

    def weigh(self, code: str) -> Level:
        """Returns the weight of a problem under this policy. Raises KeyError for a code that no rule has."""
        rule = RULES[code]
        return self.overrides.get(code) or (rule.strict if self.strict else rule.lenient)

    def judge(self, problem: Problem) -> Finding:
        rule, level = RULES[problem.code], self.weigh(problem.code)
        return Finding(
            problem.code,
            level,
            problem.path,
            problem.line,
            sentence(rule.message, problem, level),
            sentence(rule.message_de, problem, level),
        )


STRICT: Final = Policy("strict", strict=True)
LENIENT: Final = Policy("lenient", strict=False)
