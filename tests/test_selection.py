"""The choice of the tests that need no other process holds what it says; each part is shown to find."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.selection import COVERAGE, LENGTHY, LONG, MARK, MEASURED, is_measured

ROOT = Path(__file__).parents[1]
CONFTEST = """
import subprocess, sys
import pytest
from tests.selection import Selection

def pytest_configure(config):
    config.pluginmanager.register(Selection())

@pytest.fixture(scope="session")
def processes():
    pass

@pytest.fixture
def server(processes):
    subprocess.run([sys.executable, "-c", ""], check=True)
"""
TESTS = f"""
import os
import pytest

def test_pure(): pass

def test_by_fixture(server): pass

@pytest.mark.processes
def test_by_mark(): os.system("true")

@pytest.mark.{LONG}
def test_long(): pass

def test_in_secret(): os.system("true")

@pytest.fixture
def secret_server(): os.system("true")

def test_by_a_fixture_in_secret(secret_server): pass
"""


@pytest.fixture
def outcomes(processes: Any, tmp_path: Path) -> Any:
    """{test: outcome} of a small suite of its own, in the order in which it ran."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n" + f"  {MARK}\n  {LONG}\n")

    def run(*arguments: Any) -> tuple[Any, ...]:
        # A base directory of its own: a second session closes the usual one to the servers of the first.
        command = [sys.executable, "-m", "pytest", "-p", "no:randomly", "-p", "no:cacheprovider", "-v"]
        done = subprocess.run(
            [*command, f"--basetemp={tmp_path / 'base'}", *arguments, str(tmp_path)],
            env=os.environ | {"PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        told = re.findall(r"^test_some\.py::(\w+) (\w+)", done.stdout, re.MULTILINE)
        return dict(told), done.stdout

    return run


def test_who_starts_a_process_in_secret_fails(outcomes: Any) -> None:
    found, said = outcomes()
    assert {name for name, outcome in found.items() if outcome != "PASSED"} == {
        "test_in_secret",
        "test_by_a_fixture_in_secret",
    }
    assert "not marked `processes`: os.system: b'true'" in said


def test_the_choice_leaves_out_who_needs_one_and_nobody_else(outcomes: Any) -> None:
    found, _ = outcomes("-m", "not processes")
    assert list(found) == ["test_pure", "test_in_secret", "test_by_a_fixture_in_secret"]


def test_one_process_runs_the_tests_of_a_file_and_one_all_that_start_a_whole_service(
    outcomes: Any, tmp_path: Path
) -> None:
    for name, mark in (("long_1", LONG), ("long_2", LONG), ("short_1", MARK), ("short_2", MARK)):
        tests = f"pytestmark = pytest.mark.{mark}\ndef test_a(): pass\ndef test_b(): pass\n"
        (tmp_path / f"test_{name}.py").write_text(f"import pytest\n{tests}")
    _, said = outcomes("-n2", "--dist=loadfile", "--no-loadscope-reorder")
    ran = re.findall(r"^\[(gw\d)\].* PASSED test_((?:long|short)_\d)\.py::", said, re.MULTILINE)
    assert len(ran) == 8
    processes = {file: {process for process, other in ran if other == file} for _, file in ran}
    assert [len(found) for found in processes.values()] == [1, 1, 1, 1]
    assert processes["long_1"] == processes["long_2"] != processes["short_1"]


def test_what_starts_a_whole_service_comes_first(outcomes: Any) -> None:
    found, _ = outcomes()
    assert list(found)[:2] == ["test_long", "test_pure"]


def test_then_come_the_lengthy_files(outcomes: Any, tmp_path: Path) -> None:
    lengthy = tmp_path / LENGTHY[0]
    lengthy.parent.mkdir(parents=True)
    lengthy.write_text("def test_lengthy(): pass")
    _, said = outcomes("-m", "not processes or e2e", "--import-mode=importlib")
    assert re.findall(r"::(\w+) PASSED", said)[:3] == ["test_long", "test_lengthy", "test_pure"]


@pytest.mark.parametrize("file", LENGTHY)
def test_what_is_lengthy_exists_and_is_not_long_besides(file: str) -> None:
    assert f"mark.{LONG}" not in (ROOT / file).read_text(encoding="utf-8")


def test_what_no_limit_of_time_ends_ends_its_process_and_is_named(outcomes: Any, tmp_path: Path) -> None:
    """As a test does that waits in C: the signal of its limit is never looked at."""
    (tmp_path / "test_some.py").write_text(
        """
import signal, threading

def test_stuck():
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    threading.Event().wait()

def test_after(): pass
"""
    )
    limits = ("--timeout=1", "-o", "faulthandler_timeout=2", "-o", "faulthandler_exit_on_timeout=true")
    _, said = outcomes("-n1", *limits)
    assert "crashed while running 'test_some.py::test_stuck'" in said
    assert "1 failed, 1 passed" in said


def test_what_a_failed_test_leaves_is_ended_too(outcomes: Any, tmp_path: Path) -> None:
    (tmp_path / "test_some.py").write_text(
        """
import signal, threading
import pytest

@pytest.fixture
def stuck():
    yield
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
    threading.Event().wait()

def test_fails(stuck): assert not "this"

def test_after(): pass
"""
    )
    limits = ("--timeout=1", "-o", "faulthandler_timeout=2", "-o", "faulthandler_exit_on_timeout=true")
    _, said = outcomes("-n1", *limits)
    assert "crashed while running 'test_some.py::test_fails'" in said
    assert "1 passed" in said


@pytest.mark.parametrize("ends", [0, 2])
def test_what_follows_the_end_of_a_process_runs_once_in_another(
    outcomes: Any, tmp_path: Path, ends: int
) -> None:
    """Whichever of a file's tests it is, and whatever waits: files of one test, and one that nothing is left of."""
    (tmp_path / "test_some.py").write_text(
        "import os\n"
        + "".join(f"def test_{one}(): {'os._exit(3)' if one == ends else 'pass'}\n" for one in range(3))
    )
    for number in range(6):
        (tmp_path / f"test_{number}.py").write_text("def test_only(): pass")
    _, said = outcomes("-n2", "--dist=loadfile", "--no-loadscope-reorder")
    assert said.count("node down") == 1
    assert re.search(rf"\(\?+\) worker 'gw.' crashed while running 'test_some.py::test_{ends}'", said)
    assert "1 failed, 8 passed" in said


@pytest.mark.parametrize("loop", ["LimitedLoop", "LimitedSelectorLoop"])
def test_a_limit_ends_what_waits_and_its_fixtures_end(outcomes: Any, tmp_path: Path, loop: str) -> None:
    with (tmp_path / "conftest.py").open("a") as conftest:
        conftest.write(f"""
from tests.support import limited_loop

@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio", {{"loop_factory": limited_loop.{loop}}}
""")
    (tmp_path / "pytest.ini").write_text("[pytest]\nanyio_mode = auto\n")
    (tmp_path / "test_some.py").write_text(
        """
import asyncio
import pytest

@pytest.fixture
async def ending():
    yield
    print("the fixture has ended")

@pytest.fixture
async def begins_never(ending):
    await asyncio.Event().wait()

@pytest.fixture
async def ends_never(ending):
    yield
    await asyncio.Event().wait()

async def test_waits(ending):
    async def within():
        await asyncio.Event().wait()
    await within()

async def test_before(begins_never): pass

async def test_behind(ends_never): pass

async def test_after(ending): pass
"""
    )
    _, said = outcomes("--timeout=1", "--tb=short", "-s")
    assert said.count("the fixture has ended") == 4
    assert "1 failed, 2 passed, 2 errors" in said
    assert "from pytest-timeout" in said


def test_the_end_of_a_process_waits_for_every_limit_of_a_test(pytestconfig: pytest.Config) -> None:
    marks = re.compile(r"mark\.timeout\((\d+)\)")
    limits = [
        int(limit)
        for file in (ROOT / "tests").rglob("test_*.py")
        for limit in marks.findall(file.read_text())
    ]
    assert pytestconfig.getini("faulthandler_exit_on_timeout")
    assert max(limits) < pytestconfig.getini("faulthandler_timeout") - 60


def test_coverage_is_measured_in_what_tests_of_processes_start_and_elsewhere_not(
    outcomes: Any, tmp_path: Path
) -> None:
    (tmp_path / "test_some.py").write_text(
        f"""
import os, pytest
os.environ[{COVERAGE!r}] = "as coverage sets it"

@pytest.fixture(scope="module")
def measured(processes): return {COVERAGE!r} in os.environ

def test_measured(measured): assert measured and {COVERAGE!r} in os.environ
"""
    )
    measured = tmp_path / "tests" / "worker"
    measured.mkdir(parents=True)
    shutil.copy(tmp_path / "test_some.py", measured / "test_other.py")
    _, said = outcomes("--import-mode=importlib")
    assert "test_some.py::test_measured FAILED" in said
    assert "tests/worker/test_other.py::test_measured PASSED" in said


@pytest.mark.parametrize("place", MEASURED)
def test_what_is_measured_exists(place: Any) -> None:
    assert (ROOT / place).exists()
    assert is_measured(Path(place) / "test_x.py")
    assert not is_measured(Path("tests/e2e/test_benchmarks.py"))


@pytest.mark.processes
@pytest.mark.parametrize("arguments", ["", "tests/cap", "-m 'not e2e'"])
@pytest.mark.parametrize(("target", "covered"), [("test", False), ("coverage", True)])
def test_coverage_is_measured_where_it_is_asked_for(target: str, arguments: str, covered: bool) -> None:
    command = ["make", "--dry-run", target, f"ARGS={arguments}"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert arguments in said
    assert ("--cov" in said) is covered
