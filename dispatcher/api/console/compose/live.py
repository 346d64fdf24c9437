"""Answer the script of the form: the map to draw on, and what the message would do as it stands."""

from __future__ import annotations

import asyncio
from datetime import datetime
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import msgspec
from starlette.responses import JSONResponse, Response

import cap
from dispatcher.api.alerts import preview_alert
from dispatcher.api.console.approvals import names_of
from dispatcher.api.console.compose.drafting import context, drafting
from dispatcher.api.console.compose.views import doubts_of, labels_of, languages_of, people_said
from dispatcher.console.approvals import texts_shown
from dispatcher.console.compose.draft import read_draft
from dispatcher.console.compose.imported import with_texts
from dispatcher.console.compose.live import map_of, stand_in
from dispatcher.console.compose.message import composed
from dispatcher.console.compose.shown import goes_out, waits, written
from dispatcher.console.pages import HEADERS
from dispatcher.model.problems import RequestRefused

if TYPE_CHECKING:
    from dispatcher.access.principals import Principal
    from dispatcher.api.console.compose.drafting import Drafting
    from dispatcher.api.console.visits import Visit
    from dispatcher.boundaries.base_map import BaseMap
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.console.approvals import ShownText
    from dispatcher.console.compose.message import Composed
    from dispatcher.intake.submission import Preview

KEPT: Final = "private, max-age=3600"
"""Of the map: a browser asks for it once while somebody writes."""
FAULTS_MAX: Final = 30


async def show_map(visit: Visit, author: Principal) -> Response:
    """Answer the outlines of what the person may warn; nothing where there are too many to draw."""
    territory = author.source.territory if author.source else ()
    body = await asyncio.to_thread(_map, visit.dependencies.boundaries, territory, visit.parts.base_map)
    if body is None:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=dict(HEADERS))
    headers = {**HEADERS, "Cache-Control": KEPT}
    return Response(body, media_type="application/json", headers=headers)


async def look_ahead(visit: Visit, author: Principal) -> Response:
    """Say of a draft whom it would reach, how long its SMS is and what the check finds, also where something is missing
    still. It is judged by the function that `POST /v1/alerts/preview` asks, and has the places of that.
    """
    try:
        return JSONResponse(await _judged(visit, author), headers=dict(HEADERS))
    except RequestRefused as refused:
        return _refused(refused.detail.in_language(visit.language), HTTPStatus(refused.status))


async def _judged(visit: Visit, author: Principal) -> dict[str, Any]:
    now = datetime.now(visit.parts.zone).replace(microsecond=0)
    fields = await asyncio.to_thread(with_texts, visit.fields)
    at = await drafting(visit, author, read_draft({"draft": "entwurf", **fields}), now)
    around = context(visit, at)
    found = await asyncio.to_thread(composed, at.draft, around)
    alert = found.alert or await asyncio.to_thread(stand_in, at.draft, around, found.where)
    said: dict[str, Any] = _known(visit, at, found)
    if alert is None:
        return said | {"people": visit.word("compose_live_nowhere")}
    preview = await preview_alert(visit.request, author, cap.render(alert))
    said |= {"people": _people(visit, preview), "warned": [place.ags for place in preview.affected]}
    said["municipalities"] = names_of(visit, [place.name for place in preview.affected])
    said["count"] = len(preview.affected)
    if found.alert is not None:
        texts = visit.dependencies.held.texts
        shown = await asyncio.to_thread(
            lambda: texts_shown(written(alert, preview, preview.affected, texts), visit.parts.sms_parts)
        )
        said |= {"lengths": [_length(visit, one) for one in shown], "doubts": doubts_of(visit, preview)}
    return said


def _known(visit: Visit, at: Drafting, found: Composed) -> dict[str, Any]:
    """Return what is known of a draft without asking whom it reaches."""
    labels = labels_of(visit, at, languages_of(at))
    faults = [
        [
            one.field,
            f"{labels[one.field]}: " if one.field in labels else "",
            one.said.in_language(visit.language),
        ]
        for one in found.faults[:FAULTS_MAX]
    ]
    rings = [
        [number for pair in ring.lat_lon for number in reversed(pair)] for ring in found.where.shapes.polygons
    ]
    return {"faults": faults, "rings": rings, "doubts": [], "lengths": [], "warned": [], "count": 0}


def _people(visit: Visit, preview: Preview) -> str:
    if not goes_out(preview):
        return visit.word("compose_live_not_out")
    said = visit.word("compose_live_people", people=people_said(visit, preview))
    return f"{said} {visit.word('compose_waits')}" if waits(preview) else said


def _length(visit: Visit, one: ShownText) -> str:
    name = "sms_part" if one.parts == 1 else "sms_parts"
    sms = visit.word(name, parts=one.parts, characters=one.characters)
    push = len(one.push_title) + len(one.push_body)
    languages = ", ".join(visit.language_name(tag) for tag in one.languages.split(", "))
    return visit.word("compose_live_length", languages=languages, sms=sms, push=push)


@lru_cache(maxsize=16)
def _map(boundaries: Boundaries, territory: tuple[str, ...], base: BaseMap | None) -> bytes | None:
    found = map_of(boundaries, territory, base)
    return None if found is None else msgspec.json.encode(found)


def _refused(why: str, status: HTTPStatus) -> Response:
    return JSONResponse({"refused": why}, status, dict(HEADERS))
