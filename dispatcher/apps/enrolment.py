"""Enrol subscribers, take the codes that come back, show, test and erase: for a municipality's backend, and for a phone
that has no secret but its own token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dispatcher.access.management_tokens import code_digest
from dispatcher.audience.wish import WishRefused, wish_error
from dispatcher.model.subscribers import SubscriberRefused
from dispatcher.store.audience.subscribers import Installation, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dispatcher.access.management_tokens import ManagementTokens
    from dispatcher.access.principals import Actor
    from dispatcher.audience.wish import Asked, Judge
    from dispatcher.model.subscribers import Subscriber
    from dispatcher.store.audience.subscribers import OpenInstance, Subscribers


class AskedTooSoon(Exception):
    """A subscriber's endpoints were tested a moment ago."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is when they may be tested again."""
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A subscriber as it is now. `new_token` is shown once, where it is new. `left_out`: see `Judged`."""

    subscriber: Subscriber
    leave_token: str = field(repr=False)
    new_token: str | None = field(default=None, repr=False)
    left_out: tuple[str, ...] = ()


class Enrolment:
    """Decides on subscribers and writes them to the record."""

    def __init__(
        self, store: Subscribers, tokens: ManagementTokens, judge: Judge, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._tokens = tokens
        self._judge = judge
        self._now = now

    async def open_instance(self, instance: str) -> OpenInstance | None:
        """Return the instance of this name, if anybody may sign up for it."""
        return await self._store.open_instance(instance)

    async def put(
        self,
        installation: Installation,
        shown: Sequence[str],
        asked: Asked,
        *,
        token: str = "",
        trusted: bool = False,
    ) -> Enrolled:
        """Replace all that an installation wants, of an instance that shows these municipalities (AGS). `token` is the
        management token that came with it; `trusted`: the instance itself asks. Raises `WishRefused`, `NotTheirs`.
        """
        judged = self._judge.judge(asked, shown, self._now())
        made = self._tokens.new()
        tokens = Tokens(
            self._tokens.digest(token) if token else None, self._tokens.digest(made), trusted=trusted
        )
        try:
            put = await self._store.put(installation, judged.wish, tokens)
        except SubscriberRefused as refused:
            raise WishRefused(wish_error(refused.code, refused.path)) from None
        number = put.subscriber.number
        leave_token = self._tokens.to_leave(number)
        await self._store.note_leave_digest(number, self._tokens.leave_digest(leave_token))
        return Enrolled(put.subscriber, leave_token, made if put.new_token else None, judged.left_out)

    def installation(self, instance: str, name: str) -> Installation:
        """Return the installation of an instance's app that calls itself so."""
        return Installation(instance, self._tokens.installation(instance, name))

    async def shown(self, installation: Installation) -> Enrolled | None:
        """Return the subscriber that an installation is."""
        found = await self._store.of(installation)
        return None if found is None else Enrolled(found, self._tokens.to_leave(found.number))

    async def owner(self, installation: Installation, token: str) -> int | None:
        """Return the number of the subscriber that an installation is, if this is its management token."""
        return await self._store.owned(installation, self._tokens.digest(token))

    async def prove(self, number: int, code: str) -> bool:
        """Take a code that came back to one of a subscriber's endpoints. Returns whether it was a right one."""
        return await self._store.prove(number, code_digest(number, code))

    async def test(self, number: int) -> None:
        """Have a test sent to all active endpoints of a subscriber. Raises `AskedTooSoon`."""
        if wait := await self._store.ask_test(number):
            raise AskedTooSoon(wait)

    async def export(self, number: int, by: Actor) -> dict[str, Any] | None:
        """Return all that is kept of a subscriber. That it was read is on the audit trail."""
        return await self._store.export(number, by)

    async def leave(self, number: int) -> None:
        """Erase a subscriber."""
        await self._store.leave(number)

    async def leave_by(self, token: str) -> bool:
        """Erase the subscriber whose token to leave by this is. Returns whether there was one."""
        return await self._store.leave_by(self._tokens.leave_digest(token))
