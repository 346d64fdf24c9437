"""Say before it is sent what the SMS of a message would cost and how long they would take."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from channels.sms.fitting import compose
from dispatcher.model.alerts import StoredAlert
from dispatcher.model.vocabulary import ENDING_REASONS, EXTREME, AlertState, Kind
from dispatcher.sms.quote import quote
from dispatcher.sms.routes import shares
from dispatcher.store.sms.routing import CHANNEL
from dispatcher.texts.catalogues import words_for
from dispatcher.texts.choice import choose, primary_language
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.lines import lines
from dispatcher.texts.times import Present

if TYPE_CHECKING:
    from datetime import tzinfo

    from channels.base import Line
    from dispatcher.audience.reach import ShownCount
    from dispatcher.intake.prepare import Message
    from dispatcher.model.alerts import NewAlert
    from dispatcher.model.sms import Quote
    from dispatcher.store.record import Pool
    from dispatcher.store.sms.charges import Charges

LANGUAGE = "de"
"""The language whose text is counted: most people's. Another one may have a part more or less."""


class SmsPreview:
    """Quotes a message that is not on record; writes nothing."""

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
        text, language = self._text(message, recorded, kind)
        contracts = self._charges.contracts
        parts = {one.gateway: len(compose(text, one.max_parts, language).parts) for one in contracts}
        return quote(
            contracts,
            shares(await self._charges.taking(self._pool), people),
            parts,
            recorded.received_at,
            before=await self._charges.before(self._pool, recorded.lane),
            spent=await self._charges.spent(self._pool),
            stopped=await self._charges.stopped(self._pool),
            unstoppable=recorded.severity == EXTREME or kind is Kind.CANCEL,
        )

    def _text(self, message: Message, recorded: NewAlert, kind: Kind) -> tuple[tuple[Line, ...], str]:
        stored, now = _as_stored(recorded), recorded.received_at
        named = tuple((place.ags, place.name) for place in recorded.affected)
        source = RecordedMessage(
            message.alert, stored, tuple(dict.fromkeys(name for _, name in named)), named, known=self._known
        )
        chosen = choose(message.alert, kind, LANGUAGE, now, stored.expires)
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
