"""Count which SMS gateways the subscribers of a warning name themselves, and which languages they read, for what is
said before it is planned.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.store.sms.routing import CHANNEL, wanted_gateway
from dispatcher.store.sql import Target, concerned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.store.record import Connection, Pool

_TARGET = Target("SELECT unnest($1::text[])", "$1::text[]", "'{}'::bigint[]")
LANGUAGES_MOST = 50
"""The most languages that are told apart, those of most people: a person names them in any order."""
_LANGUAGES = f"""
SELECT s.language, count(*) AS n
FROM ({concerned(_TARGET)}) c JOIN subscription s ON s.id = c.id
WHERE s.ended_at IS NULL AND s.channel = '{CHANNEL}' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {LANGUAGES_MOST}
"""  # noqa: S608 - constant
_NAMED = f"""
SELECT coalesce({wanted_gateway("s", "$2")}, '') AS wanted, count(*) AS n
FROM ({concerned(_TARGET)}) c JOIN subscription s ON s.id = c.id
WHERE s.ended_at IS NULL AND s.channel = '{CHANNEL}' GROUP BY 1
"""  # noqa: S608 - constant


async def named_gateways(
    connection: Connection | Pool, ags: Sequence[str], own: Sequence[str] = ()
) -> dict[str, int]:
    """Return how many SMS subscribers in these municipalities, as a whole, name which gateway, or have one of their
    app's `own`; an empty name stands for the others. Nothing follows from it of who is within a shape.
    """
    return {row["wanted"]: row["n"] for row in await connection.fetch(_NAMED, list(ags), list(own))}


async def languages_wanted(connection: Connection | Pool, ags: Sequence[str]) -> dict[str, int]:
    """Return how many SMS subscribers in these municipalities, as a whole, read which languages (priority lists)."""
    return {row["language"]: row["n"] for row in await connection.fetch(_LANGUAGES, list(ags))}
