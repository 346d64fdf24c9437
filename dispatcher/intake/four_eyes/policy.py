"""Find what the policy asks of a warning: approval, timers, or nothing. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cap import Severity
from cap.severity import SEVERITY_ORDER
from dispatcher.model.approval.policy import ANY_SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dispatcher.model.approval.policy import PolicyRule


def rule_for(rules: Iterable[PolicyRule], source_id: str, severity: str, people: int) -> PolicyRule | None:
    """Return the rule that decides about a warning; None where the policy asks for nothing. Of several that apply it is
    the one that is said for the source most exactly, then for the gravest, then for the most people: so an exception
    needs no place in an order.
    """
    return next((rule for rule in ordered(rules) if _applies(rule, source_id, severity, people)), None)


def rule_uncounted(rules: Iterable[PolicyRule], source_id: str, severity: str) -> PolicyRule | None:
    """Return the rule that decides about a warning whose people could not be counted: of those that might, one that
    asks for a second person, else the first.
    """
    concerned = [rule for rule in ordered(rules) if _concerns(rule, source_id, severity)]
    return next((rule for rule in concerned if rule.is_needed), concerned[0] if concerned else None)


def may_concern(rules: Iterable[PolicyRule], source_id: str, severity: str) -> bool:
    """Whether any rule applies to a warning that is for enough people: else nobody needs to be counted."""
    return any(_concerns(rule, source_id, severity) for rule in rules)


def ordered(rules: Iterable[PolicyRule]) -> Sequence[PolicyRule]:
    """Return the rules in the order in which they are asked."""
    return sorted(rules, key=_rank)


def _rank(rule: PolicyRule) -> tuple[bool, int, str, int, int]:
    is_beginning = rule.source.endswith(ANY_SOURCE)
    return is_beginning, -len(rule.source), rule.source, _gravity(rule.severity), -rule.people


def _applies(rule: PolicyRule, source_id: str, severity: str, people: int) -> bool:
    return _concerns(rule, source_id, severity) and people >= rule.people


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
