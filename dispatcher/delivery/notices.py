"""Render notices once per alert, kind and language, and keep them for the batches that follow while they are right."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

from dispatcher.delivery.render import Rendered, render
from dispatcher.model.alerts import together
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.content import RecordedMessage
from dispatcher.texts.headline import ENDINGS
from dispatcher.texts.times import Present

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    import cap
    from channels.base import Notice
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.batches import Lease
    from dispatcher.store.alerts.alerts import Alerts

KEPT = 256
"""Notices in memory at once; the oldest goes first, and is rendered again if a batch still needs it."""


class Notices:
    """Caches rendered notices in front of the record: a mass send has a thousand batches and one notice."""

    def __init__(self, alerts: Alerts, zone: tzinfo, known: frozenset[str] = frozenset()) -> None:
        """`known` is the names of all municipalities, in lower case."""
        self._alerts = alerts
        self._known = known
        self._zone = zone
        self._kept: OrderedDict[tuple[str, Kind, str], Rendered] = OrderedDict()

    async def notice(self, lease: Lease, now: datetime) -> Notice | None:
        """Return what the batch may send at `now` (aware), by the record; None if nothing is left to tell. The record
        never loses an alert, so it is always there.
        """
        key = (lease.alert_id, lease.kind, lease.language)
        kept = self._kept.get(key)
        if kept is None or kept.until <= now:
            source, until = await self._source(lease)
            rendered = render(source, lease.kind, lease.language, Present(now, self._zone))
            if rendered is None:
                return None
            kept = rendered._replace(until=min(rendered.until, until or rendered.until))
            self._keep(key, kept)
        return kept.notice

    def _keep(self, key: tuple[str, Kind, str], rendered: Rendered) -> None:
        self._kept[key] = rendered
        if len(self._kept) > KEPT:
            self._kept.popitem(last=False)

    async def _source(self, lease: Lease) -> tuple[RecordedMessage, datetime | None]:
        """Return where the notice's words come from, and until when that is so where it is for a time."""
        stored, alert = await self._message(lease.alert_id)
        named, ended = [lease.alert_id], ""
        if lease.kind is Kind.CANCEL:
            ended = together([one.headline for one in await self._ended_by(stored.id)])
        if lease.kind in ENDINGS:
            # People hear of an end for as long as what they were told would have held.
            stored = replace(stored, expires=max(stored.expires, lease.deadline))
        if lease.kind is Kind.NO_LONGER_AFFECTED and (earlier := await self._alerts.replaced_by(stored.id)):
            # What goes on elsewhere is not what is over here: an end names what has ended.
            named = earlier
            stored, alert = await self._ended(stored, earlier)
        # An end names where it is over: not where the message that says so, or a branch beside it, warns on.
        affected = {place.ags: place.name for one in named for place in await self._alerts.affected(one)}
        goes_on = await self._alerts.going_on(lease.chain_id, lease.alert_id) if lease.kind in ENDINGS else {}
        places = {ags: name for ags, name in affected.items() if ags not in goes_on}
        if len(places) < len(affected):
            # Neither the shape nor its sender's name of the area is right of some of its places.
            alert = replace(alert, infos=tuple(replace(info, areas=()) for info in alert.infos))
        names = tuple(dict.fromkeys(places.values()))
        source = RecordedMessage(alert, stored, names, tuple(places.items()), ended, self._known)
        return source, min((goes_on[ags] for ags in affected if ags in goes_on), default=None)

    async def _ended_by(self, alert_id: str) -> list[StoredAlert]:
        """Return the warnings that the alert ends and that people were told of, in order of arrival."""
        found = [await self._alerts.get(one) for one in await self._alerts.replaced_by(alert_id)]
        return [stored for stored in found if stored is not None]

    async def _ended(self, stored: StoredAlert, earlier: Sequence[str]) -> tuple[StoredAlert, cap.Alert]:
        """Return the message with the names of all that it replaced, in the languages of the last of these; of several
        nobody can tell here which one a recipient was told of.
        """
        found = [await self._message(one) for one in earlier]
        before, alert = found[-1]
        headline = together([one.headline for one, _ in found])
        infos = tuple(_name_only(info, headline if len(found) > 1 else None) for info in alert.infos)
        return replace(stored, headline=headline, event=before.event), replace(alert, infos=infos)

    async def _message(self, alert_id: str) -> tuple[StoredAlert, cap.Alert]:
        stored, message = await self._alerts.get(alert_id), await self._alerts.message(alert_id)
        if stored is None or message is None:
            raise LookupError(alert_id)
        return stored, message


def _name_only(info: cap.Info, headline: str | None) -> cap.Info:
    """Return what names a warning that is over, or several by this headline, without what it asked people to do."""
    return replace(info, headline=headline or info.headline, instruction=None, description=None, web=None)
