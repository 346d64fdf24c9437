"""The words of prepared warnings at the command line. One catalogue for each language of the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dispatcher.desk_texts.catalogue import DeskLanguage

if TYPE_CHECKING:
    from collections.abc import Mapping

TEMPLATE_TEXTS: Final[Mapping[DeskLanguage, Mapping[str, str]]] = {
    DeskLanguage.GERMAN: {
        "valid": "{id} ({title}): in Ordnung",
        "invalid": "{id} ({title}): so nicht zu gebrauchen",
        "no_template": "{file} ist keine Vorlage:",
        "unreadable": "{file} lässt sich nicht lesen: {why}",
        "language_row": "Überschrift höchstens {characters} von {most} Zeichen, SMS-Teile: {parts}",
        "nothing": "Welche Vorlage? Eine Datei angeben, oder --prepared.",
        "no_prepared": "Unter den mitgelieferten Vorlagen ist keine namens {name}. Es gibt: {names}.",
        "pair": "{text} ist keine Angabe NAME=WERT.",
        "twice": "{name} ist zweimal angegeben.",
        "time": "{text} ist keine Zeit, wie +3h, 18:00 oder 2026-11-28T18:00, die noch kommt.",
        "not_filled": "So wird daraus keine Warnung:",
        "fields": "Felder:",
        "field_row": "{label} ({example})",
        "optional": "freiwillig",
    },
    DeskLanguage.ENGLISH: {
        "valid": "{id} ({title}): in order",
        "invalid": "{id} ({title}): not to be used like this",
        "no_template": "{file} is no template:",
        "unreadable": "{file} cannot be read: {why}",
        "language_row": "headline {characters} of {most} characters at most, SMS parts: {parts}",
        "nothing": "Which template? Name a file, or give --prepared.",
        "no_prepared": "There is no template {name} among those that come with the service: {names}.",
        "pair": "{text} is not written as NAME=VALUE.",
        "twice": "{name} is given twice.",
        "time": "{text} is no time ahead, such as +3h, 18:00 or 2026-11-28T18:00.",
        "not_filled": "This makes no warning:",
        "fields": "Fields:",
        "field_row": "{label} ({example})",
        "optional": "optional",
    },
}
