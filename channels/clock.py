"""The wall clock, for constructors to default to."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The aware present."""
    return datetime.now(UTC)
