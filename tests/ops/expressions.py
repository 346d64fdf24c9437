"""What a PromQL expression asks for, so that an empty answer can be told from a misspelt question.

A rule whose condition does not hold, and one that names a metric nobody has, both answer with nothing. So an
expression is asked three things: whether it is valid and gives a vector; whether each of its selectors, label
values included, finds a series; and whether it gives one itself once its conditions are taken out.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path

OPS = Path(__file__).parents[2] / "ops"
RULES = sorted((OPS / "prometheus" / "rules").glob("*.yml"))
DASHBOARDS = sorted((OPS / "grafana" / "dashboards").glob("*.json"))

VARIABLES = {"$job": "dispatcher", "$__rate_interval": "30s", "$__range": "5m"}
"""What Grafana would put in for the example configuration."""

_KEYWORDS = frozenset({"and", "or", "unless", "offset", "bool", "by", "on", "without", "ignoring"})
_GROUPING = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)")
_DURATION = re.compile(r"\[[^\]]*\]|\boffset\s+\w+")
_TEXT = re.compile(r',\s*"[^"]*"')
_SELECTOR = re.compile(r"(?<![\w.$])([a-zA-Z_:][\w:]*+)(\{[^}]*\})?(?!\s*\()")
_MATCHERS = re.compile(r"\{[^}]*\}")
_EXCEPTION = re.compile(r"\s+unless (?:on \([^)]*\) )?")
_NARROWING = re.compile(r"\s+(?:and|unless)\b")
_SET_OPERATOR = re.compile(r"\s+(?:and|or|unless)\b")
_COMPARISON = re.compile(r"(==|!=|>=|<=|>|<)(?!\s*bool\b)")


def selectors(expression: str) -> list[str]:
    """Every instant vector selector in it, each once."""
    bare = _TEXT.sub("", _DURATION.sub("", _GROUPING.sub("", expression)))
    found = [name + matchers for name, matchers in _SELECTOR.findall(bare) if name not in _KEYWORDS]
    return list(dict.fromkeys(found))


def unconditional(expression: str) -> str:
    """The same with comparisons that answer 0 or 1 instead of dropping what does not meet them, and without
    absent(), which answers when there is nothing, and without exceptions (`unless …`).
    """
    expression = _without(_EXCEPTION, expression)
    parts, matchers = _MATCHERS.split(expression), [*_MATCHERS.findall(expression), ""]
    without = [re.sub(r"\babsent\(", "(", _COMPARISON.sub(r"\1 bool", part)) for part in parts]
    return "".join(part + matcher for part, matcher in zip(without, matchers, strict=True))


def unnarrowed(expression: str) -> str:
    """The same without what only takes away from it: without the right sides of `and` and `unless`. Where this yields
    nothing, neither does the expression.
    """
    return _without(_NARROWING, expression)


def _without(operator: re.Pattern[str], expression: str) -> str:
    """The same without any such operator of sets and what follows it, up to the next one or the end of its brackets."""
    kept = ""
    while found := operator.search(expression):
        kept += expression[: found.start()]
        expression = expression[_operand_end(expression, found.end()) :]
    return kept + expression


def _operand_end(expression: str, start: int) -> int:
    depth = 0
    for place in range(start, len(expression)):
        depth += {"(": 1, ")": -1}.get(expression[place], 0)
        if depth < 0 or (depth == 0 and _SET_OPERATOR.match(expression, place)):
            return place
    return len(expression)


@dataclass(frozen=True)
class Asked:
    """One expression and where it stands."""

    where: str
    expression: str


def dashboard_expressions(path: Path) -> list[Asked]:
    """Every expression of the dashboard with its variables filled in."""
    board = json.loads(path.read_bytes())
    asked = [
        Asked(f"{panel['title']} {target['refId']}", _filled(target["expr"]))
        for panel in board["panels"]
        for target in panel.get("targets", ())
    ]
    return asked + [
        Asked(note["name"], _filled(note["expr"])) for note in board["annotations"]["list"] if "expr" in note
    ]


def _filled(expression: str) -> str:
    for name, value in VARIABLES.items():
        expression = expression.replace(name, value)
    assert "$" not in expression, expression
    return expression
