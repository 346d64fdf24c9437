"""The rules are valid, do what their tests say, speak of metrics that exist and lead to a runbook."""

import re
from pathlib import Path
from typing import Any

import pytest

from dispatcher.metrics import Metrics
from tests.ops import rule_tests
from tests.ops.expressions import DASHBOARDS, OPS, RULES, selectors, unconditional
from tests.ops.rule_tests import RULE_TESTS

ALERTS = OPS / "prometheus" / "rules" / "alerts.yml"
RUNBOOKS = OPS / "docs" / "runbooks.md"
HISTOGRAM_PARTS = ("_bucket", "_count", "_sum")


def exposed() -> set[Any]:
    """Every sample name that a process can show."""
    names = set()
    for family in Metrics().registry.collect():
        suffixes = {"counter": ("_total",), "histogram": HISTOGRAM_PARTS, "info": ("_info",)}
        names |= {family.name + suffix for suffix in suffixes.get(family.type, ("",))}
    return names


def named(text: Any) -> set[Any]:
    """Every metric that a text of ours names, those of recording rules left out."""
    return set(re.findall(r"(?<![\w:])warn_\w+(?![\w:])", text))


def alert_names() -> set[Any]:
    return set(re.findall(r"- alert: (\w+)", ALERTS.read_text(encoding="utf-8")))


def test_rules_are_valid_and_none_is_there_twice(promtool: Any) -> None:
    status, said = promtool("check", "rules", "--lint=all", "--lint-fatal", *RULES)
    assert status == 0, said


