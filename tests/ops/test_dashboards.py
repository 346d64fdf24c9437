"""Dashboards are what Grafana expects: it cannot be started here, so their structure is checked."""

import json
import re
from collections import Counter
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest

from tests.ops.expressions import DASHBOARDS, OPS, RULES, dashboard_expressions, selectors

COLUMNS = 24
"""Grafana's grid, https://grafana.com/docs/grafana/latest/dashboards/build-dashboards/view-dashboard-json-model/"""
OURS = {"type": "prometheus", "uid": "${datasource}"}
KINDS = {"row", "stat", "timeseries"}
_EXPRESSION = re.compile(
    r"\n        expr: (?:>-\n)?(.*?)(?=\n        (?:for|keep_firing_for|labels|#))", re.DOTALL
)


@pytest.fixture(params=DASHBOARDS, ids=lambda path: path.name)
def dashboard(request: pytest.FixtureRequest) -> Any:
    return json.loads(request.param.read_bytes())


@pytest.fixture
def panels(dashboard: Any) -> list[Any]:
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def cells(panel: Any) -> set[Any]:
    grid = panel["gridPos"]
    return {
        (x, y)
        for x in range(grid["x"], grid["x"] + grid["w"])
        for y in range(grid["y"], grid["y"] + grid["h"])
    }


def test_there_is_a_dashboard() -> None:
    assert [path.name for path in DASHBOARDS] == ["dispatcher.json"]


def test_it_can_be_provisioned(dashboard: Any) -> None:
    assert dashboard["uid"] == "cap-dispatcher"
    assert dashboard["title"]
    assert dashboard["schemaVersion"] >= 36  # data sources as objects with type and uid
    assert "id" not in dashboard, "Grafana gives the id; one from elsewhere may be another dashboard's"
    provider = (OPS / "grafana" / "provisioning" / "dashboards" / "dispatcher.yml").read_text(
        encoding="utf-8"
    )
    assert "type: file" in provider


def test_panels_have_ids_titles_and_known_types(dashboard: Any) -> None:
    for key in ("id", "title"):
        count = Counter(panel[key] for panel in dashboard["panels"])
        assert [value for value, times in count.items() if times > 1] == []
    assert {panel["type"] for panel in dashboard["panels"]} == KINDS


def test_panels_lie_in_the_grid_and_not_on_one_another(dashboard: Any) -> None:
    for panel in dashboard["panels"]:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= COLUMNS, panel["title"]
        assert panel["gridPos"]["h"] > 0
    for one, other in combinations(dashboard["panels"], 2):
        assert not cells(one) & cells(other), (one["title"], other["title"])


def test_every_panel_says_what_it_shows_and_from_where(panels: list[Any]) -> None:
    for panel in panels:
        assert len(panel["description"]) > 15, panel["title"]
        assert panel["datasource"] == OURS, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"], panel["title"]
        assert panel["targets"], panel["title"]
        for target in panel["targets"]:
            assert target["datasource"] == OURS, panel["title"]
            assert target["expr"], panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_the_data_source_and_the_installation_can_be_chosen(dashboard: Any) -> None:
    variables = {one["name"]: one for one in dashboard["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert variables["datasource"]["query"] == "prometheus"
    assert variables["job"]["datasource"] == OURS
    assert "warn_build_info" in variables["job"]["definition"]


def test_every_panel_keeps_to_the_chosen_installation(panels: list[Any]) -> None:
    for panel in panels:
        for target in panel["targets"]:
            assert 'job="$job"' in target["expr"], panel["title"]


def test_no_variable_is_left_unfilled() -> None:
    for path in DASHBOARDS:
        assert len(dashboard_expressions(path)) > 30


def panels_named(section: str) -> set[str]:
    """The panels of which a runbook speaks."""
    titles = {panel["title"] for path in DASHBOARDS for panel in json.loads(path.read_bytes())["panels"]}
    return titles & set(re.findall(r"„([^“]+)“", " ".join(section.split())))


def runbooks() -> dict[str, str]:
    """What is to be looked at and done, by alert."""
    sections = re.split(r"^## ", (OPS / "docs" / "runbooks.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {section.split()[0]: section for section in sections}


@pytest.mark.parametrize("alert", runbooks())
def test_every_runbook_leads_to_a_panel_that_there_is(alert: str) -> None:
    assert panels_named(runbooks()[alert])


def test_a_runbook_that_names_no_panel_of_ours_is_noticed() -> None:
    assert panels_named("**Ansehen.** „Datenbänke“, sonst nichts.") == set()
    assert panels_named("**Ansehen.** „Abschlüsse je\nKanal“.") == {"Abschlüsse je Kanal"}


def metrics_in(expressions: Iterable[str]) -> set[str]:
    """The metrics of which expressions speak; of a recording rule that of which it is made, by its name."""
    found = set()
    for expression in expressions:
        for selector in selectors(expression):
            name = selector.partition("{")[0]
            found.add(name.split(":")[1] if ":" in name else name)
    return found


def without_suffix(metrics: set[str]) -> set[str]:
    """The same names as recording rules have them: counters without `_total`, histograms without their parts."""
    return {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in metrics}


def alert_rules() -> list[tuple[str, str]]:
    """(alert, expression) of each rule that calls somebody."""
    rules = "".join(path.read_text("utf-8") for path in RULES)
    parts = re.split(r"\n      - alert: ", rules)[1:]
    found = [(part.split("\n", 1)[0], _EXPRESSION.search(part)) for part in parts]
    return [(name, " ".join(match[1].split())) for name, match in found if match]


def shown() -> set[str]:
    """The metrics that have a panel."""
    return metrics_in(one.expression for path in DASHBOARDS for one in dashboard_expressions(path))


def unseen(alerts: Iterable[tuple[str, str]], on_panels: set[str]) -> dict[str, set[str]]:
    """Alerts that go by what no panel shows: what whoever is called would want to look at."""
    known = without_suffix(on_panels)
    found = {name: without_suffix(metrics_in([expression])) - known for name, expression in alerts}
    return {name: missing for name, missing in found.items() if missing}


def test_what_an_alert_goes_by_has_a_panel() -> None:
    alerts = alert_rules()
    assert len(alerts) == sum(path.read_text("utf-8").count("- alert: ") for path in RULES)
    assert unseen(alerts, shown()) == {}


def test_an_alert_that_goes_by_what_no_panel_shows_is_noticed() -> None:
    alert = ("A", "time() - (job:warn_x:leader > 0) unless on (job) rate(warn_y_total[5m]) > 0")
    assert unseen([alert], {"warn_y_total"}) == {"A": {"warn_x"}}
    assert unseen([alert], {"warn_y_total", "warn_x"}) == {}


def test_what_the_service_counts_and_no_alert_goes_by_is_on_the_dashboard() -> None:
    for metric in (
        "warn_reads_shed_total",
        "warn_retries_withheld_total",
        "warn_areas_unmatched_total",
        "warn_sign_ins_total",
        "process_resident_memory_bytes",
    ):
        assert metric in shown(), metric
