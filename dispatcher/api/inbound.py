"""Takes from gateways what people have answered to an SMS, so that STOP ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse

from channels.sms.inbound import read_inbound
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import of_gateway
from dispatcher.api.authentication import require
from dispatcher.api.body import media_type_of, read_body
from dispatcher.api.gateway_secret import bounded_query, counting_refusals, reading_body
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.reports import MAX_BYTES, REFUSED, REPORT_BODY, GatewayName
from dispatcher.apps.inbound_texts import REFUSED as REFUSED_VERDICT
from dispatcher.model.problems import ProblemType
from dispatcher.model.sentences.phrases import Phrase

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

    def count(name: str, _problem: ProblemType) -> None:
        if name in dependencies.inbound.gateways:
            dependencies.metrics.sms_inbound.labels(name, REFUSED_VERDICT).inc()

    asked = [Depends(counting_refusals(count)), Messenger]

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
        with reading_body(Phrase.TEXT_UNREADABLE):
            texts = read_inbound(fields, media_type_of(request), body, bounded_query(request))
        await inbound.take(gateway, texts)
        return PlainTextResponse("")

    return router
