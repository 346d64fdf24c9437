"""The Firebase projects that a process can send for, as far as it knows by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable

    from channels.fcm.access_tokens import AccessToken
    from channels.fcm.service_account import ServiceAccount

GOOGLES_URL: Final = "https://fcm.googleapis.com"


class AccessTokenSource(Protocol):
    """Gets access tokens, see `access_tokens.AccessTokens`."""

    async def token(self, account: ServiceAccount) -> AccessToken:
        """Return a token that still serves. Raises `ChannelError`."""
        ...

    async def renewed(self, account: ServiceAccount, refused: AccessToken) -> AccessToken:
        """Return a token in place of one that was refused: the same one where no other is to be had. Raises
        `ChannelError`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Project:
    """A gateway: one Firebase project, and who sends for it."""

    account: ServiceAccount
    url: str = GOOGLES_URL
    """Where its messages go, without a path."""

    @property
    def id(self) -> str:
        return self.account.project


class Projects:
    """The projects by ID, the same for all that send in a process: each has one access token."""

    def __init__(self, tokens: AccessTokenSource, known: Iterable[Project] = ()) -> None:
        self.tokens = tokens
        self._known: dict[str, Project] = {}
        self.admit(known)

    def admit(self, known: Iterable[Project]) -> None:
        """Let these be the projects, in place of those so far; of several with one ID the last."""
        self._known = {one.id: one for one in known}

    def get(self, name: str) -> Project | None:
        """Return the project of an ID, if it is known."""
        return self._known.get(name)
