"""The reference pages that follow from the code: `python -m ops.reference` writes them, a test compares them."""

from __future__ import annotations

from pathlib import Path

from dispatcher.metrics import Metrics
from dispatcher.settings import Settings

DOCS = Path(__file__).parent / "docs"
SETTINGS_HEAD = """# Settings

Environment variables, read at the start. Made from `dispatcher/settings.py` by `python -m ops.reference`.

| variable | default | |
|---|---|---|
"""
METRICS_HEAD = """# Metrics

On `/metrics` of the API and of every worker. Labels are small closed sets: never an alert, an endpoint or a number.
Each process counts what it does; sum over processes. Gauges about the whole installation are shown by the worker
that leads; one that led before keeps its last values, so take those of the process with the latest
`warn_last_reconciliation_timestamp_seconds`, as `ops/prometheus/rules/recording.yml` does. Totals of record come from
the API.
Made from `dispatcher/metrics.py` by `python -m ops.reference`.

| metric | type | labels | |
|---|---|---|---|
"""
EXTERNAL = {"database_url": "DATABASE_URL", "redis_url": "REDIS_URL"}


def settings_page() -> str:
    """Every setting with its default and meaning."""
    rows = []
    for name, field in Settings.model_fields.items():
        variable = EXTERNAL.get(name, f"WARN_{name.upper()}")
        default = "" if field.default in (None, (), frozenset()) else f"`{field.default}`"
        meaning = " ".join((field.description or "").split()).replace("|", "\\|")
        rows.append(f"| `{variable}` | {default} | {meaning} |")
    return SETTINGS_HEAD + "\n".join(rows) + "\n"


def metrics_page() -> str:
    """Every metric with its type, labels and meaning."""
    rows = []
    for collector in Metrics().registry._collector_to_names:  # noqa: SLF001 - the registry has no public list of labels
        labels = ", ".join(f"`{label}`" for label in getattr(collector, "_labelnames", ()))
        for family in collector.collect():
            suffix = {"counter": "_total", "info": "_info"}.get(family.type, "")
            rows.append(f"| `{family.name}{suffix}` | {family.type} | {labels} | {family.documentation} |")
    return METRICS_HEAD + "\n".join(sorted(rows)) + "\n"


PAGES = {"settings.md": settings_page, "metrics.md": metrics_page}


def main() -> None:
    """Write the pages."""
    for name, page in PAGES.items():
        (DOCS / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
