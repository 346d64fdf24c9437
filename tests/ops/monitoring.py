"""A real Prometheus on a free port, with the shipped configuration and rules, only faster."""

import json
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import suppress
from typing import Any

from dispatcher.embedded.parent_death import with_parent_death_signal
from ops.monitoring import RUNBOOKS, configuration, write
from tests.ops.expressions import OPS, selectors, unconditional

PATIENCE_S = 60.0  # only a failing test waits so long
LOOK_EVERY_S = 0.1
ANSWER_WITHIN_S = 10.0
STEP_S = 0.5


def eventually(look: Any, good: Any = bool, within_s: Any = PATIENCE_S) -> Any:
    """What `look` returns, as soon as it is good; else what it returned last."""
    deadline = time.monotonic() + within_s
    while not good(found := look()) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
    return found


_OF_ALERT = re.compile(r'ALERTS\{alertname="(\w+)"')
_TIMES = re.compile(r"((?:for|keep_firing_for): |\[|offset )(\d+)(s|m)\b")
_AGES = re.compile(r"((?:>|<=)\s+)(\d{2,})(?=\s*(?:$|\n))", re.MULTILINE)
_SECONDS = {"s": 1, "m": 60}
SCRAPED_EVERY_S = 2.5
"""More than the two seconds after which a process no longer waits for a record that hangs."""


def quick_rules(text: str, speed: int, least_s: float) -> str:
    """The rules with all their times divided by `speed`; no range is shorter than `least_s`, or it would find no two
    samples. What is asked once in five minutes is asked with everything else.
    """

    def shorter(found: re.Match[str]) -> str:
        seconds = int(found[2]) * _SECONDS[found[3]] / speed
        is_range = found[1] in ("[", "offset ")
        return f"{found[1]}{round(1000 * (max(seconds, least_s) if is_range else seconds))}ms"

    text = re.sub(r"\n    interval: \w+", "", text)
    if speed == 1:
        return text
    return _AGES.sub(lambda found: f"{found[1]}{int(found[2]) / speed:g}", _TIMES.sub(shorter, text))


def quick_configuration(
    data_dir: Any, directory: Any, *, speed: int = 1, scraped_every_s: float = 1.0, alertmanager: str = ""
) -> Any:
    """The file of a configuration for `data_dir`, as operators get theirs, that looks every `scraped_every_s` seconds,
    with the rules beside it, `speed` times as fast as the shipped ones.
    """
    text = (OPS / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    text = configuration(text, data_dir, RUNBOOKS, alertmanager or None)
    every = f"{round(1000 * scraped_every_s)}ms"
    changes = {
        "scrape_interval: 5s": f"scrape_interval: {every}",
        "scrape_timeout: 4s": f"scrape_timeout: {every}",
        "evaluation_interval: 5s": f"evaluation_interval: {'1s' if speed == 1 else '500ms'}",
    }
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    if not alertmanager:
        text = text.partition("\nalerting:")[0] + "\n"
    file = write(directory, text)
    for rules in (directory / "rules").glob("*.yml"):
        rules.write_text(quick_rules(rules.read_text("utf-8"), speed, 4 * scraped_every_s), encoding="utf-8")
    return file


class Prometheus:
    """Runs from `start` to `stop`, or as long as the test."""

    def __init__(self, home: Any, configuration: Any) -> None:
        self._home = home
        self._configuration = configuration
        home.mkdir(exist_ok=True)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._address = f"127.0.0.1:{listener.getsockname()[1]}"

    def start(self) -> None:
        command = [
            "prometheus",
            f"--config.file={self._configuration}",
            f"--storage.tsdb.path={self._home / 'data'}",
            f"--web.listen-address={self._address}",
            "--log.level=warn",
        ]
        with (self._home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                with_parent_death_signal(command, death_signal=signal.SIGKILL),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        assert eventually(self._ready), (self._home / "log").read_text()

    def stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait()

    def _ready(self) -> bool:
        with (
            suppress(OSError),
            urllib.request.urlopen(f"http://{self._address}/-/ready", timeout=1) as answer,
        ):
            return answer.status == 200
        return False

    def ask(self, path: Any, **parameters: Any) -> Any:
        """The `data` of an answer of the HTTP API. Raises ValueError with Prometheus' own words."""
        url = f"http://{self._address}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=ANSWER_WITHIN_S) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise ValueError(json.load(error)["error"]) from error

    def query(self, expression: Any) -> tuple[Any, ...]:
        """(type, series) of an instant query."""
        answer = self.ask("query", query=expression)
        return answer["resultType"], answer["result"]

    def rules(self, kind: Any) -> list[Any]:
        """All loaded rules of a kind, `alerting` or `recording`."""
        groups = self.ask("rules")["groups"]
        return [rule for group in groups for rule in group["rules"] if rule["type"] == kind]

    def firing(self) -> list[Any]:
        """(alertname, labels, annotations) of what fires now."""
        alerts = self.ask("alerts")["alerts"]
        return [
            (one["labels"]["alertname"], one["labels"], one["annotations"])
            for one in alerts
            if one["state"] == "firing"
        ]

    def episodes(self, since: float) -> dict[str, list[tuple[float, float]]]:
        """When which critical alert fired, (from, to) in Unix seconds, since then."""
        now = time.time()
        answer = self.ask(
            "query_range",
            query='max by (alertname) (ALERTS{alertstate="firing",severity="critical"})',
            start=since,
            end=now,
            step=STEP_S,
        )
        found = {}
        for series in answer["result"]:
            runs: list[tuple[float, float]] = []
            for at in (float(at) for at, _ in series["values"]):
                if runs and at - runs[-1][1] < 1.5 * STEP_S:
                    runs[-1] = runs[-1][0], at
                else:
                    runs.append((at, at))
            found[series["metric"]["alertname"]] = runs
        return found

    def _is_there(self, selector: str) -> bool:
        """Whether it finds a series. Those of an alert are there only while it fires: then a loaded one has its name."""
        if named := _OF_ALERT.match(selector):
            return named[1] in {rule["name"] for rule in self.rules("alerting")}
        return bool(self.query(selector)[1])

    def wrong_with(self, expression: Any) -> list[Any]:
        """What is wrong with the expression, given what was scraped; nothing if all is well."""
        try:
            kind, _ = self.query(expression)
            empty = [one for one in selectors(expression) if not self._is_there(one)]
            _, series = self.query(unconditional(expression))
        except ValueError as error:
            return [str(error)]
        wrong = [f"no series for {one}" for one in empty]
        if kind != "vector":
            wrong.append(f"a {kind}")
        if not series:
            wrong.append("no result even without its conditions")
        return wrong
