"""MoWaS, the German federal and state warning system, as XML and as NINA's JSON."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from cap.model import Alert, Area, Info, NamedValue
from cap.profiles.profile import Facts, Profile, first_value, no_problems, values

SOURCE: Final = "Quelle: BBK / MoWaS"
_IDENTIFIER: Final = "mow."  # begins every identifier
_EVENT_CODE: Final = "profile:DE-BBK-EVENTCODE"  # also with a version behind it, as in ":01.00R"
_REGIONS: Final = "warnVerwaltungsbereiche"  # a parameter that lists regions by their code
_ARS: Final = re.compile(
    r"\d{12}", re.ASCII
)  # Amtlicher Regionalschlüssel; trailing zeros stand for "all of"
# Regions over all areas of one info, which share them: every municipality of Germany, in ten areas.
_MOST_SHARED: Final = 100_000
_INTERNAL: Final = "AreaId"  # numbers a shape of the publication, not a place
_NO_PUSH: Final = "Materna:noPush"  # a `code` that asks for no alarm
_SHORT_CODE: Final = "shortCode:"  # begins some of the instruction codes


def _applies(alert: Alert) -> bool:
    return alert.identifier.startswith(_IDENTIFIER) or any(
        pair.name.startswith(_EVENT_CODE) for info in alert.infos for pair in info.event_codes
    )


def _normalise(alert: Alert) -> Alert:
    return replace(alert, infos=tuple(map(_info, alert.infos)))


def _info(info: Info) -> Info:
    """Takes sender's name, instruction and regions from the parameters that hold them."""
    regions = tuple(NamedValue("ARS", code) for code in dict.fromkeys(_regions(info)))
    areas = info.areas or ((Area(""),) if regions else ())
    shared = _MOST_SHARED // max(
        len(regions), 1
    )  # areas that are given the regions; the others name no place then
    return replace(
        info,
        sender_name=info.sender_name or first_value(info.parameters, "sender_langname"),
        instruction=info.instruction or first_value(info.parameters, "instructionText"),
        areas=tuple(_area(area, regions if number <= shared else ()) for number, area in enumerate(areas, 1)),
    )


def _regions(info: Info) -> Iterator[str]:
    for value in values(info.parameters, _REGIONS):
        for code in dict.fromkeys(value.replace(",", " ").split()):
            if _ARS.fullmatch(code):
                yield code


def _area(area: Area, regions: tuple[NamedValue, ...]) -> Area:
    """Gives the info's regions to an area that names no place; one whose shapes are all readable keeps those alone."""
    own = tuple(code for code in area.geocodes if code.name != _INTERNAL)
    if own or not regions:
        return replace(area, geocodes=own or (area.geocodes if not area.polygons else ()))
    if (area.polygons or area.circles) and not area.unreadable:
        return replace(area, geocodes=())
    return replace(area, geocodes=regions)


def _facts(alert: Alert, facts: Facts) -> Facts:
    pairs = [pair for info in alert.infos for pair in info.event_codes if pair.name.startswith(_EVENT_CODE)]
    hazards = (
        NamedValue("BBK", value) for value in dict.fromkeys(pair.value for pair in pairs if pair.value)
    )
    return replace(
        facts,
        hazards=(*facts.hazards, *hazards),
        instructions=tuple(dict.fromkeys(_instructions(alert))),
        quiet=facts.quiet or _NO_PUSH in alert.codes,
        attribution=(*facts.attribution, SOURCE),
        untranslated=tuple(_untranslated(alert)),
    )


def _instructions(alert: Alert) -> Iterator[str]:
    for info in alert.infos:
        for value in values(info.parameters, "instructionCode"):
            yield from (code.removeprefix(_SHORT_CODE) for code in value.split())


def _untranslated(alert: Alert) -> Iterator[str]:
    """Yields the languages whose description is the first info's, word for word: it was left untranslated."""
    for info in alert.infos[1:]:
        if info.language and info.description and info.description == alert.infos[0].description:
            yield info.language


PROFILE: Final = Profile("mowas", _applies, _normalise, _facts, no_problems)
