"""Runs programs that cannot outlive the process that started them, not even if that was killed with SIGKILL.

The kernel signals a process when its parent ends (PR_SET_PDEATHSIG, prctl(2)), but only if the process asked
for it, after its last change of user and before its parent was gone. So a command runs through this file as a
script: it drops privileges, asks, looks whether the parent is still there, and becomes the command, under the
same pid. (Popen's preexec_fn could do the same, but may deadlock where other threads run.)

"Parent" is the *thread* that called Popen: start such commands from one that lives as long as they shall,
which is why servers and workers are started from the main thread.
"""

from __future__ import annotations

import ctypes
import errno
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.embedded.account import Account

_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_NOT_RUN = 127  # what a shell answers for a command that it cannot run
_KEEP_IDENTITY = "-"


def with_parent_death_signal(
    command: Sequence[str], *, death_signal: signal.Signals, account: Account | None = None
) -> list[str]:
    """Return the arguments that run `command`, as `account` if given (needs root), and send it `death_signal` as soon
    as the calling thread has ended. Its exit status is 127 where `command` cannot be run.
    """
    identity = f"{account.uid}:{account.gid}" if account else _KEEP_IDENTITY
    # -I and -S: the few lines below need no packages, and start twice as fast without looking for them.
    interpreter = [sys.executable, "-I", "-S", __file__]
    return [*interpreter, death_signal.name, str(os.getpid()), identity, *command]


# From here on everything runs in the process that becomes the command, where no coverage is measured;
# tests/embedded/test_parent_death.py sees its effects.


def end_with(parent: int, death_signal: signal.Signals) -> None:  # pragma: no cover - see above
    """Have this process sent `death_signal` as soon as the thread that has started it ends. Raises OSError where that
    cannot be had, or `parent` is gone already.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl: {os.strerror(ctypes.get_errno())}")
    if os.getppid() != parent:
        raise ProcessLookupError(errno.ESRCH, "the parent has ended already")


def _become(identity: str) -> None:  # pragma: no cover - see above
    uid, gid = (int(number) for number in identity.split(":"))
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def _run(  # pragma: no cover - see above
    death_signal: signal.Signals, parent: int, identity: str, command: list[str]
) -> str:
    """Become `command`; returns only if that fails, with the reason."""
    try:
        if identity != _KEEP_IDENTITY:
            _become(identity)
        end_with(parent, death_signal)
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        return f"{command[0]}: {error.strerror}"


if __name__ == "__main__":  # pragma: no cover - see above
    failure = _run(signal.Signals[sys.argv[1]], int(sys.argv[2]), sys.argv[3], sys.argv[4:])
    sys.stderr.write(f"cannot run: {failure}\n")
    sys.exit(_NOT_RUN)
