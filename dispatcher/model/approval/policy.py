"""Define the rules by which warnings wait for a second person, and the times after which something happens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import timedelta

ANY_SOURCE: Final = "*"
"""The source of a rule that is for every source."""


@dataclass(frozen=True, slots=True)
class Timers:
    """After which time without a decision what happens; None: never."""

    remind: timedelta | None = None
    escalate: timedelta | None = None
    release: timedelta | None = None


NO_TIMERS: Final = Timers()


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """One row of the policy: for warnings of `source`, at least this grave, to so many people or more."""

    source: str
    """The id of a source or feed, or a beginning of ids with `*` behind it; `*` alone is every one."""
    severity: str
    """A CAP severity; Unknown: any."""
    people: int
    is_needed: bool
    """Whether a person must approve them; else the rule is an exception, or for its timers only."""
    timers: Timers = NO_TIMERS
