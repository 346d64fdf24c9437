"""Keeps one gateway's sessions bound, and gives each text its turn on one of them.

A text waits for a session with room, and is not handed over before: if all sessions are lost it was never written, and
may go again. Its parts go over the same session, each after the answer to the one before; and of two texts to one
number the second waits for the first, so that a warning's end never overtakes the warning.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

from channels.base import RateLimited
from channels.sms.smpp import statuses
from channels.sms.smpp.connecting import connect
from channels.sms.smpp.ends import EndCode
from channels.sms.smpp.session import DEFAULT_TIMING, Answered, SessionEnd, SessionState, SmppSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence

    from channels.sms.smpp.connecting import Centre
    from channels.sms.smpp.pdu import BindRequest, DataMessage, ShortMessage
    from channels.sms.smpp.session import NeverAnswered, Role, Schedule, SubmitOutcome, Timing
    from channels.sms.smpp.statuses import StatusMeaning

    Inbox: TypeAlias = Callable[[ShortMessage | DataMessage, Callable[[int], None]], None]

REFUSED_PAUSE_S: Final = 60.0
"""How long a gateway that refuses our password is left alone at least: hurry gets an account locked."""
PART_PATIENCE_S: Final = 60.0
"""How long the rest of a text whose beginning was taken is tried again at a gateway that asks to slow down."""

CATCH_UP_S: Final = 0.05
"""What a timer that came late may be made up for. More would be a burst, which centres answer with "too fast"."""


@dataclass(frozen=True, slots=True)
class BindingPlan:
    """Which sessions a gateway has, and how they are kept."""

    centres: tuple[Centre, ...]
    roles: tuple[Role, ...]
    """The sessions at each centre."""
    bind: BindRequest = field(repr=False)
    window: int = 10
    """Submits outstanding in each session; ten are safe with every server that was tried."""
    timing: Timing = DEFAULT_TIMING
    connect_s: float = 10.0
    """For a connection and its TLS handshake."""
    reconnect_first_s: float = 1.0
    """The first pause after a session has ended, doubled with each attempt that fails."""
    reconnect_most_s: float = 30.0
    throttle_s: float = 2.0
    """How long a session whose centre asks to slow down is left alone."""
    rate: float | None = None
    """Messages a second that are submitted at most, spread evenly; None: as many as the windows let through."""
    statuses: Mapping[int, StatusMeaning] = field(default_factory=dict)
    """The operator's meanings of the centre's own statuses."""

    @property
    def window_in_all(self) -> int:
        """Submits that may be outstanding in all sessions together."""
        return self.window * len(self.centres) * sum(role.submits for role in self.roles)


class NoBindError(Exception):
    """No session is bound, and nothing was written. `end` says why the last one ended."""

    def __init__(self, end: SessionEnd) -> None:
        super().__init__(end.code)
        self.end = end

    @property
    def needs_person(self) -> bool:
        return refused_for_good(self.end)


@dataclass(frozen=True, slots=True)
class Unwritten:
    """A part never left us, because the session of those before it has ended."""

    reason: EndCode


@dataclass(frozen=True, slots=True)
class Taken:
    """The gateway took the whole text. `references` are its ids, one a part, empty where it gave none."""

    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """The gateway did not take the part with this number, from 1 on, or nobody knows whether it did."""

    outcome: Answered | NeverAnswered | Unwritten
    part: int
    parts: int


TextOutcome: TypeAlias = Taken | Stopped


@dataclass(frozen=True, slots=True)
class BindingFigures:
    """What the sessions of a gateway do now."""

    planned: int
    bound: int
    submitting: int
    """Those bound over which texts go out."""
    outstanding: int
    throttled: int
    """Answers so far that asked to slow down."""
    ends: Mapping[str, int]
    """Sessions that have ended so far, by code."""


def refused_for_good(end: SessionEnd) -> bool:
    """Return whether waiting does not mend what ended a session."""
    return end.status in statuses.BINDS_REFUSED_FOR_GOOD or end.code is EndCode.TLS_CERTIFICATE


class _Text:
    """One text on its way."""

    __slots__ = ("_bindings", "done", "loop", "make", "on_part", "parts", "references", "session", "since")

    def __init__(
        self,
        bindings: Bindings,
        make: Callable[[], Sequence[ShortMessage]],
        on_part: Callable[[int, int, str], None],
    ) -> None:
        self._bindings = bindings
        self.make = make
        self.on_part = on_part
        self.loop = asyncio.get_running_loop()
        self.done: asyncio.Future[TextOutcome] = self.loop.create_future()
        self.parts: Sequence[ShortMessage] = ()
        self.references: list[str] = []
        self.session: SmppSession
        self.since = 0.0

    def write(self, session: SmppSession, now: float) -> bool:
        """Write the next part; returns whether it was."""
        if self.done.done():
            return False
        try:
            if not self.parts:
                self.parts, self.session, self.since = self.make(), session, now
            number, message = len(self.references) + 1, self.parts[len(self.references)]
            session.submit(message, self.take, lambda reference: self._note(number, reference))
        except Exception as error:  # noqa: BLE001 - one odd record: its sender hears of it, and others go on
            self.done.set_exception(error)
            return False
        return True

    def take(self, outcome: SubmitOutcome) -> None:
        """Take what became of the part that was written last."""
        if not isinstance(outcome, Answered):
            self.stop(outcome)
        elif outcome.status:
            self._bindings.refuse(self, outcome)
        else:
            self.references.append(outcome.message_id)
            self._note(len(self.references), outcome.message_id)
            if len(self.references) < len(self.parts):
                self._bindings.go_on(self)
            elif not self.done.done():
                self.done.set_result(Taken(tuple(self.references)))

    def stop(self, outcome: Answered | NeverAnswered | Unwritten) -> None:
        if not self.done.done():
            self.done.set_result(Stopped(outcome, len(self.references) + 1, len(self.parts)))

    def _note(self, number: int, reference: str) -> None:
        if not reference:
            return
        try:
            self.on_part(number, len(self.parts), reference)
        except Exception as error:  # noqa: BLE001 - the part is taken: at worst its receipt cannot be tied to it
            self.loop.call_exception_handler({"message": "a part's id was not kept", "exception": error})


class _Place:
    """One session of the plan, whoever holds it now."""

    __slots__ = ("centre", "closed", "held_until", "rest", "role", "sequence", "session", "tried")

    def __init__(self, centre: Centre, role: Role) -> None:
        self.centre = centre
        self.role = role
        self.session: SmppSession | None = None
        self.closed: asyncio.Event = asyncio.Event()
        self.held_until = 0.0
        self.rest: deque[_Text] = deque()
        """The texts whose next part must go over this session: before any other text's."""
        self.tried = False
        self.sequence = 0


