"""Define subscribers: what somebody's installation of an app wants to be told, and what an endpoint is told that is
several subscribers' own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from dispatcher.model.subscriptions import WatchedArea

DAY_MINUTES: Final = 24 * 60
LANGUAGES_MAX: Final = 5
"""Languages of a priority list: batches are made for each list that there is."""
DEFAULT_LANGUAGE: Final = "de"


@dataclass(frozen=True, slots=True)
class Quiet:
    """The time of day, in the service's zone, at which nothing but the gravest is told; it may go past midnight."""

    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class Preferences:
    """What somebody wants of what is told. The defaults are of one who wants to be told everything, but no drill.
    `languages` are tags of BCP 47, the best first.
    """

    languages: tuple[str, ...] = ()
    min_severity: int = 0
    """0 everything, 1 Minor, 2 Moderate, 3 Severe, 4 Extreme."""
    quiet: Quiet | None = None
    drills: bool = False
    escalate_after_s: int | None = None
    """After how many seconds without a confirmation the next endpoint is tried; None: of an Extreme warning all are
    told at once, of any other the next one where that before it cannot be reached."""


@dataclass(frozen=True, slots=True)
class WishedEndpoint:
    """An endpoint that a subscriber names. `address` and `keys` are personal data."""

    channel: str
    gateway: str
    address: str
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wish:
    """All that a subscriber wants from now on, in place of everything before. The endpoints come in the order in which
    they are to be tried; `device` is a keyed hash.
    """

    endpoints: tuple[WishedEndpoint, ...]
    places: tuple[str, ...]
    watched_areas: tuple[WatchedArea, ...] = ()
    preferences: Preferences = Preferences()
    device: bytes | None = None
    expires_at: datetime | None = None
    """Until when it holds; None: until it is taken back."""


class EndpointState(StrEnum):
    """How an endpoint of a subscriber stands."""

    ACTIVE = "active"
    WAITING = "waiting"
    """A code was sent there, or is about to be: nothing else is until it comes back."""
    REPLACED = "replaced"
    """It is told what it was told so far until the one in its place is proven."""
    GONE = "gone"
    """Its gateway says that there is none such any more."""


@dataclass(frozen=True, slots=True)
class SubscribedEndpoint:
    """An endpoint as its subscriber may see it, without its address. `position` is where the subscriber named it."""

    channel: str
    position: int
    state: EndpointState
    sent_at: datetime | None = None
    """When a code last left for it."""
    answer: str | None = None
    """What its gateway answered to that: `accepted`, or an error's code; None while that is open."""
    last_accepted: datetime | None = None
    last_confirmed: datetime | None = None
    retry_after_s: int | None = None
    """Where it waits and no code is on its way: in how many seconds the same wish sends another."""


@dataclass(frozen=True, slots=True)
class Subscriber:
    """A subscriber of an instance as the record has it; `number` is its number there."""

    number: int
    instance: str
    token_digest: bytes | None
    endpoints: tuple[SubscribedEndpoint, ...]
    places: tuple[str, ...]
    watched_areas: tuple[WatchedArea, ...]
    preferences: Preferences
    created_at: datetime
    changed_at: datetime
    seen_at: datetime
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    is_over: bool = False
    """Whether its end date has come: it follows nothing any more, and hears only the end of what it was told."""

    @property
    def is_proven(self) -> bool:
        """Whether a round trip has proven any endpoint: from then on the management token is needed."""
        return any(one.state in {EndpointState.ACTIVE, EndpointState.REPLACED} for one in self.endpoints)


class SubscriberRefused(Exception):
    """The record does not take the wish; nothing was changed. `code` is stable, `path` a JSON Pointer into the wish."""

    def __init__(self, code: str, path: str) -> None:
        super().__init__(code)
        self.code = code
        self.path = path


class NotTheirs(Exception):
    """Somebody without the management token asks for what is another's."""


def unite(wants: Sequence[Preferences]) -> Preferences:
    """Return what an endpoint is told on behalf of all who want it told, of which there is one at least: the most
    generous of each, so that nobody misses what another does not want. The languages are the first one's, then those
    that the others have beside.
    """
    languages = dict.fromkeys(language for one in wants for language in one.languages)
    delays = [one.escalate_after_s for one in wants]
    known = [delay for delay in delays if delay is not None]
    return Preferences(
        languages=tuple(languages)[:LANGUAGES_MAX],
        min_severity=min(one.min_severity for one in wants),
        quiet=_common([one.quiet for one in wants]),
        drills=any(one.drills for one in wants),
        escalate_after_s=min(known) if len(known) == len(delays) else None,
    )


def _common(hours: Sequence[Quiet | None]) -> Quiet | None:
    """Return the longest stretch that is quiet for all of them; the earliest one of several."""
    quiet = (1 << DAY_MINUTES) - 1
    for one in hours:
        quiet &= 0 if one is None else _minutes(one)
    if not quiet or len(set(hours)) == 1:
        return hours[0] if quiet else None
    # Twice the day, so that a stretch past midnight is one.
    longest = run = end = 0
    for minute in range(2 * DAY_MINUTES):
        run = run + 1 if quiet >> minute % DAY_MINUTES & 1 else 0
        if run > longest:
            longest, end = run, minute + 1
    return Quiet(_time(end - longest), _time(end))


def _minutes(quiet: Quiet) -> int:
    """Return the minutes of the day that are quiet, each a bit; none where the stretch is empty."""
    begins, ends = (moment.hour * 60 + moment.minute for moment in (quiet.begins, quiet.ends))
    until_end, before = (1 << ends) - 1, (1 << begins) - 1
    return until_end & ~before if begins <= ends else (1 << DAY_MINUTES) - 1 & ~before | until_end


def _time(minute: int) -> time:
    return time(*divmod(minute % DAY_MINUTES, 60))
