"""Render notices once per alert, kind and language, and keep them for the batches that follow while they are right."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import structlog

import cap
from cap.errors import SignatureError
from dispatcher.access.sealing import Unsealable
from dispatcher.delivery.render import render
from dispatcher.model.alerts import together
from dispatcher.model.vocabulary import Kind
from dispatcher.sms.parts import ANY_LANGUAGE
from dispatcher.store.record import UNAVAILABLE
from dispatcher.texts.choice import choose, primary_language
from dispatcher.texts.content import RecordedMessage
from dispatcher.texts.headline import ENDINGS
from dispatcher.texts.notification.in_force import named, warnings_in_force
from dispatcher.texts.times import Present
from dispatcher.texts.words.catalogues import CATALOGUES, words_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from channels.base import Notice
    from dispatcher.model.alerts import StoredAlert, WarningInForce
    from dispatcher.model.batches import Lease
    from dispatcher.signing.message_signer import MessageSigner
    from dispatcher.store.alerts.alerts import Alerts
    from dispatcher.texts.notification.in_force import InForceSummary

KEPT = 256
"""Notices in memory at once; the oldest goes first, and is rendered again if a batch still needs it."""
READ_AT_ONCE = 8
"""Of how many warnings it is kept, for these seconds, what all their notices are made from: that may be megabytes."""
IN_FORCE_FOR = timedelta(seconds=5)
"""How long it is taken to be so what else is in force; then it is asked again, once for all batches of a process."""

OTHER_WITHIN_S = 0.3
"""How long a notice waits for the words of another warning: a message of a few kilobytes is read in a millisecond."""

log = structlog.get_logger()

Key = TypeVar("Key")
Value = TypeVar("Value")


class _Kept(NamedTuple):
    """A notice, and what it was rendered from."""

    notice: Notice
    until: datetime
    """When it is asked again what else is in force."""
    right_until: datetime
    """Until when its own words are right."""
    source: RecordedMessage
    source_until: datetime
    """When its words are to be read again."""


class _Read(NamedTuple):
    """Where the words of a warning come from."""

    source: RecordedMessage
    until: datetime
    """Until when that is so."""
    again_at: datetime
    """When another notice reads it again: a feed extends a warning, and late what it replaces becomes known."""


class WantedNotice(NamedTuple):
    """What a notice is rendered for, where no worker holds a batch of it; a lease says the same."""

    alert_id: str
    chain_id: str
    kind: Kind
    language: str
    deadline: datetime


class Notices:
    """Caches rendered notices in front of the record: a mass send has a thousand batches and one notice."""

    def __init__(
        self,
        alerts: Alerts,
        zone: tzinfo,
        known: frozenset[str] = frozenset(),
        page: str = "",
        signer: MessageSigner | None = None,
    ) -> None:
        """`known` is the names of all municipalities, in lower case; `page` the URL to which a tap on a notice leads,
        empty for none; `signer` signs messages for endpoints that take these.
        """
        self._signer = signer
        self._alerts = alerts
        self._known = known
        self._zone = zone
        self._page = page
        self._kept: OrderedDict[tuple[str, Kind, str], _Kept] = OrderedDict()
        self._warning: OrderedDict[str, _Read] = OrderedDict()
        self._asked: OrderedDict[tuple[str, ...], tuple[datetime, list[WarningInForce]]] = OrderedDict()
        self._headlines: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._languages: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    async def notice(self, lease: Lease | WantedNotice, now: datetime) -> Notice | None:
        """Return what the batch may send at `now` (aware), by the record; None if nothing is left to tell. The record
        never loses an alert, so it is always there.
        """
        key = (lease.alert_id, lease.kind, lease.language)
        before = self._kept.get(key)
        if before is not None and now < before.until:
            return before.notice
        if before is None or before.right_until <= now:
            made = await self._made(lease, before, now)
            if made is not None:
                _keep(self._kept, key, made)
            return made and made.notice
        # Other batches go on with the one from before meanwhile, and all do while the record is away.
        _keep(self._kept, key, before._replace(until=now + IN_FORCE_FOR))
        with suppress(*UNAVAILABLE):
            before = await self._made(lease, before, now) or before
            _keep(self._kept, key, before)
        return before.notice

    async def signed_message(self, alert_id: str) -> bytes:
        """Return the CAP message of an alert, signed; empty where it cannot be, which the log says."""
        if self._signer is None:
            return b""
        _, message = await self._message(alert_id)
        try:
            return await self._signer.signed(alert_id, message)
        except (SignatureError, Unsealable) as error:
            log.warning("message_not_signed", alert=alert_id, error=type(error).__name__)
            return b""

    async def languages(self, alert_id: str) -> tuple[str, ...]:
        """Return the languages in which a notice of the alert may read differently, and one that stands for all others:
        those of our own words and of the message.
        """
        found = self._languages.get(alert_id)
        if found is None:
            _, alert = await self._message(alert_id)
            own = {primary_language(info) for info in alert.infos}
            found = (ANY_LANGUAGE, *sorted({*CATALOGUES, *own} - {ANY_LANGUAGE}))
            _keep(self._languages, alert_id, found)
        return found

    async def _made(self, lease: Lease | WantedNotice, before: _Kept | None, now: datetime) -> _Kept | None:
        """Return the notice as it is at `now`. The message, which never changes, is read again only where its words
        depend on what has ended meanwhile.
        """
        if before is not None and now < before.source_until:
            source, source_until = before.source, before.source_until
        else:
            source, source_until = await self._source(lease, now)
        found, until = await self._in_force(lease, source, now)
        if before is not None and now < before.right_until and found == before.source.in_force:
            return before._replace(until=min(before.right_until, until))
        source = replace(source, in_force=found)
        rendered = render(source, lease.kind, lease.language, Present(now, self._zone), self._page)
        if rendered is None:
            return None
        right_until = min(rendered.until, source_until)
        return _Kept(rendered.notice, min(right_until, until), right_until, source, source_until)

    async def _in_force(
        self, lease: Lease | WantedNotice, source: RecordedMessage, now: datetime
    ) -> tuple[InForceSummary | None, datetime]:
        """Return what is in force where the notice is read, and when that is asked again; None of an exercise or a
        test, whose marks would make one of a warning that is named between them. The gravest other warning has its
        words in the notice's language.
        """
        if source.stored.status != cap.Status.ACTUAL:
            return None, now + IN_FORCE_FOR
        until, warnings = await self._in_force_at(source.named, now)
        found = warnings_in_force(lease.alert_id, source.codes, warnings, now)
        other = found.gravest_other
        if other is None:
            return found, until
        said = await self._in_words(other, lease.language, now)
        return (
            replace(found, gravest_other=said, gravest=said if found.gravest is other else found.gravest),
            until,
        )

    async def _in_force_at(
        self, alert_ids: tuple[str, ...], now: datetime
    ) -> tuple[datetime, list[WarningInForce]]:
        """Return what is in force where these alerts are, and when that is asked again: once for all kinds and
        languages of their notices.
        """
        asked = self._asked.get(alert_ids)
        if asked is None or asked[0] <= now:
            asked = now + IN_FORCE_FOR, list(await self._alerts.in_force_at(alert_ids, now))
            _keep(self._asked, alert_ids, asked, READ_AT_ONCE)
        return asked

    async def _in_words(self, other: WarningInForce, language: str, now: datetime) -> WarningInForce:
        """Return another warning with its headline in this language. No send waits long for a large message: then it is
        the headline on record.
        """
        key = (other.id, language)
        headline = self._headlines.get(key)
        if headline is None:
            chosen = None
            with suppress(TimeoutError):
                async with asyncio.timeout(OTHER_WITHIN_S):
                    stored, alert = await self._message(other.id)
                    chosen = choose(alert, Kind.ALERT, language, now, stored.expires)
            headline = named(other, chosen, words_for(language)).headline
            _keep(self._headlines, key, headline)
        return replace(other, headline=headline)

    async def _source(self, lease: Lease | WantedNotice, now: datetime) -> tuple[RecordedMessage, datetime]:
        """Return where the notice's words come from, and until when that is so. All notices that warn have them from
        one place, whatever their kind and language.
        """
        if lease.kind in ENDINGS:
            return await self._read_source(lease)
        read = self._warning.get(lease.alert_id)
        if read is None or read.again_at <= now:
            source, until = await self._read_source(lease)
            read = _Read(source, until, min(until, now + IN_FORCE_FOR))
            _keep(self._warning, lease.alert_id, read, READ_AT_ONCE)
        return read.source, read.until

    async def _read_source(self, lease: Lease | WantedNotice) -> tuple[RecordedMessage, datetime]:
        stored, alert = await self._message(lease.alert_id)
        of, ended = [lease.alert_id], ""
        if lease.kind is Kind.CANCEL:
            ended = together([one.headline for one in await self._ended_by(stored.id)])
        if lease.kind in ENDINGS:
            # People hear of an end for as long as what they were told would have held.
            stored = replace(stored, expires=max(stored.expires, lease.deadline))
        if lease.kind is Kind.NO_LONGER_AFFECTED and (earlier := await self._alerts.replaced_by(stored.id)):
            # What goes on elsewhere is not what is over here: an end names what has ended.
            of = earlier
            stored, alert = await self._ended(stored, earlier)
        # An end names where it is over: not where the message that says so, or a branch beside it, warns on.
        affected = {place.ags: place.name for one in of for place in await self._alerts.affected(one)}
        goes_on = await self._alerts.going_on(lease.chain_id, lease.alert_id) if lease.kind in ENDINGS else {}
        places = {ags: name for ags, name in affected.items() if ags not in goes_on}
        if len(places) < len(affected):
            # Neither the shape nor its sender's name of the area is right of some of its places.
            alert = replace(alert, infos=tuple(replace(info, areas=()) for info in alert.infos))
        names = tuple(dict.fromkeys(places.values()))
        source = RecordedMessage(
            alert, stored, names, tuple(places.items()), ended, self._known, named=tuple(of)
        )
        return source, min((goes_on[ags] for ags in affected if ags in goes_on), default=stored.expires)

    async def _ended_by(self, alert_id: str) -> list[StoredAlert]:
        """Return the warnings that the alert ends and that people were told of, in order of arrival."""
        found = [await self._alerts.get(one) for one in await self._alerts.replaced_by(alert_id)]
        return [stored for stored in found if stored is not None]

    async def _ended(self, stored: StoredAlert, earlier: Sequence[str]) -> tuple[StoredAlert, cap.Alert]:
        """Return the message with the names of all that it replaced, in the languages of the last of these; of several
        nobody can tell here which one a recipient was told of.
        """
        found = [await self._message(one) for one in earlier]
        before, alert = found[-1]
        headline = together([one.headline for one, _ in found])
        infos = tuple(_name_only(info, headline if len(found) > 1 else None) for info in alert.infos)
        return replace(stored, headline=headline, event=before.event), replace(alert, infos=infos)

    async def _message(self, alert_id: str) -> tuple[StoredAlert, cap.Alert]:
        stored, message = await self._alerts.get(alert_id), await self._alerts.message(alert_id)
        if stored is None or message is None:
            raise LookupError(alert_id)
        return stored, message


def _name_only(info: cap.Info, headline: str | None) -> cap.Info:
    """Return what names a warning that is over, or several by this headline, without what it asked people to do."""
    return replace(info, headline=headline or info.headline, instruction=None, description=None, web=None)


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value, most: int = KEPT) -> None:
    """Keep a value, and of all the newest."""
    kept[key] = value
    if len(kept) > most:
        kept.popitem(last=False)
