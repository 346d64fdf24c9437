"""Keep what a process publishes right: look at the record several times a second, and make a new edition whenever
something has changed.

The record is looked at, and sends no word: a `NOTIFY` within a transaction makes it hold a lock of the whole database
cluster until its commit is on disk, so that submissions would commit one after the other
(ops/docs/decisions/0062-what-is-in-force-is-published-from-memory.md).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Final

import structlog

import cap
from dispatcher.publication.coverage import Coverage
from dispatcher.publication.editions import Edition
from dispatcher.publication.in_force import PublicWarning, Telling, changes_at, in_force

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from dispatcher.publication.coverage import SilentFeed, UncertainFeed
    from dispatcher.publication.documents import Headers
    from dispatcher.store.alerts.public import PublicAlert, PublicRead

LOOK_S: Final = 0.25
"""How often the record is looked at: with what it takes to read a change, all processes are right within a second."""
LOOK_MAX_S: Final = 2.0
"""How long a look may take; one that takes longer is a record that does not answer."""
COVERAGE_S: Final = 5.0
"""How often it is asked of whom the service hears. Feeds fall silent in minutes."""
AWAY_S: Final = 2.0
"""How long after the last answer what is published still counts as current."""
RENEW: Final = timedelta(seconds=60)
"""A document says as of when it is; it is made anew at least this often, so that one that is older says that nobody
knows."""

log = structlog.get_logger()


class Publisher:
    """What one process publishes."""

    def __init__(
        self,
        read: Callable[[Mapping[str, str]], Awaitable[PublicRead]],
        coverage: Callable[[], Awaitable[Coverage]],
        known: Callable[[], AbstractSet[str]] = frozenset,
        clock: Callable[[], float] = monotonic,
        note: Callable[[float], object] | None = None,
    ) -> None:
        """`read` and `coverage` ask the record (`PublicAlerts.read`, `CoverageReader.read`); `known` returns the names
        of all municipalities, in lower case; `clock` returns seconds that only go forward; `note` takes the Unix time
        of each look.
        """
        self._read = read
        self._read_coverage = coverage
        self._known = known
        self._clock = clock
        self._note = note
        self._telling: Telling | None = None
        self._warnings: dict[str, PublicWarning] = {}
        self._coverage = Coverage()
        self._coverage_at: float | None = None
        self._as_of: datetime | None = None
        self._looked_at = 0.0
        self._changes_at: datetime | None = None
        self._is_away = False
        self._looking = asyncio.Lock()
        self._begun = self._succeeded = 0
        """How many looks at the record there were, and the number of the last that it answered."""
        self._looked = asyncio.Event()
        self._next = asyncio.Event()
        self.edition: Edition | None = None
        """What is published; None before the record was read for the first time."""
        self.headers: Headers = ()
        """What every answer says of the edition beside its bytes."""

    async def run(self) -> None:
        """Look at the record again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def after(self, edition: Edition | None) -> Edition:
        """Wait until another edition than this one is published, and return it."""
        while self.edition is None or self.edition is edition:
            await self._next.wait()
        return self.edition

    async def looked_again(self) -> None:
        """Wait until a look has succeeded that began after this was asked. It begins none: strangers may ask for it."""
        begun = self._begun
        while self._succeeded <= begun:
            await self._looked.wait()

    async def look(self, *, afresh: bool = False) -> None:
        """Look at the record once, and publish what has changed; `afresh`: also in who warns, which else is asked now
        and then.
        """
        async with self._looking:
            self._begun += 1
            try:
                async with asyncio.timeout(LOOK_MAX_S):
                    found = await self._read({alert_id: one.mark for alert_id, one in self._warnings.items()})
                    coverage = await self._covered(afresh=afresh)
                changed = {one.stored.id: await _warning(one) for one in found.changed}
                self._take(found, changed, coverage)
                self._succeeded = self._begun
                self._looked.set()
                self._looked = asyncio.Event()
            except Exception as error:  # noqa: BLE001 - whatever it is, an edition must not go on to call itself current
                self._note_away(error)

    async def _covered(self, *, afresh: bool) -> Coverage:
        if afresh or self._coverage_at is None or self._clock() - self._coverage_at >= COVERAGE_S:
            found = await self._read_coverage()
            self._coverage_at = self._clock()
            return found
        return self._coverage

    def _take(self, found: PublicRead, changed: dict[str, PublicWarning], coverage: Coverage) -> None:
        """Publish what the record says."""
        is_new = bool(changed) or self._warnings.keys() != found.ids or coverage != self._coverage
        kept = {one: warning for one, warning in self._warnings.items() if one in found.ids}
        self._warnings, self._coverage = kept | changed, coverage
        self._as_of, self._looked_at, self._is_away = found.now, self._clock(), False
        if is_new or self._is_due(found.now):
            self._publish(found.now, found.now, current=True)
        self._say()
        if self._note is not None:
            self._note(found.now.timestamp())

    def _note_away(self, error: Exception) -> None:
        """Publish what was said last, as such, once the record has not answered for a while."""
        away_s = self._clock() - self._looked_at
        if self._as_of is None:
            self._warn(error)
        elif away_s >= AWAY_S:
            self._warn(error)
            now = self._as_of + timedelta(seconds=away_s)
            if (self.edition and self.edition.in_force.current) or self._has_changed_by_itself(now):
                self._publish(self._as_of, now, current=False)
            self._say(away_s)

    def _warn(self, error: Exception) -> None:
        """Say once that the record is away."""
        if not self._is_away:
            self._is_away = True
            log.warning("publication_not_current", error=type(error).__name__)

    def _is_due(self, now: datetime) -> bool:
        """Whether the edition must be made anew although nothing new is in the record."""
        edition = self.edition
        if edition is None or not edition.in_force.current:
            return True
        return now - edition.in_force.now >= RENEW or self._has_changed_by_itself(now)

    def _has_changed_by_itself(self, now: datetime) -> bool:
        return self._changes_at is not None and now >= self._changes_at

    def _publish(self, as_of: datetime, now: datetime, *, current: bool) -> None:
        if self._telling is None:
            self._telling = Telling(self._known())
        self._telling.keep(self._warnings.values())
        found = in_force(self._warnings.values(), self._coverage, self._telling, as_of, now, current=current)
        self._changes_at = changes_at(found)
        self.edition = Edition(found)
        self._next.set()
        self._next = asyncio.Event()

    def _say(self, age_s: float | None = None) -> None:
        if self._as_of is None:
            return
        headers = [(b"alerts-as-of", _seconds(self._as_of))]
        for name, feeds in (
            (b"alerts-stale-feeds", self._coverage.stale),
            (b"alerts-unread-feeds", self._coverage.unread),
        ):
            if feeds:
                headers.append((name, _named(feeds)))
        if age_s is not None:
            headers.append((b"alerts-age", b"%d" % age_s))
        self.headers = tuple(headers)


def _named(feeds: Iterable[SilentFeed | UncertainFeed]) -> bytes:
    """Return the feeds as a list of RFC 9651."""
    return ", ".join(f'"{one.name}";since="{_seconds(one.since).decode()}"' for one in feeds).encode()


def _seconds(moment: datetime) -> bytes:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z").encode()


async def _warning(found: PublicAlert) -> PublicWarning:
    """Return the warning with its message, read in a thread: a large one takes half a second."""
    stored = found.stored
    message: cap.Alert | None = None
    with suppress(cap.CapError):
        message = (await asyncio.to_thread(cap.parse, found.raw)).alerts[0]
    if message is None:  # of an older version that took it: what the record has of it is told all the same
        log.error("published_message_unreadable", alert=stored.id)
        message = cap.Alert(
            stored.sender,
            stored.identifier,
            stored.sent,
            cap.Status.ACTUAL,
            cap.MsgType.ALERT,
            cap.Scope.PUBLIC,
        )
    return PublicWarning(stored, message, found.raw, found.municipalities, found.mark)
