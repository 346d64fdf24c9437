"""Every expression of rules and dashboards, asked of a real Prometheus that watched a small district at work."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest

from ops import panels
from ops.lab.world.district import SENDER, District, Layout
from ops.lab.world.population import PopulationPlan
from ops.monitoring import RUNBOOKS
from tests.channels.sms.smpp.centre import obliging_centre
from tests.ops.expressions import DASHBOARDS, OPS, dashboard_expressions
from tests.ops.monitoring import Prometheus, eventually, quick_configuration
from tests.support.messages import DUEREN, JUELICH, message
from tests.support.nginx import free_port

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

# In Jülich fewer people take SMS than it needs to open a breaker, so that the refusal is the first to be noticed.
PEOPLE = PopulationPlan(seed=11, subscriptions=300, outside=20)
FEED = """
[[feed]]
name = "ablage"
adapter = "folder"
folder = "{folder}"
interval_s = 5
frozen_after_s = 86400
"""
REFUSES_US = {"action": {"kind": "status", "status": 401}}
ANCHOR = re.compile(r"\{\{ \$externalLabels\.runbooks \}\}#(\w+)")


@dataclass
class Watched:
    """What was seen while a warning went out, and while an SMS gateway refused our key for another."""

    prometheus: Prometheus
    firing_when_well: list[Any] = field(default_factory=list)
    firing_when_refused: list[Any] = field(default_factory=list)
    metrics: dict[Any, Any] = field(default_factory=dict)


@pytest.fixture(scope="module")
def watched(prometheus_tools: Any, servers_dir: Path) -> Iterator[Any]:
    home = servers_dir / "watched"
    home.mkdir()
    (home / "ablage").mkdir()
    (home / "feeds.toml").write_text(FEED.format(folder=home / "ablage"))
    with obliging_centre() as port, _watched_district(home, port) as found:
        yield found


@contextmanager
def _watched_district(home: Path, port: int) -> Iterator[Any]:
    smsc = {"name": "smsc", "hosts": [f"smpp://127.0.0.1:{port}"], "system_id": "kreis", "weight": 0}
    smsc |= {"rate": 30, "parts_per_month": 100_000}
    api_port = free_port()
    settings = {"WARN_FEEDS": str(home / "feeds.toml"), "WARN_SMPP_GATEWAYS": json.dumps([smsc])}
    settings |= {"WARN_API_PORT": str(api_port)}
    own = f"http://127.0.0.1:{api_port}"
    layout = Layout(plan=PEOPLE, push_services=1, settings=settings, exempt=f"push={own}")
    with District(home / "district", layout) as district:
        district.service.commands(("canary", "add", "own", "--receiver", own))
        configuration = quick_configuration(district.service.home, home / "monitoring")
        prometheus = Prometheus(home / "prometheus", configuration)
        prometheus.start()
        try:
            yield _watch(district, Watched(prometheus))
        finally:
            prometheus.stop()


def _watch(district: Any, watched: Any) -> Any:
    prometheus = watched.prometheus
    assert eventually(lambda: _all_scraped(prometheus, len(district.service.urls())))
    first = _message("first", DUEREN, JUELICH)
    district.wait_settled(_submit(district, first, 201))
    _submit(district, first, 200)
    assert eventually(lambda: _value(prometheus, "sum(warn_deliveries_total)") > 0)
    assert eventually(lambda: _value(prometheus, "sum(warn_canary_seconds_count{stage='delivered'})") > 0)
    watched.firing_when_well = prometheus.firing()
    district.gateways["sms"].set_faults(REFUSES_US)
    _submit(district, _message("second", JUELICH), 201)
    watched.firing_when_refused = eventually(prometheus.firing)
    watched.metrics = district.metrics()
    return watched


def _message(identifier: Any, *municipalities: Any) -> Any:
    sent = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)
    return message(*municipalities, identifier=identifier, sent=sent, sender=SENDER).xml()


def _submit(district: Any, xml: Any, status: Any) -> Any:
    answer = district.submit(xml)
    assert answer.status == status, answer.body
    return answer.alert_id


def _all_scraped(prometheus: Any, processes: Any) -> bool:
    return _value(prometheus, "count(up == 1)") == processes


def _value(prometheus: Any, expression: Any) -> float:
    _, series = prometheus.query(expression)
    return float(series[0]["value"][1]) if series else 0.0


def wrong(prometheus: Any, expressions: Any) -> Any:
    """What is wrong with which; a sample that is only just coming is waited for."""

    def look() -> dict[Any, Any]:
        found = {name: prometheus.wrong_with(expression) for name, expression in expressions}
        return {name: problems for name, problems in found.items() if problems}

    return eventually(look, lambda found: not found, within_s=20)


@pytest.mark.parametrize("kind", ["alerting", "recording"])
def test_every_rule_has_data_to_judge(watched: Any, kind: str) -> None:
    rules = watched.prometheus.rules(kind)
    assert len(rules) > 8
    expressions = [(f"{number} {rule['name']}", rule["query"]) for number, rule in enumerate(rules)]
    assert wrong(watched.prometheus, expressions) == {}
    assert {rule["name"]: rule["health"] for rule in watched.prometheus.rules(kind)} == {
        rule["name"]: "ok" for rule in rules
    }


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.name)
def test_every_panel_has_data_to_show(watched: Any, path: Any) -> None:
    expressions = [(asked.where, asked.expression) for asked in dashboard_expressions(path)]
    assert wrong(watched.prometheus, expressions) == {}


def test_every_panel_is_drawn_and_few_have_nothing_to_show(
    watched: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What has conditions, as of what failed, has no series where they do not hold."""
    page = tmp_path / "panels.html"
    code = panels.main([f"http://{watched.prometheus._address}", str(page), "--hours", "0.1"])
    said = capsys.readouterr().out
    assert code in {0, 1}, said
    text = page.read_text("utf-8")
    titles = [panel["title"] for path in DASHBOARDS for panel in json.loads(path.read_bytes())["panels"]]
    assert [title for title in titles if escape(title) not in text] == []
    assert text.count("<svg") > len(titles) // 2


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("warn_dead_leters > 0", "no series for warn_dead_leters"),
        ('up{job="dispatcher", process=~"ape.*"} == 0', "no series for up"),
        (
            'warn_dead_letters > 0 unless on (job) ALERTS{alertname="DispatcherNobodyReach"}',
            "no series for ALERTS",
        ),
        ("up unless on (job) min_over_time(warn_recrd_up[1m]) == 0", "no series for warn_recrd_up"),
        ("warn_queue_up and on (process) job:warn_queue_up:leader", "no result even without"),
        ("rate(warn_deliveries_total[5m]", "parse error"),
        ("time()", "a scalar"),
        ("warn_deliveries_total[5m]", "a matrix"),
    ],
)
def test_a_misspelt_expression_is_noticed(watched: Any, expression: str, problem: str) -> None:
    found = watched.prometheus.wrong_with(expression)
    assert any(problem in one for one in found), found


