"""Logs: one JSON object a line on standard error, or readable lines at a terminal. Never personal data."""

from __future__ import annotations

import logging
import sys

import structlog

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
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    _adopt_libraries(shared, renderer, process)


def _adopt_libraries(
    shared: list[structlog.typing.Processor], renderer: structlog.typing.Processor, process: str
) -> None:
    def named(
        _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        # Threads and tasks of libraries have no context of ours.
        return {**event, "process": process}

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
