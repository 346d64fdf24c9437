"""Prefill the form with what was sent, and make the message that changes or ends it. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

import cap
from cap import follow_up
from cap.formats.rendering import number_text
from dispatcher.console.compose.draft import LANGUAGES, Draft, DraftKind, DraftText
from dispatcher.model.templates.version import CODE
from dispatcher.texts.languages import SIMPLE

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, tzinfo

    from dispatcher.boundaries.municipalities import Boundaries

_Word = TypeVar("_Word")
RESPONSES: Final = (
    cap.ResponseType.SHELTER,
    cap.ResponseType.EVACUATE,
    cap.ResponseType.AVOID,
    cap.ResponseType.PREPARE,
    cap.ResponseType.MONITOR,
)
"""The kinds of advice that are offered. Others, which another program has sent, stay until one of these is chosen."""
FIELD_TIME: Final = "%Y-%m-%dT%H:%M"
"""As a browser's field has it."""
_AGS: Final = re.compile(r"[0-9]{8}", re.ASCII)


def prefilled(earlier: cap.Alert, draft: Draft, boundaries: Boundaries, zone: tzinfo) -> Draft:
    """Return the draft with what was sent; an all-clear as it is, for it has no advice."""
    if draft.kind is DraftKind.ALL_CLEAR:
        return replace(draft, sender=earlier.sender)
    texts = {form_language(info, earlier): _text(info) for info in earlier.infos}
    picked, shapes = _placed(earlier, boundaries)
    first = earlier.infos[0] if earlier.infos else cap.Info()
    ends = [info.expires for info in earlier.infos if info.expires]
    return replace(
        draft,
        texts=texts,
        sender=earlier.sender,
        sender_name=first.sender_name or "",
        category=str(first.categories[0]) if first.categories else "",
        response=next((str(one) for one in first.response_types[:1] if one in RESPONSES), ""),
        severity=str(first.severity),
        urgency=str(first.urgency),
        certainty=str(first.certainty),
        expires=max(ends).astimezone(zone).strftime(FIELD_TIME) if ends else "",
        picked=picked,
        shapes=shapes,
    )


def form_language(info: cap.Info, alert: cap.Alert) -> str:
    """Return under which language the form has an info: of ours without its region, where no other info has it."""
    tag = info.language or "en-US"
    primary = _form_tag(tag)
    same = [one for one in alert.infos if _form_tag(one.language or "en-US") == primary]
    return primary if primary in LANGUAGES and same[0] is info else tag


def _form_tag(tag: str) -> str:
    primary, *others = tag.lower().split("-")
    return f"{primary}-{SIMPLE}" if SIMPLE in others else primary


def is_placed_as_sent(draft: Draft, earlier: cap.Alert, boundaries: Boundaries) -> bool:
    """Whether the form still says where as it was sent: then its areas stay as they are, whatever is in them."""
    picked, shapes = _placed(earlier, boundaries)
    # Boxes are posted in the order of the form.
    is_there = sorted(draft.picked) == sorted(picked) and draft.shapes.split() == shapes.split()
    return is_there and not draft.places and not draft.imported


def update(
    draft: Draft,
    earlier: cap.Alert,
    header: follow_up.Header,
    areas: tuple[cap.Area, ...] | None,
    expires: datetime | None,
) -> cap.Alert:
    """Return the Update: what was sent, with what the form has otherwise. `areas` is None where they stay."""
    by_language = {form_language(info, earlier): info for info in earlier.infos}
    infos = []
    for language, text in draft.texts.items():
        base = by_language.get(language) or replace(earlier.infos[0], language=language)
        infos.append(written_info(base, draft, text, base.areas if areas is None else areas, expires))
    return follow_up.revised(replace(earlier, infos=tuple(infos), codes=_codes(earlier)), header)


def written_info(
    base: cap.Info, draft: Draft, text: DraftText, areas: tuple[cap.Area, ...], expires: datetime | None
) -> cap.Info:
    """Return what is said in one language: `base`, with all that the form has."""
    return replace(
        base,
        event=text.event,
        headline=text.headline,
        description=text.description or None,
        instruction=text.instruction or None,
        categories=_first(base.categories, cap.Category(draft.category)),
        response_types=_responses(base, draft),
        severity=cap.Severity(draft.severity),
        urgency=cap.Urgency(draft.urgency),
        certainty=cap.Certainty(draft.certainty),
        expires=expires,
        sender_name=draft.sender_name or None,
        areas=areas,
    )


def _responses(base: cap.Info, draft: Draft) -> tuple[cap.ResponseType, ...]:
    """Return the kinds of advice: what is chosen; what was sent where the form has no choice for that; else none."""
    if draft.response:
        return _first(base.response_types, cap.ResponseType(draft.response))
    return () if base.response_types[:1] and base.response_types[0] in RESPONSES else base.response_types


def all_clear(draft: Draft, earlier: Sequence[cap.Alert], header: follow_up.Header) -> cap.Alert:
    """Return the all-clear for all parts of a warning, with what the form says to it in each language."""
    whole = follow_up.covering(earlier)
    ended = follow_up.all_clear(whole, header)
    said = {language: text.description for language, text in draft.texts.items()}
    infos = tuple(
        replace(info, description=said.get(form_language(before, whole)) or None)
        for info, before in zip(ended.infos, whole.infos, strict=True)
    )
    return replace(ended, infos=infos, codes=_codes(whole))


def _codes(earlier: cap.Alert) -> tuple[str, ...]:
    """Return its codes without that of a template, whose texts it has no more."""
    return tuple(code for code in earlier.codes if not code.startswith(CODE))


def _text(info: cap.Info) -> DraftText:
    return DraftText(info.event, info.headline or "", info.description or "", info.instruction or "")


def _first(words: tuple[_Word, ...], first: _Word) -> tuple[_Word, ...]:
    """Return the words as they are where the first is this one; else it alone."""
    return words if words[:1] == (first,) else (first,)


def _placed(earlier: cap.Alert, boundaries: Boundaries) -> tuple[tuple[str, ...], str]:
    """Return municipalities and shapes of what was sent, as far as the form can say where."""
    areas = list(dict.fromkeys(earlier.areas()))
    codes = [code.value for area in areas for code in area.geocodes if _AGS.fullmatch(code.value)]
    shapes = [_ring(ring.lat_lon) for area in areas for ring in area.polygons]
    shapes += [_circle(circle) for area in areas for circle in area.circles if circle.radius_km > 0]
    return tuple(dict.fromkeys(code for code in codes if boundaries.by_ags(code))), "\n".join(shapes)


def _ring(lat_lon: Sequence[tuple[float, float]]) -> str:
    return "Fläche " + " ".join(f"{number_text(lat)},{number_text(lon)}" for lat, lon in lat_lon)


def _circle(circle: cap.Circle) -> str:
    radius = number_text(circle.radius_km)
    return f"Kreis {number_text(circle.lat)},{number_text(circle.lon)} {radius} km"
