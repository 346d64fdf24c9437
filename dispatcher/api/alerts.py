"""Control centres and feeds: submit, preview, follow, and take the account of an alert."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from dispatcher.api import schemas
from dispatcher.api.authentication import source_of
from dispatcher.api.body import read_cap
from dispatcher.model.problems import ProblemType, RequestRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.model.alerts import StoredAlert

AlertId = Annotated[str, Path(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$")]
PROBLEMS: dict[int | str, dict[str, object]] = {
    status: {
        "model": schemas.Problem,
        "content": {"application/problem+json": {}},
        "description": description,
    }
    for status, description in {
        400: "Not readable as CAP",
        401: "No valid API key",
        403: "Not allowed: sender, territory or reference",
        409: "The identity was used for other content",
        413: "Too large",
        415: "Not application/cap+xml",
        422: "CAP rules broken, no area, area not matched, unknown reference",
        503: "The record cannot be reached now: unknown outcome, send again",
    }.items()
}
CAP_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/cap+xml": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def routes(parts: ApiDependencies) -> APIRouter:
    """The routes below `/v1/alerts`."""
    router = APIRouter(prefix="/v1/alerts", tags=["alerts"])
    _submission(router, parts)
    _reading(router, parts)
    return router


def _submission(router: APIRouter, parts: ApiDependencies) -> None:
    @router.post("", status_code=201, responses={200: {"description": "Accepted before"}, **PROBLEMS},
                 openapi_extra=CAP_BODY)  # fmt: skip
    async def submit(request: Request, response: Response) -> schemas.AcceptedBody:
        """Submit one CAP 1.2 message. 201 is a promise: it is committed. The same message again answers 200 with
        the same id. Without an answer, or with 5xx, send it again.
        """
        source = await source_of(request, parts.sources)
        accepted = await parts.intake.accept(source, await read_cap(request, parts.settings.max_body_bytes))
        if accepted.repeated:
            response.status_code = 200
        response.headers["Location"] = f"/v1/alerts/{accepted.alert.id}"
        return schemas.accepted_body(accepted)

    @router.post("/preview", responses=PROBLEMS, openapi_extra=CAP_BODY)
    async def preview(request: Request) -> schemas.PreviewBody:
        """The same judgement without any effect: municipalities, reach per channel, what would be decided."""
        source = await source_of(request, parts.sources)
        body = await read_cap(request, parts.settings.max_body_bytes)
        return schemas.preview_body(await parts.intake.preview(source, body))


def _reading(router: APIRouter, parts: ApiDependencies) -> None:
    async def own(request: Request, alert_id: str) -> StoredAlert:
        source = await source_of(request, parts.sources)
        alert = await parts.alerts.get(alert_id)
        if alert is None or alert.source_id != source.id:
            raise RequestRefused(ProblemType.NOT_FOUND, "Diese Meldung gibt es hier nicht.")
        return alert

    @router.get("")
    async def listed(request: Request, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> schemas.AlertList:
        """The source's newest alerts."""
        source = await source_of(request, parts.sources)
        alerts = await parts.alerts.listed(source.id, limit)
        return schemas.AlertList(alerts=[schemas.alert_body(alert) for alert in alerts])

    @router.get("/{alert_id}")
    async def status(request: Request, alert_id: AlertId) -> schemas.StatusBody:
        """How the alert stands: per channel and municipality, every recipient in one state."""
        alert = await own(request, alert_id)
        return schemas.StatusBody(
            alert=schemas.alert_body(alert),
            channels=[schemas.channel_body(item) for item in await parts.accounts.summary(alert_id)],
            municipalities=[schemas.municipality(place) for place in await parts.alerts.affected(alert_id)],
            recipients_by_municipality=await parts.accounts.by_municipality(alert_id),
        )

    @router.get("/{alert_id}/cap", response_class=Response)
    async def raw(request: Request, alert_id: AlertId) -> Response:
        """The message byte for byte as it was submitted."""
        await own(request, alert_id)
        return Response(await parts.alerts.raw(alert_id), media_type="application/cap+xml")

    @router.get("/{alert_id}/ledger", response_class=StreamingResponse)
    async def ledger(request: Request, alert_id: AlertId) -> StreamingResponse:
        """One JSON line per recipient: number, reference, channel, kind, state, the gateway's report. No addresses."""
        await own(request, alert_id)
        return StreamingResponse(_lines(parts, alert_id), media_type="application/x-ndjson")


async def _lines(parts: ApiDependencies, alert_id: str) -> AsyncIterator[bytes]:
    encode = msgspec.json.Encoder().encode
    async for entry in parts.accounts.entries(alert_id):
        yield encode(asdict(entry)) + b"\n"
