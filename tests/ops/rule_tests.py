"""The unit tests of the rules, each with the rules that its input can concern, as often as it can make a difference.

promtool evaluates all rules every five seconds of each test: most of them over nothing, of which nothing comes. A rule
can yield something only where one of the series that it names is there, or where it asks whether one is absent. And it
yields something else in time only for what a test asks at instants that all its times are multiples of: see `seldom`.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from math import gcd
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
_EVALUATED = re.compile(r"(?<=\nevaluation_interval: )\w+")
_TIMES = re.compile(r"\b(?:interval|eval_time): (\w+)")
_DURATION = re.compile(r"\b(?:\d+[smhd])+\b")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


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


def seldom(tests: str, rules: Iterable[str]) -> str:
    """The text of a file with one test, of which the given rules are evaluated as seldom as tells no difference: so that
    every instant of its input and of its questions is a multiple of the interval, and every duration of the rules too.

    Then a question has the same answer as if they were evaluated always. What is asked for at `t` fires there where its
    condition held at `t` less its `for`, and has since; both ends are instants of an evaluation, and between two of them
    no sample comes.
    """
    if not (given := _EVALUATED.search(tests)) or "\n    interval: " not in tests:
        return tests  # where it does not say, its samples come as often as is evaluated
    texts = [_TIMES.findall(tests), *(_DURATION.findall(_ASIDE.sub("", rule)) for rule in rules)]
    interval = gcd(*(_seconds(duration) for found in texts for duration in found))
    return _EVALUATED.sub(f"{max(interval, _seconds(given[0]))}s", tests)


def _seconds(duration: str) -> int:
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)([a-z]+)", duration))


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
    """Write a test to a folder, and the rules that concern it beside it as they stand in the repository."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in rules}
    names = concerned(texts.values(), tests)
    for part in ("rules", "tests"):
        (folder / part).mkdir(parents=True)
    for name, text in texts.items():
        (folder / "rules" / name).write_text(reduced(text, names), encoding="utf-8")
    chosen = [rule for text in texts.values() for name, rule in _rules(text) if name in names]
    file = folder / "tests" / RULE_TESTS.name
    file.write_text(seldom(tests, chosen), encoding="utf-8")
    return file
