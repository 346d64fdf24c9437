"""Enrol subscribers, take the codes that come back, show, test and erase: for a municipality's backend, and for a phone
that has no secret but its own token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from dispatcher.audience.phone_numbers import NumberRefused
from dispatcher.audience.wish import WishRefused, wish_error
from dispatcher.model.subscribers import SubscriberRefused
from dispatcher.store.audience.subscribers import Installation, Tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from dispatcher.access.management_tokens import ManagementTokens
    from dispatcher.access.principals import Actor
    from dispatcher.audience.phone_numbers import NumberRules
    from dispatcher.audience.wish import Asked, Judge, PartlyShown
    from dispatcher.model.subscribers import Subscriber
    from dispatcher.store.audience.ends import SubscriberEnds
    from dispatcher.store.audience.proofs import Proofs
    from dispatcher.store.audience.subscribers import KnownInstance, Subscribers
    from dispatcher.store.numbers.leave_codes import LeaveCodes
    from dispatcher.store.numbers.sms_codes import CodeLimit, SmsCodes


class AskedTooSoon(Exception):
    """A subscriber's endpoints were tested a moment ago."""

    def __init__(self, seconds: float) -> None:
        """`seconds` is when they may be tested again."""
        super().__init__(f"{seconds:.0f} s")
        self.seconds = seconds


class NothingToTest(Exception):
    """A subscriber has no active endpoint."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """A subscriber as it is now. `new_token` is shown once, where it is new. `left_out`, `partly`: see `Judged`."""

    subscriber: Subscriber
    leave_token: str = field(repr=False)
    new_token: str | None = field(default=None, repr=False)
    left_out: tuple[str, ...] = ()
    partly: tuple[PartlyShown, ...] = ()


@dataclass(frozen=True, slots=True)
class NumberLeaving:
    """How one leaves by nothing but a number: which numbers there are, and the codes that are sent to them."""

    numbers: NumberRules
    codes: LeaveCodes

    def read(self, written: str) -> str:
        """Return the number (E.164) that is meant: also one that may not subscribe by itself, as it may be imported.
        Raises `NumberRefused` for what is none.
        """
        try:
            return self.numbers.read(written)
        except NumberRefused:
            if number := self.numbers.sender(written):
                return number
            raise


class SubscriberStores(NamedTuple):
    """What the record has of subscribers: wishes, round trips, ends."""

    subscribers: Subscribers
    proofs: Proofs
    ends: SubscriberEnds


class Enrolment:
    """Decides on subscribers and writes them to the record."""

    def __init__(
        self,
        stores: SubscriberStores,
        tokens: ManagementTokens,
        judge: Judge,
        now: Callable[[], datetime],
        codes: SmsCodes,
        leaving: NumberLeaving,
    ) -> None:
        self._codes = codes
        self._leaving = leaving
        self._store, self._proofs, self._ends = stores
        self._tokens = tokens
        self._judge = judge
        self._now = now

    async def instance(self, instance: str) -> KnownInstance | None:
        """Return the instance of this name, also one for which nobody may sign up any more."""
        return await self._store.instance(instance)

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
            put = await self._store.put(installation, judged.wish, tokens, self._leave_digest)
        except SubscriberRefused as refused:
            raise WishRefused(wish_error(refused.code, refused.path)) from None
        leave_token = self._tokens.to_leave(put.subscriber.number)
        return Enrolled(
            put.subscriber, leave_token, made if put.new_token else None, judged.left_out, judged.partly
        )

    def _leave_digest(self, number: int) -> bytes:
        return self._tokens.leave_digest(self._tokens.to_leave(number))

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

    async def prove(self, number: int, code: str) -> str | None:
        """Take a code that came back to one of a subscriber's endpoints; people type blanks in it. Returns the channel
        of that endpoint; None for a wrong one.
        """
        return await self._proofs.prove(number, self._tokens.code_digest(number, "".join(code.split())))

    async def ask_code(self, number: int, position: int, line: str | None) -> bool:
        """Have an SMS with a code sent to the number that a subscriber named at this position, for a client of this
        line; None for one that is trusted. Returns whether there is a number there that waits for one. Raises
        `CodeRefused`.
        """
        hidden = None if line is None else self._tokens.hidden("sms-line", line)
        return await self._codes.ask(number, position, hidden)

    async def ask_to_leave(self, written: str, line: str) -> None:
        """Have an SMS with a code to leave by sent to a number, if that is told of warnings, for a client of this line.
        Raises `NumberRefused`, and `CodeRefused` where the line has asked too often.
        """
        number = self._leaving.read(written)
        await self._leaving.codes.ask(number, self._tokens.hidden("sms-line", line))

    async def leave_by_number(self, written: str, code: str) -> bool:
        """End all SMS to a number, of all apps, if this code was sent there. Returns whether it was."""
        try:
            number = self._leaving.read(written)
        except NumberRefused:
            return False
        return await self._leaving.codes.leave(number, "".join(code.split()))

    async def test(self, number: int) -> list[CodeLimit]:
        """Have a test sent to all active endpoints of a subscriber. Returns why numbers get none. Raises
        `AskedTooSoon`, `NothingToTest`.
        """
        wait = await self._proofs.ask_test(number)
        if wait is None:
            raise NothingToTest
        if wait:
            raise AskedTooSoon(wait)
        return await self._codes.test(number)

    async def export(self, number: int, by: Actor) -> dict[str, Any] | None:
        """Return all that is kept of a subscriber. That it was read is on the audit trail."""
        return await self._store.export(number, by)

    async def leave(self, number: int) -> None:
        """Erase a subscriber."""
        await self._ends.leave(number)

    async def leave_by(self, token: str) -> bool:
        """Erase the subscriber whose token to leave by this is. Returns whether there was one."""
        return await self._ends.leave_by(self._tokens.leave_digest(token))
