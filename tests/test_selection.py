"""The choice of the tests that need no other process holds what it says; each part is shown to find."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

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
TESTS = """
import os
import pytest

def test_pure(): pass

def test_by_fixture(server): pass

@pytest.mark.processes
def test_by_mark(): os.system("true")

@pytest.mark.e2e
def test_long(): pass

def test_in_secret(): os.system("true")

@pytest.fixture
def secret_server(): os.system("true")

def test_by_a_fixture_in_secret(secret_server): pass
"""
MARKS = ("processes", "e2e", "xdist_group(name)")


@pytest.fixture
def outcomes(processes, tmp_path):
    """{test: outcome} of a small suite of its own, in the order in which it ran."""
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_some.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n" + "".join(f"  {mark}\n" for mark in MARKS))

    def run(*arguments):
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
        told = [
            line.split("::")[1].split()
            for line in done.stdout.splitlines()
            if line.startswith("test_some.py::")
        ]
        return {words[0]: words[1] for words in told}, done.stdout

    return run


def test_who_starts_a_process_in_secret_fails(outcomes):
    found, said = outcomes()
    assert {name for name, outcome in found.items() if outcome != "PASSED"} == {
        "test_in_secret",
        "test_by_a_fixture_in_secret",
    }
    assert "not marked `processes`: os.system: b'true'" in said


def test_the_choice_leaves_out_who_needs_one_and_nobody_else(outcomes):
    found, _ = outcomes("-m", "not processes")
    assert list(found) == ["test_pure", "test_in_secret", "test_by_a_fixture_in_secret"]


def test_what_starts_a_whole_service_comes_first(outcomes):
    found, _ = outcomes()
    assert list(found)[:2] == ["test_long", "test_pure"]
