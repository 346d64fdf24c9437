"""Make the CAP message of a draft, or say which of its fields it lacks. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

import cap
from cap import follow_up
from channels.characters import legible
from dispatcher.console.compose.draft import DraftKind
from dispatcher.console.compose.following import (
    RESPONSES,
    all_clear,
    is_placed_as_sent,
    update,
    written_info,
)
from dispatcher.console.compose.imported import NotImported, imported_areas
from dispatcher.console.compose.places import ReadPlaces, read_places
from dispatcher.console.compose.shapes import ReadShapes, read_shapes
from dispatcher.model.sentences.sentence import Said
from dispatcher.templates.filling import EXERCISE_NOTE, Circumstances, fill, municipalities_area, text_faults
from dispatcher.templates.template import TEXT_MAX, TEXTS
from dispatcher.texts.languages import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo
    from enum import StrEnum

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.console.compose.draft import Draft, DraftText
    from dispatcher.console.compose.places import UnresolvedLine
    from dispatcher.templates.template import Template

_Word = TypeVar("_Word", bound="StrEnum")
LONGEST: Final = {"event": 100, "headline": 160, "description": TEXT_MAX, "instruction": TEXT_MAX}
"""Characters of a text: displays with limited space show so many of a headline (CAP 1.2 section 3.2.2)."""
NAME_MAX: Final = 200
"""Characters of the name of an area, or of a sender."""
NAMES_MAX: Final = 12
"""Municipalities that the name of an area lists."""
SEVERITIES: Final = (cap.Severity.EXTREME, cap.Severity.SEVERE, cap.Severity.MODERATE, cap.Severity.MINOR)
URGENCIES: Final = (cap.Urgency.IMMEDIATE, cap.Urgency.EXPECTED, cap.Urgency.FUTURE)
CERTAINTIES: Final = (cap.Certainty.OBSERVED, cap.Certainty.LIKELY, cap.Certainty.POSSIBLE)
CHOICES: Final[Mapping[str, Sequence[StrEnum]]] = {
    "category": tuple(cap.Category),
    "severity": SEVERITIES,
    "urgency": URGENCIES,
    "certainty": CERTAINTIES,
}
"""What has to be chosen of a warning without a template. Unknown is not offered: somebody at the desk decides."""
_INFO: Final = re.compile(r"/alert/info(?:\[([0-9]+)\])?(?:/([A-Za-z]+))?")
_FIELD_OF: Final = {"responseType": "response", "area": "places", "senderName": "sender_name"}
_FIELDS: Final = frozenset({*CHOICES, "expires", "response", "places", "sender_name"})

_MISSING: Final = Said("Das fehlt noch.", "This is missing.")
_CHOOSE: Final = Said("Wählen Sie eines davon.", "Choose one of these.")
_NO_GERMAN: Final = Said("Ein Text auf Deutsch fehlt.", "A text in German is missing.")
_NO_AREA: Final = Said(
    "Wo wird gewarnt? Wählen Sie Gemeinden, fügen Sie eine Liste ein oder zeichnen Sie ein Gebiet.",
    "Where are people warned? Pick municipalities, paste a list or draw an area.",
)
_UNRESOLVED: Final = Said("Nicht verstanden: {lines}.", "Not understood: {lines}.")
_LINE: Final = Said("Zeile {number} „{text}“", "line {number} “{text}”")
_MEANT: Final = Said(" (gemeint: {names}?)", " (meant: {names}?)")
_NO_TIME: Final = Said(
    "Das ist keine Zeit wie 2026-11-28T18:00.", "This is no time such as 2026-11-28T18:00."
)
_IS_OVER: Final = Said("Diese Zeit ist schon vorbei.", "This time is over.")
_OTHER_SENDER: Final = Said("Dieser Absender ist nicht Ihrer.", "This sender is not yours.")


LINES_NAMED_MAX: Final = 3
"""How many lines of a list that are not understood are named in one sentence."""


class FieldFault(NamedTuple):
    """What is wrong, and in which field of the form; no field: in the whole."""

    field: str
    said: Said


@dataclass(frozen=True, slots=True)
class ComposeContext:
    """What a message says that nobody types. Times are aware; `sent` in whole seconds, in the time of the desk."""

    boundaries: Boundaries
    zone: tzinfo
    sent: datetime
    senders: Sequence[str]
    is_exercise: bool
    template: Template | None = None
    """That of the draft."""
    version: int | None = None
    """Of the template."""
    earlier: tuple[cap.Alert, ...] = ()
    """What the message changes or ends: the parts that hold."""
    references: tuple[cap.Reference, ...] = ()
    """To all that it names."""


class ReadWhere(NamedTuple):
    """How the list of municipalities and the shapes were read: of long ones that takes some hundred milliseconds."""

    places: ReadPlaces
    shapes: ReadShapes


@dataclass(frozen=True, slots=True)
class Composed:
    """The message, or what is wrong; and how it was read where it warns."""

    alert: cap.Alert | None
    faults: tuple[FieldFault, ...]
    where: ReadWhere


def composed(draft: Draft, around: ComposeContext, where: ReadWhere | None = None) -> Composed:
    """Return the message of a draft, or none: it is one that `cap.check` finds no error in. Every text stands in it as
    it was written. `where` is how its list and its shapes were read, if they were before.
    """
    where = where or ReadWhere(
        read_places(draft.places, around.boundaries, draft.picked),
        read_shapes(draft.shapes, around.boundaries.crs),
    )
    if around.earlier and draft.kind is DraftKind.ALL_CLEAR:
        alert, faults = _ended(draft, around)
    else:
        alert, faults = _warning(draft, around, where)
    if alert is not None and not faults:
        wrong = [one for one in cap.check(alert, cap.STRICT) if one.severity is cap.Level.ERROR]
        faults += field_faults(wrong, [info.language or "" for info in alert.infos])
    return Composed(None if faults else alert, tuple(dict.fromkeys(faults)), where)


def _warning(
    draft: Draft, around: ComposeContext, where: ReadWhere
) -> tuple[cap.Alert | None, list[FieldFault]]:
    """Return a warning or its Update."""
    earlier = around.earlier[0] if around.earlier else None
    is_kept = earlier is not None and is_placed_as_sent(draft, earlier, around.boundaries)
    areas, faults = ((), []) if is_kept else _areas(draft, around, where)
    expires = _expires(draft.expires, around, faults)
    faults += _sender_faults(draft, around)
    if around.template is not None:
        return _filled(draft, around, areas, expires, faults), faults
    faults += _text_faults(draft.texts, is_update=earlier is not None)
    faults += _choice_faults(draft)
    if faults:
        return None, faults
    if earlier is None:
        return _written(draft, around, areas, expires), faults
    return update(draft, earlier, _header(draft, around), None if is_kept else areas, expires), faults


def _ended(draft: Draft, around: ComposeContext) -> tuple[cap.Alert | None, list[FieldFault]]:
    faults: list[FieldFault] = []
    for language, text in draft.texts.items():
        faults += _of_field(f"description-{language}", text.description, LONGEST["description"])
    return (None if faults else all_clear(draft, around.earlier, _header(draft, around))), faults


def _header(draft: Draft, around: ComposeContext) -> follow_up.Header:
    return follow_up.Header(draft.identifier, around.sent, around.references)


def field_faults(findings: Sequence[cap.Finding], languages: Sequence[str]) -> list[FieldFault]:
    """Return what is said of elements of a message, of the fields that they come from."""
    return [FieldFault(field_of(one.path, languages), Said(one.message_de, one.message)) for one in findings]


def field_of(path: str, languages: Sequence[str]) -> str:
    """Return the field from which an element of a message comes, whose infos have these languages; nothing where it
    comes from none, or from several.
    """
    if path.startswith("values/"):
        return f"value-{path.removeprefix('values/')}"
    if path in _FIELDS or path == "sender_name":
        return path
    found = _INFO.match(path)
    if found is None or not found[2]:
        return ""
    if found[2] in TEXTS:
        number = int(found[1] or 1)
        return f"{found[2]}-{languages[number - 1]}" if 0 < number <= len(languages) else ""
    name = _FIELD_OF.get(found[2], found[2])
    return name if name in _FIELDS else ""


def chosen_places(draft: Draft, places: ReadPlaces) -> list[str]:
    """Return the municipalities (AGS) that are picked or named, in the order of their keys."""
    return sorted({*draft.picked, *places.ags})


def name_of(municipalities: Sequence[str], boundaries: Boundaries) -> str:
    """Return the name of an area of these municipalities (AGS): theirs, of many the first ones."""
    names = [*boundaries.names_of(municipalities).values()]
    shown, more = ", ".join(names[:NAMES_MAX]), len(names[NAMES_MAX:])
    return f"{shown} und {more} weitere" if more else shown


def _unresolved(lines: Sequence[UnresolvedLine]) -> Said:
    """Name the first lines of a list that are not understood, with what may have been meant, and count the others."""

    def said(language: str) -> str:
        shown = []
        for one in lines[:LINES_NAMED_MAX]:
            text = _LINE.in_language(language).format(number=one.number, text=legible(one.text))
            names = "/".join(dict.fromkeys(place.name for place in one.candidates))
            shown.append(text + (_MEANT.in_language(language).format(names=names) if names else ""))
        more = len(lines) - len(shown)
        named = ", ".join(shown) + (f" (+ {more})" if more else "")
        return _UNRESOLVED.in_language(language).format(lines=named)

    return Said(said("de"), said("en"))


def _areas(
    draft: Draft, around: ComposeContext, where: ReadWhere
) -> tuple[tuple[cap.Area, ...], list[FieldFault]]:
    places, shapes = where
    faults = [FieldFault("places", _unresolved(places.unresolved))] if places.unresolved else []
    if shapes.wrong:
        faults.append(FieldFault("shapes", _wrong_lines(shapes.wrong)))
    areas: list[cap.Area] = []
    if chosen := chosen_places(draft, places):
        own = draft.area if not (draft.shapes or draft.imported) else ""
        areas.append(municipalities_area(chosen, own or name_of(chosen, around.boundaries)))
    try:
        imported = imported_areas(draft.imported, draft.area or DRAWN)
    except NotImported as error:
        imported = ()
        faults.append(FieldFault("imported", error.said))
    if shapes.polygons or shapes.circles:
        name = draft.area or DRAWN
        areas.append(cap.Area(name, polygons=shapes.polygons, circles=shapes.circles))
    areas += imported
    is_preset = around.template is not None and bool(around.template.municipalities)
    if not areas and not faults and not is_preset:
        faults.append(FieldFault("places", _NO_AREA))
    faults += _of_field("area", draft.area, NAME_MAX)
    return tuple(areas), faults


DRAWN: Final = "Eingezeichnetes Gebiet"
"""The name of an area that nobody has given one."""


def _wrong_lines(numbers: Sequence[int]) -> Said:
    shown = ", ".join(map(str, numbers))
    return Said(
        f"Keine Form, oder zu viele Ecken: Zeile {shown}. Richtig ist etwa „Kreis 50.80,6.48 2 km“.",
        f"No shape, or too many corners: line {shown}. Right is, for example, “Circle 50.80,6.48 2 km”.",
    )


def _expires(typed: str, around: ComposeContext, faults: list[FieldFault]) -> datetime | None:
    """Return the end; None where it is not given or wrong, which is noted."""
    if not typed:
        if around.template is None:
            faults.append(FieldFault("expires", _MISSING))
        return None
    try:
        moment = datetime.fromisoformat(typed)
    except ValueError:
        faults.append(FieldFault("expires", _NO_TIME))
        return None
    if moment.tzinfo is not None or not around.sent.year - 1 <= moment.year <= around.sent.year + 10:
        faults.append(FieldFault("expires", _NO_TIME))
        return None
    end = moment.replace(microsecond=0, tzinfo=around.zone)
    if end - around.sent <= timedelta(0):
        faults.append(FieldFault("expires", _IS_OVER))
    return end


def _sender_faults(draft: Draft, around: ComposeContext) -> list[FieldFault]:
    faults = _of_field("sender_name", draft.sender_name, NAME_MAX)
    if draft.sender and draft.sender not in around.senders:
        faults.append(FieldFault("sender", _OTHER_SENDER))
    return faults


def _of_field(name: str, text: str, longest: int) -> list[FieldFault]:
    if len(text) > longest:
        return [FieldFault(name, too_long(len(text), longest))]
    return [FieldFault(name, Said(one.message_de, one.message)) for one in text_faults("", {name: text})]


def too_long(length: int, longest: int) -> Said:
    """Return the sentence about a text that is too long."""
    return Said(
        f"Das sind {length} Zeichen; es dürfen {longest} sein.",
        f"This has {length} characters; at most {longest} are allowed.",
    )


def _text_faults(texts: Mapping[str, DraftText], *, is_update: bool) -> Iterator[FieldFault]:
    if not texts or (DEFAULT not in texts and not is_update):
        yield FieldFault(f"headline-{DEFAULT}", _NO_GERMAN)
    for language, text in texts.items():
        for name in TEXTS:
            said = getattr(text, name)
            if said:
                yield from _of_field(f"{name}-{language}", said, LONGEST[name])
            elif name != "description":
                yield FieldFault(f"{name}-{language}", _MISSING)


def _choice_faults(draft: Draft) -> Iterator[FieldFault]:
    for name, allowed in CHOICES.items():
        if getattr(draft, name) not in set(allowed):
            yield FieldFault(name, _CHOOSE)
    if draft.response and draft.response not in set(RESPONSES):
        yield FieldFault("response", _CHOOSE)


def _sender(draft: Draft, around: ComposeContext) -> str:
    return draft.sender or min(around.senders)


def _written(
    draft: Draft, around: ComposeContext, areas: tuple[cap.Area, ...], expires: datetime | None
) -> cap.Alert:
    return cap.Alert(
        sender=_sender(draft, around),
        identifier=draft.identifier,
        sent=around.sent,
        status=cap.Status.EXERCISE if around.is_exercise else cap.Status.ACTUAL,
        msg_type=cap.MsgType.ALERT,
        scope=cap.Scope.PUBLIC,
        note=EXERCISE_NOTE if around.is_exercise else None,
        infos=tuple(
            written_info(cap.Info(language=language), draft, text, areas, expires)
            for language, text in draft.texts.items()
        ),
    )


def _filled(
    draft: Draft,
    around: ComposeContext,
    areas: tuple[cap.Area, ...],
    expires: datetime | None,
    faults: list[FieldFault],
) -> cap.Alert | None:
    """Return the message of the template; what is wrong with it is noted."""
    template = around.template
    assert template is not None  # noqa: S101 - the caller has looked
    made = fill(
        template,
        draft.values,
        Circumstances(
            sender=_sender(draft, around),
            identifier=draft.identifier,
            sent=around.sent,
            area=areas[0] if areas else None,
            sender_name=draft.sender_name,
            expires=expires,
            severity=_word(cap.Severity, draft.severity),
            urgency=_word(cap.Urgency, draft.urgency),
            certainty=_word(cap.Certainty, draft.certainty),
            is_exercise=around.is_exercise,
            version=around.version,
        ),
    )
    if made.alert is None:
        wrong = [one for one in made.faults if one.severity is cap.Level.ERROR]
        faults += field_faults(wrong, template.languages())
    if made.alert is None or not areas:
        return made.alert
    return replace(made.alert, infos=tuple(replace(info, areas=areas) for info in made.alert.infos))


def _word(words: type[_Word], typed: str) -> _Word | None:
    """Return the word that was chosen; None where none was: then it is the template's."""
    return words(typed) if typed in set(words) else None
