"""Message keys made ahead of time: all that encrypting costs but the encryption, done while nobody waits for it.

Each subscription has one (`encryption.derive`), in memory only. It never leaves the store: the store wipes it and
encrypts with it, once. RFC 8291 asks for a new key pair and RFC 8188 for a new salt for every message, not for ones
made at the last moment.

A subscription takes 117 bytes here and 5 of the index, as much as 120 of it where few endpoints are browsers, and 12
more while its key has been used: 200,000 of them 25 to 50 MB.
Of those sent to, only the ids are kept until their next key is made: a mass send must not grow with the number of its
recipients.
"""

from __future__ import annotations

import asyncio
import os
from array import array
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakMethod

from channels.base import Permanent
from channels.webpush.encoder import message_key
from channels.webpush.encryption import SAME_IN_HEADS, seal
from channels.webpush.keys.kept_key import KEPT, kept_of
from channels.webpush.keys.slot_index import SlotIndex

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Awaitable, Callable, Mapping, Sequence

    from channels.base import Endpoint

    Lookup = Callable[[Sequence[int]], Awaitable[Mapping[int, Endpoint]]]
    """Finds the endpoints with these ids that still exist."""

_PER_BLOCK_BITS: Final = 12
"""Keys per block of memory, as a power of two: blocks never move, so that wiping a key wipes its only copy here."""
_PER_BLOCK: Final = 1 << _PER_BLOCK_BITS
_WITHIN: Final = _PER_BLOCK - 1
_BYTES: Final = KEPT.size
_BLANK: Final = bytes(_BYTES)
_READ: Final = KEPT.unpack_from

QUIET_S: Final = 0.5
"""How long after the last message no key is made: sending has the processor to itself."""
TURN: Final = 8
"""The most keys made in a row, about 1 ms in which the process does nothing else."""
PAUSE_S: Final = 0.002
"""The pause between turns: it leaves more than half of the processor to other work even while the store fills."""
_LOOKED_UP: Final = 256
"""The most endpoints fetched at a time, to make their next keys."""


class Helper(Protocol):
    """Makes keys for a store elsewhere than in its process."""

    def forget(self, endpoint_id: int) -> None:
        """Note that an endpoint was sent to without a key from the store."""
        ...

    async def plan(self, endpoint: Endpoint, missing: int) -> bool:
        """Have an endpoint's key made and put into the store, some time; it is the `missing`th that lacks one. Returns
        whether that will be.
        """
        ...


