"""Name what can be wrong with a template or with what is filled in, one sentence each in English and German."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from cap import Finding, Level

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Fault(NamedTuple):
    level: Level
    english: str
    german: str


_E, _W = Level.ERROR, Level.WARNING

# fmt: off
FAULTS: Final[Mapping[str, _Fault]] = MappingProxyType({
    # how it is written
    "too-large": _Fault(_E, "The template has more than {most} bytes.",
                        "Die Vorlage hat mehr als {most} Bytes."),
    "unreadable": _Fault(_E, "This is neither TOML nor JSON in UTF-8: {why}",
                         "Das ist weder TOML noch JSON in UTF-8: {why}"),
    "member-missing": _Fault(_E, "This is missing.", "Diese Angabe fehlt."),
    "member-unknown": _Fault(_E, "There is no such member.", "Diese Angabe gibt es nicht."),
    "member-value": _Fault(_E, "This is none of {expected}.", "Möglich ist nur {expected}."),
    "member-length": _Fault(_E, "This is too short or too long: {why}.",
                            "Diese Angabe ist zu kurz oder zu lang: {why}."),
    "member-form": _Fault(_E, "This is not written as it must be: {why}.",
                          "Diese Angabe ist nicht richtig geschrieben: {why}."),
    # what it says
    "language-missing": _Fault(_E, "There is no text in German (de).", "Ein Text auf Deutsch (de) fehlt."),
    "language-advised": _Fault(_W, "There is no text in {language}.", "Ein Text in {language} fehlt."),
    "all-clear": _Fault(_E, "A template is for a danger; the all-clear is the service's own.",
                        "Eine Vorlage ist für eine Gefahr; die Entwarnung macht der Dienst selbst."),
    "lasts": _Fault(_E, "It lasts longer than it may at most.", "Die Dauer ist länger als die längste erlaubte."),
    "area-unnamed": _Fault(_E, "The area of the municipalities has no name that people know.",
                           "Das Gebiet der Gemeinden hat keinen Namen, den man kennt."),
    "text-mark": _Fault(_E, "Character {at} is a brace or bracket that belongs to no field and no passage.",
                        "Zeichen {at} ist eine Klammer, die zu keinem Feld und zu keiner Passage gehört."),
    "text-unseen": _Fault(_E, "The text has characters that nobody sees.",
                          "Der Text hat Zeichen, die niemand sieht."),
    "text-markup": _Fault(_E, "The text has markup or character references, which would not be read as they stand.",
                          "Der Text hat Auszeichnungen oder Zeichenverweise, die nicht so gelesen würden, wie sie "
                          "dastehen."),
    "field-unknown": _Fault(_E, "The text names the field {name}, which there is none of.",
                            "Der Text nennt das Feld {name}, das es nicht gibt."),
    "field-unused": _Fault(_E, "No text names the field.", "Kein Text nennt das Feld."),
    "field-left-out": _Fault(_E, "Texts in other languages name the field {name}, this one does not.",
                             "Andere Sprachen nennen das Feld {name}, diese nicht."),
    "field-open": _Fault(_E, "The field {name} is optional: it stands in square brackets, alone with its words.",
                         "Das Feld {name} ist freiwillig: Es steht mit seinen Worten in eckigen Klammern."),
    "passage": _Fault(_E, "A passage in square brackets has exactly one field, an optional one.",
                      "Eine Passage in eckigen Klammern hat genau ein Feld, ein freiwilliges."),
    "headline-long": _Fault(_E, "With the longest values the headline has {characters} characters; {most} are shown.",
                            "Mit den längsten Werten hat die Überschrift {characters} Zeichen; {most} werden gezeigt."),
    "sentence-long": _Fault(_W, "A sentence has {words} words; Leichte Sprache has at most {most}: “{sentence}”",
                            "Ein Satz hat {words} Wörter; Leichte Sprache hat höchstens {most}: „{sentence}“"),
    "sms-cut": _Fault(_W, "An SMS of {parts} parts does not hold what a warning needs, such as what to do first.",
                      "Eine SMS aus {parts} Teilen fasst nicht, was eine Warnung braucht, etwa was zuerst zu tun ist."),
    # what is filled in
    "value-missing": _Fault(_E, "This field is not filled in.", "Dieses Feld ist nicht ausgefüllt."),
    "value-unknown": _Fault(_E, "The template has no such field.", "Die Vorlage hat kein solches Feld."),
    "value-long": _Fault(_E, "The value has {characters} characters, at most {most} are allowed.",
                         "Der Wert hat {characters} Zeichen, höchstens {most} sind erlaubt."),
    "value-number": _Fault(_E, "The value is no number, such as 720 or 1,5.",
                           "Der Wert ist keine Zahl, wie 720 oder 1,5."),
    "value-range": _Fault(_E, "The number is not from {least} to {most}.",
                          "Die Zahl liegt nicht zwischen {least} und {most}."),
    "value-time": _Fault(_E, "The value is no time of day, such as 18:30.",
                         "Der Wert ist keine Uhrzeit, wie 18:30."),
    "value-place": _Fault(_E, "The value has no letter.", "Der Wert hat keinen Buchstaben."),
    "value-unseen": _Fault(_E, "The value has line breaks or characters that nobody sees.",
                           "Der Wert hat Zeilenumbrüche oder Zeichen, die niemand sieht."),
    "value-markup": _Fault(_E, "The value has markup or character references, which would not be read as they stand.",
                           "Der Wert hat Auszeichnungen oder Zeichenverweise, die nicht so gelesen würden, wie sie "
                           "dastehen."),
    "choice": _Fault(_E, "The template allows {allowed}.", "Die Vorlage erlaubt {allowed}."),
    "expires": _Fault(_E, "The warning ends after it is sent, at most {hours:g} hours later.",
                      "Die Warnung endet, nachdem sie gesendet ist, höchstens {hours:g} Stunden später."),
    "area-missing": _Fault(_E, "No area is given, and the template has none.",
                           "Ein Gebiet fehlt, und die Vorlage hat keines."),
})
# fmt: on


def fault(code: str, path: str, **values: object) -> Finding:
    """Return the finding that something at a place of the template is wrong, such as `texts/de/headline`."""
    one = FAULTS[code]
    shown = {
        name: str(value) if not isinstance(value, int | float) else value for name, value in values.items()
    }
    return Finding(code, one.level, path, None, one.english.format(**shown), one.german.format(**shown))
