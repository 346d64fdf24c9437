"""Started by `nohup` or in a script's background, the tests give what they start the usual signals."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).parents[1]
NUMBERS = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGTERM)
STARTED_SO = """
import signal, subprocess, sys
from tests.support import inherited_signals

if sys.argv[1] == "kept":
    inherited_signals.keep_to_this_process()
for number in inherited_signals.SURVIVED:
    signal.raise_signal(number)
subprocess.run([sys.executable, "-c", sys.argv[2], *sys.argv[3:]], check=True)
"""
IGNORED = (
    "import signal, sys; print(*(n for n in sys.argv[1:] if signal.getsignal(int(n)) is signal.SIG_IGN))"
)
PYTHONS_OWN = [int(signal.SIGPIPE)]
"""Python ignores it in its own process, whatever it was started with, and resets it in what `subprocess` starts."""


def ignored_in_a_child(how: str) -> Any:
    """The signals that the child of a process ignores that was itself started ignoring all of them."""
    names = " ".join(number.name.removeprefix("SIG") for number in NUMBERS)
    shell = ["sh", "-c", f"trap '' {names}; exec \"$@\"", "sh"]
    command = [sys.executable, "-c", STARTED_SO, how, IGNORED, *(str(int(number)) for number in NUMBERS)]
    done = subprocess.run(
        [*shell, *command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    return [int(number) for number in done.stdout.split()]


def test_what_the_tests_start_ignores_no_signal_that_they_were_started_with() -> None:
    """The process itself survives those that it was to survive, or it would print nothing."""
    assert ignored_in_a_child("kept") == PYTHONS_OWN


def test_a_signal_that_is_handed_down_is_noticed() -> None:
    assert ignored_in_a_child("as it is") == list(NUMBERS)
