"""Whose fault it is that a request could not even be made: an odd record's, or ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Proof:
    """Whether a channel works as this process has it: as far as its last attempts to make a request show."""

    __slots__ = ("given",)

    def __init__(self) -> None:
        self.given = False


def is_ours(crashes: Sequence[str], *, made: bool, proven: bool) -> bool:
    """Return whether one cause in this process stopped all requests behind a gateway, and no record did.

    `crashes` are the types of the exceptions, one for each recipient whose request could not be made; `made` is
    whether another one's was, in the same call; `proven` whether the channel could make one when it last tried. Several
    records of people who have nothing in common do not break in the same way at once. A single one is odd only where
    requests of others are known to be possible.
    """
    if made or len(set(crashes)) != 1:
        return False
    return len(crashes) > 1 or not proven
