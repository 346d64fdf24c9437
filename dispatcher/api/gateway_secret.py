"""Recognises an SMS gateway by the secret that is configured for it, and refuses it what it may not or cannot say."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs

from starlette.requests import Request

from channels.sms.delivery_reports import UnreadableReport
from dispatcher.access import principals
from dispatcher.access.credentials import judge_secret
from dispatcher.api.credentials import basic_password, bearer
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from dispatcher.access.credentials import SharedSecret
    from dispatcher.access.principals import Principal
    from dispatcher.delivery.reports import DeliveryReports, ReportingGateway
    from dispatcher.model.principals import CredentialState

MAX_QUERY_BYTES = 8_192
"""The longest query, as proxies allow. It is parsed before the request is authenticated, as the secret may be in it."""


class CallingGateway(Protocol):
    """A gateway that calls us."""

    @property
    def name(self) -> str: ...

    @property
    def secret(self) -> SharedSecret: ...


def gateway_of(
    request: Request, gateways: Mapping[str, CallingGateway], now: datetime, missing: Phrase
) -> tuple[Principal, CredentialState]:
    """Return the gateway that the path names, of those that may call so, and what the secret that is shown says: it is
    the gateway that asks only if that is valid. Raises `RequestRefused` with the sentence `missing` where none is
    configured.
    """
    gateway = gateways.get(request.path_params["gateway"])
    if gateway is None:
        raise RequestRefused(ProblemType.NOT_FOUND, said(missing))
    shown = _shown(request, bounded_query(request))
    return principals.of_gateway(gateway.name), judge_secret(gateway.secret, shown, now)


def configured(reports: DeliveryReports | None, name: str) -> tuple[DeliveryReports, ReportingGateway]:
    """Return the reporting gateway of this name. Raises `RequestRefused` for a gateway that is not there or takes no
    reports.
    """
    if reports is None or name not in reports.gateways:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_REPORTS_WANTED))
    return reports, reports.gateways[name]


def counting_refusals(
    count: Callable[[str, ProblemType], None],
) -> Callable[[Request], AsyncGenerator[None, None]]:
    """Return the dependency that counts every refusal of a gateway, by another dependency or by the route: `count`
    takes the name in the path, whatever it is, and the problem.
    """

    async def counted(request: Request) -> AsyncGenerator[None, None]:
        try:
            yield
        except RequestRefused as refused:
            count(request.path_params["gateway"], refused.type)
            raise

    return counted


@contextmanager
def reading_body(unreadable: Phrase) -> Iterator[None]:
    """Refuse with this sentence a body in which nothing can be read. Raises `RequestRefused`."""
    try:
        yield
    except UnreadableReport as error:
        raise RequestRefused(
            ProblemType.MALFORMED_REPORT, said(unreadable), extra={"reason": str(error)}
        ) from None


def bounded_query(request: Request) -> bytes:
    """Return the raw query. Raises `RequestRefused` for one that is too long."""
    query: bytes = request.scope["query_string"]
    if len(query) > MAX_QUERY_BYTES:
        raise RequestRefused(
            ProblemType.TOO_LARGE,
            said(Phrase.QUERY_TOO_LONG, max_bytes=MAX_QUERY_BYTES),
            extra={"max_bytes": MAX_QUERY_BYTES},
        )
    return query


def _shown(request: Request, query: bytes) -> list[bytes]:
    """Return every secret shown: as a bearer token, as the password of Basic, as `token` in the query. Providers can
    mostly do one of these.
    """
    tokens = parse_qs(query.decode("ascii", "replace")).get("token", [])
    return [shown.encode() for shown in (bearer(request), basic_password(request), *tokens[:1]) if shown]
