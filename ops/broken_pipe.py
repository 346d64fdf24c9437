"""Ends a command quietly whose reader has seen enough (`… | head`)."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

CUT_OFF = 1
"""The exit status of a command that could not print all: nobody has seen its outcome."""


def quietly(command: Callable[[], int]) -> int:
    """Run the command and return its exit status; say nothing, not even at exit, once nobody reads any more."""
    try:
        status = command()
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return CUT_OFF
    return status
