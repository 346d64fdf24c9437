"""The tools that Debian's package `prometheus` brings."""

import os
import shutil
import subprocess
from typing import Any

import pytest

PATIENCE_S = 600.0  # a busy machine; only a failing test waits so long
ONE_PROCESSOR = {"GOMAXPROCS": "1"}
"""It works for a minute, and the tests beside it have limits of time."""
SELDOM_COLLECTED = {"GOGC": "400"}
"""Go's collector waits until there is five times as much as is needed: 130 MB instead of 70, for a fifth of the time."""


@pytest.fixture(scope="session")
def prometheus_tools(processes: Any) -> None:
    """Prometheus and promtool are here; elsewhere than in continuous integration a test may skip."""
    missing = [tool for tool in ("prometheus", "promtool") if shutil.which(tool) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (Debian: apt-get install prometheus)")


@pytest.fixture
def promtool(prometheus_tools: Any) -> Any:
    """Runs promtool; (exit status, all that it wrote)."""

    def run(*arguments: Any, text: str = "") -> tuple[Any, ...]:
        done = subprocess.run(
            ["promtool", *map(str, arguments)],
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=PATIENCE_S,
            check=False,
            env=os.environ | SELDOM_COLLECTED | ONE_PROCESSOR,
        )
        return done.returncode, done.stdout

    return run