def test_nothing_fires_while_all_is_well(watched: Any) -> None:
    assert watched.firing_when_well == []


def test_a_gateway_that_refuses_us_calls_somebody(watched: Any) -> None:
    [(name, labels, annotations)] = watched.firing_when_refused
    assert name == "DispatcherGatewayMisconfigured"
    assert (labels["severity"], labels["channel"], labels["gateway"]) == ("critical", "sms", "sms")
    assert annotations["summary"] == "Gateway sms weist uns ab (sms)"
    assert annotations["runbook_url"] == f"{RUNBOOKS}#dispatchergatewaymisconfigured"


def test_every_alert_says_what_is_the_matter_and_where_to_read_on(watched: Any) -> None:
    headings = re.findall(r"^## (\w+)$", (OPS / "docs" / "runbooks.md").read_text("utf-8"), re.MULTILINE)
    for rule in watched.prometheus.rules("alerting"):
        assert rule["labels"]["severity"] in {"critical", "warning"}, rule["name"]
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}, rule["name"]
        assert len(rule["annotations"]["description"]) > len(rule["annotations"]["summary"])
        anchor = ANCHOR.fullmatch(rule["annotations"]["runbook_url"])
        assert anchor[1] in {heading.lower() for heading in headings}, rule["name"]
        assert anchor[1] == rule["name"].lower()


def test_what_the_processes_show_follows_prometheus_naming_practice(watched: Any, promtool: Any) -> None:
    assert sorted(watched.metrics) == ["api", "worker-1", "worker-2"]
    for name, text in watched.metrics.items():
        status, said = promtool("check", "metrics", text=text)
        assert (status, said) == (0, ""), name
