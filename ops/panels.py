"""Draws every panel of the dashboards from a running Prometheus, as one page without scripts:

    python -m ops.panels http://127.0.0.1:9090 panels.html --hours 6

For a look at what Grafana would show where there is none, and for a report. Panels that have no series are named first;
then it ends with 1. It is no Grafana: each panel is drawn as lines from zero on, with the newest value of each.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dispatcher.console.health.picture import HealthLine, HealthPanel
from dispatcher.console.health.plots import BOTTOM, HEIGHT, LEFT, RIGHT, WIDTH, plot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Ask = Callable[[str, Mapping[str, str]], Any]
    """Asks Prometheus' HTTP API: a path below `/api/v1/` and its parameters; returns the answer's `data`."""

DASHBOARDS: Final = Path(__file__).parent / "grafana" / "dashboards"
STEPS: Final = 120
"""Points of a line at most."""
LINES: Final = 6
"""Lines of a panel that are drawn, those with the highest newest values; the rest is counted."""
ANSWER_S: Final = 30.0
ANSWER_BYTES: Final = 32 << 20
LEAST_STEP_S: Final = 5
"""How often the example configuration has the service scraped."""
_LABEL: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_STYLE: Final = """body{font:15px/1.4 sans-serif;max-width:76rem;margin:1rem auto;padding:0 1rem}
main{display:grid;grid-template-columns:repeat(auto-fill,minmax(22rem,1fr));gap:1rem}
section{border:1px solid #999;padding:.5rem}h2{grid-column:1/-1}h3{margin:0}p{margin:.2rem 0;color:#444}
svg{width:100%;height:auto}polyline{fill:none;stroke-width:2}.axis{stroke:#bbb}text{font-size:16px;fill:#444}
ol{margin:.2rem 0;padding-left:1.4rem;overflow-wrap:anywhere}.none{color:#a11}
.l0{stroke:#1f4e79}.l1{stroke:#b45309;stroke-dasharray:7 4}.l2{stroke:#2f6b3a;stroke-dasharray:2 3}
.l3{stroke:#7a2e6f;stroke-dasharray:9 3 2 3}.l4{stroke:#555;stroke-dasharray:12 4}
.l5{stroke:#0f6f78;stroke-dasharray:1 4}"""


class PanelsError(Exception):
    """Prometheus does not answer, or not as asked; the message says how."""


class Span(NamedTuple):
    """A stretch of time: its end in Unix seconds, and its length and the step of its points in seconds."""

    end: float
    seconds: int
    step: int

    @property
    def steps(self) -> int:
        """Return the number of its points."""
        return self.seconds // self.step + 1

    @property
    def parameters(self) -> dict[str, str]:
        """Return what a range query is asked with."""
        start = self.end - (self.steps - 1) * self.step
        return {"start": f"{start:.3f}", "end": f"{self.end:.3f}", "step": str(self.step)}


class Drawn(NamedTuple):
    """A panel as it is drawn: its title, and its markup; `is_empty` where none of its queries has a series."""

    title: str
    html: str
    is_empty: bool


def span(end: float, hours: float) -> Span:
    """Return the stretch of so many hours up to an instant."""
    seconds = max(int(hours * 3600), LEAST_STEP_S)
    return Span(end, seconds, max(LEAST_STEP_S, math.ceil(seconds / STEPS)))


def filled(expression: str, job: str, asked: Span) -> str:
    """Return a panel's expression with what Grafana would put in for its variables."""
    values = {
        "$__rate_interval": f"{4 * max(asked.step, LEAST_STEP_S)}s",
        "$__range": f"{asked.seconds}s",
        "$job": job,
    }
    for name, value in values.items():
        expression = expression.replace(name, value)
    return expression


def named(legend: str, labels: Mapping[str, str]) -> str:
    """Return the name of a line: its panel's text with the series' labels, or these alone."""
    if legend and legend != "__auto":
        return _LABEL.sub(lambda found: labels.get(found[1], ""), legend)
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()) if name != "__name__")


def values_of(series: Mapping[str, Any], asked: Span) -> tuple[float | None, ...]:
    """Return the values of a series by step; None where there is none, or no number."""
    start = asked.end - (asked.steps - 1) * asked.step
    values: list[float | None] = [None] * asked.steps
    for at, text in series["values"]:
        step, value = round((float(at) - start) / asked.step), float(text)
        if 0 <= step < asked.steps and math.isfinite(value):
            values[step] = value
    return tuple(values)


def drawn(panel: Mapping[str, Any], ask: Ask, job: str, asked: Span) -> Drawn:
    """Ask for a panel's series, and draw them. Raises `PanelsError`."""
    lines = []
    for target in panel["targets"]:
        query = filled(target["expr"], job, asked)
        found = ask("query_range", {"query": query, **asked.parameters})["result"]
        lines += [
            HealthLine((named(target.get("legendFormat", ""), one["metric"]),), values_of(one, asked))
            for one in found
        ]
    lines.sort(key=lambda line: -(line.latest if line.latest is not None else -math.inf))
    unit = panel["fieldConfig"]["defaults"]["unit"]
    shown = HealthPanel(panel["title"], unit, lines[:LINES], len(lines[LINES:]))
    return Drawn(panel["title"], _section(shown, str(panel["description"]), asked), not lines)


def page(rows: Sequence[tuple[str, Sequence[Drawn]]], job: str, asked: Span) -> str:
    """Return the whole page; `rows` are the dashboards' rows with their panels."""
    until = time.strftime("%d.%m.%Y %H:%M:%S %Z", time.localtime(asked.end))
    empty = [one.title for _, panels in rows for one in panels if one.is_empty]
    said = f'<p class="none">Ohne Reihe: {escape(", ".join(empty))}</p>' if empty else ""
    body = "".join(f"<h2>{escape(name)}</h2>{''.join(one.html for one in panels)}" for name, panels in rows)
    return (
        f'<!DOCTYPE html><html lang="de"><meta charset="utf-8"><title>Kacheln von {escape(job)}</title>'
        f"<style>{_STYLE}</style><h1>Kacheln von {escape(job)}</h1>"
        f"<p>{asked.seconds / 3600:g} Stunden bis {until}, ein Punkt je {asked.step} s.</p>"
        f"{said}<main>{body}</main></html>"
    )


def rows_of(dashboard: Mapping[str, Any]) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Yield the rows of a dashboard with their panels, in its order."""
    name, panels = str(dashboard["title"]), list[Any]()
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            panels.append(panel)
            continue
        if panels:
            yield name, panels
        name, panels = panel["title"], []
    if panels:
        yield name, panels


def prometheus(url: str) -> Ask:
    """Return what asks the Prometheus at an address, which raises `PanelsError`."""
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise PanelsError(f"{url} is no address of a Prometheus")

    def ask(path: str, parameters: Mapping[str, str]) -> Any:
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(  # noqa: S310 - its scheme was looked at
                f"{url.rstrip('/')}/api/v1/{path}?{query}", timeout=ANSWER_S
            ) as answer:
                return json.loads(answer.read(ANSWER_BYTES))["data"]
        except urllib.error.HTTPError as error:
            with error:
                raise PanelsError(f"Prometheus answers {error.code} to {parameters['query']}") from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise PanelsError(f"no answer of a Prometheus from {url} ({type(error).__name__})") from None

    return ask


def _section(panel: HealthPanel, description: str, asked: Span) -> str:
    if not panel.lines:
        body = '<p class="none">keine Reihe</p>'
    else:
        laid = plot(panel, asked.steps, max(asked.steps // 4, 1))
        axes = "".join(
            f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{mark.at}" y2="{mark.at}"/>'
            f'<text x="4" y="{mark.at + 5}">{mark.value:g}</text>'
            for mark in laid.marks
        )
        lines = "".join(
            f'<polyline class="l{number}" points="{points}"/>'
            for number, pieces in enumerate(laid.lines)
            for points in pieces
        )
        ages = "".join(
            f'<text x="{x}" y="{HEIGHT - BOTTOM + 24}">-{(asked.steps - 1 - step) * asked.step / 60:.0f} min</text>'
            for x, step in laid.ticks
        )
        listed = "".join(
            f"<li>{escape(one.labels[0]) or '·'}: {_said(one.latest)}</li>" for one in panel.lines
        )
        more = f"<p>und {panel.left_out} weitere</p>" if panel.left_out else ""
        body = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}">{axes}{lines}{ages}</svg><ol>{listed}</ol>{more}'
    unit = escape(panel.unit)
    return f"<section><h3>{escape(panel.title)}</h3><p>{escape(description)} ({unit})</p>{body}</section>"


def _said(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"


def main(argv: Sequence[str] | None = None) -> int:
    """Draw them, and say what has no series. Returns 1 where something has none, 2 where Prometheus does not answer."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.panels", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("url", help="the address of Prometheus")
    parser.add_argument("page", type=Path, help="where to write the page")
    parser.add_argument("--hours", type=float, default=6.0, help="how far back (default: 6)")
    parser.add_argument("--job", default="dispatcher", help="the installation (default: dispatcher)")
    options = parser.parse_args(argv)
    asked = span(time.time(), options.hours)
    try:
        ask = prometheus(options.url)
        rows = [
            (name, [drawn(panel, ask, options.job, asked) for panel in panels])
            for path in sorted(DASHBOARDS.glob("*.json"))
            for name, panels in rows_of(json.loads(path.read_bytes()))
        ]
    except PanelsError as error:
        print(error, file=sys.stderr)
        return 2
    options.page.write_text(page(rows, options.job, asked), encoding="utf-8")
    empty = [one.title for _, panels in rows for one in panels if one.is_empty]
    print(f"{sum(len(panels) for _, panels in rows)} panels, without a series: {', '.join(empty) or 'none'}")
    return 1 if empty else 0


if __name__ == "__main__":
    sys.exit(main())
