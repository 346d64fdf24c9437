"""Takes from gateways what became of the messages they accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import Field

from channels.sms.delivery_reports import read_reports
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import of_gateway
from dispatcher.api.authentication import require
from dispatcher.api.body import media_type_of, read_body
from dispatcher.api.gateway_secret import bounded_query, configured, counting_refusals, reading_body
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.schemas.base import Body
from dispatcher.delivery.reports import ReportVerdict
from dispatcher.model.problems import ProblemType
from dispatcher.model.sentences.phrases import Phrase

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.delivery.reports import DeliveryReports, ReportingGateway

GatewayName = Annotated[
    str,
    Path(
        pattern=r"^[a-z0-9-]{1,32}$",
        description="Name of the gateway in `WARN_SMS_GATEWAYS`.",
        examples=["provider"],
    ),
]
Reporter = Depends(require(Permission.REPORT_DELIVERIES, gateway=GatewayName))
MAX_BYTES = 65_536
"""The longest body: some hundred reports with all that providers put in beside."""
REPORT_BODY = {
    "requestBody": {
        "description": "One report or several, in the form configured for the gateway; none where the query has it.",
        "content": {
            "application/json": {
                "schema": {"type": "object", "description": "A report; a list of them is taken as well."}
            },
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "description": "The members that are configured."}
            },
        },
    }
}
REFUSED = (
    ProblemType.NOT_FOUND,
    ProblemType.TOO_LARGE,
    ProblemType.INCOMPLETE,
    ProblemType.OVERLOADED,
    ProblemType.MALFORMED_REPORT,
)


class ReportsBody(Body):
    """How many reports met which verdict. All that had to be recorded is recorded."""

    verdicts: dict[str, int] = Field(
        description=f"reports by verdict: {', '.join(f'`{verdict}`' for verdict in ReportVerdict)}",
        examples=[{"delivered": 1}],
    )


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/gateways`."""
    router = APIRouter(prefix="/v1/gateways", tags=["gateways"])
    answers = refusals(*REFUSED)

    def count(name: str, problem: ProblemType) -> None:
        if dependencies.reports is not None and name in dependencies.reports.gateways:
            dependencies.metrics.reports_refused.labels(name, problem).inc()

    asked = [Depends(counting_refusals(count)), Reporter]

    @router.get(
        "/{gateway}/reports", responses=answers, dependencies=asked, operation_id="reportDeliveriesByQuery"
    )
    @router.post(
        "/{gateway}/reports",
        responses=answers,
        dependencies=asked,
        openapi_extra=REPORT_BODY,
        operation_id="reportDeliveries",
    )
    async def report(request: Request, gateway: GatewayName) -> ReportsBody:
        """Report what became of messages, in the form configured for the gateway: JSON, a form, or a query. 200: all
        that is new is committed, and what means nothing here is counted. With 5xx report again.
        """
        return await _record(request, *configured(dependencies.reports, gateway))

    return router


async def _record(request: Request, services: DeliveryReports, gateway: ReportingGateway) -> ReportsBody:
    body = await read_body(request, MAX_BYTES, of_gateway(gateway.name).actor)
    with reading_body(Phrase.REPORT_UNREADABLE):
        reports = read_reports(gateway.fields, media_type_of(request), body, bounded_query(request))
    verdicts = await services.take(gateway.name, reports)
    return ReportsBody(verdicts={verdict.value: count for verdict, count in verdicts.items()})
