"""What is in force for anybody, as one value of which all forms are made. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

import structlog

from cap.severity import SEVERITY_ORDER
from dispatcher.apps.told import tell
from dispatcher.model.vocabulary import WARNING
from dispatcher.publication.places import PlaceKind, within
from dispatcher.texts.content import RecordedMessage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from collections.abc import Set as AbstractSet

    import cap
    from dispatcher.apps.told import Told
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.publication.coverage import Coverage, UncertainFeed
    from dispatcher.publication.messages import KeptMessage
    from dispatcher.publication.places import PublicPlace

LANGUAGES: Final = ("de", "en")
"""Those of lists: what is told in them is kept, at most 20,000 bytes each. Of others it is told to each who asks."""
_RANK: Final = {str(severity): rank for rank, severity in enumerate(SEVERITY_ORDER)}

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, eq=False)
class PublicWarning:
    """A warning that anybody may read."""

    stored: StoredAlert
    kept: KeptMessage
    municipalities: tuple[tuple[str, str], ...]
    """(AGS, name) of each that it concerns, by AGS."""
    mark: str
    """It changes with what says whether the warning is in force."""

    @property
    def message(self) -> cap.Alert:
        """Return its message, as `KeptMessage.parsed`: ask in a thread."""
        return self.kept.parsed()

    def within(self, place: PublicPlace) -> tuple[tuple[str, str], ...]:
        """Return those of its municipalities that belong to the place."""
        if place.kind is PlaceKind.EVERYWHERE:
            return self.municipalities
        return tuple(one for one in self.municipalities if one[0] in place.municipalities)


class Telling:
    """Says what people are told of warnings, and keeps it for as long as it is right."""

    def __init__(self, known: AbstractSet[str] = frozenset()) -> None:
        """`known`: the names of all municipalities, in lower case."""
        self._known = frozenset(known)
        self._kept: dict[tuple[str, str, str], Told | datetime] = {}
        """What is told; a moment where nothing was told then any more."""

    def now(self, warning: PublicWarning, language: str, now: datetime) -> Told | None:
        """Return what is told at `now` (aware) in a language; None where all that it says has run out. Of what is kept
        and still right no message has to be read.
        """
        key = (warning.stored.id, warning.mark, language)
        told = self._kept.get(key)
        if isinstance(told, datetime):
            if told <= now:
                return None
        elif told is not None and now < told.until:
            return told
        names = tuple(dict.fromkeys(name for _, name in warning.municipalities))
        source = RecordedMessage(warning.message, warning.stored, names, known=self._known)
        found = tell(source, language, now)
        if language in LANGUAGES:
            self._kept[key] = found or now
        return found

    def prepare(self, warnings: Iterable[PublicWarning], now: datetime) -> None:
        """Have ready what lists tell of these warnings at `now`. One that cannot be told takes no other with it."""
        for warning in warnings:
            try:
                for language in LANGUAGES:
                    self.now(warning, language, now)
            except Exception:
                log.exception("published_message_not_told", alert=warning.stored.id)

    def keep(self, warnings: Iterable[PublicWarning]) -> None:
        """Forget what is told of all others."""
        wanted = {(one.stored.id, one.mark) for one in warnings}
        # A thread that makes a long document adds to it meanwhile: a copy is taken at once.
        self._kept = {key: told for key, told in self._kept.copy().items() if key[:2] in wanted}


@dataclass(frozen=True, slots=True, eq=False)
class PublicInForce:
    """What is in force at one moment, as far as is known."""

    as_of: datetime
    """When the record last said so."""
    now: datetime
    """The moment for which the texts are; later than `as_of` only while the record is away."""
    current: bool
    """Whether the record says so now; False: it cannot be asked, and this is the last that it said."""
    warnings: tuple[PublicWarning, ...]
    """The gravest first, of several the one that was sent last."""
    over: tuple[PublicWarning, ...]
    """What was in force until a moment ago."""
    ends: Mapping[str, PublicWarning] = field(repr=False)
    """The messages that ended any of that and warn of nothing themselves, by id."""
    coverage: Coverage
    telling: Telling
    by_municipality: Mapping[str, tuple[PublicWarning, ...]] = field(repr=False)

    def at(self, place: PublicPlace) -> tuple[PublicWarning, ...]:
        """Return what is in force in any municipality of a place, in the order of `warnings`."""
        if place.kind is PlaceKind.EVERYWHERE:
            return self.warnings
        if len(place.municipalities) == 1:
            return self.by_municipality.get(place.municipalities[0], ())
        found = {id(one): one for ags in place.municipalities for one in self.by_municipality.get(ags, ())}
        return tuple(sorted(found.values(), key=order))

    def covers(self, place: PublicPlace) -> bool:
        """Whether somebody would warn by this service of whatever happens anywhere in the place; of everything, whether
        anybody would.
        """
        if place.kind is PlaceKind.EVERYWHERE:
            return bool(self.coverage.territories)
        return not place.reaches_beyond and within(self.coverage.territories, place)

    def unread_at(self, place: PublicPlace | None) -> tuple[UncertainFeed, ...]:
        """Return which feeds hold something unread that may concern a place; of None, which do at all."""
        if place is None or place.kind is PlaceKind.EVERYWHERE:
            return self.coverage.unread
        return tuple(one for one in self.coverage.unread if one.may_concern(place.municipalities))

    def told(self, warning: PublicWarning, language: str) -> Told | None:
        """Return what people are told of it in a language; None where all that it says has run out."""
        return self.telling.now(warning, language, self.now)

    def find(self, alert_id: str) -> PublicWarning | None:
        """Return a warning that is in force, or was until a moment ago."""
        return next((one for one in (*self.warnings, *self.over) if one.stored.id == alert_id), None)

    def find_message(self, alert_id: str) -> PublicWarning | None:
        """Return such a warning, or the message that ended one."""
        return self.find(alert_id) or self.ends.get(alert_id)

    def ended_at(self, place: PublicPlace) -> tuple[tuple[PublicWarning, PublicWarning], ...]:
        """Return what was in force at a place until a moment ago, each with the message that ended or replaced it, if
        that does not warn there itself and says so in its own words: it names what it acts on. The last sent first.
        """
        there = {one.stored.id for one in self.at(place)}
        pairs = [
            (one, self.find_message(one.stored.stopped_by or "")) for one in self.over if one.within(place)
        ]
        found = [
            (over, end)
            for over, end in pairs
            if end is not None and end.stored.id not in there and end.kept.outline.names_others
        ]
        return tuple(sorted(found, key=lambda pair: pair[1].stored.sent, reverse=True))


def order(warning: PublicWarning) -> tuple[int, float, str]:
    """Return the place of a warning in lists: the gravest first, of several the one that was sent last."""
    stored = warning.stored
    return _RANK.get(stored.severity, len(_RANK)), -stored.sent.timestamp(), stored.id


def in_force(
    warnings: Iterable[PublicWarning],
    coverage: Coverage,
    telling: Telling,
    as_of: datetime,
    now: datetime | None = None,
    *,
    current: bool = True,
) -> PublicInForce:
    """Return what is in force of these warnings `now`, by default at `as_of`; what ended any of them is among them."""
    now = now or as_of
    messages = tuple(warnings)
    ranked = sorted((one for one in messages if one.stored.reason in WARNING), key=order)
    active = tuple(one for one in ranked if one.stored.is_in_force(now))
    by_municipality: dict[str, list[PublicWarning]] = {}
    for one in active:
        for ags, _ in one.municipalities:
            by_municipality.setdefault(ags, []).append(one)
    return PublicInForce(
        as_of=as_of,
        now=now,
        current=current,
        warnings=active,
        over=tuple(one for one in ranked if not one.stored.is_in_force(now)),
        ends={one.stored.id: one for one in messages if one.stored.reason not in WARNING},
        coverage=coverage,
        telling=telling,
        by_municipality={ags: tuple(found) for ags, found in by_municipality.items()},
    )


def changes_at(found: PublicInForce) -> datetime | None:
    """Return when something of it next changes by itself: a warning or one of its infos runs out or begins."""
    moments = (
        moment
        for one in found.warnings
        for moment in (one.stored.expires, *one.kept.outline.moments)
        if moment > found.now
    )
    return min(moments, default=None)
