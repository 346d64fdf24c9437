"""The wall clock, for constructors to default to."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the present as an aware instant."""
    return datetime.now(UTC)
