"""What Prometheus would have scraped of real processes, in a time that passes as it is told, as input of promtool."""

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field

from prometheus_client.metrics_core import Metric

SCRAPED_EVERY_S = 15
RIGHT, WRONG = "count by (alertname, severity)", "count by (severity, alertname)"
"""Both ask for the same: what promtool says of each tells them apart, and its evaluation is of both."""
Firing = dict[tuple[str, str], int]
"""How many alerts fire, by alert and severity."""


@dataclass
class Scrapes:
    """Series by what was scraped at which instant. All times are seconds from 0."""

    shown: Collection[str]
    """The names of the samples that are looked at."""
    alerts: str
    """A regular expression of the names of the alerts that are looked at."""
    series: dict[str, dict[int, float]] = field(default_factory=dict)
    _instants: dict[float, float] = field(default_factory=dict)
    """Where in this time the instants lie that were seen: they stay there."""

    def scrape(self, at: int, families: Iterable[Metric], process: str) -> None:
        """Take what a process shows now as scraped at this instant."""
        real = time.time()
        target = {"job": "dispatcher", "instance": process, "process": process}
        self._show("up", target, at, 1.0)
        for family in families:
            for one in family.samples:
                if one.name in self.shown:
                    value = one.value
                    if "timestamp" in one.name and value:
                        value = self._instants.setdefault(value, at - (real - value))
                    self._show(one.name, {**target, **one.labels}, at, value)

    def _show(self, name: str, labels: dict[str, str], at: int, value: float) -> None:
        said = ",".join(f'{label}="{text}"' for label, text in labels.items())
        self.series.setdefault(f"{name}{{{said}}}", {})[at] = value

    def test(self, expected: dict[int, Firing], wrong: dict[int, Firing] | None = None) -> str:
        """What promtool is to find, by instant; and what it is to find wrong, which it asks for by `WRONG`."""
        instants = sorted({at for values in self.series.values() for at in values})
        firing = f'(ALERTS{{alertname=~"{self.alerts}",alertstate="firing"}})'
        asked = [(RIGHT, at, what) for at, what in expected.items()]
        asked += [(WRONG, at, what) for at, what in (wrong or {}).items()]
        return (
            "rule_files:\n  - ../rules/recording.yml\n  - ../rules/alerts.yml\n\nevaluation_interval: 5s\n\ntests:"
            f"\n  - name: scraped\n    interval: {SCRAPED_EVERY_S}s\n    input_series:\n"
            + "".join(
                f"      - {{series: '{name}', values: '{' '.join(_values(values, instants))}'}}\n"
                for name, values in self.series.items()
            )
            + "    promql_expr_test:\n"
            + "".join(
                f"      - {{expr: '{count} {firing}', eval_time: {at}s, exp_samples: [{', '.join(_samples(what))}]}}\n"
                for count, at, what in asked
            )
        )


def _values(values: dict[int, float], instants: list[int]) -> Iterator[str]:
    """Each value on the grid; a series that a scrape no longer has is stale from then on, as Prometheus has it."""
    scraped, is_there = set(instants), False
    for at in range(0, instants[-1] + SCRAPED_EVERY_S, SCRAPED_EVERY_S):
        if at in values:
            yield f"{values[at]:.3f}"
            is_there = True
        elif at in scraped and is_there:
            yield "stale"
            is_there = False
        else:
            yield "_"


def _samples(firing: Firing) -> Iterator[str]:
    for (name, severity), count in firing.items():
        yield f"""{{labels: '{{alertname="{name}",severity="{severity}"}}', value: {count}}}"""
