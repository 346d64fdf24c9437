"""Runs what this process has imported already as a process of its own: a fork, which has it at once and shares its
memory.

The kernel ends the fork with this process, as it ends what `parent_death` runs. The fork finds what a program does that
is started afresh: nothing on its standard input, no signal blocked or handled, a session of its own. What this process
holds for itself is let go of in the fork by `leave`: the lock of a data directory lasts as long as anybody has it.

Fork only while this process has no other thread of Python: what such a thread has locked stays locked in the fork.
"""

from __future__ import annotations

import multiprocessing
import os
import runpy
import signal
import sys
from typing import TYPE_CHECKING

from dispatcher.embedded.parent_death import end_with

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from multiprocessing.context import ForkProcess

PYTHON_MODULE = (sys.executable, "-m")
"""How a command begins that can be forked."""


class Fork:
    """A fork, as `subprocess.Popen` has a process."""

    def __init__(self, process: ForkProcess) -> None:
        self._process = process
        self.pid = process.pid or 0

    def terminate(self) -> None:
        """Send SIGTERM."""
        self._process.terminate()

    def kill(self) -> None:
        """Send SIGKILL."""
        self._process.kill()

    def wait(self) -> int:
        """Wait for its end. Returns its exit status, or the number of the signal that ended it as a negative one."""
        self._process.join()
        status = self._process.exitcode or 0
        self._process.close()
        return status


def fork(run: Callable[[], None], leave: Callable[[], None]) -> Fork:
    """Run `run` in a fork, after `leave`. Raises OSError."""
    process = multiprocessing.get_context("fork").Process(target=_begin, args=(run, leave, os.getpid()))
    # A signal that came before the fork has its own handlers would be taken by those of this process.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return Fork(process)


def fork_module(
    argv: Sequence[str], environment: Mapping[str, str] | None, leave: Callable[[], None]
) -> Fork:
    """Run a command that begins as `PYTHON_MODULE` in a fork, in this environment or that of this process. Raises
    OSError.
    """
    _, _, module, *arguments = argv
    return fork(lambda: _run_module(module, arguments, environment), leave)


# From here on everything runs in the fork, where no coverage is measured; see tests/embedded/test_forks.py.


def _begin(  # pragma: no cover - see above
    run: Callable[[], None], leave: Callable[[], None], parent: int
) -> None:
    os.setsid()
    end_with(parent, signal.SIGKILL)
    leave()
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # `multiprocessing` replaces `sys.stdin` alone
    os.set_inheritable(0, True)
    if nothing:  # where this process was started without any input it is 0 itself
        os.close(nothing)
    signal.set_wakeup_fd(-1)
    for number in signal.valid_signals():
        if callable(signal.getsignal(number)):
            usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            signal.signal(number, usual)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    try:
        run()
    except Exception as error:  # noqa: BLE001 - `multiprocessing` would print it, whatever the program does with its last
        sys.excepthook(type(error), error, error.__traceback__)
        sys.exit(1)


def _run_module(  # pragma: no cover - see above
    module: str, arguments: Sequence[str], environment: Mapping[str, str] | None
) -> None:
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name="__main__", alter_sys=True)
