"""The routes of streams: Server-Sent Events of what changes at a place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Header, Request, Response

from dispatcher.api.instances.bodies import Language
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.public.answers import HEADERS
from dispatcher.api.public.choices import OneChoice
from dispatcher.api.public.routes import DistrictKey, MunicipalityKey, Spoken, there
from dispatcher.model.problems import ProblemType
from dispatcher.publication.forms.events import MEDIA_TYPE

if TYPE_CHECKING:
    from dispatcher.api.public.answers import Answers
    from dispatcher.api.public.streams.telling import PublicStreams
    from dispatcher.publication.places import PublicPlace, PublicPlaces

LastEventId = Annotated[
    str,
    Header(
        alias="Last-Event-ID",
        description="the `id` of the last event that came before the connection was lost; any other is as none",
        examples=["0c1d2e3f4a-17"],
    ),
]
_STREAM: Final[Answers] = {
    200: {
        "description": "Events until either side ends the connection.",
        "content": {MEDIA_TYPE: {"schema": {"type": "string", "description": "Server-Sent Events."}}},
        "headers": {name: header for name, header in HEADERS.items() if name != "ETag"},
    },
    **refusals(ProblemType.NOT_FOUND, ProblemType.OVERLOADED, ProblemType.NOTHING_KNOWN_YET),
}


def routes(streams: PublicStreams, places: PublicPlaces) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["public"], dependencies=[Depends(OneChoice())])

    async def opened(
        place: PublicPlace, language: Language, request: Request, last_event_id: str
    ) -> Response:
        address = request.client.host if request.client else ""
        return await streams.open(place, language.value, address, last_event_id)

    def options(of: str, name: str) -> dict[str, Any]:
        return {
            "response_class": Response,
            "responses": _STREAM,
            "operation_id": f"streamPublicAlerts{name}",
            "description": f"Send what changes {of} as Server-Sent Events, from what is in force (`snapshot`) or from "
            "the event that `Last-Event-ID` names: `new`, `updated`, `ended`, `state`.",
        }

    @router.get("/v1/municipalities/{key}/alerts.events", **options("in a municipality", "OfMunicipality"))
    async def of_municipality(
        key: MunicipalityKey,
        request: Request,
        language: Spoken = Language.GERMAN,
        last_event_id: LastEventId = "",
    ) -> Response:
        return await opened(there(places.municipality(key)), language, request, last_event_id)

    @router.get("/v1/districts/{key}/alerts.events", **options("in a district", "OfDistrict"))
    async def of_district(
        key: DistrictKey,
        request: Request,
        language: Spoken = Language.GERMAN,
        last_event_id: LastEventId = "",
    ) -> Response:
        return await opened(there(places.district(key)), language, request, last_event_id)

    @router.get("/v1/public/alerts.events", **options("anywhere", "OfAnywhere"))
    async def everywhere(
        request: Request, language: Spoken = Language.GERMAN, last_event_id: LastEventId = ""
    ) -> Response:
        return await opened(places.everywhere(), language, request, last_event_id)

    return router
