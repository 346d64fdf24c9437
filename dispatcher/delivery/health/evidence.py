"""Decide what failures say of a gateway as a whole, and what only of the recipients that they befell.

A recipient who fails while others behind the gateway are accepted says nothing of the gateway: a topic that nobody
listens to, a phone with an old key, one app of several on a host. So recipients who are tried for the first time count,
each once, and only where nobody was accepted since their requests began. One slice alone convinces nobody, and one
batch only where there is no other: those who subscribed in the same year may all be sick.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

SLICES_MIN: Final = 2
"""Slices that must agree."""


class Sign(StrEnum):
    """What a failed first attempt may be a sign of."""

    FAULT = "fault"
    """The gateway is in trouble."""
    REFUSED = "refused"
    """The gateway refuses us: our key, our contract."""
    THROTTLED = "throttled"
    """The gateway asks for a pause."""


class GatewayVerdict(StrEnum):
    """What is thought of the gateway."""

    WELL = "well"
    SUSPECT = "suspect"
    """It shows the sign if no other batch says otherwise."""
    SICK = "sick"


@dataclass(slots=True)
class SliceTally:
    """Counts what came of one slice, whose requests began at `started`."""

    started: float
    batch_id: int = 0
    accepted: int = 0
    well: int = 0
    """Answers that show that the gateway works: acceptances, and what is final for one endpoint."""
    faults_in_all: int = 0
    """Failures that may be the gateway's, first attempts or not."""
    faults: int = 0
    refused: int = 0
    throttled: int = 0
    """First attempts that failed, by what they may be a sign of."""
    asked_s: float = 0.0
    """The longest time for which we were asked to wait."""
    code: str = ""
    """The last code of a failure."""

    def note(self, sign: Sign, code: str, *, first: bool, asked_s: float = 0.0) -> None:
        """Take in one failure."""
        self.faults_in_all += sign is Sign.FAULT
        self.code = code
        self.asked_s = max(self.asked_s, asked_s)
        if first:
            self.faults += sign is Sign.FAULT
            self.refused += sign is Sign.REFUSED
            self.throttled += sign is Sign.THROTTLED

    def of(self, sign: Sign) -> int:
        """Return how many first attempts failed so."""
        return {Sign.FAULT: self.faults, Sign.REFUSED: self.refused, Sign.THROTTLED: self.throttled}[sign]


@dataclass(slots=True)
class _Run:
    recipients: int = 0
    slices: int = 0
    batches: set[int] = field(default_factory=set)


class GatewayEvidence:
    """What slices, one after another, say of one gateway."""

    def __init__(self) -> None:
        self._runs: dict[Sign, _Run] = {}
        self._accepted_at = -math.inf

    @property
    def accepted_at(self) -> float:
        """When somebody was last accepted; minus infinity: nobody was, as far as this process knows."""
        return self._accepted_at

    @property
    def in_doubt(self) -> bool:
        """Whether somebody failed since anybody was accepted: then as few as it takes are to show more."""
        return bool(self._runs)

    def accept(self, now: float) -> None:
        """Note that somebody was accepted: what others failed of was their own."""
        self._accepted_at = now
        self._runs.clear()

    def take(self, tally: SliceTally, sign: Sign, least: int) -> GatewayVerdict:
        """Take in a slice that has ended. At least `least` recipients in a row, over several slices, who show the sign
        make the gateway suspect, and of several batches sick.
        """
        count = tally.of(sign)
        well = tally.accepted or (sign is Sign.FAULT and tally.well)
        if not count or well or tally.started < self._accepted_at:
            return GatewayVerdict.WELL
        run = self._runs.setdefault(sign, _Run())
        run.recipients += count
        run.slices += 1
        run.batches.add(tally.batch_id)
        if run.recipients < least or run.slices < SLICES_MIN:
            return GatewayVerdict.WELL
        return GatewayVerdict.SICK if len(run.batches) > 1 else GatewayVerdict.SUSPECT

    def forget(self, sign: Sign) -> None:
        """Begin to count anew, now that the gateway was judged."""
        self._runs.pop(sign, None)
