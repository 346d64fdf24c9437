"""Say before it is sent what the SMS of a message would cost and how long they would take."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from cap import MsgType
from channels.sms.fitting import compose
from dispatcher.intake.meaning import is_ending
from dispatcher.model.alerts import StoredAlert
from dispatcher.model.vocabulary import ENDS, AlertState, Kind, is_exempt
from dispatcher.sms.quote import Text, quote
from dispatcher.sms.routes import NOBODY_NAMES, portions, shares
from dispatcher.store.sms.namings import languages_wanted, named_gateways
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.texts.choice import choose, primary_language
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.languages import DEFAULT
from dispatcher.texts.lines import lines
from dispatcher.texts.times import Present
from dispatcher.texts.words.catalogues import catalogue_of, words_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, tzinfo

    from cap import Alert
    from channels.base import Line
    from dispatcher.audience.reach import ShownCount
    from dispatcher.intake.prepare import Message
    from dispatcher.model.alerts import AffectedMunicipality, NewAlert
    from dispatcher.model.sms import Quote
    from dispatcher.store.record import Pool
    from dispatcher.store.sms.charges import Charges


@dataclass(frozen=True, slots=True)
class _Subject:
    """What an SMS would be about."""

    alert: Alert
    stored: StoredAlert
    affected: tuple[AffectedMunicipality, ...]
    kind: Kind


class SmsPreview:
    """Quotes a message that is not sent; writes nothing."""

    def __init__(
        self, pool: Pool, charges: Charges, zone: tzinfo, known: frozenset[str] = frozenset()
    ) -> None:
        """`known` is the names of all municipalities, in lower case."""
        self._pool = pool
        self._charges = charges
        self._zone = zone
        self._known = known

    async def quote(
        self, message: Message, recorded: NewAlert, reach: dict[str, ShownCount], *, updates: bool
    ) -> Quote | None:
        """Return what the SMS to those shown in `reach` take; None where nobody gets one, or so few that their number
        is not shown. `updates`: whether it updates a warning.
        """
        people = reach.get(CHANNEL, 0)
        if not self._charges.contracts or not isinstance(people, int) or not people:
            return None
        kind = _kind(recorded, updates=updates)
        subject = _Subject(message.alert, _as_stored(recorded), tuple(recorded.affected), kind)
        return await self._quote(subject, people, recorded.received_at)

    async def quote_held(
        self, alert: Alert, stored: StoredAlert, affected: Sequence[AffectedMunicipality], now: datetime
    ) -> Quote | None:
        """Return what the SMS of a message that waits for a person take at most, if it is released `now`: those to all
        subscribers in its municipalities, wherever a shape lies in these.
        """
        if not self._charges.contracts:
            return None
        wanted = await named_gateways(self._pool, [place.ags for place in affected])
        if not (people := sum(wanted.values())):
            return None
        kind = Kind.UPDATE if alert.msg_type is MsgType.UPDATE else Kind.ALERT
        subject = _Subject(alert, stored, tuple(affected), Kind.CANCEL if is_ending(alert) else kind)
        return await self._quote(subject, people, now)

    async def _quote(self, subject: _Subject, people: int, now: datetime) -> Quote:
        ags = [place.ags for place in subject.affected]
        return quote(
            self._charges.contracts,
            self._texts(
                subject, await self._spread(people, ags), await languages_wanted(self._pool, ags), now
            ),
            now,
            before=await self._charges.before(self._pool, subject.stored.lane),
            spent=await self._charges.spent(self._pool),
            stopped=await self._charges.stopped(self._pool),
            unstoppable=is_exempt(subject.stored.severity, subject.stored.lane)
            or subject.kind is Kind.CANCEL,
        )

    def _texts(
        self, subject: _Subject, people: Mapping[str, int], languages: Mapping[str, int], now: datetime
    ) -> list[Text]:
        """Return the texts that go out, one for each list of languages; of whom nobody is known German is."""
        languages = languages or {DEFAULT: 1}
        spread = {gateway: portions(number, languages) for gateway, number in people.items()}
        found = []
        for language in languages:
            text, own = self._text(subject, language, now)
            parts = {
                one.gateway: len(compose(text, one.max_parts, own).parts) for one in self._charges.contracts
            }
            found.append(Text({gateway: by.get(language, 0) for gateway, by in spread.items()}, parts))
        return found

    async def _spread(self, people: int, ags: Sequence[str]) -> dict[str, int]:
        """Return how many go by which gateway, as a plan decides: by the one that they name, else by weight."""
        taking = await self._charges.taking(self._pool)
        wanted = (
            await named_gateways(self._pool, ags, taking.names) if len(taking.names) > 1 else NOBODY_NAMES
        )
        return shares(taking, people, wanted)

    def _text(self, subject: _Subject, language: str, now: datetime) -> tuple[tuple[Line, ...], str]:
        """Return the text for readers of these languages (a priority list), and the language of its words."""
        alert, stored, kind = subject.alert, subject.stored, subject.kind
        named = tuple((place.ags, place.name) for place in subject.affected)
        source = RecordedMessage(
            alert, stored, tuple(dict.fromkeys(name for _, name in named)), named, known=self._known
        )
        chosen = choose(alert, kind, language, now, stored.expires)
        if chosen is None:
            return (), DEFAULT
        said = content(source, chosen, kind, words_for(language), now)
        own = primary_language(chosen.info) if chosen.info else catalogue_of(language)
        return lines(said, Present(now, self._zone)), own


def _kind(recorded: NewAlert, *, updates: bool) -> Kind:
    if recorded.reason in ENDS:
        return Kind.CANCEL
    return Kind.UPDATE if updates else Kind.ALERT


def _as_stored(recorded: NewAlert) -> StoredAlert:
    """Return the alert as it would be read back from the record, before its plan."""
    known = {
        field.name: getattr(recorded, field.name)
        for field in fields(StoredAlert)
        if hasattr(recorded, field.name)
    }
    planned = {"state": AlertState.ACCEPTED, "planned_at": None, "settled_at": None, "audience": 0}
    return StoredAlert(**(known | planned))
