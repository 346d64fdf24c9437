"""Find what the policy asks of a warning: approval, timers, or nothing. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cap import Severity
from cap.severity import SEVERITY_ORDER
from dispatcher.model.approval.policy import ANY_SOURCE, Timers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import timedelta

    from dispatcher.model.approval.policy import PolicyRule


def rule_for(rules: Iterable[PolicyRule], source_id: str, severity: str, people: int) -> PolicyRule | None:
    """Return the rule that decides about a warning; None where the policy asks for nothing. Of several that apply it is
    the one that is said for the source most exactly, then for the gravest, then for the most people: so an exception
    needs no place in an order.
    """
    return rule_counted(open_rules(rules, source_id, severity), people)


def open_rules(rules: Iterable[PolicyRule], source_id: str, severity: str) -> list[PolicyRule]:
    """Return the rules one of which decides about a warning whose people are not counted, in the order in which they
    are asked. Behind one for any number of people none is ever asked.
    """
    concerned = [rule for rule in ordered(rules) if _concerns(rule, source_id, severity)]
    last = next((n for n, rule in enumerate(concerned) if rule.people <= 0), len(concerned))
    return concerned[: last + 1]


def rule_uncounted(found: Sequence[PolicyRule], *, in_doubt: bool = False) -> PolicyRule:
    """Return the rule that decides about a warning for as long as its people are not counted, of those that might,
    which are not none: one that asks for a second person, else the first. People hear of it as soon as any of those
    would have them, and it is released no sooner than by the last of them. `in_doubt`: it is held for more than the
    policy, so that a rule that asks nobody, or none at all, would not let it go out at once either.
    """
    asking = [rule for rule in found if rule.is_needed]
    deciding = asking or found
    waiting = found if in_doubt or not asking else asking
    # With fewer people than any rule is for, what is in doubt waits for ever.
    is_ever = waiting is asking or found[-1].people <= 0
    timers = Timers(
        _first(rule.timers.remind for rule in deciding),
        _first(rule.timers.escalate for rule in deciding),
        _last([rule.timers.release for rule in waiting]) if is_ever else None,
    )
    return replace(deciding[0], timers=timers)


def rule_counted(found: Iterable[PolicyRule], people: int) -> PolicyRule | None:
    """Return the rule that decides about a warning to so many people, of those that might, in their order; None where
    the policy asks for nothing.
    """
    return next((rule for rule in found if people >= rule.people), None)


def may_concern(rules: Iterable[PolicyRule], source_id: str, severity: str) -> bool:
    """Whether any rule applies to a warning that is for enough people: else nobody needs to be counted."""
    return any(_concerns(rule, source_id, severity) for rule in rules)


def ordered(rules: Iterable[PolicyRule]) -> Sequence[PolicyRule]:
    """Return the rules in the order in which they are asked."""
    return sorted(rules, key=_rank)


def _first(times: Iterable[timedelta | None]) -> timedelta | None:
    return min((one for one in times if one is not None), default=None)


def _last(times: Sequence[timedelta | None]) -> timedelta | None:
    """Return the latest time; None, which is never, where one of them is that."""
    known = [one for one in times if one is not None]
    return max(known) if len(known) == len(times) else None


def _rank(rule: PolicyRule) -> tuple[bool, int, str, int, int]:
    is_beginning = rule.source.endswith(ANY_SOURCE)
    return is_beginning, -len(rule.source), rule.source, _gravity(rule.severity), -rule.people


def _concerns(rule: PolicyRule, source_id: str, severity: str) -> bool:
    return _is_of(rule.source, source_id) and _is_as_grave(severity, rule.severity)


def _is_of(pattern: str, source_id: str) -> bool:
    if pattern.endswith(ANY_SOURCE):
        return source_id.startswith(pattern.removesuffix(ANY_SOURCE))
    return source_id == pattern


def _is_as_grave(severity: str, at_least: str) -> bool:
    return _gravity(severity) <= _gravity(at_least)


def _gravity(severity: str) -> int:
    return SEVERITY_ORDER.index(Severity(severity))
