"""What control centres submit in tests."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.messages import Message, message

AACHEN = "05334002"
_identifiers = itertools.count(1)


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def warning(*areas: str, **changes: Any) -> Message:
    """A message of now with an identifier of its own."""
    values = {"identifier": f"warnung-{next(_identifiers)}", "sent": now() - timedelta(minutes=10)}
    made: Message = message(*areas, **values | changes)
    return made


async def stored(pool: Any) -> int:
    """How many alerts the record has."""
    count: int = await pool.fetchval("SELECT count(*) FROM alert")
    return count
