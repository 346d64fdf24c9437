"""Logs: one JSON object a line on standard error, or readable lines at a terminal. Never personal data.

What an exception says is not ours to know: PostgreSQL repeats the row, asyncpg the argument, pydantic the body, and any
text that is put together repeats what it is about. So its type and where it was raised are written, and no text.
"""

from __future__ import annotations

import errno
import logging
import re
import sys
import threading
import traceback
from typing import TYPE_CHECKING, Final

import structlog

if TYPE_CHECKING:
    from types import TracebackType

_SQLSTATE: Final = re.compile(r"[0-9A-Z]{5}")
"""PostgreSQL's code of an error (its appendix A), which says what is wrong and nothing of the row."""

_WORD: Final = r"(?:[^\W\d]\w*|<locals>|<lambda>)"
_CALLBACK: Final = re.compile(
    rf"Exception in callback (?:(?:<(?:function|cyfunction|bound method|built-in method) )?{_WORD}(?:\.{_WORD})*)?"
)
"""What is said of a callback that raised, as far as its name. asyncio adds its arguments; uvloop writes it as Python
does, and so with the object whose method it is, or with the arguments of a `functools.partial`.
"""
_VALUES: Final = re.compile(r"\((?!\))|(?<=\w)=")
"""Where values begin: those of a call or of an exception, and the attributes of a task or a socket."""

QUIET = ("arq", "uvicorn", "alembic", "asyncio")
SILENT = ("asyncpg",)
"""Loggers that are silenced: asyncpg reports with a traceback, and again and again, that the record is away, which we
say ourselves in a line."""


def configure(*, as_json: bool | None, process: str) -> None:
    """Configure logs for the whole process; called once by each command. What libraries log comes out in the same
    form. `as_json`: one JSON object a line, or else lines for a person; None: whichever standard error is for.
    """
    if as_json is None:
        as_json = not sys.stderr.isatty()
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _outlined,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    _log_last_words()
    _adopt_libraries(shared, renderer, process)


def outline(error: BaseException) -> str:
    """Return where an error was raised, with those that led to it, the first one first; nothing of what any of them
    says.
    """
    chain: list[BaseException] = []
    following: BaseException | None = error
    # By identity: what `==` says of two exceptions is theirs to define.
    while following is not None and all(following is not one for one in chain):
        chain.append(following)
        context = None if following.__suppress_context__ else following.__context__
        following = following.__cause__ or context
    return "\n\n".join(
        "".join(
            ["Traceback (most recent call last):\n", *traceback.format_tb(one.__traceback__), _named(one)]
        )
        for one in reversed(chain)
    )


def without_values(said: str) -> str:
    """Return what asyncio or uvloop says, without values: below the first line are only such, an exception with its
    text among them, and in it are those that a function was called with, or that an object shows of itself.
    """
    line = said.partition("\n")[0]
    if found := _CALLBACK.match(line):
        return found[0].strip()
    return _VALUES.split(line, maxsplit=1)[0].strip()


def _named(error: BaseException) -> str:
    """Return the name of the error's type, with the code that says why, where there is one, or the names of those that
    it holds.
    """
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if isinstance(error, BaseExceptionGroup):
        return f"{name} ({', '.join(_named(one) for one in error.exceptions)})"
    if isinstance(error, OSError) and (known := errno.errorcode.get(error.errno or 0)):
        return f"{name} [{known}]"
    code = getattr(error, "sqlstate", None)
    return f"{name} [{code}]" if isinstance(code, str) and _SQLSTATE.fullmatch(code) else name


def _outlined(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Put the outline of an error in its place."""
    found = event.pop("exc_info", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    return {**event, "exception": outline(error)} if isinstance(error, BaseException) else event


def _log_last_words() -> None:
    """Log what Python would print, text and all: an error that ends the process or a thread, or is raised where nobody
    can catch it.
    """
    log = structlog.get_logger()

    def of_process(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
        log.critical("process_failed", exc_info=error)

    def of_thread(found: threading.ExceptHookArgs) -> None:
        if found.exc_type is not SystemExit:
            log.error("thread_failed", exc_info=found.exc_value)

    def of_nobody(found: sys.UnraisableHookArgs) -> None:
        log.error("exception_ignored", exc_info=found.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = of_process, of_thread, of_nobody


def _adopt_libraries(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor, process: str
) -> None:
    def named(
        _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        # Threads and tasks of libraries have no context of ours.
        said = event["event"]
        if event.get("logger") == "asyncio" and isinstance(said, str):
            said = without_values(said)
        return {**event, "event": said, "process": process}

    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name, named],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    logging.getLogger().handlers = [handler]
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL)
