"""The signals that whoever started the tests ignores, and what the tests start must not.

`nohup` has what it starts ignore SIGHUP, a shell without job control has what it starts in the background ignore
SIGINT. What is ignored stays so in a child and after exec, where a handler gives way to the default. So a handler that
does nothing keeps this process as it was asked to be, and gives all that it starts the usual dispositions.
"""

import signal
from types import FrameType

SURVIVED = (signal.SIGHUP, signal.SIGQUIT, signal.SIGTERM)
"""Signals that this process goes on to ignore where it was started so."""


def _survived(number: int, frame: FrameType | None) -> None:
    """Do nothing."""


def keep_to_this_process() -> None:
    """Give what this process starts from now on the default dispositions. From the main thread."""
    for number in SURVIVED:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, _survived)
    # Python's own handler: some tests interrupt this very process.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
