"""Decide what a rotation of the ring's keys does next. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Next(StrEnum):
    """The step that a rotation takes."""

    MAKE = "make"
    """A key is made: all that is sealed is sealed with the newest, which is the record's."""
    USE = "use"
    """The record lets all machines seal with the newest key of this machine's ring."""
    RESEAL = "reseal"
    """What older keys have sealed is sealed anew."""


@dataclass(frozen=True, slots=True)
class RotationStep:
    """What is done, and with which key."""

    step: Next
    key_id: int


def next_step(newest_here: int, current: int, rows_by_key: Mapping[int, int]) -> RotationStep:
    """Return the next step: `newest_here` is the newest key of this machine's ring, `current` the one that the record
    knows as the newest, and `rows_by_key` counts what is sealed with each. A rotation that was ended half-way goes on
    where it was, and makes no second key.
    """
    if newest_here > current:
        return RotationStep(Next.USE, newest_here)
    if any(key < current and count for key, count in rows_by_key.items()):
        return RotationStep(Next.RESEAL, current)
    return RotationStep(Next.MAKE, current + 1)
