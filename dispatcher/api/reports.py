"""Takes from gateways what became of the messages they accepted."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Path, Request

from channels.sms.delivery_reports import UnreadableReport, read_reports
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import of_gateway
from dispatcher.api.alerts import PROBLEMS
from dispatcher.api.authentication import require
from dispatcher.api.body import media_type_of, read_body
from dispatcher.api.gateway_secret import bounded_query, configured
from dispatcher.api.schemas import Body
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.delivery.reports import DeliveryReports, ReportingGateway

GatewayName = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,32}$")]
Reporter = Depends(require(Permission.REPORT_DELIVERIES, gateway=GatewayName))
MAX_BYTES = 65_536
"""The longest body: some hundred reports with all that providers put in beside."""
REPORT_BODY = {
    "requestBody": {
        "content": {
            "application/json": {"schema": {}},
            "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
        }
    }
}


class ReportsBody(Body):
    """How many reports met which verdict. All that had to be recorded is recorded."""

    verdicts: dict[str, int]


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/gateways`."""
    router = APIRouter(prefix="/v1/gateways", tags=["gateways"])
    answers: dict[int | str, dict[str, Any]] = {status: PROBLEMS[status] for status in (401, 413, 503)}
    answers[400] = PROBLEMS[400] | {"description": "Not readable as a delivery report"}

    async def counted(request: Request) -> AsyncIterator[None]:
        """Count every refusal of a reporting gateway, by the dependency or by the route."""
        try:
            yield
        except RequestRefused as refused:
            name = request.path_params["gateway"]
            if dependencies.reports is not None and name in dependencies.reports.gateways:
                dependencies.metrics.reports_refused.labels(name, refused.type).inc()
            raise

    asked = [Depends(counted), Reporter]

    @router.get("/{gateway}/reports", responses=answers, dependencies=asked)
    @router.post("/{gateway}/reports", responses=answers, dependencies=asked, openapi_extra=REPORT_BODY)
    async def report(request: Request, gateway: GatewayName) -> ReportsBody:
        """Report what became of messages, in the form configured for the gateway: JSON, a form, or a query. 200: all
        that is new is committed, and what means nothing here is counted. With 5xx report again.
        """
        return await _record(request, *configured(dependencies.reports, gateway))

    return router


async def _record(request: Request, services: DeliveryReports, gateway: ReportingGateway) -> ReportsBody:
    body = await read_body(request, MAX_BYTES, of_gateway(gateway.name).actor)
    try:
        reports = read_reports(gateway.fields, media_type_of(request), body, bounded_query(request))
    except UnreadableReport as error:
        raise RequestRefused(
            ProblemType.MALFORMED_REPORT,
            said(Phrase.REPORT_UNREADABLE),
            extra={"reason": str(error)},
        ) from None
    verdicts = await services.take(gateway.name, reports)
    return ReportsBody(verdicts={verdict.value: count for verdict, count in verdicts.items()})
