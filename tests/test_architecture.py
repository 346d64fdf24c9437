"""Rules of the house that no linter knows. Each finder is shown to find."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dispatcher.metrics import CHANNELS

ROOT = Path(__file__).parents[1]
SERVICE = [path for top in ("cap", "channels", "dispatcher") for path in sorted((ROOT / top).rglob("*.py"))]
SKIPPED = {
    ".git",
    ".venv",
    "var",
    ".mypy_cache",
    ".ruff_cache",
    ".hypothesis",
    ".pytest_cache",
    "node_modules",
}
TEXTS = [
    path
    for path in sorted(ROOT.rglob("*"))
    if path.is_file()
    and (path.suffix in {".py", ".md", ".toml", ".json", ".yml", ".yaml", ".lock"} or path.name == "Makefile")
    and not SKIPPED & set(path.relative_to(ROOT).parts)
]
SOMEBODYS_PATH = re.compile(r"(?<![\w.~])/(?:work|root|home)/\w+")


def literals(source: str) -> set[str]:
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def calls(source: str) -> set[str]:
    return {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}


def attributes(source: str) -> set[str]:
    return {node.attr for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}


def longest_function(source: str) -> int:
    return max(
        (
            (node.end_lineno or node.lineno) - node.lineno + 1
            for node in ast.walk(ast.parse(source))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ),
        default=0,
    )


def test_intake_and_delivery_name_no_channel():
    assert "webpush" in literals('if channel == "webpush": ...')
    rooms = [path for room in ("delivery", "intake") for path in (ROOT / "dispatcher" / room).glob("*.py")]
    assert len(rooms) > 20
    for path in rooms:
        assert not literals(path.read_text()) & set(CHANNELS), path


@pytest.mark.parametrize("path", SERVICE, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_blocks_the_event_loop_or_sets_global_defaults(path):
    assert "time.sleep" in calls("time.sleep(1)")
    if path.parent.name not in {"commands", "embedded"}:  # synchronous by nature
        assert not calls(path.read_text()) & {"time.sleep", "socket.setdefaulttimeout", "logging.basicConfig"}


def test_only_the_queue_counts_what_it_did_not_take():
    """A caller that counts is one that can forget to."""
    assert "enqueue_failures" in attributes("metrics.enqueue_failures.inc(not rung)")
    counting = {path.name for path in SERVICE if "enqueue_failures" in attributes(path.read_text())}
    assert counting == {"metrics.py", "wiring.py"}


def test_jobs_only_unpack_and_call():
    assert longest_function("def f():\n    pass\n    pass\n") == 3
    assert longest_function((ROOT / "dispatcher" / "worker" / "jobs.py").read_text()) <= 15


@pytest.mark.processes
@pytest.mark.parametrize(
    "package", ["cap", "channels.base", "dispatcher.model.vocabulary", "dispatcher.wiring"]
)
def test_importing_does_nothing(package):
    """No output, no warning, no thread left, no child."""
    source = f"import threading, {package}; print(threading.active_count())"
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", source], capture_output=True, text=True, timeout=60, check=True
    )
    assert (result.stdout.strip(), result.stderr) == ("1", "")


def test_no_machines_paths_are_named():
    assert SOMEBODYS_PATH.search("see /home/somebody/x")
    for path in TEXTS:
        assert path == Path(__file__) or not SOMEBODYS_PATH.search(
            path.read_text(encoding="utf-8", errors="replace")
        ), path
