"""Remember how the certificates of peers were found last, for as long as these cannot be connected to. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from dispatcher.doctor.certificates import first_to_renew
from dispatcher.doctor.diagnosis import Grade, Part
from dispatcher.doctor.peers import Obstacle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from dispatcher.doctor.peers import Peer, Reached

KEPT: Final = timedelta(days=1)
"""How long what was seen of others counts: by then somebody was called, and who is away for so long may be gone for
good. Of our own addresses what was to be renewed by then stays so; what was in time is by then renewed as ever, for all
that anybody knows.
"""
_OUR_OWN: Final = frozenset({Part.PUBLIC, Part.CONSOLE})
_SHOWS_NOTHING: Final = frozenset({Obstacle.ADDRESS, Obstacle.NAME, Obstacle.CONNECTION, Obstacle.TIME})
"""Obstacles behind which a peer's certificates are as they were, as far as anybody knows."""


class LastSeen:
    """What the peers of one part showed last."""

    def __init__(self) -> None:
        self._seen: dict[Peer, Reached] = {}

    def completed(self, reached: Sequence[Reached], now: datetime) -> list[Reached]:
        """Return what came of connecting to all peers, and for each that could not be connected to what it showed last,
        where that is to be renewed: an outage renews nothing. Nor does a certificate that is not believed here, at an
        address of ours: a proxy shows one that it made itself when it cannot load the one it had. What they show now is
        remembered.
        """
        found = [self._instead_of(one, now) or one for one in reached]
        before, self._seen = self._seen, {}
        for one in reached:
            if _shows_nothing(one):
                if one.peer in before:
                    self._seen[one.peer] = before[one.peer]
            elif one.chain or one.obstacle is Obstacle.ENDED:
                self._seen[one.peer] = replace(one, seen_at=now)
        return found

    def alone(self, now: datetime) -> list[Reached]:
        """Return what is to be renewed of what was seen last, for when nobody could look."""
        return [one for one in self._seen.values() if _counts(one, now)]

    def _instead_of(self, reached: Reached, now: datetime) -> Reached | None:
        last = self._seen.get(reached.peer) if _shows_nothing(reached) else None
        return last if last is not None and _counts(last, now) else None


def _shows_nothing(reached: Reached) -> bool:
    if reached.obstacle is Obstacle.CERTIFICATE:
        return reached.peer.part in _OUR_OWN
    return reached.obstacle in _SHOWS_NOTHING


def _counts(last: Reached, now: datetime) -> bool:
    if last.seen_at is None:
        return False
    judged_at = min(now, last.seen_at + KEPT)
    if judged_at < now and last.peer.part not in _OUR_OWN:
        return False
    first = first_to_renew(last.chain, judged_at)
    return last.obstacle is Obstacle.ENDED or (
        first is not None and first.grade(judged_at) is not Grade.SOUND
    )
