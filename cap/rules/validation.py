"""Judges all problems of an alert by a policy."""

from cap.findings import Finding
from cap.model import Alert, Document
from cap.policy import STRICT, Policy
from cap.rules.conditions import conditions


def check(alert: Alert, policy: Policy = STRICT) -> tuple[Finding, ...]:
    """Returns every finding at once: what reading noticed and what the standard's prose demands, in order of lines.

    Every policy sees the same list and weighs it differently. It costs O(size of the alert) and reads nothing
    else.
    """
    problems = [*alert.problems, *conditions(alert)]
    problems.sort(key=lambda problem: problem.line or 0)
    return tuple(policy.judge(problem) for problem in problems)


def check_container(document: Document, policy: Policy = STRICT) -> tuple[Finding, ...]:
    """Returns the findings on the feed or bundle around the alerts."""
    return tuple(policy.judge(problem) for problem in document.problems)
