"""Say of alerts on record what their people are told now: in the words and members of a notice, by the same rules."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from channels.characters import one_line
from dispatcher.model.vocabulary import Kind, Reason
from dispatcher.texts.choice import choose
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.payload import document, keyed
from dispatcher.texts.words.catalogues import words_for

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from datetime import datetime

    import cap
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.texts.notification.declarative import Screen

KEPT = 1_024
"""Alerts in memory at once; the oldest goes first. A document has at most 20,000 bytes."""


@dataclass(frozen=True, slots=True)
class Told:
    """An alert as people are told of it, until when that is right."""

    alert: StoredAlert
    """As on record, with event, headline, severity and end of the info that speaks."""
    notice: dict[str, Any]
    """The document of `dispatcher.texts.payload`."""
    until: datetime


class ToldAlerts:
    """Reads messages, which never change, and keeps what is told of them for as long as that is right."""

    def __init__(
        self,
        message: Callable[[str], Awaitable[cap.Alert | None]],
        affected: Callable[[str], Awaitable[Sequence[AffectedMunicipality]]],
        known: Callable[[], frozenset[str]] = frozenset,
    ) -> None:
        """`message` returns the CAP message of an alert's id, `affected` its municipalities; `known` returns the
        names of all municipalities, in lower case.
        """
        self._known = known
        self._message = message
        self._affected = affected
        self._kept: OrderedDict[tuple[object, ...], Told] = OrderedDict()

    async def now(
        self, alert: StoredAlert, own: Sequence[tuple[str, str]], language: str, now: datetime
    ) -> Told | None:
        """Return what is told at `now` (aware) of an alert in force, with the municipalities (AGS, name) that are the
        asker's own; None if all its infos have run out.
        """
        key = (alert.id, alert.reason, alert.expires, alert.thread, language)
        told = self._kept.get(key)
        if told is None or told.until <= now:
            told = await self._read(alert, language, now)
            if told is None:
                return None
            self._kept[key] = told
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        shown = told.alert
        return replace(
            told,
            alert=replace(
                alert,
                event=shown.event,
                headline=shown.headline,
                severity=shown.severity,
                expires=shown.expires,
            ),
            notice={**told.notice, "municipalities": keyed(own)},
        )

    async def _read(self, alert: StoredAlert, language: str, now: datetime) -> Told | None:
        message = await self._message(alert.id)
        if message is None:
            raise LookupError(alert.id)
        names = tuple(dict.fromkeys(place.name for place in await self._affected(alert.id)))
        return tell(RecordedMessage(message, alert, names, known=self._known()), language, now)


def tell(source: RecordedMessage, language: str, now: datetime, screen: Screen | None = None) -> Told | None:
    """Return what is told at `now` (aware) of a warning in force; None if all its infos have run out. With a `screen`
    it has what a phone shows by itself, as what is sent to an app has.
    """
    alert = source.stored
    kind = Kind.UPDATE if alert.reason is Reason.UPDATE else Kind.ALERT
    chosen = choose(source.alert, kind, language, now, alert.expires)
    if chosen is None:
        return None
    said = content(source, chosen, kind, words_for(language), now)
    shown = replace(alert, expires=chosen.until)
    if chosen.info:
        event, headline = one_line(chosen.info.event), one_line(chosen.info.headline or "")
        shown = replace(shown, event=event, headline=headline, severity=str(chosen.info.severity))
    changes = (chosen.until, *(moment for moment in (said.begins, said.lasts) if moment))
    notice = document(said, alert, chosen.info, language, source.municipalities, screen)
    return Told(shown, notice, min(changes))
