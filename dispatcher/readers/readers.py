"""What reads untrusted bytes, wherever it runs, and why it may not have been able to."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from dispatcher.boundaries.municipalities import Boundaries

P = ParamSpec("P")
Value = TypeVar("Value")


class StopReason(StrEnum):
    """Why a reader was stopped before it had read to the end."""

    TIME = "time"
    MEMORY = "memory"
    CRASH = "crash"


class ReadersBusy(Exception):
    """The source has as many readers as it may have, and none of them became free in time."""


class ReaderStopped(Exception):
    """The reader was stopped. What it was to read was not read, and would stop the next one too."""

    def __init__(self, reason: StopReason) -> None:
        super().__init__(reason)
        self.reason = reason


class Readers(Protocol):
    """Runs functions of bytes and boundaries."""

    async def run(
        self,
        source: str,
        function: Callable[Concatenate[Boundaries, P], Value],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Value:
        """Return what the function returns for the boundaries and `args`, or raise what it raises.

        `source` is who wrote what is to be read. Raises `ReadersBusy` or `ReaderStopped`.
        """


class InProcess:
    """Reads in a thread of this process, for commands of the person at the machine, and for tests."""

    def __init__(self, boundaries: Boundaries) -> None:
        self._boundaries = boundaries

    async def run(
        self,
        source: str,  # noqa: ARG002 - nobody else is held up
        function: Callable[Concatenate[Boundaries, P], Value],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Value:
        """Run it, for as long as it takes."""
        return await asyncio.to_thread(function, self._boundaries, *args, **kwargs)
