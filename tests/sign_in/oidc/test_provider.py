"""Asking a provider: a real one, and servers that answer late, too much, or nonsense."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.messages import Answer
from dispatcher.sign_in.oidc import provider as providers
from dispatcher.sign_in.oidc.authorization import OidcAttempt, OidcReturn
from dispatcher.sign_in.oidc.id_token import TokenFault, TokenRefused
from dispatcher.sign_in.oidc.provider import (
    AT_ONCE,
    KEYS_EVERY_S,
    MOST_BYTES,
    WAITING_AT_MOST,
    OidcClient,
    OidcCodeRefused,
    OidcProvider,
    ProviderAway,
    ProviderBusy,
    read_metadata,
)
from tests.sign_in.oidc.conftest import ours
from tests.support.openid_provider import OpenIdProvider

DISCOVERY = "/.well-known/openid-configuration"


class Clock:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


async def identity(provider: OidcProvider, theirs: OpenIdProvider) -> Any:
    attempt = OidcAttempt.new()
    returned = OidcReturn.of(theirs.sign_in(await provider.request_url(attempt)))
    return await provider.identity(returned, attempt, datetime.now(UTC))


async def test_what_it_is_and_its_keys_are_asked_for_once(theirs: OpenIdProvider, http: HttpClient) -> None:
    provider = ours(theirs, http)
    for _ in range(2):
        assert (await identity(provider, theirs)).amr == ("pwd", "mfa")
    assert theirs.asked == [DISCOVERY, "/authorize", "/token", "/keys", "/authorize", "/token"]


async def test_a_new_key_is_looked_for_once_a_minute(theirs: OpenIdProvider, http: HttpClient) -> None:
    clock = Clock()
    provider = ours(theirs, http, clock)
    await identity(provider, theirs)
    theirs.turn_key()
    for _ in range(2):
        with pytest.raises(TokenRefused) as raised:
            await identity(provider, theirs)
        assert raised.value.fault is TokenFault.UNKNOWN_KEY
    assert theirs.asked.count("/keys") == 1
    clock.now_s += KEYS_EVERY_S + 1
    assert await identity(provider, theirs)
    assert theirs.asked.count("/keys") == 2


async def test_a_code_is_of_the_client_and_good_once(theirs: OpenIdProvider, http: HttpClient) -> None:
    provider, attempt = ours(theirs, http), OidcAttempt.new()
    returned = OidcReturn.of(theirs.sign_in(await provider.request_url(attempt)))
    other = ours(theirs, http, client_id="another")
    with pytest.raises(OidcCodeRefused):
        await other.identity(returned, attempt, datetime.now(UTC))
    with pytest.raises(ProviderAway, match="http_401"):
        await ours(theirs, http, secret="wrong").identity(returned, attempt, datetime.now(UTC))
    mixed = OidcReturn(returned.state, returned.code, "https://evil.example", "")
    with pytest.raises(TokenRefused, match="issuer"):
        await provider.identity(mixed, attempt, datetime.now(UTC))
    await provider.identity(returned, attempt, datetime.now(UTC))
    for spent in (returned, OidcReturn(returned.state, "", "", "")):
        with pytest.raises(OidcCodeRefused):
            await provider.identity(spent, attempt, datetime.now(UTC))


async def test_another_nonce_is_refused(theirs: OpenIdProvider, http: HttpClient) -> None:
    provider, attempt = ours(theirs, http), OidcAttempt.new()
    url = await provider.request_url(attempt)
    returned = OidcReturn.of(theirs.sign_in(url.replace(attempt.nonce, "n" * 43)))
    with pytest.raises(TokenRefused, match="nonce"):
        await provider.identity(returned, attempt, datetime.now(UTC))


@asynccontextmanager
async def answering(answer: Any) -> AsyncIterator[OidcProvider]:
    """A provider whose document is what this handler answers."""
    app = web.Application()
    app.router.add_get(DISCOVERY, answer)
    runner = web.AppRunner(app, shutdown_timeout=0.01)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    own = frozenset({issuer})
    http = HttpClient(AddressPolicy(reserved=own))
    try:
        yield OidcProvider(OidcClient(issuer, "warnung", "https://x.example/back"), http, AddressPolicy(own))
    finally:
        await http.aclose()
        await runner.cleanup()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"x" * (MOST_BYTES + 1), 200, "oversized"),
        (b"{}", 302, "http_302"),
        (b"{}", 500, "http_500"),
        (b"no JSON", 200, "other_issuer"),
        (b"[" * 60_000, 200, "other_issuer"),
        (json.dumps({"issuer": "https://evil.example"}).encode(), 200, "other_issuer"),
    ],
)
async def test_an_answer_that_is_none(body: bytes, status: int, code: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers={"Location": "/elsewhere"})

    async with answering(answer) as provider:
        with pytest.raises(ProviderAway) as raised:
            await provider.request_url(OidcAttempt.new())
        assert raised.value.code == code
        assert "127.0.0.1" not in str(raised.value)


async def test_a_provider_that_does_not_answer_in_time(monkeypatch: Any) -> None:
    monkeypatch.setattr(providers, "TIMEOUT_S", 0.2)
    never = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        await never.wait()
        return web.Response()

    async with answering(answer) as provider:
        with pytest.raises(ProviderAway, match="timeout"):
            await provider.request_url(OidcAttempt.new())


async def test_so_many_ask_at_once_and_no_more_wait() -> None:
    asked: list[str] = []
    first, go = asyncio.Event(), asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        asked.append(request.path)
        first.set()
        await go.wait()
        return web.Response(status=500)

    async with answering(answer) as provider:
        waiting = [
            asyncio.create_task(provider.request_url(OidcAttempt.new()))
            for _ in range(AT_ONCE + WAITING_AT_MOST)
        ]
        await first.wait()
        with pytest.raises(ProviderBusy):
            await provider.request_url(OidcAttempt.new())
        assert len(asked) == 1, "what it is, one of them asks"
        go.set()
        found = await asyncio.gather(*waiting, return_exceptions=True)
        assert {type(one) for one in found} == {ProviderAway}


GOOD = {
    "issuer": "https://a.example",
    "authorization_endpoint": "https://a.example/authorize",
    "token_endpoint": "https://a.example/token",
    "jwks_uri": "https://a.example/keys",
}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"issuer": "https://a.example/"}, "other_issuer"),
        ({"token_endpoint": None}, "no_endpoints"),
        ({"jwks_uri": 7}, "no_endpoints"),
        ({"authorization_endpoint": "http://a.example/authorize"}, "url_not_https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "url_malformed"),
        ({"token_endpoint_auth_methods_supported": "x"}, "no_endpoints"),
    ],
)
def test_what_a_provider_may_not_say_of_itself(changed: Any, code: str) -> None:
    with pytest.raises(ProviderAway, match=code):
        read_metadata(GOOD | changed, "https://a.example", AddressPolicy())


@pytest.mark.parametrize(
    ("methods", "posts"),
    [
        (None, False),
        (["client_secret_basic", "client_secret_post"], False),
        (["client_secret_post"], True),
        (["private_key_jwt"], False),
    ],
)
async def test_the_secret_goes_where_the_provider_takes_it(methods: Any, posts: bool) -> None:
    document = GOOD | ({"token_endpoint_auth_methods_supported": methods} if methods else {})
    metadata = read_metadata(document, "https://a.example", AddressPolicy())
    assert metadata.posts_secret is posts
    sent = []

    async def fetch(request: Any) -> Any:
        sent.append(request)
        return Answer(200, body=b'{"id_token": "a.b.c", "access_token": "x"}')

    client = OidcClient("https://a.example", "warnung", "https://x.example/back", "a b")
    provider = OidcProvider(client, SimpleNamespace(fetch=fetch), AddressPolicy())
    await provider._exchange(metadata, "code", "verifier")
    assert (b"client_secret=a+b" in sent[0].body) is posts
    assert any("Authorization: Basic" in line for line in sent[0].headers) is not posts