def test_an_invalid_rule_is_noticed(promtool: Any, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yml"
    rules.write_text(ALERTS.read_text(encoding="utf-8").replace("time() -", "time( -"), encoding="utf-8")
    status, said = promtool("check", "rules", rules)
    assert status != 0
    assert "parse error" in said


def test_the_example_configuration_is_valid(promtool: Any) -> None:
    status, said = promtool("check", "config", OPS / "prometheus" / "prometheus.yml")
    assert status == 0, said
    assert "2 rule files found" in said


@pytest.mark.timeout(600)  # a minute of processor time, and others want some, too
def test_alerts_fire_when_they_should_and_only_then(promtool: Any, tmp_path: Path) -> None:
    groups = rule_tests.groups(RULE_TESTS.read_text(encoding="utf-8"))
    files = [rule_tests.write(tmp_path / str(number), group) for number, group in enumerate(groups)]
    status, said = promtool("test", "rules", *files)
    assert (status, said.count("SUCCESS")) == (0, len(files)), said
    assert len(files) > len(alert_names()) / 2


def test_a_rule_that_no_longer_fires_is_noticed(promtool: Any, tmp_path: Path) -> None:
    changed = ALERTS.read_text(encoding="utf-8").replace(
        "warn_queue_up:leader == 0", "warn_queue_up:leader == 2"
    )
    copies = [tmp_path / rules.name for rules in RULES]
    for rules, copy in zip(RULES, copies, strict=True):
        copy.write_text(changed if rules == ALERTS else rules.read_text(encoding="utf-8"), encoding="utf-8")
    groups = rule_tests.groups(RULE_TESTS.read_text(encoding="utf-8"))
    [group] = [group for group in groups if "- name: DispatcherQueueDown\n" in group]
    tests = rule_tests.write(tmp_path / "one", group, copies)
    status, said = promtool("test", "rules", tests)
    assert status != 0
    assert "DispatcherQueueDown" in said


def test_metrics_follow_prometheus_naming_practice(promtool: Any) -> None:
    from prometheus_client import generate_latest

    metrics = Metrics()
    metrics.know_source("leitstelle")
    status, said = promtool("check", "metrics", text=generate_latest(metrics.registry).decode())
    assert status == 0, said
    assert said == ""


def untested(name: str, tests: str) -> list[str]:
    """What the unit tests do not ask of an alert."""
    groups = [group for group in re.split(r"\n  - name: ", tests) if group.startswith(f"{name}\n")]
    if len(groups) != 1:
        return [f"{len(groups)} groups of this name"]
    asked = re.findall(r"expr: .*?alertname=\"(\w+)\".*?exp_samples: *(\[\])?", groups[0], re.DOTALL)
    fires = [asked_name for asked_name, nothing in asked if not nothing] or re.findall(
        "exp_labels", groups[0]
    )
    wrong = [] if fires else ["never tested to fire"]
    wrong += [] if (name, "[]") in asked else ["never tested not to fire"]
    return wrong + [f"asks for {other}" for other in sorted({asked_name for asked_name, _ in asked} - {name})]


@pytest.mark.parametrize("name", sorted(alert_names()))
def test_every_alert_is_tested_to_fire_and_not_to_fire(name: Any) -> None:
    assert untested(name, RULE_TESTS.read_text(encoding="utf-8")) == []


def lanes_untested(name: str, tests: str) -> set[str]:
    """Lanes for which a rule of this name fires and no test of its group expects it to."""
    rules = re.findall(
        rf"- alert: {name}\n(?:(?!- alert).)*?lane: (\w+)", ALERTS.read_text("utf-8"), re.DOTALL
    )
    [group] = [group for group in re.split(r"\n  - name: ", tests) if group.startswith(f"{name}\n")]
    return set(rules) - set(re.findall(r'alertstate="firing",[^}]*lane="(\w+)"[^}]*\}\', value', group))


@pytest.mark.parametrize("name", sorted(alert_names()))
def test_every_lane_of_an_alert_is_tested_to_fire(name: Any) -> None:
    assert lanes_untested(name, RULE_TESTS.read_text(encoding="utf-8")) == set()


def recorded_untested(tests: str) -> set[str]:
    """Recording rules whose value no unit test asks for."""
    text = (OPS / "prometheus" / "rules" / "recording.yml").read_text(encoding="utf-8")
    names = set(re.findall(r"- record: (\S+)", text))
    return names - set(re.findall(r"expr: '?(?:round\()?([\w:]+)", tests))


def test_every_recording_rule_is_tested() -> None:
    assert recorded_untested(RULE_TESTS.read_text(encoding="utf-8")) == set()


def test_a_rule_without_a_test_is_noticed() -> None:
    tests = RULE_TESTS.read_text(encoding="utf-8")
    assert untested("DispatcherQueueUp", tests) == ["0 groups of this name"]
    group = "\n  - name: X\n"
    quiet = "      - {expr: 'ALERTS{alertname=\"X\"}', eval_time: 1m, exp_samples: []}\n"
    assert untested("X", group + quiet) == ["never tested to fire"]
    loud = "      - expr: ALERTS{alertname=\"X\"}\n        exp_samples:\n          - {labels: '', value: 1}\n"
    assert untested("X", group + loud) == ["never tested not to fire"]
    assert untested("X", group + quiet + loud) == []
    assert untested("X", group + quiet + loud + quiet.replace("X", "Y")) == ["asks for Y"]
    assert recorded_untested(tests.replace("job:warn_record_up:max", "")) == {"job:warn_record_up:max"}
    fired = 'alertname="DispatcherNobodyReached",alertstate="firing",job="dispatcher",lane="priority"'
    assert fired in tests
    assert lanes_untested("DispatcherNobodyReached", tests.replace(fired, "")) == {"priority"}


def test_every_alert_has_one_runbook_with_its_three_parts_and_every_runbook_an_alert() -> None:
    sections = re.split(r"^## ", RUNBOOKS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert sorted(section.split()[0] for section in sections) == sorted(alert_names())
    for section in sections:
        assert re.findall(r"^\*\*(\w+)\.\*\*", section, re.MULTILINE) == ["Bedeutung", "Ansehen", "Tun"]


@pytest.mark.parametrize("file", [*RULES, *DASHBOARDS, RULE_TESTS], ids=lambda path: path.name)
def test_every_metric_named_is_one_that_the_service_has(file: Any) -> None:
    found = named(file.read_text(encoding="utf-8"))
    assert found
    assert found <= exposed()


def test_recording_rules_record_only_what_the_service_has() -> None:
    text = (OPS / "prometheus" / "rules" / "recording.yml").read_text(encoding="utf-8")
    recorded = re.findall(r"- record: ([\w]+):(\w+):(\w+)", text)
    assert len(recorded) == text.count("- record:")
    for _, metric, _ in recorded:
        assert metric in exposed() or f"{metric}_total" in exposed(), metric


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("warn_dead_letters", ["warn_dead_letters"]),
        ('up{job="dispatcher"} == 0', ['up{job="dispatcher"}']),
        ("a > 0 and on (job) b unless c offset 5m", ["a", "b", "c"]),
        ("sum by (lane, le) (rate(a_bucket[5m])) / sum by (lane) (a_count)", ["a_bucket", "a_count"]),
        ('time() - (job:x:leader{lane="flash"} > 0) > 30', ['job:x:leader{lane="flash"}']),
        ("histogram_quantile(0.95, a_bucket) + a_bucket", ["a_bucket"]),
        ("a > bool 1e3", ["a"]),
        ('label_replace(a{b="c", d="e"}, "f", "$1", "g", "(.+)")', ['a{b="c", d="e"}']),
    ],
)
def test_selectors_of_an_expression(expression: str, expected: list[Any]) -> None:
    assert selectors(expression) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a > 30", "a > bool 30"),
        ('a{b!="c",d=~"e.*"} >= 0', 'a{b!="c",d=~"e.*"} >= bool 0'),
        ("a == bool 1", "a == bool 1"),
        ('absent(a{b="c"} == 1)', '(a{b="c"} == bool 1)'),
        ("sum(a)", "sum(a)"),
        ('a > 1 unless on (b, c) d:e{f="g"}', "a > bool 1"),
    ],
)
def test_an_expression_without_its_conditions(expression: str, expected: str) -> None:
    assert unconditional(expression) == expected
