"""Write what people get to read of a message, for whoever approves or follows it: all texts, in all languages. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, NamedTuple

from cap import MsgType
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.choice import choose, language_of, primary_language
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.lines import lines
from dispatcher.texts.notification.declarative import Screen
from dispatcher.texts.payload import document, payload
from dispatcher.texts.shortening import as_json
from dispatcher.texts.times import Present
from dispatcher.texts.words.catalogues import CATALOGUES, catalogue_of, words_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from cap import Alert
    from channels.base import Line
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert
    from dispatcher.texts.choice import Chosen
    from dispatcher.texts.content import Content

LINES: Final = "text"
"""What is read as it is: an SMS, a notification."""
PUSHED: Final = "push"
DOCUMENT: Final = "app"
"""What a municipality's app makes a page of."""


class SmsSource(NamedTuple):
    """What an SMS is composed of: the lines of a notice, and the language of its words."""

    lines: tuple[Line, ...]
    language: str


@dataclass(frozen=True, slots=True)
class MessageTexts:
    """What people read of one message: its texts by form and language, and what its SMS are composed of."""

    texts: Mapping[str, str | bytes]
    sms: Mapping[str, SmsSource]


@dataclass(frozen=True, slots=True)
class HeldTexts:
    """Writes texts for the desk's zone. `known` is the names of all municipalities, in lower case."""

    zone: tzinfo
    known: frozenset[str] = frozenset()

    def both(
        self,
        alert: Alert,
        stored: StoredAlert,
        affected: Sequence[AffectedMunicipality],
        shown_at: datetime,
        kind: Kind | None = None,
    ) -> MessageTexts:
        """Return the texts as `of`, and what SMS are composed of as `sms`."""
        given = (alert, stored, affected, shown_at, kind)
        return MessageTexts(self.of(*given), self.sms(*given))

    def sms(
        self,
        alert: Alert,
        stored: StoredAlert,
        affected: Sequence[AffectedMunicipality],
        shown_at: datetime,
        kind: Kind | None = None,
    ) -> dict[str, SmsSource]:
        """Return what a gateway composes the SMS of, by language, as `of`."""
        present = Present(shown_at, self.zone)
        return {
            one.language: SmsSource(lines(one.said, present), one.words_language)
            for one in _all(alert, _unplaced(stored), affected, present, self.known, kind)
        }

    def of(
        self,
        alert: Alert,
        stored: StoredAlert,
        affected: Sequence[AffectedMunicipality],
        shown_at: datetime,
        kind: Kind | None = None,
    ) -> dict[str, str | bytes]:
        """Return the texts of a message by form and language, such as `text/de`, as they are at this instant. What else
        is in force then is left out: that is not the author's. `kind` is what people are notified of; None: of the
        warning that waits, or of its update.
        """
        present, unplaced = Present(shown_at, self.zone), _unplaced(stored)
        found: dict[str, str | bytes] = {}
        for one in _all(alert, unplaced, affected, present, self.known, kind):
            rest = (unplaced, one.chosen.info, one.language, one.named, Screen(present, "", None))
            found[f"{LINES}/{one.language}"] = "\n".join(line.text for line in lines(one.said, present))
            found[f"{PUSHED}/{one.language}"] = payload(one.said, *rest)
            found[f"{DOCUMENT}/{one.language}"] = as_json(document(one.said, *rest))
        return found


def _unplaced(stored: StoredAlert) -> StoredAlert:
    """Return it without its place among the messages of its thread, which is given when it goes out."""
    return replace(stored, sequence=0, also_replaces=None)


class _Written(NamedTuple):
    """What is said in one language."""

    language: str
    chosen: Chosen
    said: Content
    named: tuple[tuple[str, str], ...]

    @property
    def words_language(self) -> str:
        """Return the language of its words, as a notice has it."""
        return primary_language(self.chosen.info) if self.chosen.info else catalogue_of(self.language)


def _all(
    alert: Alert,
    stored: StoredAlert,
    affected: Sequence[AffectedMunicipality],
    present: Present,
    known: frozenset[str],
    kind: Kind | None,
) -> Iterator[_Written]:
    named = tuple((place.ags, place.name) for place in affected)
    places = tuple(dict.fromkeys(name for _, name in named))
    source = RecordedMessage(alert, stored, places, named, known=known)
    kind = kind or (Kind.UPDATE if alert.msg_type is MsgType.UPDATE else Kind.ALERT)
    for language in sorted({*CATALOGUES, *(language_of(info) for info in alert.infos)}):
        chosen = choose(alert, kind, language, present.now, stored.expires)
        if chosen is not None:
            said = content(source, chosen, kind, words_for(language), present.now)
            yield _Written(language, chosen, said, named)
