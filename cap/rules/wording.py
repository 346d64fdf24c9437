"""Writes the sentence of one problem: with what is allowed in its place, and with what was done about it.

A rule's sentence may hold `{}`, the problem's detail; `{allowed}`, the values that the element may have; and a clause
in square brackets, which says what reading did instead. It is said only where the problem is no error: of a message
that is refused, nothing was read instead.
"""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from cap.findings import Level, Problem
from cap.vocabulary import Category, Certainty, MsgType, ResponseType, Scope, Severity, Status, Urgency

ALLOWED: Final[Mapping[str, Iterable[str]]] = MappingProxyType(
    {
        "category": Category,
        "certainty": Certainty,
        "msgType": MsgType,
        "responseType": ResponseType,
        "scope": Scope,
        "severity": Severity,
        "status": Status,
        "urgency": Urgency,
    }
)
"""The values of each element that has a closed vocabulary, in the standard's order."""
_CLAUSE: Final = re.compile(r"\[([^]]*)\]")


def sentence(template: str, problem: Problem, level: Level) -> str:
    """Returns the sentence for a problem of this weight. The detail, which quotes the message, is filled in last."""
    text = _CLAUSE.sub("" if level is Level.ERROR else r"\1", template)
    if "{allowed}" in text:
        text = text.replace("{allowed}", ", ".join(ALLOWED.get(_element(problem), ())))
    return text.replace("{}", problem.detail)


def in_table(template: str) -> str:
    """Returns the sentence as the table of rules shows it."""
    text = _CLAUSE.sub(lambda clause: f" ({clause[1].strip(' ;,')})", template)
    return text.replace("{allowed}", "…").replace("{}", "…")


def _element(problem: Problem) -> str:
    """Returns the name of the element that the problem is in."""
    return problem.path.rpartition("/")[2].partition("[")[0]
