"""Say of alerts on record what is true of them now: words, severity and end of the gravest info that is current."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import TYPE_CHECKING

import cap
from channels.characters import one_line
from dispatcher.texts.choice import current_infos, gravest
from dispatcher.texts.times import in_utc

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    from dispatcher.model.alerts import StoredAlert

KEPT = 2_048
"""Alerts whose infos are in memory at once, more than are in force in a country on a bad day; the oldest goes first."""


class CurrentTexts:
    """Reads messages once each, as they never change, and keeps what little is shown of their infos."""

    def __init__(self, message: Callable[[str], Awaitable[cap.Alert | None]]) -> None:
        """`message` returns the CAP message of an alert's id."""
        self._message = message
        self._kept: OrderedDict[str, tuple[cap.Info, ...]] = OrderedDict()

    async def now(self, alerts: Sequence[StoredAlert], now: datetime) -> list[StoredAlert]:
        """Return the alerts as they are at `now`, without those of which nothing goes on."""
        told = [as_told(alert, await self._infos(alert.id), now) for alert in alerts]
        return [alert for alert in told if alert is not None]

    async def _infos(self, alert_id: str) -> tuple[cap.Info, ...]:
        if alert_id not in self._kept:
            message = await self._message(alert_id)
            infos = message.infos if message is not None else ()
            self._kept[alert_id] = tuple(map(_what_is_shown, infos))
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return self._kept[alert_id]


def as_told(alert: StoredAlert, infos: Sequence[cap.Info], now: datetime) -> StoredAlert | None:
    """Return the alert with what its gravest current info says, and nothing of any other; as it is on record if it has
    no info; None if all have run out.
    """
    info = gravest(current_infos(infos, now))
    if info is None:
        return None if infos else alert
    return replace(
        alert,
        event=info.event,
        headline=info.headline or "",
        severity=str(info.severity),
        expires=min(in_utc(info.expires) or alert.expires, alert.expires),
    )


def _what_is_shown(info: cap.Info) -> cap.Info:
    """Return only what is needed of an info: some have megabytes of shapes and pictures."""
    return cap.Info(
        event=one_line(info.event),
        headline=one_line(info.headline or ""),
        severity=info.severity,
        urgency=info.urgency,
        expires=info.expires,
    )
