"""Have the documents of all apps ready: a visit reads nothing of the record."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.pages.app_documents import app_documents

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from dispatcher.model.principals import Instance
    from dispatcher.pages.app_documents import Presented
    from dispatcher.publication.documents import Document

KNOWN_FOR_S: Final = 10.0
"""How long what the record has of instances is taken for known."""
RENEWAL_EVERY_S: Final = 1.0
"""How long all others are answered from what was known while one has gone to ask the record: that one may have to wait
for a turn, behind people who subscribe.
"""
log = structlog.get_logger(__name__)


class AppPages:
    """Knows the instances that have a page, and makes the documents of those that are visited."""

    def __init__(
        self,
        read: Callable[[], Awaitable[Sequence[Instance]]],
        given: Presented,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read` gives all instances that have a page; `monotonic` seconds."""
        self._read = read
        self._given = given
        self._monotonic = monotonic
        self._reading = asyncio.Lock()
        self._known: dict[str, Instance] | None = None
        self._due_at = float("-inf")
        self._one_asks_until = float("-inf")
        self._made: dict[str, tuple[Instance, Mapping[str, Document]]] = {}

    async def documents(self, instance_id: str) -> Mapping[str, Document] | None:
        """Return the documents of an app by their names; None where no instance of this id has a page. While the record
        is away, what was known stays; raises what `read` does where nothing was known yet.
        """
        known = self._known
        if known is None or (self._monotonic() >= self._due_at and not self._reading.locked()):
            known = await self._renewed()
        instance = known.get(instance_id)
        if instance is None:
            return None
        made = self._made.get(instance_id)
        if made is None or made[0] != instance:
            made = instance, app_documents(instance, self._given)
            self._made[instance_id] = made
        return made[1]

    def ready(self, instance_id: str) -> Mapping[str, Document] | None:
        """Return the documents of an app if they were made; None where `documents` is to be asked. What is known for
        too long is asked for by one, while all others get it as it was: a crowd must not wait behind whoever is slow.
        """
        made = self._made.get(instance_id)
        if made is None:
            return None
        now = self._monotonic()
        if now >= max(self._due_at, self._one_asks_until):
            self._one_asks_until = now + RENEWAL_EVERY_S
            return None
        return made[1]

    async def _renewed(self) -> dict[str, Instance]:
        async with self._reading:
            if self._known is not None and self._monotonic() < self._due_at:
                return self._known
            try:
                self._known = {one.id: one for one in await self._read()}
            except Exception as error:
                if self._known is None:
                    raise
                log.warning("instances_not_read", error=type(error).__name__)
            self._due_at = self._monotonic() + KNOWN_FOR_S
            self._made = {name: made for name, made in self._made.items() if self._known.get(name) == made[0]}
            return self._known
