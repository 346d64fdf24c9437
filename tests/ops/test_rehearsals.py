"""Every critical alarm is rehearsed, and the pages for operators say by which test."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from tests.ops.expressions import OPS, RULES
from tests.ops.rehearsals import Rehearsal, step

ROOT = OPS.parent
PAGES = (OPS / "docs" / "for-operators.md", OPS / "docs" / "for-operators.de.md")
NOT_REHEARSED: Mapping[str, str] = {}
"""Critical alarms that no test raises by a fault in a real service, and why not."""
_ROW = re.compile(r"^\| (Dispatcher\w+) \|.*\| `(tests/ops/test_\w+\.py)` \|$", re.MULTILINE)


def critical(rules: str) -> set[str]:
    """The alerts of a file of rules that are critical, be it in one lane alone."""
    _, *found = re.split(r"^ +- alert: ", rules, flags=re.MULTILINE)
    return {rule.split()[0] for rule in found if re.search(r"severity: critical\b", rule)}


def missing(alerts: set[str], page: str, excepted: Mapping[str, str]) -> set[str]:
    """What is wrong with a page's table: alarms that it lacks, and those whose test does not name them."""
    rows = dict(_ROW.findall(page))
    wrong = alerts ^ (rows.keys() | excepted.keys())
    for alert, test in rows.items():
        file = ROOT / test
        if not file.exists() or f'"{alert}"' not in file.read_text("utf-8"):
            wrong.add(f"{alert}: {test}")
    return wrong


CRITICAL = set[str]().union(*(critical(file.read_text("utf-8")) for file in RULES))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_critical_alarm_stands_in_the_table_with_the_test_that_rehearses_it(page: Path) -> None:
    assert len(CRITICAL) > 20
    assert missing(CRITICAL, page.read_text("utf-8"), NOT_REHEARSED) == set()


def test_an_alarm_that_nobody_rehearses_is_noticed() -> None:
    page = PAGES[0].read_text("utf-8")
    assert missing({*CRITICAL, "DispatcherNew"}, page, {}) == {"DispatcherNew"}
    assert missing({*CRITICAL, "DispatcherNew"}, page, {"DispatcherNew": "it needs a flood"}) == set()
    elsewhere = page.replace("`tests/ops/test_disk_alarm.py`", "`tests/ops/test_smpp_alarm.py`")
    assert missing(CRITICAL, elsewhere, {}) == {"DispatcherDiskLow: tests/ops/test_smpp_alarm.py"}
    gone = page.replace("| DispatcherDiskLow |", "| DispatcherDisk |")
    assert missing(CRITICAL, gone, {}) == {
        "DispatcherDiskLow",
        "DispatcherDisk",
        "DispatcherDisk: tests/ops/test_disk_alarm.py",
    }
    assert critical(
        "      - alert: A\n        labels: {severity: warning}\n      - alert: B\n        labels: {severity: critical}\n"
    ) == {"B"}


class Waiting(Rehearsal):
    """SMS wait for a person, or none does."""

    def __init__(self) -> None:
        super().__init__(("warn_sms_held_recipients",), "DispatcherSmsHeld")
        self.people = 0

    async def work(self) -> None:
        """Nothing happens by itself."""

    async def metrics(self) -> Mapping[str, Iterable[Metric]]:
        return {"worker-1": [GaugeMetricFamily("warn_sms_held_recipients", "", self.people)]}


@pytest.mark.parametrize(
    ("people", "is_right"), [((0, 7), True), ((0, 0), False), ((7, 7), False), ((7, 0), False)]
)
async def test_a_call_that_does_not_come_or_that_nobody_expects_is_noticed(
    people: tuple[int, int], is_right: bool, promtool: Any, tmp_path: Path
) -> None:
    waiting = Waiting()
    waiting.people = people[0]
    await waiting.quiet(60)
    waiting.people = people[1]
    await waiting.calls(30, "DispatcherSmsHeld")
    if is_right:
        waiting.judge(promtool, tmp_path, "DispatcherSmsHeld")
    else:
        with pytest.raises(AssertionError):
            waiting.judge(promtool, tmp_path, "DispatcherSmsHeld")


@pytest.mark.parametrize(
    ("alert", "beginning"),
    [("DispatcherNew", "dispatcher held sms"), ("DispatcherSmsHeld", "dispatcher feeds poll")],
)
def test_a_step_that_no_runbook_has_is_noticed(alert: str, beginning: str) -> None:
    with pytest.raises(LookupError):
        step(alert, beginning)


def test_a_step_is_typed_with_what_stands_for_its_words() -> None:
    assert step("DispatcherSmsHeld", "dispatcher held sms", ID="A1") == "dispatcher held sms A1 --why …"
    with pytest.raises(LookupError):
        step("DispatcherSmsHeld", "dispatcher held sms", NUMMER="1")
