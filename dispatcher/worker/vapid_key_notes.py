"""Carry over to the record which VAPID key a subscription turned out to be made with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

import structlog

from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from channels.webpush.learnt_keys import LearntKeys

INTERVAL_S = 1.0
"""How often is written what was learnt. What a process loses at its death is found out once more, by one refusal."""

log = structlog.get_logger()


class KeyedSubscriptions(Protocol):
    """The part of the subscriptions of record that is written here."""

    async def note_vapid_keys(self, names: Mapping[int, str]) -> None: ...


class VapidKeyNotes:
    """Runs beside the lanes of a worker."""

    def __init__(
        self, learnt: LearntKeys, subscriptions: KeyedSubscriptions, interval_s: float = INTERVAL_S
    ) -> None:
        self._learnt = learnt
        self._subscriptions = subscriptions
        self._interval_s = interval_s

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await self.write()
            await asyncio.sleep(self._interval_s)

    async def write(self) -> None:
        """Write what was learnt since. An outage of the record is waited out."""
        taken = self._learnt.take()
        if not taken:
            return
        try:
            await self._subscriptions.note_vapid_keys(taken)
        except UNAVAILABLE as error:
            self._learnt.put_back(taken)
            log.warning("record_unavailable", task="vapid_key_notes", error=type(error).__name__)
