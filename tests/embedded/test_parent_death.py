import os
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from dispatcher.embedded.account import Account
from dispatcher.embedded.parent_death import with_parent_death_signal

pytestmark = pytest.mark.processes

TETHERING = """
    import signal, subprocess, sys
    from dispatcher.embedded.parent_death import with_parent_death_signal

    command = [sys.executable, "-uc", "import os, signal; print(os.getpid()); signal.pause()"]
    subprocess.run(with_parent_death_signal(command, death_signal=signal.SIGTERM))
"""


def run(command: Any) -> Any:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=20, check=False
    )


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_tethered_command_ends_with_its_parent_however_that_ends(
    python: Callable[..., subprocess.Popen[str]], ended: Callable[[int], bool], how: Any
) -> None:
    parent = python(TETHERING)
    pidfd = os.pidfd_open(int(parent.stdout.readline()))
    parent.send_signal(how)
    assert ended(pidfd)


def test_the_command_keeps_its_arguments_its_status_and_its_pid() -> None:
    source = "import os, sys; print(os.getpid(), sys.argv[1:]); sys.exit(3)"
    with subprocess.Popen(
        with_parent_death_signal([sys.executable, "-c", source, "a b", "-x"], death_signal=signal.SIGTERM),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.communicate()[0] == f"{process.pid} ['a b', '-x']\n"
    assert process.returncode == 3


def test_a_command_that_is_not_there_is_reported_as_by_a_shell() -> None:
    done = run(with_parent_death_signal(["/no/such/program"], death_signal=signal.SIGTERM))
    assert done.returncode == 127
    assert done.stderr == "cannot run: /no/such/program: No such file or directory\n"


def test_nothing_is_run_for_a_parent_that_has_gone() -> None:
    started_by_another = [
        "sh",
        "-c",
        '"$@"; exit $?',
        "sh",
        *with_parent_death_signal(["true"], death_signal=signal.SIGTERM),
    ]
    done = run(started_by_another)
    assert done.returncode == 127
    assert "the parent has ended already" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another")
def test_the_command_runs_as_the_account_without_other_groups() -> None:
    for option, number in (("-u", 54321), ("-G", 54322)):
        done = run(
            with_parent_death_signal(
                ["id", option], death_signal=signal.SIGTERM, account=Account(54321, 54322)
            )
        )
        assert done.stdout == f"{number}\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root can become another")
def test_without_root_nobody_becomes_another() -> None:
    done = run(with_parent_death_signal(["true"], death_signal=signal.SIGTERM, account=Account(54321, 54322)))
    assert done.returncode == 127
    assert "Operation not permitted" in done.stderr
