"""Credentials in the Authorization header, and what is said of refused ones."""

import asyncio
import base64
from typing import Any
from urllib.parse import quote

import pytest
import structlog
import trustme
from starlette.requests import Request

from dispatcher.access.fingerprints import LONGEST_CERTIFICATE, public_key_digest
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.principals import of_gateway, of_source
from dispatcher.api.credentials import (
    CrossingReason,
    EnvironmentCrossings,
    RefusedCredentials,
    Shown,
    basic_password,
    bearer,
    client_certificate,
)
from dispatcher.metrics import Metrics
from dispatcher.model.principals import CredentialState, Source
from dispatcher.model.vocabulary import Environment
from dispatcher.store import record
from tests.store import conftest as on_record


def request(authorization: str | None) -> Request:
    headers = [] if authorization is None else [(b"authorization", authorization.encode("latin-1"))]
    return Request({"type": "http", "headers": headers})


def basic(credentials: bytes) -> str:
    return "Basic " + base64.b64encode(credentials).decode()


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        (None, ""),
        ("", ""),
        ("Bearer", ""),
        ("Bearer wk_a_b", "wk_a_b"),
        ("bearer  wk_a_b ", "wk_a_b"),
        ("Basic wk_a_b", ""),
        ("wk_a_b", ""),
    ],
)
def test_the_bearer_token(authorization: str | None, token: str) -> None:
    assert bearer(request(authorization)) == token


@pytest.mark.parametrize(
    ("authorization", "password"),
    [
        (None, ""),
        (basic(b"anybody:secret"), "secret"),
        (basic(b"anybody:with:colons"), "with:colons"),
        (basic(b"nobody"), ""),
        (basic(b"a:\xff"), ""),
        ("Basic !!!", ""),
        ("Basic", ""),
        ("Bearer YTpi", ""),
    ],
)
def test_the_password_of_basic(authorization: str | None, password: str) -> None:
    assert basic_password(request(authorization)) == password


def test_a_forgotten_client_is_named_once_a_minute() -> None:
    now = 0.0
    noted = RefusedCredentials(Metrics(), lambda: now)
    shown = Shown(CredentialState.EXPIRED, PrincipalKind.GATEWAY, of_gateway("sms-1"))
    with structlog.testing.capture_logs() as lines:
        for now in (0.0, 1.0, 59.9, 60.0, 119.0, 120.0):  # noqa: B007 - the clock reads it
            noted.note(shown)
    assert [(line["principal"], line["key"]) for line in lines] == [("gateway:sms-1", None)] * 3


pool = on_record.pool


async def test_an_attempt_to_cross_is_on_the_trail_once_a_minute(pool: Any) -> None:
    now = 0.0
    source = Source("leitstelle", "", frozenset(), ())
    live, exercise = (of_source(source, environment) for environment in Environment)
    crossings = EnvironmentCrossings(pool, lambda: now)
    for _ in range(3):
        await crossings.note(live, CrossingReason.PATH)
        await crossings.note(live, CrossingReason.MESSAGE)
        await crossings.note(exercise, CrossingReason.PATH)
    assert len(await trail(pool)) == 3
    now = 61.0
    await crossings.note(live, CrossingReason.PATH)
    assert await trail(pool) == [
        ("source:leitstelle", {"credential": "live", "reason": "path"}),
        ("source:leitstelle", {"credential": "live", "reason": "message"}),
        ("source:leitstelle", {"credential": "exercise", "reason": "path"}),
        ("source:leitstelle", {"credential": "live", "reason": "path"}),
    ]


async def test_attempts_at_once_are_one_entry_and_one_while_the_record_was_away_does_not_count(
    pool: Any, database_url: str
) -> None:
    live = of_source(Source("leitstelle", "", frozenset(), ()), Environment.LIVE)
    away = await record.connect(database_url, size=1)
    await away.close()
    crossings = EnvironmentCrossings(away, lambda: 0.0)
    await crossings.note(live, CrossingReason.PATH)
    crossings._pool = pool
    await asyncio.gather(*(crossings.note(live, CrossingReason.PATH) for _ in range(5)))
    assert len(await trail(pool)) == 1


async def trail(pool: Any) -> list[tuple[str, dict[str, str]]]:
    rows = await pool.fetch("SELECT actor, detail FROM audit WHERE action = 'environment.refuse' ORDER BY id")
    return [(row["actor"], row["detail"]) for row in rows]


def test_a_certificate_is_believed_of_a_proxy_alone() -> None:
    pem = trustme.CA().issue_cert("centre.example").cert_chain_pems[0].bytes()
    shown = (b"x-client-certificate", quote(pem).encode())

    def seen(*headers: tuple[bytes, bytes], client: Any = ("198.51.100.7", 0)) -> bytes | None:
        return client_certificate(Request({"type": "http", "headers": list(headers), "client": client}))

    assert seen(shown) == public_key_digest(pem)
    assert seen(shown, client=("198.51.100.7", 40_000)) is None, "the server knows the port: by no proxy"
    assert seen(shown, client=None) is None
    assert seen(shown, shown) is None, "which of them is the proxy's?"
    assert seen() is None
    for content in (
        b"",
        b"x",
        b"%",
        b"\xff",
        quote(pem[:200]).encode(),
        b"A" * (3 * LONGEST_CERTIFICATE + 1),
    ):
        assert seen((b"x-client-certificate", content)) is None
