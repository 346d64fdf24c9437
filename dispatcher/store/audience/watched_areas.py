"""Read watched areas, which are smaller than a municipality, as they come to the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dispatcher.model.subscriptions import WatchedArea

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dispatcher.store.record import Pool


class WatchedAreas:
    """Reads what is new since the last call."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def since(self, mark: str) -> tuple[list[tuple[int, int, WatchedArea]], str]:
        """Return (id, subscription, watched area) of all rows written since `mark`, some perhaps again, and the next
        mark.

        Transactions do not commit in the order in which they begin: the mark is the oldest that was still open.
        The first mark is "0".
        """
        next_mark: str = await self._pool.fetchval("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        rows = await self._pool.fetch(
            """SELECT id, subscription_id, lat, lon, radius_m FROM watched_area
               WHERE written_by >= $1::text::xid8 ORDER BY id""",
            mark,
        )
        found = [
            (
                row["id"],
                row["subscription_id"],
                WatchedArea(tuple(zip(row["lat"], row["lon"], strict=True)), row["radius_m"]),
            )
            for row in rows
        ]
        return found, next_mark

    async def subscribers_of(self, area_ids: Sequence[int]) -> list[int]:
        """Return the subscriptions whose watched areas these are, in ascending order; what was taken away since it was
        read is left out.
        """
        rows = await self._pool.fetch(
            "SELECT DISTINCT subscription_id FROM watched_area WHERE id = ANY($1::bigint[]) ORDER BY 1",
            area_ids,
        )
        return [row["subscription_id"] for row in rows]

    async def target(self, alert_id: str) -> bytes:
        """Return what the alert covers, as WKB in EPSG:3035; nothing where only codes name its municipalities."""
        shape: bytes | None = await self._pool.fetchval(
            "SELECT shape FROM target WHERE alert_id = $1", alert_id
        )
        return shape or b""
