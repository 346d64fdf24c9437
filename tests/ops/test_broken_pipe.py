"""Commands whose reader has seen enough."""

import os
import subprocess
import sys
from typing import Any

import pytest

from ops.broken_pipe import quietly


@pytest.mark.processes
@pytest.mark.parametrize(
    "command",
    [
        ["ops.lab.faults", "list"],
        ["ops.lab.bench"],
        ["cap", "rules"],
        ["dispatcher", "--help"],
        ["dispatcher", "example"],
    ],
    ids=" ".join,
)
def test_a_reader_who_has_seen_enough_gets_no_traceback(command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", *command],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert "Traceback" not in done.stderr
    assert "BrokenPipe" not in done.stderr


def test_a_command_that_is_read_to_the_end_keeps_its_status(capsys: Any) -> None:
    assert quietly(lambda: 3) == 3
