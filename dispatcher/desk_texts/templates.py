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
        "no_sender": "Bitte den Absender angeben (--sender).",
        "exercise_key": "Eine Übung braucht einen Schlüssel für Übungen (wx_…) in WARN_API_KEY.",
        # on record
        "template": "Vorlage",
        "version": "Fassung",
        "state": "Stand",
        "live": "in Gebrauch",
        "title": "Titel",
        "draft": "Entwurf",
        "approved": "genehmigt",
        "rejected": "abgelehnt",
        "retired": "außer Gebrauch",
        "none_recorded": "Es ist keine Vorlage gespeichert. Die mitgelieferten: dispatcher template save --prepared",
        "not_recorded": "Diese Vorlage oder Fassung ist nicht gespeichert.",
        "saved": "gespeichert von {by}, {at}",
        "authors": "geschrieben von: {names}",
        "decided": "{state} von {by}, {at}",
        "hash": "Prüfsumme {sha256}",
        "is_saved": "{id}: als Fassung {version} gespeichert, ein Entwurf",
        "was_saved": "{id}: Fassung {version} sagt dasselbe schon",
        "decided_before": "Über diese Fassung ist schon entschieden.",
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
        "no_sender": "Please say who sends it (--sender).",
        "exercise_key": "An exercise needs a key for exercises (wx_…) in WARN_API_KEY.",
        "template": "template",
        "version": "version",
        "state": "state",
        "live": "in use",
        "title": "title",
        "draft": "draft",
        "approved": "approved",
        "rejected": "rejected",
        "retired": "retired",
        "none_recorded": "No template is on record. Those that come with it: dispatcher template save --prepared",
        "not_recorded": "This template or version is not on record.",
        "saved": "saved by {by}, {at}",
        "authors": "written by: {names}",
        "decided": "{state} by {by}, {at}",
        "hash": "hash {sha256}",
        "is_saved": "{id}: saved as version {version}, a draft",
        "was_saved": "{id}: version {version} says the same already",
        "decided_before": "This version has been decided upon.",
    },
}
