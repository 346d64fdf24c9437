"""A time limit ends an asynchronous test.

pytest-timeout raises in the handler of a signal. What waits for an event loop of uvloop is not reached by that: the loop
takes the exception for one of a callback, tells its exception handler, and waits on. And anyio leaves the task that runs
tests and fixtures where an outcome of pytest's interrupts it, so that the ends of the fixtures wait for it for ever. The
test would wait until pytest's `faulthandler_timeout` ends the whole process.
"""

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable
from types import CoroutineType
from typing import Any

import pytest
import uvloop

_TURNS = 10
_GRACE = 10.0  # seconds for a test to end that was cancelled; then its fixtures end beside it


class _Leaving:
    """Ends what was left of connections to sockets of this machine, as those to Valkey, when the loop is closed."""

    _connections: list[asyncio.Future[Any]] | None = None

    async def create_unix_connection(self, *args: Any, **options: Any) -> Any:
        made = asyncio.ensure_future(super().create_unix_connection(*args, **options))  # type: ignore[misc]
        self._connections = [*(one for one in self._connections or () if not _is_over(one)), made]
        return await asyncio.shield(made)

    def close(self) -> None:
        # uvloop waits for ever for a connection of its that is being made, or was left, when it is closed.
        if not self.is_closed():  # type: ignore[attr-defined]
            for made in self._connections or ():
                made.add_done_callback(_abort)
            for _ in range(_TURNS):
                super().run_until_complete(asyncio.sleep(0))  # type: ignore[misc]
        super().close()  # type: ignore[misc]


def _limited(loop: Any) -> Any:
    """A class of event loops of which whoever waits for a test or a fixture learns that its limit is reached."""

    class Limited(_Leaving, loop):  # type: ignore[misc]
        _runner: Any = None
        _awaited: asyncio.Future[Any] | None = None
        _reached: BaseException | None = None

        def set_exception_handler(self, handler: Callable[..., Any] | None) -> None:
            # anyio's, which runs tests and fixtures in a task of its own
            self._runner = getattr(handler, "__self__", None)
            super().set_exception_handler(handler)

        def call_exception_handler(self, context: dict[str, Any]) -> None:
            found = context.get("exception")
            if self._awaited is None or not isinstance(found, pytest.fail.Exception):
                super().call_exception_handler(context)
                return
            self._reached = found
            self._awaited.cancel()

        def run_until_complete(self, future: Awaitable[Any]) -> Any:
            awaited = self._awaited = asyncio.ensure_future(future, loop=self)
            try:
                return super().run_until_complete(awaited)
            except (asyncio.CancelledError, pytest.fail.Exception) as interruption:
                reached, self._reached = self._reached, None
                if reached is None and awaited.done():
                    raise  # by the test itself
                _end_runner(self._runner, super().run_until_complete)
                raise reached or interruption from None
            finally:
                self._awaited = None

    return Limited


LimitedLoop = _limited(uvloop.Loop)
"""As the service has it."""

LimitedSelectorLoop = _limited(asyncio.SelectorEventLoop)
"""As Python has it."""


def _is_over(made: asyncio.Future[Any]) -> bool:
    """Whether a connection was not made, or is closed."""
    if not made.done():
        return False
    return made.cancelled() or made.exception() is not None or bool(made.result()[0].is_closing())


def _abort(made: asyncio.Future[Any]) -> None:
    """End a connection that was made."""
    if not made.cancelled() and made.exception() is None:
        made.result()[0].abort()


def _end_runner(runner: Any, run: Callable[[Awaitable[Any]], Any]) -> None:
    """End the task that is still in the test or the fixture. anyio makes a new one for what comes after it, if it knows
    of none.
    """
    if (task := getattr(runner, "_runner_task", None)) is not None:
        sys.stderr.write("".join(waiting(task)))
        task.cancel()
        run(asyncio.wait([task], timeout=_GRACE))
        runner._runner_task = None


def waiting(task: asyncio.Task[Any]) -> list[str]:
    """Say where a task waits: a line for itself, then one or two for each coroutine, the innermost last."""
    said = [f"{task.get_name()} waits:\n"]
    inner: Any = task.get_coro()
    while isinstance(inner, CoroutineType):
        if inner.cr_frame is not None:
            said += traceback.format_stack(inner.cr_frame, limit=1)
        inner = inner.cr_await
    return said
