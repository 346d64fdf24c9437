"""Let what single apps have of their own at push services and gateways serve them, from soon after it is on record."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Final, Generic, TypeVar

import structlog

from dispatcher.access.fingerprints import short
from dispatcher.store.record import UNAVAILABLE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from dispatcher.model.principals import ChannelCredential

INTERVAL_S: Final = 10.0
"""How often is looked for new ones."""

Made = TypeVar("Made")
"""What a credential becomes: a signer, a gateway."""

log = structlog.get_logger()


class OwnCredentials(ABC, Generic[Made]):
    """Looks what is on record, and has it admitted. One that is none hurts its app alone."""

    task: ClassVar[str]
    unusable: ClassVar[str]
    """The event that says of a credential that it is none."""

    def __init__(
        self,
        opened: Callable[[], Awaitable[Sequence[tuple[ChannelCredential, bytes]]]],
        interval_s: float = INTERVAL_S,
    ) -> None:
        """`opened` returns what is on record, opened, what was put last at the end."""
        self._opened = opened
        self._interval_s = interval_s
        self._known: dict[tuple[str, str], Made | None] = {}
        """By what tells one from another; None for what is none, so that this is said once."""

    @abstractmethod
    def _key(self, credential: ChannelCredential) -> tuple[str, str]:
        """Return what tells it from the others."""

    @abstractmethod
    def _make(self, credential: ChannelCredential, plain: bytes) -> Made:
        """Return what it becomes. Raises `ValueError`."""

    @abstractmethod
    def _admit(self, made: Sequence[Made]) -> None:
        """Take all that there are by now, those so far too, what was put last at the end: it goes before."""

    def _serves(self, credential: ChannelCredential) -> bool:  # noqa: ARG002 - for those that have a reason
        """Return whether it serves: one that was replaced goes on, unless told otherwise."""
        return True

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(self._interval_s)

    async def look(self) -> None:
        """Admit what is on record now. An outage of the record is waited out with those known."""
        try:
            found = await self._opened()
        except UNAVAILABLE as error:
            log.warning("record_unavailable", task=self.task, error=type(error).__name__)
            return
        known: dict[tuple[str, str], Made | None] = {}
        for credential, plain in found:
            if self._serves(credential):
                made = self._known_or_made(credential, plain)
                known.pop(self._key(credential), None)  # what two apps have is where it was put last
                known[self._key(credential)] = made
        if [*known.items()] != [*self._known.items()]:
            self._known = known
            self._admit([one for one in known.values() if one is not None])

    def _known_or_made(self, credential: ChannelCredential, plain: bytes) -> Made | None:
        """Return what is known, with what it has learnt or made, or a new one."""
        key = self._key(credential)
        if key in self._known:
            return self._known[key]
        try:
            return self._make(credential, plain)
        except ValueError as error:
            log.warning(
                self.unusable,
                instance=credential.instance_id,
                key=short(credential.fingerprint),
                reason=str(error),
            )
            return None
