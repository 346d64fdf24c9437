"""Takes from gateways what people have answered to an SMS, so that STOP ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse

from channels.sms.delivery_reports import UnreadableReport
from channels.sms.inbound import read_inbound
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import of_gateway
from dispatcher.api.authentication import require
from dispatcher.api.body import media_type_of, read_body
from dispatcher.api.gateway_secret import bounded_query
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.reports import MAX_BYTES, REFUSED, REPORT_BODY, GatewayName
from dispatcher.apps.inbound_texts import REFUSED as REFUSED_VERDICT
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

Messenger = Depends(require(Permission.DELIVER_TEXTS, gateway=GatewayName))
_BODY = {
    "requestBody": {
        **REPORT_BODY["requestBody"],
        "description": "One text or several, in the form configured for the gateway; none where the query has it.",
    }
}


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/gateways`."""
    router = APIRouter(prefix="/v1/gateways", tags=["gateways"], default_response_class=PlainTextResponse)
    answers = refusals(*REFUSED)

    async def counted(request: Request) -> AsyncIterator[None]:
        """Count every refusal of a gateway that hands texts on, by the dependency or by the route."""
        try:
            yield
        except RequestRefused:
            name = request.path_params["gateway"]
            if name in dependencies.inbound.gateways:
                dependencies.metrics.sms_inbound.labels(name, REFUSED_VERDICT).inc()
            raise

    asked = [Depends(counted), Messenger]

    @router.get(
        "/{gateway}/inbound", responses=answers, dependencies=asked, operation_id="deliverTextByQuery"
    )
    @router.post(
        "/{gateway}/inbound",
        responses=answers,
        dependencies=asked,
        openapi_extra=_BODY,
        operation_id="deliverTexts",
    )
    async def deliver(request: Request, gateway: GatewayName) -> PlainTextResponse:
        """Hand on a text that somebody has sent: STOP, STOPP, ENDE or ABMELDEN ends all SMS to that number. 200: it is
        committed. With 5xx deliver again. The answer is empty, as some gateways send it to the person.
        """
        inbound = dependencies.inbound
        body = await read_body(request, MAX_BYTES, of_gateway(gateway).actor)
        fields = inbound.gateways[gateway].fields
        try:
            texts = read_inbound(fields, media_type_of(request), body, bounded_query(request))
        except UnreadableReport as error:
            raise RequestRefused(
                ProblemType.MALFORMED_REPORT, said(Phrase.TEXT_UNREADABLE), extra={"reason": str(error)}
            ) from None
        await inbound.take(gateway, texts)
        return PlainTextResponse("")

    return router
