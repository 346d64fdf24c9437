"""A gateway is known by its secret, wherever it shows it."""

import base64
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from channels.sms.delivery_reports import ReportFields
from dispatcher.access.kinds import PrincipalKind
from dispatcher.api.gateway_secret import MAX_QUERY_BYTES, bounded_query, configured, gateway_of
from dispatcher.delivery.reports import ReportingGateway
from dispatcher.model.problems import ProblemType, RequestRefused

SECRET = "geheimnis-des-gateways"
REPORTS: Any = SimpleNamespace(gateways={"sms-1": ReportingGateway("sms-1", SECRET.encode(), ReportFields())})
BASIC = base64.b64encode(f"anybody:{SECRET}".encode()).decode()


def request(authorization: str = "", query: str = "", gateway: str = "sms-1") -> Request:
    return Request(
        {
            "type": "http",
            "headers": [(b"authorization", authorization.encode())],
            "query_string": query.encode(),
            "path_params": {"gateway": gateway},
        }
    )


@pytest.mark.parametrize(
    ("authorization", "query"),
    [
        (f"Bearer {SECRET}", ""),
        (f"Basic {BASIC}", ""),
        ("", f"token={SECRET}"),
        ("Bearer x", f"token={SECRET}"),
    ],
)
def test_who_shows_the_secret_is_the_gateway(authorization: str, query: str) -> None:
    principal = gateway_of(request(authorization, query), REPORTS)
    assert principal is not None
    assert (principal.kind, principal.id) == (PrincipalKind.GATEWAY, "sms-1")


@pytest.mark.parametrize(
    ("authorization", "query"),
    [
        ("", ""),
        (f"Bearer {SECRET}x", ""),
        (f"Basic {SECRET}", ""),
        ("", f"token=x&token={SECRET}"),
        ("", "token=ä"),
    ],
)
def test_who_does_not_is_nobody(authorization: str, query: str) -> None:
    assert gateway_of(request(authorization, query), REPORTS) is None


@pytest.mark.parametrize("reports", [None, REPORTS])
def test_a_gateway_that_takes_no_reports_is_not_there(reports: Any) -> None:
    with pytest.raises(RequestRefused) as refused:
        gateway_of(request(f"Bearer {SECRET}", gateway="silent"), reports)
    assert refused.value.type is ProblemType.NOT_FOUND
    assert configured(REPORTS, "sms-1") == (REPORTS, REPORTS.gateways["sms-1"])


def test_a_query_is_bounded_before_it_is_taken_apart() -> None:
    longest = "a" * MAX_QUERY_BYTES
    assert bounded_query(request(query=longest)) == longest.encode()
    with pytest.raises(RequestRefused) as refused:
        gateway_of(request(f"Bearer {SECRET}", longest + "a"), REPORTS)
    assert refused.value.type is ProblemType.TOO_LARGE
