"""Sheds reads: no submission waits behind clients that only look.

On the worst day all control centres follow their warnings and all apps ask what is in force, at once. Each of them
wants a connection to the record and this process' one thread, as a submission does. So few reads are worked on at a
time, of one principal fewer, few wait, none for long, and a client that finds no place is refused at once. Submissions
and gateways' reports are never held up.

A principal is known before it gets a place; so that this costs submissions nothing either, few keys of readers are
looked up at once. A place is for work on the record alone. What waits for a client has none: bodies are read before,
and a ledger, which may take as long as its reader, takes a place for one batch at a time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fastapi import Depends
from starlette.requests import Request

from dispatcher.access.principals import Principal
from dispatcher.api.authentication import Require
from dispatcher.api.citizens.returning import Returns
from dispatcher.api.credentials import bearer
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.runtime.strangers import WAITING as WAITING_ELSEWHERE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Hashable

    from dispatcher.access.permissions import Permission

READS_AT_ONCE: Final = 4
READS_OF_ONE: Final = 2
"""How many reads of one principal are worked on at once."""
LEDGERS_OF_ONE: Final = 2
"""How many ledgers one principal may have open. Nobody else waits for them."""
BATCHES_AT_ONCE: Final = 2
"""How many batches are read for ledgers at once, one of them for one principal."""
KEYS_AT_ONCE: Final = 1
"""How many keys are looked up for reads at once: of those that were good before, and of all others. Of twelve
connections to the record, all of these leave four to submissions."""
CHANGES_AT_ONCE: Final = 2
"""How many apps change their webhook, and operators an instance, at once, each once at a time."""
CHANGES_WAITING: Final = 4
"""How many changes of one app may wait."""
ENROLMENTS_AT_ONCE: Final = 3
ENROLMENTS_OF_ONE: Final = 2
"""How many wishes of subscribers are written at once, and of one client: a municipality's backend sends for all its
people."""
WAITING: Final = 64
"""How many of one principal may wait: a page of a control centre asks for dozens of things at once."""
ENROLMENTS_WAITING: Final = 64
"""How many of all clients may wait to enrol or to bring back a code: a phone has its own address, so that the bound of
one client bounds no crowd. Each waits on a connection, of which the process has a thousand for all."""
NEWCOMERS_WAITING: Final = 32
"""How many of these may wait who sign up and show no token. The other places are for those whose code is on its way
back: the browser has been told it, and gives what brings it back not as long as a page."""
KEYS_WAITING: Final = 256
"""How many of all who show a key may wait until it is looked up, for the same reason."""
WAIT_S: Final = 1.0


class Busy(NamedTuple):
    """What whoever finds no place is told, and after how many seconds to ask again."""

    phrase: Phrase
    again_s: int | None = None

    def refusal(self) -> RequestRefused:
        return RequestRefused(ProblemType.OVERLOADED, said(self.phrase), retry_after_s=self.again_s)


READING_IS_BUSY: Final = Busy(Phrase.BUSY_READING)
ENROLLING_IS_BUSY: Final = Busy(Phrase.BUSY_ENROLLING)


class Gate:
    """Bounds how many requests run at once, how many of one client, how many wait of one and of all, and how long."""

    def __init__(
        self,
        at_once: int,
        of_one: int,
        *,
        waiting: int = WAITING,
        waiting_of_all: int = 2**31,
        wait_s: float | None = WAIT_S,
        busy: Busy = READING_IS_BUSY,
    ) -> None:
        self._busy = busy
        self._turns = asyncio.Semaphore(at_once)
        self._of_one = of_one
        self._most_waiting = waiting
        self._most = at_once + waiting_of_all
        self._all = 0
        self._wait_s = wait_s
        self._own: dict[Hashable, asyncio.Semaphore] = {}
        self._inside: Counter[Hashable] = Counter()
        """How many of each client run or wait."""

    @asynccontextmanager
    async def place(self, client: Hashable) -> AsyncIterator[None]:
        """Hold a place. Raises `RequestRefused` where there is none."""
        if not await self.enter(client):
            raise self.refusal(client)
        try:
            yield
        finally:
            self.leave(client)

    def refusal(self, client: Hashable) -> RequestRefused:  # noqa: ARG002 - a gate with a row asks
        """Return what is said to a client that found no place."""
        return self._busy.refusal()

    async def enter(self, client: Hashable) -> bool:
        """Return whether there was a place; a client that got one has to `leave`. Who has all places that one may have
        waits for one of these, and stands in nobody else's way.
        """
        if self._all >= self._most or self._inside[client] >= self._of_one + self._most_waiting:
            return False
        own = self._own.setdefault(client, asyncio.Semaphore(self._of_one))
        self._inside[client] += 1
        self._all += 1
        entered = False
        try:
            async with asyncio.timeout(self._wait_s):
                await self._acquire(own)
            entered = True
        except TimeoutError:
            return False
        finally:
            if not entered:
                self._forget(client)
        return True

    async def _acquire(self, own: asyncio.Semaphore) -> None:
        await own.acquire()
        try:
            await self._turns.acquire()
        except BaseException:
            own.release()
            raise

    def leave(self, client: Hashable) -> None:
        self._turns.release()
        self._own[client].release()
        self._forget(client)

    def _forget(self, client: Hashable) -> None:
        self._inside[client] -= 1
        self._all -= 1
        if not self._inside[client]:
            del self._inside[client], self._own[client]


class EnrolmentGate(Gate):
    """The gate of who signs up and who brings a code back. Those who find no place come back in a row."""

    def __init__(self, at_once: int = ENROLMENTS_AT_ONCE) -> None:
        super().__init__(
            at_once,
            min(at_once, ENROLMENTS_OF_ONE),
            waiting_of_all=ENROLMENTS_WAITING,
            busy=ENROLLING_IS_BUSY,
        )
        self._at_once = at_once
        self._returns = Returns()

    def has_room_for_newcomers(self) -> bool:
        """Whether one may wait who has done nothing here yet."""
        return self._all < self._at_once + NEWCOMERS_WAITING

    def refusal(self, client: Hashable) -> RequestRefused:
        return self._busy._replace(again_s=self._returns.next_s(client)).refusal()

    def leave(self, client: Hashable) -> None:
        super().leave(client)
        self._returns.turn_ended(others_wait=self._all >= self._at_once)


class Places:
    """The gates of one API process."""

    def __init__(self, shed: Callable[[], None], enrolments_at_once: int = ENROLMENTS_AT_ONCE) -> None:
        """`shed` counts who was turned away."""
        self._shed = shed
        self.reads = Gate(READS_AT_ONCE, READS_OF_ONE)
        self.ledgers = Gate(2**31, LEDGERS_OF_ONE)
        self.batches = Gate(BATCHES_AT_ONCE, 1, wait_s=None)
        self.known_keys = Gate(KEYS_AT_ONCE, 1)
        """For keys that were good before: those whom they belong to wait for no stranger, however many there are."""
        self.keys = Gate(KEYS_AT_ONCE, 1, waiting_of_all=KEYS_WAITING)
        self.enrolments = EnrolmentGate(enrolments_at_once)
        self.changes = Gate(CHANGES_AT_ONCE, 1, waiting=CHANGES_WAITING, busy=Busy(Phrase.TOO_MUCH_AT_ONCE))

    @asynccontextmanager
    async def in_turn(self, request: Request, gate: Gate, client: str) -> AsyncIterator[None]:
        """As `one`, for a request that may be a stranger's: it takes none of their places while it waits here, where
        the gate bounds how many do. Raises `RequestRefused` where there is no place.
        """
        if waits_elsewhere := _strangers_place(request):
            waits_elsewhere()
        async with self.one(gate, client):
            yield

    @asynccontextmanager
    async def one(self, gate: Gate, client: Principal | str) -> AsyncIterator[None]:
        """Hold a place for a principal, or for whoever shows a key. Raises `RequestRefused` where there is none."""
        one = client if isinstance(client, str) else (client.kind, client.id)
        if not await gate.enter(one):
            raise self.turn_away(gate, one)
        try:
            yield
        finally:
            gate.leave(one)

    def turn_away(self, gate: Gate, client: Hashable) -> RequestRefused:
        """Count one who found no place. Returns what is said."""
        self._shed()
        return gate.refusal(client)


def _strangers_place(request: Request) -> Callable[[], None] | None:
    """Return what gives up the place among strangers that a request holds; None for one whose credential is known."""
    found: Callable[[], None] | None = request.scope.get("extensions", {}).get(WAITING_ELSEWHERE)
    return found


def places_of(request: Request) -> Places:
    places: Places = request.app.state.places
    return places


class RequireInTurn(Require):
    """As `Require`, and waits for its turn before the record is asked about the key."""

    answers = Require.answers | {ProblemType.OVERLOADED}

    def __init__(
        self,
        permission: Permission,
        parameters: dict[str, Any],
        gate: Callable[[Places], Gate] | None = None,
    ) -> None:
        """`gate` is where it waits; without one, where it is looked up whose key this is."""
        super().__init__(permission, parameters)
        self._gate = gate

    async def __call__(self, request: Request, **parameters: object) -> Principal:
        places = places_of(request)
        shown = bearer(request) or request.headers.get("cookie", "")
        if self._gate is not None:
            turn = places.in_turn(request, self._gate(places), shown)
        else:  # a wrong key is found in a moment, and keeps its place so long: strangers try any number of them
            turn = places.one(places.keys if _strangers_place(request) else places.known_keys, shown)
        async with turn:
            return await super().__call__(request, **parameters)


def reading(
    permission: Permission, *, waits_at: Callable[[Places], Gate] | None = None, **parameters: Any
) -> Any:
    """Return the dependency of a route that reads the record: as `require`, with a place for as long as the route
    works on its answer. `waits_at` is where it waits before that, as for `RequireInTurn`.
    """
    required = RequireInTurn(permission, parameters, waits_at)
    return _placed(required, lambda places: places.reads, "function")


def reading_ledger(permission: Permission, **parameters: Any) -> Any:
    """Return the dependency of a route that sends a ledger: as `require`, and counts it until it is sent."""
    return _placed(RequireInTurn(permission, parameters), lambda places: places.ledgers, "request")


def _placed(require: RequireInTurn, gate: Callable[[Places], Gate], scope: Any) -> Any:
    required = Depends(require)

    async def placed(request: Request, principal: Principal = required) -> AsyncIterator[Principal]:
        places = places_of(request)
        async with places.one(gate(places), principal):
            yield principal

    return Depends(placed, scope=scope)
