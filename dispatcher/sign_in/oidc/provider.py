"""Ask an OpenID provider: what it is (OpenID Connect Discovery 1.0), its keys, and for the tokens of a code.

Each request has a timeout and a bound in size, follows no redirect, and goes where the policy of such requests allows:
by https to public addresses, else to what the operator has exempted. Few are under way at once, and few wait.
"""

from __future__ import annotations

import asyncio
from base64 import b64encode
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlencode

from channels.clock import elapsed
from channels.http.addresses import AddressRefused
from channels.http.messages import HttpError, Request, header_lines
from dispatcher.sign_in.oidc.authorization import request_url
from dispatcher.sign_in.oidc.id_token import (
    LIFE_S,
    ExpectedToken,
    TokenFault,
    TokenRefused,
    read_keys,
    verified,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from joserfc.jwk import KeySet

    from channels.http.addresses import AddressPolicy
    from channels.http.client import HttpClient
    from dispatcher.sign_in.oidc.authorization import OidcAttempt, OidcReturn
    from dispatcher.sign_in.oidc.id_token import VerifiedIdentity

TIMEOUT_S: Final = 5.0
"""How long one answer may take: a person waits for it, and can sign in without the provider."""
MOST_BYTES: Final = 65_536
"""Of an answer: documents have some KB, tokens up to 16."""
LIFE_OF_DOCUMENTS_S: Final = 3_600.0
"""After how long the provider is asked anew what it is, and for its keys."""
KEYS_EVERY_S: Final = 60.0
"""How often its keys are asked for at most where a token names one that is not known."""
AT_ONCE: Final = 4
"""Persons whom a process asks the provider about at once: a control centre's change of shift."""
WAITING_AT_MOST: Final = 16


class ProviderFault(Exception):
    """The provider gave no usable answer. `code` is short, and holds neither an address nor what was answered."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ProviderAway(ProviderFault):
    """It did not answer, or too slowly, too much, or with an error of its own."""


class ProviderBusy(ProviderFault):
    """Too many are asking already."""

    def __init__(self) -> None:
        super().__init__("busy")


class OidcCodeRefused(ProviderFault):
    """It does not take the code: that is not one of its own, or was used before."""


@dataclass(frozen=True, slots=True)
class OidcClient:
    """This service as a client of a provider, in one environment."""

    issuer: str
    client_id: str
    redirect_uri: str
    secret: str = field(default="", repr=False)
    second_factor: frozenset[str] = frozenset()
    """What shows a second factor, as `acr:VALUE` or `amr:VALUE`; none: nothing is asked for."""


@dataclass(frozen=True, slots=True)
class OidcMetadata:
    """What a provider says about itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    posts_secret: bool
    """Whether the secret goes in the body, for it takes none in a header."""
    names_itself: bool
    """Whether each of its answers names it (RFC 9207)."""


class OidcProvider:
    """One provider, with what is known of it. Raises `ProviderFault`s."""

    def __init__(
        self,
        client: OidcClient,
        http: HttpClient,
        policy: AddressPolicy,
        monotonic: Callable[[], float] = elapsed,
    ) -> None:
        self.client = client
        self._http = http
        self._policy = policy
        self._monotonic = monotonic
        self._room = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0
        self._reading = asyncio.Lock()
        self._metadata: tuple[OidcMetadata, float] | None = None
        self._keys: tuple[KeySet, float] | None = None

    async def request_url(self, attempt: OidcAttempt) -> str:
        """Return where the browser goes to sign in."""
        async with self._a_place():
            found = await self._known()
        acr_values = sorted(
            one.removeprefix("acr:") for one in self.client.second_factor if one.startswith("acr:")
        )
        return request_url(
            found.authorization_endpoint,
            self.client.client_id,
            self.client.redirect_uri,
            attempt,
            acr_values,
            LIFE_S,
        )

    async def identity(self, returned: OidcReturn, attempt: OidcAttempt, now: datetime) -> VerifiedIdentity:
        """Return whom a browser has become that comes back. Raises `TokenRefused` besides."""
        if not returned.has_code:
            raise OidcCodeRefused("no_code")
        async with self._a_place():
            found = await self._known()
            if not returned.is_from(self.client.issuer, says_so=found.names_itself):
                raise TokenRefused(TokenFault.ISSUER)
            id_token, access_token = await self._exchange(found, returned.code, attempt.verifier)
            expected = ExpectedToken(self.client.issuer, self.client.client_id, attempt.nonce, now)
            try:
                return verified(id_token, await self._known_keys(found), expected, access_token)
            except TokenRefused as refused:
                if refused.fault is not TokenFault.UNKNOWN_KEY:
                    raise
                return verified(id_token, await self._known_keys(found, KEYS_EVERY_S), expected, access_token)

    @asynccontextmanager
    async def _a_place(self) -> AsyncIterator[None]:
        if self._waiting >= AT_ONCE + WAITING_AT_MOST:
            raise ProviderBusy
        self._waiting += 1
        try:
            async with self._room:
                yield
        finally:
            self._waiting -= 1

    async def _known(self) -> OidcMetadata:
        async with self._reading:
            if self._metadata is None or self._age(self._metadata[1]) > LIFE_OF_DOCUMENTS_S:
                address = f"{self.client.issuer.rstrip('/')}/.well-known/openid-configuration"
                read = read_metadata(await self._document(address), self.client.issuer, self._policy)
                self._metadata = (read, self._monotonic())
            return self._metadata[0]

    async def _known_keys(self, found: OidcMetadata, at_most_s: float = LIFE_OF_DOCUMENTS_S) -> KeySet:
        async with self._reading:
            if self._keys is None or self._age(self._keys[1]) > at_most_s:
                self._keys = (read_keys(await self._document(found.jwks_uri)), self._monotonic())
            return self._keys[0]

    def _age(self, since_s: float) -> float:
        return self._monotonic() - since_s

    async def _exchange(self, found: OidcMetadata, code: str, verifier: str) -> tuple[str, str]:
        """Return ID token and access token of a code."""
        client = self.client
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": client.redirect_uri,
            "code_verifier": verifier,
        }
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        if client.secret and not found.posts_secret:
            # Both are form-encoded before they are joined (RFC 6749, section 2.3.1).
            pair = f"{quote(client.client_id, safe='')}:{quote(client.secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        else:
            fields["client_id"] = client.client_id
            if client.secret:
                fields["client_secret"] = client.secret
        body = urlencode(fields).encode()
        status, answer = await self._ask(found.token_endpoint, headers, body)
        if status == 400 and answer.get("error") == "invalid_grant":
            raise OidcCodeRefused("invalid_grant")
        if status != 200:
            raise ProviderAway(f"http_{status}")
        id_token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise TokenRefused(TokenFault.MALFORMED)
        return id_token, access_token

    async def _document(self, url: str) -> dict[str, Any]:
        status, answer = await self._ask(url, {"Accept": "application/json"})
        if status != 200:
            raise ProviderAway(f"http_{status}")
        return answer

    async def _ask(self, url: str, headers: dict[str, str], body: bytes = b"") -> tuple[int, dict[str, Any]]:
        """Return status and answer of one request; an empty one where it is no JSON object."""
        request = Request(
            url,
            header_lines(headers),
            body,
            TIMEOUT_S,
            get=not body,
            max_answer_bytes=MOST_BYTES,
            policy=self._policy,
        )
        try:
            answer = await self._http.fetch(request)
        except HttpError as error:
            raise ProviderAway(error.code) from None
        return answer.status, answer.members(MOST_BYTES)


def read_metadata(document: dict[str, Any], issuer: str, policy: AddressPolicy) -> OidcMetadata:
    """Return what a provider says about itself, which has to be the one that was asked (Discovery, section 4.3).
    Browsers are sent only where the service may go itself. Raises `ProviderAway`.
    """
    if document.get("issuer") != issuer:
        raise ProviderAway("other_issuer")
    named = [document.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
    authorization_endpoint, token_endpoint, jwks_uri = (one if isinstance(one, str) else "" for one in named)
    methods = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if not authorization_endpoint or not token_endpoint or not jwks_uri or not isinstance(methods, list):
        raise ProviderAway("no_endpoints")
    try:
        policy.origin(authorization_endpoint)
    except AddressRefused as refused:
        raise ProviderAway(refused.code) from None
    return OidcMetadata(
        authorization_endpoint,
        token_endpoint,
        jwks_uri,
        posts_secret="client_secret_basic" not in methods and "client_secret_post" in methods,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )
