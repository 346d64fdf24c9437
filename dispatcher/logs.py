"""Logs: one JSON object a line on standard error, or readable lines at a terminal. Never personal data."""

from __future__ import annotations

import logging
import sys

import structlog

QUIET = ("arq", "uvicorn", "alembic", "asyncio")


def configure(*, as_json: bool, process: str) -> None:
    """For the whole process; called once by each command."""
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
