"""A gateway is known by its secret, wherever it shows it."""

import base64
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request

from channels.sms.delivery_reports import ReportFields, UnreadableReport
from dispatcher.access.credentials import SharedSecret
from dispatcher.access.kinds import PrincipalKind
from dispatcher.api.gateway_secret import (
    MAX_QUERY_BYTES,
    bounded_query,
    configured,
    counting_refusals,
    gateway_of,
    reading_body,
)
from dispatcher.delivery.reports import ReportingGateway
from dispatcher.model.principals import CredentialState
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said

SECRET = "geheimnis-des-gateways"
PREVIOUS, NOW = "geheimnis-von-gestern", datetime(2026, 11, 28, 3, tzinfo=UTC)
SHARED = SharedSecret(SECRET.encode(), PREVIOUS.encode(), NOW + timedelta(hours=1))
REPORTS: Any = SimpleNamespace(gateways={"sms-1": ReportingGateway("sms-1", SHARED, ReportFields())})
GATEWAYS = REPORTS.gateways
MISSING = Phrase.NO_REPORTS_WANTED
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
    principal, state = gateway_of(request(authorization, query), GATEWAYS, NOW, MISSING)
    assert state is CredentialState.VALID
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
    _, state = gateway_of(request(authorization, query), GATEWAYS, NOW, MISSING)
    assert state is (
        CredentialState.UNKNOWN if state_is_shown(authorization, query) else CredentialState.MISSING
    )


def state_is_shown(authorization: str, query: str) -> bool:
    """Whether anything is there that could be a secret: a Basic that cannot be read is none."""
    return authorization.startswith("Bearer") or bool(query)


def test_the_secret_before_is_good_until_its_time_is_over() -> None:
    before = request(f"Bearer {PREVIOUS}")
    for passed, expected in (
        (timedelta(), "valid"),
        (timedelta(minutes=59), "valid"),
        (timedelta(hours=1), "expired"),
    ):
        assert gateway_of(before, GATEWAYS, NOW + passed, MISSING)[1] == expected
    later = NOW + timedelta(days=1)
    assert gateway_of(request(f"Bearer {SECRET}"), GATEWAYS, later, MISSING)[1] is CredentialState.VALID
    both = request("Bearer " + PREVIOUS, f"token={SECRET}")
    assert gateway_of(both, GATEWAYS, later, MISSING)[1] is CredentialState.VALID


def test_without_a_secret_before_an_empty_one_opens_nothing() -> None:
    alone: Any = {"sms-1": ReportingGateway("sms-1", SharedSecret(SECRET.encode()), ReportFields())}
    for query in ("token=", "token=%00", ""):
        assert gateway_of(request(query=query), alone, NOW, MISSING)[1] is not CredentialState.VALID
    assert SECRET not in repr(alone)


@pytest.mark.parametrize("gateways", [{}, GATEWAYS])
def test_a_gateway_that_may_not_call_so_is_not_there(gateways: Any) -> None:
    with pytest.raises(RequestRefused) as refused:
        gateway_of(request(f"Bearer {SECRET}", gateway="silent"), gateways, NOW, MISSING)
    assert refused.value.type is ProblemType.NOT_FOUND
    assert refused.value.detail == said(MISSING)
    assert configured(REPORTS, "sms-1") == (REPORTS, REPORTS.gateways["sms-1"])


def test_a_query_is_bounded_before_it_is_taken_apart() -> None:
    longest = "a" * MAX_QUERY_BYTES
    assert bounded_query(request(query=longest)) == longest.encode()
    with pytest.raises(RequestRefused) as refused:
        gateway_of(request(f"Bearer {SECRET}", longest + "a"), GATEWAYS, NOW, MISSING)
    assert refused.value.type is ProblemType.TOO_LARGE


async def test_what_is_refused_is_counted_by_gateway_and_problem_and_refused_all_the_same() -> None:
    counted = []
    dependency = counting_refusals(lambda name, problem: counted.append((name, problem)))(request())
    await anext(dependency)
    with pytest.raises(RequestRefused) as refused, reading_body(Phrase.REPORT_UNREADABLE):
        raise UnreadableReport("json")
    assert (refused.value.type, refused.value.extra) == (ProblemType.MALFORMED_REPORT, {"reason": "json"})
    with pytest.raises(RequestRefused):
        await dependency.athrow(refused.value)
    assert counted == [("sms-1", ProblemType.MALFORMED_REPORT)]
