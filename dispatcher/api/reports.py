"""Gateways: report what became of the messages they took."""

from __future__ import annotations

import base64
import hmac
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import parse_qs

from fastapi import APIRouter, Path, Request

from channels.sms.delivery_reports import UnreadableReport, read_reports
from dispatcher.api.alerts import PROBLEMS
from dispatcher.api.authentication import bearer
from dispatcher.api.body import media_type_of, read_body
from dispatcher.api.schemas import Body
from dispatcher.model.problems import ProblemType, RequestRefused

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.delivery.reports import DeliveryReports, ReportingGateway

GatewayName = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,32}$")]
MAX_BYTES = 65_536
"""Some hundred reports with all that providers put in beside."""
MAX_QUERY_BYTES = 8_192
"""As proxies allow. It is taken apart before anybody has shown a secret, as one may stand in it."""
REPORT_BODY = {
    "requestBody": {
        "content": {
            "application/json": {"schema": {}},
            "application/x-www-form-urlencoded": {"schema": {"type": "object"}},
        }
    }
}


class ReportsBody(Body):
    """How many reports met which verdict. All that was to be recorded is."""

    verdicts: dict[str, int]


def routes(parts: ApiDependencies) -> APIRouter:
    """The routes below `/v1/gateways`."""
    router = APIRouter(prefix="/v1/gateways", tags=["gateways"])
    answers: dict[int | str, dict[str, Any]] = {status: PROBLEMS[status] for status in (401, 413, 503)}
    answers[400] = PROBLEMS[400] | {"description": "Not readable as a delivery report"}

    @router.get("/{gateway}/reports", responses=answers)
    @router.post("/{gateway}/reports", responses=answers, openapi_extra=REPORT_BODY)
    async def report(request: Request, gateway: GatewayName) -> ReportsBody:
        """What became of messages, in the form configured for the gateway: JSON, a form, or a query. 200: all that is
        new is committed, and what means nothing here is counted. With 5xx report again.
        """
        services, reporting = _configured(parts, gateway)
        try:
            return await _taken(request, services, reporting)
        except RequestRefused as refused:
            parts.metrics.reports_refused.labels(gateway, refused.type).inc()
            raise

    return router


def _configured(parts: ApiDependencies, name: str) -> tuple[DeliveryReports, ReportingGateway]:
    """Raises `RequestRefused` for a gateway that is not there or takes no reports."""
    if parts.reports is None or name not in parts.reports.gateways:
        raise RequestRefused(
            ProblemType.NOT_FOUND, "Von diesem Gateway werden keine Zustellberichte angenommen."
        )
    return parts.reports, parts.reports.gateways[name]


async def _taken(request: Request, services: DeliveryReports, gateway: ReportingGateway) -> ReportsBody:
    query = _query(request)
    if not any(hmac.compare_digest(shown, gateway.secret) for shown in _shown(request, query)):
        raise RequestRefused(ProblemType.UNAUTHENTICATED, "Das Geheimnis des Gateways fehlt oder ist falsch.")
    body = await read_body(request, MAX_BYTES)
    try:
        reports = read_reports(gateway.fields, media_type_of(request), body, query)
    except UnreadableReport as error:
        raise RequestRefused(
            ProblemType.MALFORMED_REPORT,
            "Der Zustellbericht ist weder als JSON noch als Formular lesbar oder zu umfangreich.",
            extra={"reason": str(error)},
        ) from None
    verdicts = await services.take(gateway.name, reports)
    return ReportsBody(verdicts={verdict.value: count for verdict, count in verdicts.items()})


def _query(request: Request) -> bytes:
    """Raises `RequestRefused` for one that is too long."""
    query: bytes = request.scope["query_string"]
    if len(query) > MAX_QUERY_BYTES:
        raise RequestRefused(
            ProblemType.TOO_LARGE,
            f"Die Adresse der Anfrage hat mehr als {MAX_QUERY_BYTES} Byte an Angaben.",
            extra={"max_bytes": MAX_QUERY_BYTES},
        )
    return query


def _shown(request: Request, query: bytes) -> list[bytes]:
    """Every secret shown: as a bearer token, as the password of Basic, as `token` in the query. Providers can mostly do
    one of these.
    """
    tokens = parse_qs(query.decode("ascii", "replace")).get("token", [])
    return [shown.encode() for shown in (bearer(request), _password(request), *tokens[:1]) if shown]


def _password(request: Request) -> str:
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
