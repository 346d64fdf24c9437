"""Rehearsals of alarms: faults are made and mended in a time that passes as it is told, and what calls is judged by
promtool with the rules as they are shipped; what is typed meanwhile is read out of the runbooks.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from prometheus_client.metrics_core import Metric

from tests.ops import rule_tests
from tests.ops.expressions import OPS
from tests.ops.scrapes import RIGHT, SCRAPED_EVERY_S, WRONG, Firing, Scrapes

RUNBOOKS = (OPS / "docs" / "runbooks.md", OPS / "docs" / "runbooks.en.md")


class Rehearsal:
    """Processes whose metrics are scraped in a time of its own, in seconds from 0."""

    def __init__(self, shown: Collection[str], alerts: str) -> None:
        """`shown`: the names of the samples that are looked at; `alerts`: a regular expression of the alerts."""
        self.scrapes = Scrapes(shown, alerts)
        self.now = 0
        self.expected: dict[int, Firing] = {}

    async def work(self) -> None:
        """Do what the processes do before a scrape."""
        raise NotImplementedError

    async def metrics(self) -> Mapping[str, Iterable[Metric]]:
        """What each process shows now, by its name."""
        raise NotImplementedError

    async def quiet(self, within_s: int) -> None:
        """After so many seconds nothing calls any more."""
        await self.passes(within_s)
        self.expected[self.now] = {}

    async def calls(self, within_s: int, *alerts: str) -> None:
        """So many seconds after a scrape has shown it, exactly these call, of those that are critical."""
        await self.passes(within_s + 2 * SCRAPED_EVERY_S)
        self.expected[self.now] = {(alert, "critical"): 1 for alert in alerts}

    async def passes(self, seconds: int) -> None:
        """Let the processes work, and scrape what they show for so long."""
        await self.work()
        metrics = await self.metrics()
        for _ in range(0, seconds, SCRAPED_EVERY_S):
            self.now += SCRAPED_EVERY_S
            for process, families in metrics.items():
                self.scrapes.scrape(self.now, families, process)

    def judge(self, promtool: Any, folder: Path, instead: str) -> None:
        """Fail unless all called as was said; and unless each wrong word of what calls is noticed: nothing where
        something does, and the alert `instead` where nothing does.
        """
        wrong: dict[int, Firing] = {
            at: {} if firing else {(instead, "critical"): 1} for at, firing in self.expected.items()
        }
        file = rule_tests.write(folder / "rules", self.scrapes.test(self.expected, wrong))
        _, said = promtool("test", "rules", file)
        assert (said.count(RIGHT), said.count(WRONG)) == (0, len(wrong)), said


def step(alert: str, beginning: str, **values: str) -> str:
    """What an alert's runbook says to type that begins so, with values for its words. It stands there in both languages,
    whose words for what is to be put in differ: those of the German one are meant. Raises LookupError where one of them
    does not say it.
    """
    german, english = (_typed(page, alert, beginning) for page in RUNBOOKS)
    if len(german.split()) != len(english.split()):
        raise LookupError(f"{alert}: {german!r} is not {english!r}")
    for word, value in values.items():
        german, times = re.subn(rf"\b{word}\b", value, german)
        if not times:
            raise LookupError(f"{alert}: no {word} in {german!r}")
    return german


def _typed(page: Path, alert: str, beginning: str) -> str:
    section = re.search(rf"^## {alert}\n(.*?)(?=^## |\Z)", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    spans = [" ".join(one.split()) for one in re.findall(r"`([^`]+)`", section[1])] if section else []
    for one in spans:
        if one.startswith(beginning):
            return one
    raise LookupError(f"{page.name}, {alert}: nothing to type begins with {beginning!r}")
