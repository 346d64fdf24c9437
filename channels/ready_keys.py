"""Key agreements made ahead of time: nine tenths of what encrypting costs, done while nobody waits for it.

For each subscription one fresh key pair and what it shares with the subscription, in memory only, given out once
and wiped from here as it is. RFC 8291 asks for a new key pair for every message, not for one made at the last
moment; and as each message has its own random salt, its key and nonce would be its own even if an agreement were
used twice.

A subscription takes 105 bytes here and some 90 of bookkeeping: 200,000 of them 40 MB. Of those sent to, only the ids
are kept until their next agreement is made: a mass send must not grow with the number of its recipients.
"""

from __future__ import annotations

import asyncio
from array import array
from typing import TYPE_CHECKING, Final

from channels.aes128gcm import POINT_BYTES, Agreement
from channels.base import Permanent
from channels.push_keys import agree_with

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence

    from channels.base import Endpoint

    Lookup = Callable[[Sequence[int]], Awaitable[Mapping[int, Endpoint]]]
    """Finds the endpoints with these ids that still exist."""

_MATERIAL_BYTES: Final = 32
_PRINT_BYTES: Final = 8
_RECORD: Final = POINT_BYTES + _MATERIAL_BYTES + _PRINT_BYTES
_CHUNK: Final = 4096
"""Records per block of memory: blocks never move, so that wiping a record wipes its only copy here."""
_BLANK: Final = bytes(_RECORD)

QUIET_S: Final = 0.5
"""So long after the last message no agreement is made: sending has the processor to itself."""
TURN: Final = 8
"""Agreements in a row, about 1 ms in which the process does nothing else."""
PAUSE_S: Final = 0.002
"""Between turns: leaves more than half of the processor to others even while the store fills."""
_LOOKED_UP: Final = 256
"""Endpoints fetched at a time, to make their next agreements."""


class ReadyKeys:
    """A bounded store of agreements, by the endpoint's id. For one event loop."""

    def __init__(self, most: int) -> None:
        """At most `most` subscriptions have one; further ones are encrypted for as without this store."""
        self._most = most
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._chunks: list[bytearray] = []
        self._used = array("q")
        self._takes = 0
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, endpoint_id: int) -> bool:
        return endpoint_id in self._slots

    def take(self, endpoint: Endpoint) -> Agreement | None:
        """The agreement for an endpoint, which then is no longer here; the hook of `DirectEncoder`."""
        self._takes += 1
        record = self._pop(endpoint.id)
        if record is None or record[-_PRINT_BYTES:] != _print_of(endpoint):
            self.misses += 1
            return None
        self.hits += 1
        if len(self._used) < self._most:
            self._used.append(endpoint.id)
        return Agreement(record[:POINT_BYTES], record[POINT_BYTES:-_PRINT_BYTES])

    def make(self, endpoint: Endpoint) -> bool:
        """Make one for an endpoint that has none (about 0.1 ms). Returns whether one was made.

        None is where the endpoint's keys are unusable, or the store is full.
        """
        if endpoint.id in self._slots or len(self._slots) >= self._most:
            return False
        try:
            agreement = agree_with(endpoint)
        except Permanent:  # told when it is sent to
            return False
        slot = self._free.pop() if self._free else self._grow()
        chunk, start = self._place(slot)
        chunk[start : start + _RECORD] = agreement.public + agreement.material + _print_of(endpoint)
        self._slots[endpoint.id] = slot
        return True

    def discard(self, endpoint_id: int) -> None:
        """Wipe the agreement of a subscription that is gone, if there is one."""
        self._pop(endpoint_id)

    async def fill(self, endpoints: AsyncIterable[Endpoint], lookup: Lookup) -> None:
        """Make what is missing while nobody sends: first for those just sent to, then for all `endpoints`.

        `endpoints` are all there are: who is not among them loses its agreement at the end.
        """
        turn = _Turn(lambda: self._takes)
        kept: set[int] = set()
        async for endpoint in endpoints:
            kept.add(endpoint.id)
            if self._used:
                await self.refill(lookup)
            await turn.after(made=self.make(endpoint))
        for gone in self._slots.keys() - kept:
            self.discard(gone)

    async def refill(self, lookup: Lookup) -> None:
        """Make what was used since, while nobody sends. If `lookup` raises, what it was asked for stays to be made."""
        turn = _Turn(lambda: self._takes)
        while self._used:
            asked = self._used[-_LOOKED_UP:]
            del self._used[-_LOOKED_UP:]
            try:
                found = await lookup(asked)
            except BaseException:
                self._used.extend(asked)
                raise
            for endpoint in found.values():
                await turn.after(made=self.make(endpoint))

    def clear(self) -> None:
        """Wipe everything."""
        for endpoint_id in list(self._slots):
            self.discard(endpoint_id)
        del self._used[:]

    def _pop(self, endpoint_id: int) -> bytes | None:
        slot = self._slots.pop(endpoint_id, None)
        if slot is None:
            return None
        chunk, start = self._place(slot)
        record = bytes(chunk[start : start + _RECORD])
        chunk[start : start + _RECORD] = _BLANK
        self._free.append(slot)
        return record

    def _grow(self) -> int:
        first = len(self._chunks) * _CHUNK
        self._chunks.append(bytearray(_CHUNK * _RECORD))
        self._free.extend(range(first + _CHUNK - 1, first, -1))
        return first

    def _place(self, slot: int) -> tuple[bytearray, int]:
        chunk, place = divmod(slot, _CHUNK)
        return self._chunks[chunk], place * _RECORD


class _Turn:
    """Yields: after so many agreements for a moment, and as long as somebody sends."""

    def __init__(self, takes: Callable[[], int]) -> None:
        self._takes = takes
        self._seen = takes()
        self._made = 0

    async def after(self, *, made: bool) -> None:
        self._made += made
        if self._made >= TURN:
            self._made = 0
            await asyncio.sleep(PAUSE_S)
        while self._seen != (now := self._takes()):
            self._seen = now
            await asyncio.sleep(QUIET_S)


def _print_of(endpoint: Endpoint) -> bytes:
    """Tells whether a subscription still has the keys that an agreement was made with."""
    keys = endpoint.keys
    return hash((keys.get("p256dh"), keys.get("auth"))).to_bytes(_PRINT_BYTES, "big", signed=True)
