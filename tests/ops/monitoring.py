"""A real Prometheus on a free port, with the shipped configuration and rules, only faster."""

import json
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
from tests.ops.expressions import OPS, selectors, unconditional

PATIENCE_S = 60.0  # only a failing test waits so long
LOOK_EVERY_S = 0.1
ANSWER_WITHIN_S = 10.0


def eventually(look: Any, good: Any = bool, within_s: Any = PATIENCE_S) -> Any:
    """What `look` returns, as soon as it is good; else what it returned last."""
    deadline = time.monotonic() + within_s
    while not good(found := look()) and time.monotonic() < deadline:
        time.sleep(LOOK_EVERY_S)
    return found


def quick_configuration(data_dir: Any) -> Any:
    """The example configuration for `data_dir`, looking every second, without an Alertmanager."""
    text = (OPS / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    changes = {
        "/var/lib/dispatcher": str(data_dir),
        "rules/*.yml": f"{OPS}/prometheus/rules/*.yml",
        "scrape_interval: 5s": "scrape_interval: 1s",
        "scrape_timeout: 4s": "scrape_timeout: 1s",
        "evaluation_interval: 5s": "evaluation_interval: 1s",
    }
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text.partition("\nalerting:")[0] + "\n"


class Prometheus:
    """Runs from `start` to `stop`, or as long as the test."""

    def __init__(self, home: Any, configuration: Any) -> None:
        self._home = home
        home.mkdir()
        (home / "prometheus.yml").write_text(configuration, encoding="utf-8")
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self._address = f"127.0.0.1:{listener.getsockname()[1]}"

    def start(self) -> None:
        command = [
            "prometheus",
            f"--config.file={self._home / 'prometheus.yml'}",
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

    def wrong_with(self, expression: Any) -> list[Any]:
        """What is wrong with the expression, given what was scraped; nothing if all is well."""
        try:
            kind, _ = self.query(expression)
            empty = [one for one in selectors(expression) if not self.query(one)[1]]
            _, series = self.query(unconditional(expression))
        except ValueError as error:
            return [str(error)]
        wrong = [f"no series for {one}" for one in empty]
        if kind != "vector":
            wrong.append(f"a {kind}")
        if not series:
            wrong.append("no result even without its conditions")
        return wrong
