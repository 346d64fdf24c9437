"""Make the CAP message of a template and of what is filled in. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cap
from dispatcher.model.templates.version import CODE
from dispatcher.templates.faults import fault
from dispatcher.templates.template import TEXTS
from dispatcher.templates.values import checked_values, is_legible
from dispatcher.templates.wording import passages, put_together

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from enum import StrEnum

    from cap import Alert, Area, Finding, Info
    from dispatcher.templates.template import Template

EXERCISE_NOTE: Final = "Übung"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a message says besides its texts. None: as the template has it. Times are aware, in whole seconds."""

    sender: str
    identifier: str
    sent: datetime
    area: Area | None = None
    sender_name: str = ""
    expires: datetime | None = None
    severity: cap.Severity | None = None
    urgency: cap.Urgency | None = None
    certainty: cap.Certainty | None = None
    is_exercise: bool = False
    version: int | None = None
    """The version of the template, where it is on record."""


@dataclass(frozen=True, slots=True)
class Filling:
    """A message, and what is to be said of it; without a message where something is wrong."""

    alert: Alert | None
    faults: tuple[Finding, ...]


def fill(template: Template, given: Mapping[str, str], around: Circumstances) -> Filling:
    """Return the message. Every value stands in it as it was given, once for each time that a text names its field; it
    is never read as anything but text.
    """
    values, faults = checked_values(template, given)
    faults += _faults(template, around)
    if faults:
        return Filling(None, tuple(faults))
    texts = {language: _texts(template, language, values) for language in template.languages()}
    faults = [one for language, said in texts.items() for one in text_faults(f"texts/{language}/", said)]
    alert = _alert(template, around, texts)
    faults += cap.check(alert, cap.STRICT)
    return Filling(alert if cap.is_valid(faults) else None, tuple(faults))


def _texts(template: Template, language: str, values: Mapping[str, str]) -> dict[str, str]:
    """Return the texts by the name of their element. Raises `MarkError` where the template was not checked."""
    said = template.texts[language]
    return {name: put_together(passages(getattr(said, name)), values) for name in TEXTS}


def text_faults(path: str, said: Mapping[str, str]) -> Iterator[Finding]:
    """Yield what people would not read as it stands: a value and the words around it may make markup together."""
    for name, text in said.items():
        if not is_legible(text):
            yield fault("text-unseen", f"{path}{name}")
        elif cap.plain(text) != text.strip():
            yield fault("text-markup", f"{path}{name}")


def _faults(template: Template, around: Circumstances) -> Iterator[Finding]:
    for name, allowed in _choices(template):
        if (chosen := getattr(around, name)) is not None and chosen not in allowed:
            yield fault("choice", name, allowed=", ".join(allowed))
    if around.expires is not None and not (
        around.sent < around.expires <= around.sent + template.lasts_at_most
    ):
        yield fault("expires", "expires", hours=template.lasts_at_most.total_seconds() / 3600)
    area = area_of(template, around)
    if area is None:
        yield fault("area-missing", "area")
    said = {
        "sender": around.sender,
        "sender_name": around.sender_name,
        "area": area.area_desc if area else "",
    }
    yield from text_faults("", said)


def _choices(template: Template) -> list[tuple[str, Sequence[StrEnum]]]:
    return [
        ("severity", template.severity),
        ("urgency", template.urgency),
        ("certainty", template.certainty),
    ]


def area_of(template: Template, around: Circumstances) -> Area | None:
    """Return the area that is given, or the template's own; None where there is neither."""
    if around.area is not None or not template.municipalities:
        return around.area
    return municipalities_area(template.municipalities, template.area)


def municipalities_area(municipalities: Sequence[str], name: str) -> Area:
    """Return the area of these municipalities (AGS), under a name that people know."""
    codes = tuple(cap.NamedValue("AGS", ags) for ags in municipalities)
    return cap.Area(name or ", ".join(municipalities), geocodes=codes)


def _alert(template: Template, around: Circumstances, texts: Mapping[str, Mapping[str, str]]) -> Alert:
    return cap.Alert(
        sender=around.sender,
        identifier=around.identifier,
        sent=around.sent,
        status=cap.Status.EXERCISE if around.is_exercise else cap.Status.ACTUAL,
        msg_type=cap.MsgType.ALERT,
        scope=cap.Scope.PUBLIC,
        note=EXERCISE_NOTE if around.is_exercise else None,
        codes=() if around.version is None else (f"{CODE}{template.id}/{around.version}",),
        infos=tuple(_info(template, around, language, said) for language, said in texts.items()),
    )


def _info(template: Template, around: Circumstances, language: str, said: Mapping[str, str]) -> Info:
    area = area_of(template, around)
    return cap.Info(
        language=language,
        categories=tuple(template.categories),
        event=said["event"],
        response_types=tuple(template.response_types),
        urgency=around.urgency or template.urgency[0],
        severity=around.severity or template.severity[0],
        certainty=around.certainty or template.certainty[0],
        event_codes=tuple(cap.NamedValue(name, code) for name, code in sorted(template.event_codes.items())),
        expires=around.expires or around.sent + template.lasts,
        sender_name=around.sender_name or None,
        headline=said["headline"],
        description=said["description"] or None,
        instruction=said["instruction"],
        web=template.web or None,
        contact=template.contact or None,
        areas=(area,) if area else (),
    )
