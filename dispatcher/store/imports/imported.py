"""Read the endpoints that were imported, with what was imported of them: what an import would write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from dispatcher.model.subscriptions import NewSubscription, WatchedArea
from dispatcher.store import audit
from dispatcher.store.sealed.addresses import COLUMNS

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from dispatcher.access.principals import Actor
    from dispatcher.store.record import Pool
    from dispatcher.store.sealed.addresses import Addresses

PREFETCH: Final = 2_000
"""Rows that are in memory at once."""
_IMPORTED: Final = f"""
SELECT s.id, {COLUMNS}, s.address, s.keys, s.channel, s.gateway AS goes_by, s.instance, s.ref, s.legal_basis,
  CASE WHEN l.proven IS NULL THEN s.language ELSE coalesce(s.imported_language, s.language) END AS language,
  p.places, p.areas
FROM subscription s
CROSS JOIN LATERAL (
  SELECT bool_or(e.proven_at IS NOT NULL) AS proven FROM subscriber_endpoint e WHERE e.subscription_id = s.id) l
CROSS JOIN LATERAL (
  SELECT ARRAY(
      SELECT f.ags FROM followed_municipality f WHERE f.subscription_id = s.id AND f.imported ORDER BY f.ags) AS places,
    (SELECT jsonb_agg(jsonb_build_array(to_jsonb(w.lat), to_jsonb(w.lon), w.radius_m) ORDER BY w.id)
     FROM watched_area w WHERE w.subscription_id = s.id AND w.imported) AS areas) p
WHERE s.ended_at IS NULL AND (s.imported_active OR s.legal_basis IS NOT NULL OR l.proven IS NOT TRUE)
  AND (p.places <> '{{}}' OR p.areas IS NOT NULL)
  AND NOT EXISTS (SELECT FROM webhook w WHERE w.subscription_id = s.id)
ORDER BY s.id"""  # noqa: S608 - constant
"""Without webhooks, which instances register; and of what subscribers have proven, only what counts of an import."""


async def imported(pool: Pool, addresses: Addresses) -> AsyncGenerator[NewSubscription | None, None]:
    """Yield them as they are at one moment, in bounded memory; None for each that cannot be opened."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        async for row in connection.cursor(_IMPORTED, prefetch=PREFETCH):
            yield _subscription(row, addresses)


async def note_export(pool: Pool, by: Actor, count: int) -> None:
    """Note on the audit trail that somebody took so many out of the record."""
    async with pool.acquire() as connection:
        await audit.note(connection, by, "subscriptions.export", count=count)


def _subscription(row: Any, addresses: Addresses) -> NewSubscription | None:
    opened = addresses.of_either(row)
    if not opened.is_legible:
        return None
    areas = tuple(
        WatchedArea(tuple(zip(lat, lon, strict=True)), float(radius_m))
        for lat, lon, radius_m in row["areas"] or ()
    )
    return NewSubscription(
        channel=row["channel"],
        gateway=row["goes_by"],
        address=opened.address,
        keys=opened.keys,
        places=tuple(row["places"]),
        language=row["language"],
        instance=row["instance"],
        ref=row["ref"],
        watched_areas=areas,
        legal_basis=row["legal_basis"],
    )