class Bindings:
    """The sessions of one gateway."""

    def __init__(
        self,
        plan: BindingPlan,
        inbox: Inbox,
        *,
        schedule: Schedule | None = None,
        clock: Callable[[], float] | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """`inbox` takes what the gateway sends us. `schedule` and `clock` are the loop's unless given."""
        loop = asyncio.get_running_loop()
        self._plan = plan
        self._inbox = inbox
        self._schedule = schedule or loop.call_later
        self._clock = clock or loop.time
        self._sleep = sleep
        self._places = [_Place(centre, role) for role in plan.roles for centre in plan.centres]
        self._waiting: deque[_Text] = deque()
        self._turns: dict[str, tuple[asyncio.Lock, list[None]]] = {}
        self._next_at = 0.0
        self._wakes_at = float("inf")
        self._last_end = SessionEnd(EndCode.NOT_BOUND)
        self._throttled = 0
        self._ends: Counter[str] = Counter()
        self._closing = False
        self._keepers = [asyncio.create_task(self._keep(place)) for place in self._places]

    def figures(self) -> BindingFigures:
        """Return what the sessions do now."""
        sessions = self._bound()
        return BindingFigures(
            planned=len(self._places),
            bound=len(sessions),
            submitting=sum(session.role.submits for session in sessions),
            outstanding=sum(session.outstanding for session in sessions),
            throttled=self._throttled,
            ends=dict(self._ends),
        )

    async def send(
        self,
        recipient: str,
        make: Callable[[], Sequence[ShortMessage]],
        on_part: Callable[[int, int, str], None],
    ) -> TextOutcome:
        """Send one text, and return what became of it. `make` returns its parts, and is called when the first can be
        written; what it raises is raised here. `on_part` hears a part's number, how many there are, and the gateway's
        id of it, maybe after this has returned. Raises `NoBindError`.
        """
        async with self._turn(recipient):
            text = _Text(self, make, on_part)
            self._waiting.append(text)
            self._wake()
            self._give_up_without_hope()
            return await text.done

    async def aclose(self) -> None:
        """Unbind, and wait until all sessions are over."""
        self._closing = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for place in self._places:
            if place.session is not None:
                place.session.leave()
                await place.closed.wait()
        self._give_up_without_hope()

    # what sessions call

    def on_bound(self, session: SmppSession) -> None:
        if place := self._place(session):
            place.tried = True
        self._wake()

    def on_room(self, session: SmppSession) -> None:
        del session
        self._wake()

    def on_message(
        self, session: SmppSession, body: ShortMessage | DataMessage, acknowledge: Callable[[int], None]
    ) -> None:
        del session
        self._inbox(body, acknowledge)

    def on_closed(self, session: SmppSession) -> None:
        place = self._place(session)
        if place is None:
            return
        end = session.ended or SessionEnd(EndCode.CLOSED)
        rest, place.rest = place.rest, deque()
        for text in rest:
            text.stop(Unwritten(end.code))
        place.session, place.sequence = None, session.sequence
        place.closed.set()
        self._note_end(place, end)

    # what texts call

    def go_on(self, text: _Text) -> None:
        """Write the next part as soon as its session has room."""
        place = self._place(text.session)
        if place is None:
            text.stop(Unwritten(EndCode.CLOSED))
        else:
            place.rest.append(text)
            self._wake()

    def refuse(self, text: _Text, answer: Answered) -> None:
        """Take a refusal: where the gateway asks to slow down, its session is left alone for a while."""
        error = statuses.refusal(answer.status, self._plan.statuses, pause_s=self._plan.throttle_s)
        if isinstance(error, RateLimited):
            now = self._clock()
            self._throttled += 1
            place = self._place(text.session)
            if place is not None:
                place.held_until = now + self._plan.throttle_s
                if text.references and now < text.since + PART_PATIENCE_S:
                    place.rest.appendleft(text)
                    self._wake()
                    return
        text.stop(answer)

    # turns

    @asynccontextmanager
    async def _turn(self, recipient: str) -> AsyncIterator[None]:
        lock, users = self._turns.setdefault(recipient, (asyncio.Lock(), []))
        users.append(None)
        try:
            async with lock:
                yield
        finally:
            users.pop()
            if not users:
                del self._turns[recipient]

    def _wake(self) -> None:
        """Write all that can be written now, in its order."""
        now = self._clock()
        while self._waiting or any(place.rest for place in self._places):
            if now < self._next_at:
                self._wake_at(self._next_at)
                return
            free = self._free(now)
            if free is None:
                self._wake_after_hold(now)
                return
            place, session = free
            text = place.rest.popleft() if place.rest else self._waiting.popleft()
            if text.write(session, now) and self._plan.rate:
                self._next_at = max(self._next_at, now - CATCH_UP_S) + 1 / self._plan.rate

    def _free(self, now: float) -> tuple[_Place, SmppSession] | None:
        """Return where the next part is to be written: first the rest of texts that were begun, else where least is
        outstanding.
        """
        free = [
            (place, place.session)
            for place in self._places
            if place.session is not None and place.session.has_room and now >= place.held_until
        ]
        wanted = [(place, session) for place, session in free if place.rest or self._waiting]
        return min(wanted, key=lambda one: (not one[0].rest, one[1].outstanding), default=None)

    def _wake_after_hold(self, now: float) -> None:
        held = [
            place.held_until for place in self._places if place.held_until > now and place.session is not None
        ]
        if held:
            self._wake_at(min(held))

    def _wake_at(self, at: float) -> None:
        if at >= self._wakes_at:
            return
        self._wakes_at = at

        def wake() -> None:
            self._wakes_at = float("inf")
            self._wake()

        self._schedule(max(0.0, at - self._clock()), wake)

    def _bound(self) -> list[SmppSession]:
        sessions = [place.session for place in self._places]
        return [session for session in sessions if session and session.state is SessionState.BOUND]

    def _give_up_without_hope(self) -> None:
        """End what waits where no session is bound that could write it, and none is on its first way to be."""
        submitting = [place for place in self._places if place.role.submits]
        first = not self._closing and any(not place.tried for place in submitting)
        if first or any(session.role.submits for session in self._bound()):
            return
        waiting, self._waiting = self._waiting, deque()
        for text in waiting:
            if not text.done.done():
                text.done.set_exception(NoBindError(self._last_end))

    # sessions

    def _place(self, session: SmppSession) -> _Place | None:
        return next((place for place in self._places if place.session is session), None)

    def _note_end(self, place: _Place, end: SessionEnd) -> None:
        place.tried = True
        self._last_end = end
        self._ends[end.code.value] += 1
        self._wake()
        self._give_up_without_hope()

    async def _keep(self, place: _Place) -> None:
        """Bind, and bind again when the session has ended, with growing pauses, until cancelled."""
        plan, pause_s = self._plan, self._plan.reconnect_first_s
        while True:
            end = await self._hold(place)
            if end.was_bound:
                pause_s = plan.reconnect_first_s
            await self._sleep(max(pause_s, REFUSED_PAUSE_S) if refused_for_good(end) else pause_s)
            pause_s = min(pause_s * 2, plan.reconnect_most_s)

    async def _hold(self, place: _Place) -> SessionEnd:
        """Open a session in this place; returns why it is over."""
        plan = self._plan
        session = SmppSession(place.role, plan.bind, plan.window, self, plan.timing, self._schedule)
        session.sequence = place.sequence
        place.closed.clear()
        place.session, place.held_until = session, 0.0
        failed = await connect(place.centre, session, plan.connect_s)
        if failed is not None:
            place.session = None
            place.closed.set()
            self._note_end(place, failed)
            return failed
        await place.closed.wait()
        return session.ended or SessionEnd(EndCode.CLOSED)
