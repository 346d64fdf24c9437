"""What is drawn of a panel is what Prometheus says, and what has nothing to show is named."""

import json
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ops import panels
from ops.panels import DASHBOARDS, PanelsError, drawn, filled, named, prometheus, rows_of, span, values_of

NOW = 1_800_000_000.0
PANEL = {
    "title": "Wartende <Stapel>",
    "type": "timeseries",
    "description": "Was offen ist.",
    "fieldConfig": {"defaults": {"unit": "short"}},
    "targets": [{"expr": 'sum by (lane) (open{job="$job"})', "legendFormat": "Spur {{lane}}"}],
}


def answering(*series: tuple[dict[str, str], list[tuple[float, str]]]) -> Any:
    """Prometheus, with these series for any query, which are kept."""
    asked: list[str] = []

    def ask(path: str, parameters: Mapping[str, str]) -> Any:
        assert path == "query_range"
        asked.append(parameters["query"])
        return {"result": [{"metric": labels, "values": values} for labels, values in series]}

    ask.asked = asked  # type: ignore[attr-defined]
    return ask


def test_the_variables_are_filled_in_as_grafana_does() -> None:
    found = filled('rate(a{job="$job"}[$__rate_interval]) + b[$__range]', "kreis", span(NOW, 6.0))
    assert found == 'rate(a{job="kreis"}[720s]) + b[21600s]'


def test_a_line_is_named_by_its_panel_or_by_its_labels() -> None:
    assert named("Spur {{lane}}, {{ way }}", {"lane": "flash", "way": "x"}) == "Spur flash, x"
    assert (
        named("", {"b": "2", "a": "1", "__name__": "n"})
        == named("__auto", {"a": "1", "b": "2"})
        == "a=1, b=2"
    )


def test_values_stand_at_their_steps_and_what_is_no_number_is_a_gap() -> None:
    asked = span(NOW, 0.01)
    start = float(asked.parameters["start"])
    values = [(start, "1"), (start + asked.step, "NaN"), (start + 3 * asked.step, "4"), (NOW + 99, "7")]
    assert values_of({"values": values}, asked)[:5] == (1.0, None, None, 4.0, None)


def test_a_panel_is_drawn_with_its_lines_the_highest_first() -> None:
    ask = answering(({"lane": "routine"}, [(NOW, "2")]), ({"lane": "<flash>"}, [(NOW, "30")]))
    found = drawn(PANEL, ask, "kreis", span(NOW, 1.0))
    assert ask.asked == ['sum by (lane) (open{job="kreis"})']
    assert not found.is_empty
    assert "Wartende &lt;Stapel&gt;" in found.html
    assert found.html.index("Spur &lt;flash&gt;: 30") < found.html.index("Spur routine: 2")
    assert found.html.count("<polyline") == 2


def test_a_panel_without_a_series_is_named_before_all() -> None:
    found = drawn(PANEL, answering(), "kreis", span(NOW, 1.0))
    assert found.is_empty
    page = panels.page([("Reihe", [found])], "kreis", span(NOW, 1.0))
    assert "Ohne Reihe: Wartende &lt;Stapel&gt;" in page
    assert "<script" not in page


def test_all_panels_are_in_the_rows_of_the_dashboards() -> None:
    for path in DASHBOARDS.glob("*.json"):
        dashboard = json.loads(path.read_bytes())
        found = [panel for _, some in rows_of(dashboard) for panel in some]
        assert found == [panel for panel in dashboard["panels"] if panel["type"] != "row"]


class Answering(BaseHTTPRequestHandler):
    """Answers with what the server has: a status and a body."""

    server: Any

    def do_GET(self) -> None:
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Any]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, b"<html>"), "no answer of a Prometheus"),
        ((200, b"[]"), "no answer of a Prometheus"),
        ((422, b"{}"), "Prometheus answers 422 to up"),
    ],
)
def test_what_is_no_answer_is_said_in_one_line(server: Any, answer: tuple[int, bytes], said: str) -> None:
    server.answer = answer
    ask = prometheus(f"http://127.0.0.1:{server.server_port}/")
    with pytest.raises(PanelsError, match=said):
        ask("query_range", {"query": "up"})


def test_a_call_ends_with_what_there_is_to_see(server: Any, tmp_path: Path, capsys: Any) -> None:
    result: list[Any] = [{"metric": {}, "values": []}]
    server.answer = (200, json.dumps({"data": {"result": result}}).encode())
    url = f"http://127.0.0.1:{server.server_port}"
    assert panels.main([url, str(tmp_path / "page.html")]) == 0
    server.answer = (200, b'{"data": {"result": []}}')
    assert panels.main([url, str(tmp_path / "page.html")]) == 1
    server.answer = (500, b"")
    assert panels.main([url, str(tmp_path / "page.html")]) == 2
    assert panels.main(["file:///etc/passwd", str(tmp_path / "page.html")]) == 2
    out, err = capsys.readouterr()
    assert "without a series: none" in out
    assert "is no address of a Prometheus" in err
