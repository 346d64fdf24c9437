"""Of the rules that a test is run without, none can yield anything of its input."""

import re
from pathlib import Path

import pytest

from tests.ops.expressions import RULES, unnarrowed
from tests.ops.rule_tests import RULE_TESTS, concerned, groups, reduced, seldom, write

SOME = """groups:
  - name: state
    rules:
      - record: a:latest
        expr: max by (job) (a)

      - record: b:latest
        expr: >-
          max by (job) (b unless on (job) a) and on (job) a

      - record: nothing
        expr: absent(c) - 1

  - name: alerts
    interval: 5m
    rules:
      - alert: Late
        # Not while it is away.
        expr: >-
          time() - a:latest > 30
          unless on (job) nothing
        for: 10s
        annotations: &late
          summary: "Late"

      - alert: Late
        expr: a:latest{lane="b"} > 300
        annotations: *late

      - alert: Missing
        expr: b:latest == 0

      - alert: Masked
        expr: d > 1 unless on (job) ALERTS{alertname="Late"}

      - alert: Away
        expr: absent(e)
"""


def asking_of(*series: str, asked: str = "x") -> str:
    return "".join(f"      - {{series: '{one}{{job=\"x\"}}', values: '1x3'}}\n" for one in series) + asked


@pytest.mark.parametrize(
    ("series", "asked", "names"),
    [
        (["a"], "x", {"a:latest", "Late", "nothing"}),
        (["b"], "x", {"b:latest", "Missing"}),
        (["d"], "x", {"Masked"}),
        (["c"], "x", {"nothing"}),
        (["z"], "x", set()),
        (["z"], "nothing", {"nothing"}),
        (["z"], 'ALERTS{alertname="Away"}', {"Away"}),
        (["z"], "expr: 'ALERTS'", {"nothing", "Away"}),
        (["z"], 'ALERTS{job="x"}', {"nothing", "Away"}),
    ],
)
def test_rules_that_may_yield_something_of_an_input(series: list[str], asked: str, names: set[str]) -> None:
    assert (
        concerned([SOME], asking_of(*series, asked=asked)) & {*re.findall(r"(?:alert|record): (\S+)", SOME)}
        == names
    )


def test_a_rule_that_reads_no_series_is_asked_for_as_well() -> None:
    always = (
        SOME
        + "\n      - alert: Always\n        expr: vector(1)\n\n      - alert: Ever\n        expr: 1 > bool 0\n"
    )
    assert concerned([always], asking_of("z", asked="'ALERTS'")) >= {"Always", "Ever"}


def test_a_file_with_some_of_its_rules() -> None:
    assert reduced(SOME, set(re.findall(r"(?:alert|record): (\S+)", SOME))) == SOME
    assert reduced(SOME, {"Missing"}) == (
        "groups:\n  - name: alerts\n    interval: 5m\n    rules:\n"
        "      - alert: Missing\n        expr: b:latest == 0\n"
    )
    assert reduced(SOME, set()) == "groups: []\n"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a > 30", "a > 30"),
        ("(a or b unless on (c) d) and on (c) e", "(a or b)"),
        ("a and b or c unless ignoring (d) (e or f)", "a or c"),
    ],
)
def test_an_expression_without_what_only_takes_away_from_it(expression: str, expected: str) -> None:
    assert unnarrowed(expression) == expected


@pytest.mark.parametrize(
    ("tests", "rules", "seconds"),
    [
        ("interval: 4m\n eval_time: 48h\n eval_time: 1h30m", ["expr: a > 30\n        for: 10m"], 120),
        ("interval: 4m\n eval_time: 1d", ["expr: a[5m] offset 1m\n        keep_firing_for: 1h"], 60),
        ("interval: 4m\n eval_time: 245s", [], 5),
        ("interval: 4m\n eval_time: 4m", ["expr: a\n        for: 4m"], 240),
        ("interval: 4m\n eval_time: 4m", ["expr: a\n        for: 4m10s"], 10),
        ("interval: 4m\n eval_time: 241s", [], 5),
        ("input_series:\n eval_time: 4m", ["expr: a\n        for: 4m"], 5),
    ],
)
def test_rules_are_evaluated_as_seldom_as_all_times_are_multiples_of(
    tests: str, rules: list[str], seconds: int
) -> None:
    text = "rules: a\nevaluation_interval: {}\ntests:\n  - name: x\n    {}\n"
    assert seldom(text.format("5s", tests), rules) == text.format(f"{seconds}s", tests)


def test_each_test_of_an_alert_is_run_with_its_rules() -> None:
    texts = [file.read_text(encoding="utf-8") for file in RULES]
    alerts = set(re.findall(r"- alert: (\w+)", "".join(texts)))
    for group in groups(RULE_TESTS.read_text(encoding="utf-8")):
        name = re.findall(r"\n  - name: (.*)", group)[0]
        assert not alerts & {name} - concerned(texts, group)


def test_what_is_written_is_what_the_tests_name(tmp_path: Path) -> None:
    [group, *_] = groups(RULE_TESTS.read_text(encoding="utf-8"))
    file = write(tmp_path / "one", group)
    named = re.findall(r"^  - (\.\./rules/\S+)", group, re.MULTILINE)
    assert [(file.parent / name).resolve().name for name in named] == [file.name for file in reversed(RULES)]
    assert all((file.parent / name).exists() for name in named)
