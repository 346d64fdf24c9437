"""Define the roles of persons, the weekly windows of those on call, and the grant of a role to a person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Self
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime


class Explained(StrEnum):
    """A closed vocabulary each of whose words has a sentence that explains it."""

    sentence: str
    """What the word stands for."""

    def __new__(cls, value: str, sentence: str) -> Self:
        """Make a member with its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member


class Role(Explained):
    """What a person is there for. Roles add up: whoever has two holds the permissions of both."""

    AUTHOR = "author", "Writes warnings for the own territory and submits them."
    APPROVER = "approver", "Approves or rejects what another person submitted, corrects and cancels at once."
    OPERATOR = "operator", "Minds feeds, held messages, dead letters, instances and gateways."
    AUDITOR = "auditor", "Reads everything but personal data, the audit trail too, and changes nothing."
    ADMIN = "admin", "Manages principals, credentials and policies."


EXERCISE_ROLES: Final = frozenset({Role.AUTHOR, Role.APPROVER})
"""The roles that there are in the exercise. Feeds, gateways, keys and persons are of one service, so that what is done
to them is always live."""

ON_CALL_ZONE: Final = ZoneInfo("Europe/Berlin")
"""The zone of rosters: wall time, so that a shift begins at eight in summer and in winter."""
WEEKDAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES: Final = 24 * 60
_MOMENT: Final = rf"(?:{'|'.join(WEEKDAYS)}) [0-2]\d:[0-5]\d"
_WINDOW: Final = re.compile(rf"({_MOMENT})-({_MOMENT})")


@dataclass(frozen=True, slots=True)
class OnCallWindow:
    """A part of each week, from one minute of it up to, not including, another. It may run over the end of the week."""

    start: int
    """Minutes since Monday 00:00 of wall time, as `end`."""
    end: int

    @classmethod
    def parse(cls, text: str) -> OnCallWindow:
        """Read `fri 17:00-mon 07:00`. Raises ValueError, which says what is wrong."""
        found = _WINDOW.fullmatch(text.strip().lower())
        if found is None:
            raise ValueError("a window of the week is written as `fri 17:00-mon 07:00`")
        start, end = (_minute(moment) for moment in found.groups())
        if start == end:
            raise ValueError("a window of the week ends when it begins: for always, leave it out")
        return cls(start, end)

    def holds_at(self, moment: datetime) -> bool:
        """Whether the aware instant lies in the window. The hour that comes twice in October is twice inside."""
        local = moment.astimezone(ON_CALL_ZONE)
        minute = local.weekday() * _DAY_MINUTES + local.hour * 60 + local.minute
        if self.start < self.end:
            return self.start <= minute < self.end
        return minute >= self.start or minute < self.end

    def __str__(self) -> str:
        return f"{_moment(self.start)}-{_moment(self.end)}"


@dataclass(frozen=True, slots=True)
class RoleGrant:
    """A role that somebody has given to a person. Times are aware; `until` is the first instant at which it is over."""

    role: Role
    territory: tuple[str, ...] = ()
    """The AGS prefixes of the municipalities on which it holds; empty: all."""
    since: datetime | None = None
    """None: from the start."""
    until: datetime | None = None
    """None: without end."""
    on_call: tuple[OnCallWindow, ...] = ()
    """The parts of the week in which it holds; empty: always."""

    def covers(self, ags: str) -> bool:
        """Whether the municipality lies in its territory."""
        return not self.territory or ags.startswith(self.territory)


def _minute(moment: str) -> int:
    day, clock = moment.split(" ")
    if clock == "24:00":  # which some versions of `fromisoformat` take for the beginning of the same day
        following = WEEKDAYS[(WEEKDAYS.index(day) + 1) % len(WEEKDAYS)]
        raise ValueError(f"a day has no 24:00, its end is the next one's beginning: `{following} 00:00`")
    try:
        at = time.fromisoformat(clock)
    except ValueError:
        raise ValueError(f"the clock shows no {clock}: 00:00 to 23:59 are expected") from None
    return WEEKDAYS.index(day) * _DAY_MINUTES + at.hour * 60 + at.minute


def _moment(minute: int) -> str:
    day, rest = divmod(minute, _DAY_MINUTES)
    return f"{WEEKDAYS[day]} {rest // 60:02}:{rest % 60:02}"
