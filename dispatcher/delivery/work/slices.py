"""Keep the slices of a batch that have left, and say how many may leave beside them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from dispatcher.delivery.health.evidence import SliceTally
from dispatcher.delivery.health.silence import AwaitedSlice, Room, room

if TYPE_CHECKING:
    from dispatcher.delivery.gateway_limiter import Slots
    from dispatcher.delivery.gateways import Gateway


class SentSlice:
    """One slice, from the moment in which it leaves."""

    def __init__(self, batch_id: int, slots: Slots, *, fresh: bool) -> None:
        """`fresh` is whether its recipients are tried for the first time."""
        self.fresh = fresh
        self.slots = slots
        self._size = slots.held
        self.tally = SliceTally(time.monotonic(), batch_id)
        self.heard_at = self.tally.started
        """When something was heard of it last, in monotonic seconds; infinity while that is written down."""

    def begin(self) -> None:
        """Note that its requests leave now."""
        self.tally.started = self.heard_at = time.monotonic()

    @property
    def awaited(self) -> AwaitedSlice:
        """Return what is known of those who hold a slot and have no answer."""
        return AwaitedSlice(self._size, self.slots.held, self.tally.started, self.heard_at, self.fresh)

    @property
    def has_left(self) -> bool:
        """Whether nobody of it holds a slot, as those who are not answered are silent."""
        return not self.slots.held and self.slots.silent > 0


class AwaitedSlices:
    """The slices of one batch for which its next one waits."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._slices: list[SentSlice] = []

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._slices)

    def add(self, one: SentSlice) -> None:
        """Wait for one more."""
        self._slices.append(one)

    def discard(self, one: SentSlice) -> None:
        """Wait for it no more, if it was waited for."""
        self._slices = [other for other in self._slices if other is not one]

    def leave_out_silent(self) -> None:
        """Let those leave their slots who are silent, as far as the gateway may have so many."""
        if not self._slices:
            return
        gateway, now = self._gateway, time.monotonic()
        accepted_at, usual_s = gateway.evidence.accepted_at, gateway.answer_times.usual_s
        for one in self._slices:
            if one.awaited.is_silent(accepted_at, usual_s, now):
                one.slots.leave_out()
        self._slices = [one for one in self._slices if not one.has_left]

    def room(self, most: int) -> Room:
        """Return how many of `most` may leave beside them, once those have left who are silent."""
        self.leave_out_silent()
        gateway = self._gateway
        return room(
            [one.awaited for one in self._slices],
            most,
            gateway.evidence.accepted_at,
            gateway.answer_times.usual_s,
            time.monotonic(),
        )
