"""How long a message is good, as providers want to be told: in seconds, minutes, or as a date."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from channels.sms.contract import GatewayRefused

_DIRECTIVES: Final = frozenset("YmdHMSyjzf%")
"""What a date's format may hold: numbers alone, whose form no language of the machine changes."""

_SHOWN: Final = ", ".join(f"%{one}" for one in sorted(_DIRECTIVES - {"%"}))


class ValidityUnit(StrEnum):
    """What the validity is counted in, or written as."""

    MILLISECONDS = "ms"
    SECONDS = "s"
    MINUTES = "min"
    HOURS = "h"
    UNIX = "unix"
    """The end, in seconds since 1970."""
    DATE = "date"
    """The end, as `Validity.format` writes it."""


_MS: Final = {
    ValidityUnit.MILLISECONDS: 1,
    ValidityUnit.SECONDS: 1000,
    ValidityUnit.MINUTES: 60_000,
    ValidityUnit.HOURS: 3_600_000,
}


@dataclass(frozen=True, slots=True)
class Validity:
    """How a provider is told until when a message may be delivered."""

    unit: ValidityUnit = ValidityUnit.SECONDS
    at_least_s: int = 1
    """The shortest that the provider takes, in seconds: a message that ends sooner is told so much longer."""
    at_most_s: int | None = None
    """The longest that the provider takes, in seconds."""
    format: str = "%Y-%m-%dT%H:%M:%SZ"
    """The form of a date."""
    zone: tzinfo = UTC

    def __post_init__(self) -> None:
        """Raise `ValueError` for what tells no provider a time."""
        if self.at_most_s is not None and self.at_most_s < self.at_least_s:
            raise GatewayRefused("at_most_s is less than at_least_s")
        if self.unit is ValidityUnit.DATE:
            wrong = set(re.findall("%(.?)", self.format.replace("%%", ""), re.DOTALL)) - _DIRECTIVES
            if wrong:
                raise GatewayRefused(
                    f"format: %{min(wrong)} is none of {_SHOWN}", f"format: one of it is none of {_SHOWN}"
                )
            if "%" not in self.format.replace("%%", ""):
                raise GatewayRefused("format: holds no time")

    def told(self, left_s: int, now: datetime) -> int | str:
        """Return how long `left_s` seconds from `now` are to the provider. It is rounded down, so that nothing is
        delivered late, but never to nothing, which would be over at once.
        """
        seconds = max(left_s, self.at_least_s)
        if self.at_most_s is not None:
            seconds = min(seconds, self.at_most_s)
        end = now + timedelta(seconds=seconds)
        if self.unit is ValidityUnit.DATE:
            return end.astimezone(self.zone).strftime(self.format)
        if self.unit is ValidityUnit.UNIX:
            return int(end.timestamp())
        return max(seconds * 1000 // _MS[self.unit], 1)


IN_SECONDS: Final = Validity()
