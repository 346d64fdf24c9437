"""Writes a configuration of Prometheus for this installation, with the rules beside it:

    python -m ops.monitoring var/monitoring --data-dir var --runbooks https://warnung.example.org/runbooks.html

It is the example in `ops/prometheus`, with the paths and the address of this one.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

SHIPPED = Path(__file__).parent / "prometheus"
DATA_DIR = "/var/lib/dispatcher"
"""The data directory of the example."""
RUNBOOKS = "https://warnung.example.org/runbooks.html"
"""The published runbooks of the example."""


def configuration(text: str, data_dir: Path, runbooks: str, alertmanager: str | None = None) -> str:
    """Return the example configuration `text` for another data directory, address of the runbooks, and Alertmanager
    (`host:port`), in YAML. Raises ValueError where the example does not have what is to be replaced.
    """
    changes = {
        f"{DATA_DIR}/": f"{data_dir.resolve()}/",
        f"runbooks: {RUNBOOKS}": f"runbooks: {json.dumps(runbooks)}",
    }
    changes |= {f"data in {DATA_DIR}": f"data in {data_dir.resolve()}"}
    if alertmanager:
        changes["127.0.0.1:9093"] = alertmanager
    for old, new in changes.items():
        if old not in text:
            raise ValueError(f"the example does not say {old}")
        text = text.replace(old, new)
    return text


def write(directory: Path, text: str) -> Path:
    """Write a configuration, and the rules that it names, into a directory. Returns the configuration's file."""
    (directory / "rules").mkdir(parents=True, exist_ok=True)
    for rules in (SHIPPED / "rules").glob("*.yml"):
        shutil.copy(rules, directory / "rules" / rules.name)
    file = directory / "prometheus.yml"
    file.write_text(text, encoding="utf-8")
    return file


def main() -> None:
    """Write it, and say how Prometheus takes it."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.monitoring", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("directory", type=Path, help="where to write it")
    parser.add_argument("--data-dir", type=Path, default=Path("var"), help="the service's WARN_DATA_DIR")
    parser.add_argument("--runbooks", default=RUNBOOKS, help="where ops/docs/runbooks.md is published")
    parser.add_argument("--alertmanager", help="host:port of Alertmanager; default: 127.0.0.1:9093")
    asked = parser.parse_args()
    example = (SHIPPED / "prometheus.yml").read_text(encoding="utf-8")
    text = configuration(example, asked.data_dir, asked.runbooks, asked.alertmanager)
    print(f"prometheus --config.file={write(asked.directory, text)} --storage.tsdb.retention.time=400d")


if __name__ == "__main__":
    main()