class PrecomputedKeys:
    """A bounded store of message keys, by the endpoint's id. For one event loop."""

    def __init__(self, most: int) -> None:
        """At most `most` subscriptions have one; further ones are encrypted for as without this store."""
        self._most = most
        self._slots = SlotIndex()
        self._blocks: list[bytearray] = []
        self._fingerprints = array("q")
        """What shows, by slot, whether a subscription still has the keys that its message key was made with."""
        self._rounds = bytearray()
        """The last round of `fill`, by slot, in which its subscription was seen."""
        self._round = 0
        """In 0 to 255: a round that broke off has a number of its own, so that nobody counts as seen for it. After 256
        of them in a row somebody may, and loses the key a round later."""
        self._used = array("q")
        self._takes = 0
        self.helper: Helper | None = None
        self.hits = 0
        self.misses = 0
        self.is_complete = False
        """Whether whoever was sent to has had a key since all were made that there is room for."""
        clear = WeakMethod(self.clear)
        os.register_at_fork(
            after_in_child=lambda: (wipe := clear()) and wipe()
        )  # otherwise two processes would have the same

    def __len__(self) -> int:
        return len(self._slots)

    def __contains__(self, endpoint_id: int) -> bool:
        return endpoint_id in self._slots

    @property
    def room(self) -> int:
        """How many more keys it can keep."""
        return self._most - len(self._slots)

    def seal(self, record: bytes, endpoint: Endpoint) -> bytes | None:
        """Return `record`, as `encryption.padded` made it, encrypted with an endpoint's key, which then is no longer
        here.

        None if there is none, or the subscription has other keys by now. The hook of `DirectEncoder`.
        """
        self._takes += 1
        slot = self._slots.pop(endpoint.id)
        if slot < 0:
            self.misses += 1
            self.is_complete = False
            if self.helper is not None:
                self.helper.forget(endpoint.id)
            return None
        block, place = self._blocks[slot >> _PER_BLOCK_BITS], (slot & _WITHIN) * _BYTES
        salt, point, key, nonce = _READ(block, place)
        block[place : place + _BYTES] = _BLANK
        if self._fingerprints[slot] != fingerprint_of(endpoint):
            self.misses += 1
            return None
        self.hits += 1
        if len(self._used) < self._most:
            self._used.append(endpoint.id)
        return seal(record, salt + SAME_IN_HEADS + point, key, nonce)

    def make(self, endpoint: Endpoint) -> bool:
        """Make one for an endpoint that has none (about 0.1 ms). Returns whether one was made.

        None is where the endpoint's keys are unusable, or the store is full.
        """
        if not self._lacks(endpoint.id):
            return False
        try:
            made = message_key(endpoint)
        except Permanent:  # reported when it is sent to
            return False
        return self.put(endpoint.id, fingerprint_of(endpoint), kept_of(made))

    def put(self, endpoint_id: int, fingerprint: int, kept: bytes) -> bool:
        """Keep a key for an endpoint that has none. Returns whether there was room."""
        if not self._lacks(endpoint_id):
            return False
        slot = self._slots.take(endpoint_id)
        if slot == len(self._rounds):
            self._grow()
        block, place = self._place(slot)
        block[place : place + _BYTES] = kept
        self._fingerprints[slot] = fingerprint
        self._rounds[slot] = self._round
        return True

    def _lacks(self, endpoint_id: int) -> bool:
        """Whether an endpoint has no key, and there is room for one."""
        return endpoint_id not in self._slots and self.room > 0

    def note_missing(self, endpoint_id: int) -> None:
        """Have a key made at the next refill for a subscription that has none now."""
        if len(self._used) < self._most:
            self._used.append(endpoint_id)

    def discard(self, endpoint_id: int) -> None:
        """Wipe the key of a subscription that is gone, if there is one."""
        slot = self._slots.pop(endpoint_id)
        if slot >= 0:
            block, place = self._place(slot)
            block[place : place + _BYTES] = _BLANK

    async def fill(self, endpoints: AsyncIterable[Endpoint], lookup: Lookup) -> None:
        """Make what is missing while nobody sends: first for those just sent to, then for all `endpoints`.

        `endpoints` are all there are: a subscription that is not among them loses its key at the end.
        """
        turn = _Turn(lambda: self._takes)
        self._round = (self._round + 1) & 0xFF
        async for endpoint in endpoints:
            if self._used:
                await self.refill(lookup)
            await self._make_in_turn(endpoint, turn)
            slot = self._slots.get(endpoint.id)
            if slot >= 0:  # the rest, however many, has no key to lose
                self._rounds[slot] = self._round
        await self._discard_others()
        self.is_complete = not self._used

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
                await self._make_in_turn(endpoint, turn)

    async def _make_in_turn(self, endpoint: Endpoint, turn: _Turn) -> None:
        """Make one that is missing while nobody sends, here or by the helper."""
        if not self._lacks(endpoint.id):
            return
        turn.missing += 1
        if self.helper is None or not await self.helper.plan(endpoint, turn.missing):
            await turn.after(made=self.make(endpoint))
        else:
            await turn.after(made=False)

    def clear(self) -> None:
        """Wipe everything, block by block: key by key, 200,000 of them would hold the event loop for a second."""
        for block in self._blocks:
            block[:] = bytes(len(block))
        self._slots.clear()
        del self._used[:]

    async def _discard_others(self) -> None:
        """Wipe the keys of all whose subscription was not seen in this round, some at a time."""
        for chunk in self._slots.chunks():
            for endpoint_id, slot in chunk:
                if self._rounds[slot] != self._round:
                    self.discard(endpoint_id)
            await asyncio.sleep(0)

    def _place(self, slot: int) -> tuple[bytearray, int]:
        return self._blocks[slot >> _PER_BLOCK_BITS], (slot & _WITHIN) * _BYTES

    def _grow(self) -> None:
        self._blocks.append(bytearray(_PER_BLOCK * _BYTES))
        self._fingerprints.frombytes(bytes(_PER_BLOCK * self._fingerprints.itemsize))
        self._rounds.extend(bytes(_PER_BLOCK))


class _Turn:
    """Gives way to other tasks: after `TURN` keys for a moment, and for as long as messages are sent."""

    def __init__(self, takes: Callable[[], int]) -> None:
        self._takes = takes
        self.missing = 0
        """How many have lacked a key so far."""
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


def fingerprint_of(endpoint: Endpoint) -> int:
    """Return what shows whether a subscription still has the keys that a message key was made with, in this process."""
    keys = endpoint.keys
    return hash((keys.get("p256dh"), keys.get("auth")))
