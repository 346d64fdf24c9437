"""The apps that a process can send for, as far as it knows by now, and the connections over which it does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from channels.apns.message import gateway_name
from channels.apns.provider_tokens import ProviderTokens
from channels.clock import elapsed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from channels.apns.credential import ApnsCredential
    from channels.http.client import HttpClient

APPLES_URL: Final = "https://api.push.apple.com"
APPLES_SANDBOX_URL: Final = "https://api.sandbox.push.apple.com"
PROVEN_FOR_S: Final = 40.0
"""For how long after an answer a connection counts as one on which Apple has taken a token: less than it may idle."""


@dataclass(frozen=True, slots=True)
class AppleApp:
    """A gateway: one app in one environment, and who sends for it."""

    credential: ApnsCredential
    topic: str
    url: str = APPLES_URL
    """Where its notifications go, without a path."""

    @property
    def gateway(self) -> str:
        return gateway_name(self.credential.environment, self.topic)


class KeyConnections:
    """The connections of one key to one environment: no other key is ever shown on them."""

    def __init__(self, http: HttpClient) -> None:
        self.http = http
        self.opening = asyncio.Lock()
        """Held by whoever sends the first request. Until it is answered Apple allows no second one."""
        self._answered_at = float("-inf")

    @property
    def proven(self) -> bool:
        """Whether Apple has taken a token here a moment ago."""
        return elapsed() - self._answered_at < PROVEN_FOR_S

    def prove(self) -> None:
        """Note that Apple has taken a token here."""
        self._answered_at = elapsed()


class AppleApps:
    """The apps by gateway, the same for all that send in a process: each key has one token and its connections."""

    def __init__(self, connect: Callable[[], HttpClient], known: Iterable[AppleApp] = ()) -> None:
        """`connect` makes a client, which `aclose` closes."""
        self.tokens = ProviderTokens()
        self._connect = connect
        self._connections: dict[tuple[str, str], KeyConnections] = {}
        self._known: dict[str, AppleApp] = {}
        self.admit(known)

    def admit(self, known: Iterable[AppleApp]) -> None:
        """Let these be the apps, in place of those so far; of several at one gateway the last."""
        self._known = {one.gateway: one for one in known}

    def get(self, gateway: str) -> AppleApp | None:
        """Return who sends at a gateway, if it is known."""
        return self._known.get(gateway)

    def connections(self, app: AppleApp) -> KeyConnections:
        """Return the connections of an app's key, which are made when something is sent."""
        named = (app.credential.key_name, app.url)
        if named not in self._connections:
            self._connections[named] = KeyConnections(self._connect())
        return self._connections[named]

    async def aclose(self) -> None:
        """Close all connections."""
        while self._connections:
            _, connections = self._connections.popitem()
            await connections.http.aclose()
