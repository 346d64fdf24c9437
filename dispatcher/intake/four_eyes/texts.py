"""Write what people will get to read of a held message, for whoever approves it: all texts, in all languages. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from cap import MsgType
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.choice import choose, language_of
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.lines import lines
from dispatcher.texts.notification.declarative import Screen
from dispatcher.texts.payload import document, payload
from dispatcher.texts.shortening import as_json
from dispatcher.texts.times import Present
from dispatcher.texts.words.catalogues import CATALOGUES, words_for

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from cap import Alert
    from dispatcher.model.alerts import AffectedMunicipality, StoredAlert

LINES: Final = "text"
"""What is read as it is: an SMS, a notification."""
PUSHED: Final = "push"
DOCUMENT: Final = "app"
"""What a municipality's app makes a page of."""


@dataclass(frozen=True, slots=True)
class HeldTexts:
    """Writes texts for the desk's zone. `known` is the names of all municipalities, in lower case."""

    zone: tzinfo
    known: frozenset[str] = frozenset()

    def of(
        self,
        alert: Alert,
        stored: StoredAlert,
        affected: Sequence[AffectedMunicipality],
        shown_at: datetime,
    ) -> dict[str, str | bytes]:
        """Return the texts of a warning by kind and language, such as `text/de`, as they are at this instant. What else
        is in force then is left out: that is not the author's.
        """
        # Its place among the messages of its thread is given when it goes out.
        unplaced = replace(stored, sequence=0, also_replaces=None)
        return _texts(alert, unplaced, affected, Present(shown_at, self.zone), self.known)


def _texts(
    alert: Alert,
    stored: StoredAlert,
    affected: Sequence[AffectedMunicipality],
    present: Present,
    known: frozenset[str],
) -> dict[str, str | bytes]:
    named = tuple((place.ags, place.name) for place in affected)
    places = tuple(dict.fromkeys(name for _, name in named))
    source = RecordedMessage(alert, stored, places, named, known=known)
    kind = Kind.UPDATE if alert.msg_type is MsgType.UPDATE else Kind.ALERT
    found: dict[str, str | bytes] = {}
    for language in sorted({*CATALOGUES, *(language_of(info) for info in alert.infos)}):
        chosen = choose(alert, kind, language, present.now, stored.expires)
        if chosen is None:
            continue
        said = content(source, chosen, kind, words_for(language), present.now)
        rest = (stored, chosen.info, language, named, Screen(present, "", None))
        found[f"{LINES}/{language}"] = "\n".join(line.text for line in lines(said, present))
        found[f"{PUSHED}/{language}"] = payload(said, *rest)
        found[f"{DOCUMENT}/{language}"] = as_json(document(said, *rest))
    return found
