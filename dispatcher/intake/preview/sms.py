"""Say before it is sent what the SMS of a message would cost and how long they would take."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from cap import MsgType
from channels.sms.fitting import compose
from dispatcher.intake.meaning import is_ending
from dispatcher.model.alerts import StoredAlert
from dispatcher.model.vocabulary import ENDING_REASONS, EXTREME, AlertState, Kind
from dispatcher.sms.quote import quote
from dispatcher.sms.routes import NOBODY_NAMES, shares
from dispatcher.store.sms.namings import named_gateways
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.texts.choice import choose, primary_language
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.lines import lines
from dispatcher.texts.times import Present
from dispatcher.texts.words.catalogues import words_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from cap import Alert
    from channels.base import Line
    from dispatcher.audience.reach import ShownCount
    from dispatcher.intake.prepare import Message
    from dispatcher.model.alerts import AffectedMunicipality, NewAlert
    from dispatcher.model.sms import Quote
    from dispatcher.store.record import Pool
    from dispatcher.store.sms.charges import Charges

LANGUAGE = "de"
"""The language whose text is counted: most people's. One of other letters than the GSM alphabet's may have twice as
many parts: a plan counts each language."""


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
        text, language = self._text(subject, now)
        contracts = self._charges.contracts
        parts = {one.gateway: len(compose(text, one.max_parts, language).parts) for one in contracts}
        return quote(
            contracts,
            await self._spread(people, [place.ags for place in subject.affected]),
            parts,
            now,
            before=await self._charges.before(self._pool, subject.stored.lane),
            spent=await self._charges.spent(self._pool),
            stopped=await self._charges.stopped(self._pool),
            unstoppable=subject.stored.severity == EXTREME or subject.kind is Kind.CANCEL,
        )

    async def _spread(self, people: int, ags: Sequence[str]) -> dict[str, int]:
        """Return how many go by which gateway, as a plan decides: by the one that they name, else by weight."""
        taking = await self._charges.taking(self._pool)
        wanted = (
            await named_gateways(self._pool, ags, taking.names) if len(taking.names) > 1 else NOBODY_NAMES
        )
        return shares(taking, people, wanted)

    def _text(self, subject: _Subject, now: datetime) -> tuple[tuple[Line, ...], str]:
        alert, stored, kind = subject.alert, subject.stored, subject.kind
        named = tuple((place.ags, place.name) for place in subject.affected)
        source = RecordedMessage(
            alert, stored, tuple(dict.fromkeys(name for _, name in named)), named, known=self._known
        )
        chosen = choose(alert, kind, LANGUAGE, now, stored.expires)
        if chosen is None:
            return (), LANGUAGE
        said = content(source, chosen, kind, words_for(LANGUAGE), now)
        language = primary_language(chosen.info) if chosen.info else LANGUAGE
        return lines(said, Present(now, self._zone)), language


def _kind(recorded: NewAlert, *, updates: bool) -> Kind:
    if recorded.reason in ENDING_REASONS:
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
