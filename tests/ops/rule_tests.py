"""The unit tests of the rules, each with the rules that its input can concern.

promtool evaluates all rules every five seconds of each test: most of them over nothing, of which nothing comes. A rule
can yield something only where one of the series that it names is there, or where it asks whether one is absent.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from tests.ops.expressions import OPS, RULES, selectors, unnarrowed

RULE_TESTS = OPS / "prometheus" / "tests" / "alerts_test.yml"
OF_NOTHING = frozenset({"absent", "absent_over_time", "scalar", "vector"})
"""Functions that yield something although no series is there."""
_NAME = re.compile(r"[a-zA-Z_:][\w:]*")
_RULE = re.compile(r"\n      - (?=(?:alert|record): (\S+))")
_ASIDE = re.compile(r'^ *#.*$|"[^"]*"', re.MULTILINE)
_EXPRESSION = re.compile(r"\n        expr: (.*?)(?=\n        \w+:|\Z)", re.DOTALL)
_ALL_ALERTS = re.compile(r"\bALERTS\b(?!\{alertname=)")
_INPUT = re.compile(r"series: '([\w:]+)")


def groups(tests: str) -> Iterator[str]:
    """Each test of a file of tests as such a file of its own."""
    head, *found = tests.split("\n  - name: ")
    for group in found:
        yield f"{head}\n  - name: {group}"


def concerned(rules: Iterable[str], tests: str) -> set[str]:
    """The names of the rules, of the given files, that may yield something of the input of these tests, and of those
    that yield something of nothing what these or the tests read. Tests that ask for all alerts read all of them.
    """
    found = [rule for text in rules for rule in _rules(text)]
    series = set(_INPUT.findall(tests))
    names, yielding = _reached(found, series), _reached(found, series | OF_NOTHING)
    if _ALL_ALERTS.search(tests):
        return yielding
    read = _NAME.findall(tests)
    while more := (yielding - names) & set(read).union(
        *(_NAME.findall(rule) for name, rule in found if name in names)
    ):
        names |= more
    return names


def _reached(rules: list[tuple[str, str]], there: set[str]) -> set[str]:
    """The names of the rules that may yield something where `there` is."""
    names: set[str] = set()
    while more := {name for name, rule in rules if name not in names and _words(rule) & (there | names)}:
        names |= more | {"ALERTS"}
    return names


def reduced(rules: str, names: set[str]) -> str:
    """The text of a file of rules with these only; a group without any of them is left out."""
    head, *groups = rules.split("\n  - name: ")
    kept = []
    for group in groups:
        chosen = [rule for name, rule in _rules(group) if name in names]
        if chosen:
            kept.append("\n      - ".join([_RULE.split(group)[0], *chosen]))
    return "\n  - name: ".join([head, *kept]) if kept else "groups: []\n"


def _rules(text: str) -> Iterator[tuple[str, str]]:
    """(name, text) of each rule; several may have one name."""
    _, *found = _RULE.split(text)
    yield from zip(found[::2], found[1::2], strict=True)


@cache
def _words(rule: str) -> set[str]:
    """The names of which one must be there for its expression to yield something, and those of labels and functions;
    `OF_NOTHING` where it reads no series.
    """
    expression = unnarrowed(_ASIDE.sub("", _EXPRESSION.findall(rule)[0]))
    return set(_NAME.findall(expression)) | (set() if selectors(expression) else OF_NOTHING)


def write(folder: Path, tests: str, rules: Iterable[Path] = RULES) -> Path:
    """Write the tests to a folder, and the rules that concern them beside it as they stand in the repository."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in rules}
    names = concerned(texts.values(), tests)
    for part in ("rules", "tests"):
        (folder / part).mkdir(parents=True)
    for name, text in texts.items():
        (folder / "rules" / name).write_text(reduced(text, names), encoding="utf-8")
    file = folder / "tests" / RULE_TESTS.name
    file.write_text(tests, encoding="utf-8")
    return file
