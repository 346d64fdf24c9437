"""Render notices once per alert, kind and language, and keep them for the batches that follow."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

import cap
from dispatcher.delivery.render import render

if TYPE_CHECKING:
    from datetime import tzinfo

    from channels.base import Notice
    from dispatcher.model.batches import Lease
    from dispatcher.model.vocabulary import Kind
    from dispatcher.store.alerts.alerts import Alerts

KEPT = 256
"""Notices in memory at once; the oldest goes first, and is rendered again if a batch still needs it."""


class Notices:
    """Caches rendered notices in front of the record: a mass send has a thousand batches and one notice."""

    def __init__(self, alerts: Alerts, zone: tzinfo) -> None:
        self._alerts = alerts
        self._zone = zone
        self._kept: OrderedDict[tuple[str, Kind, str], Notice] = OrderedDict()

    async def notice(self, lease: Lease) -> Notice:
        """Return the notice of the batch. The record never loses an alert, so it is always there."""
        key = (lease.alert_id, lease.kind, lease.language)
        if key not in self._kept:
            self._kept[key] = await self._render(lease)
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[key]

    async def _render(self, lease: Lease) -> Notice:
        stored = await self._alerts.get(lease.alert_id)
        raw = await self._alerts.raw(lease.alert_id)
        if stored is None or raw is None:
            raise LookupError(lease.alert_id)
        places = [place.name for place in await self._alerts.affected(lease.alert_id)]
        return render(
            cap.parse(raw).alerts[0],
            stored,
            lease.kind,
            lease.language,
            places,
            stored.expires.astimezone(self._zone),
        )
