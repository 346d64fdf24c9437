"""Keep what a process publishes right: look at the record several times a second, and make a new edition whenever
something has changed.

The record is looked at, and sends no word: a `NOTIFY` within a transaction makes it hold a lock of the whole database
cluster until its commit is on disk, so that submissions would commit one after the other
(ops/docs/decisions/0062-what-is-in-force-is-published-from-memory.md).
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Final

import structlog

from dispatcher.model.vocabulary import WARNING
from dispatcher.publication.coverage import Coverage
from dispatcher.publication.editions import Edition
from dispatcher.publication.in_force import PublicWarning, Telling, changes_at, in_force
from dispatcher.publication.messages import KeptMessages

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from dispatcher.publication.coverage import SilentFeed, UncertainFeed
    from dispatcher.publication.documents import Headers
    from dispatcher.publication.in_force import PublicInForce
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
        messages: KeptMessages | None = None,
    ) -> None:
        """`read` and `coverage` ask the record (`PublicAlerts.read`, `CoverageReader.read`); `known` returns the names
        of all municipalities, in lower case; `clock` returns seconds that only go forward; `note` takes the Unix time
        of each look; `messages` is where those of the warnings are kept.
        """
        self._read = read
        self._read_coverage = coverage
        self._known = known
        self._clock = clock
        self._note = note
        self._messages = messages or KeptMessages()
        self._telling: Telling | None = None
        self._warnings: dict[str, PublicWarning] = {}
        self._places: dict[tuple[str, str], tuple[str, str]] = {}
        """The municipalities that warnings concern, so that each is in memory once."""
        self._coverage = Coverage()
        self._coverage_at: float | None = None
        self._as_of: datetime | None = None
        self._looked_at = 0.0
        self._changes_at: datetime | None = None
        self._read_ahead: dict[str, PublicWarning] = {}
        """What has changed and was read, while more of it is to be read before anything is published."""
        self._has_more = False
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

    @property
    def packed_bytes(self) -> int:
        """Return what the messages of all that is published take as they are kept, but for those that are parsed."""
        return sum(one.kept.packed_size for one in self._warnings.values())

    async def run(self) -> None:
        """Look at the record again and again, until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(0 if self._has_more else LOOK_S)

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
                    found = await self._read(self._marks())
                    coverage = await self._covered(afresh=afresh)
                for one in found.changed:
                    self._read_ahead[one.stored.id] = await asyncio.to_thread(self._warning, one, found.now)
                self._has_more = not found.is_all
                if self._has_more:
                    await self._note_away(None)
                else:
                    await self._take(found, coverage)
                    self._succeeded = self._begun
                    self._looked.set()
                    self._looked = asyncio.Event()
            except Exception as error:  # noqa: BLE001 - whatever it is, an edition must not go on to call itself current
                self._has_more = False
                await self._note_away(error)

    def _marks(self) -> dict[str, str]:
        """Return what is known of the record: the mark of each alert, by id."""
        return {alert_id: one.mark for alert_id, one in (self._warnings | self._read_ahead).items()}

    async def _covered(self, *, afresh: bool) -> Coverage:
        if afresh or self._coverage_at is None or self._clock() - self._coverage_at >= COVERAGE_S:
            found = await self._read_coverage()
            self._coverage_at = self._clock()
            return found
        return self._coverage

    async def _take(self, found: PublicRead, coverage: Coverage) -> None:
        """Publish what the record says."""
        is_new = bool(self._read_ahead) or self._warnings.keys() != found.ids or coverage != self._coverage
        known, self._read_ahead = self._warnings | self._read_ahead, {}
        self._warnings = {alert_id: one for alert_id, one in known.items() if alert_id in found.ids}
        self._coverage = coverage
        self._as_of, self._looked_at, self._is_away = found.now, self._clock(), False
        if is_new or self._is_due(found.now):
            await self._publish(found.now, found.now, current=True)
        self._say()
        if self._note is not None:
            self._note(found.now.timestamp())

    async def _note_away(self, error: Exception | None) -> None:
        """Publish what was said last, as such, once the record has not answered for a while; without an `error` it has,
        and there is more to be read.
        """
        away_s = self._clock() - self._looked_at
        if self._as_of is None:
            self._warn(error)
        elif away_s >= AWAY_S:
            self._warn(error)
            now = self._as_of + timedelta(seconds=away_s)
            if (self.edition and self.edition.in_force.current) or self._has_changed_by_itself(now):
                await self._publish(self._as_of, now, current=False)
            self._say(away_s)

    def _warn(self, error: Exception | None) -> None:
        """Say once that the record is away."""
        if error is not None and not self._is_away:
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

    async def _publish(self, as_of: datetime, now: datetime, *, current: bool) -> None:
        self._changes_at = as_of  # until it is published: what fails is tried again
        found = await asyncio.to_thread(self._found, as_of, now, current=current)
        self._changes_at = changes_at(found)
        self.edition = Edition(found)
        self._next.set()
        self._next = asyncio.Event()

    def _found(self, as_of: datetime, now: datetime, *, current: bool) -> PublicInForce:
        """Return what is in force, with what lists tell of it. It is called in a thread: some warnings concern every
        municipality.
        """
        telling, warnings = self._telling_of_all(), self._warnings.values()
        telling.keep(warnings)
        self._messages.keep(one.kept for one in warnings)
        found = in_force(warnings, self._coverage, telling, as_of, now, current=current)
        telling.prepare(found.warnings, now)
        return found

    def _warning(self, found: PublicAlert, now: datetime) -> PublicWarning:
        """Return the warning, with what lists tell of it `now`. It is called in a thread: to read a large message takes
        half a second.
        """
        kept = self._messages.add(found.stored, found.raw)
        places = tuple(self._places.setdefault(one, one) for one in found.municipalities)
        warning = PublicWarning(found.stored, kept, places, found.mark)
        if found.stored.reason in WARNING and found.stored.is_in_force(now):
            self._telling_of_all().prepare([warning], now)
        return warning

    def _telling_of_all(self) -> Telling:
        if self._telling is None:
            self._telling = Telling(self._known())
        return self._telling

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
