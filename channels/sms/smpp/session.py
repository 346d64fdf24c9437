"""Holds one bind: writes submits within its window, ties answers to them, keeps the line alive, ends in good order.

    opening ----> bound ----> leaving ----> closed
       |            |        (an unbind,       ^
       +------------+--------- ours or theirs)-+

An answer belongs to the submit with its sequence number, in whatever order answers come. A submit that gets none in its
own time is uncertain; a late answer still tells its id. When the session ends, all that is outstanding is uncertain at
once. Nothing waits here to be written: who has something to say waits for room, so that what was never written is known
by not having been taken. Nothing decides here either: what comes of a submit goes to its `on_done`, what a centre sends
us to `SessionListener`.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias, cast

from channels.sms.smpp.ends import IN_GOOD_ORDER, EndCode
from channels.sms.smpp.pdu import (
    SEQUENCE_MAX,
    BindRequest,
    BrokenPdu,
    Command,
    DataMessage,
    MessageAnswer,
    Pdu,
    PduStream,
    PduStreamError,
    ShortMessage,
    encode,
)
from channels.sms.smpp.statuses import INVALID_COMMAND, RECEIVER_TEMPORARY, ends_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

UNANSWERED_KEPT: Final = 10_000
"""Submits without an answer whose number is kept for a late one: more than an hour's at what most contracts allow."""
UNACKNOWLEDGED_MAX: Final = 1000
"""Receipts under way to the record at once; for one more the centre is asked to send it again later."""
PDUS_AT_ONCE: Final = 256
"""PDUs that are taken in one go, some milliseconds: a centre may send as fast as a line carries it, and the other
sessions and channels of the process have their turn between."""
UNSENT_OCTETS: Final = 4096
"""Octets that the kernel has not taken, above which nothing more is submitted: some fifteen texts, which count as
written, and so as uncertain when the line is lost."""
WRITE_BUFFER_MAX: Final = 1 << 20
"""Octets that a centre may leave unread while it goes on asking: then the line is dead."""


class Role(StrEnum):
    """What a bind is for."""

    TRANSCEIVER = "transceiver"
    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"

    @property
    def command(self) -> Command:
        return Command[f"BIND_{self.name}"]

    @property
    def submits(self) -> bool:
        return self is not Role.RECEIVER


class SessionState(StrEnum):
    """How far a session is."""

    OPENING = "opening"
    BOUND = "bound"
    LEAVING = "leaving"
    """One side has said unbind: nothing more is submitted, answers still count."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Answered:
    """The centre answered a submit."""

    status: int
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class NeverAnswered:
    """A submit left us, and nobody knows what became of it."""

    reason: EndCode


SubmitOutcome: TypeAlias = Answered | NeverAnswered


@dataclass(frozen=True, slots=True)
class Timing:
    """How long is waited for what, in seconds."""

    bind_s: float = 10.0
    answer_s: float = 60.0
    """For the answer to a submit. 15 s are too short: centres answer after 17 s, and deliver."""
    silence_s: float = 30.0
    """After how long a silence of the centre it is asked whether it is there, at the latest."""
    alive_s: float = 10.0
    """For a sign of life after that question."""
    unbind_s: float = 5.0
    """For the answer to our unbind, and for the centre to close after its own."""


DEFAULT_TIMING: Final = Timing()


class Timer(Protocol):
    """What `Schedule` returns: it can be taken back."""

    def cancel(self) -> None: ...


class Schedule(Protocol):
    """Calls something later, as `loop.call_later` does."""

    def __call__(self, delay: float, callback: Callable[[], None], /) -> Timer: ...


class SessionListener(Protocol):
    """Who is told what happens to a session."""

    def on_bound(self, session: SmppSession) -> None: ...

    def on_room(self, session: SmppSession) -> None:
        """Hear that the session may take another submit."""
        ...

    def on_message(
        self, session: SmppSession, body: ShortMessage | DataMessage, acknowledge: Callable[[int], None]
    ) -> None:
        """Take what the centre sends us. `acknowledge` is to be called once, with a command_status."""
        ...

    def on_closed(self, session: SmppSession) -> None:
        """Hear that the session is over; `session.ended` says why."""
        ...


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """Why a session is over."""

    code: EndCode
    status: int = 0
    """The command_status of a refused bind."""
    was_bound: bool = False
    detail: str = ""
    """What an operator needs to know besides, such as what is wrong with a certificate."""


class _Submit:
    """A submit that is under way."""

    __slots__ = ("on_done", "on_late", "timer")

    def __init__(self, on_done: Callable[[SubmitOutcome], None], on_late: Callable[[str], None]) -> None:
        self.on_done = on_done
        self.on_late = on_late
        self.timer: Timer


class SmppSession(asyncio.Protocol):
    """One connection and its bind: the protocol of an asyncio transport."""

    def __init__(
        self,
        role: Role,
        bind: BindRequest,
        window: int,
        listener: SessionListener,
        timing: Timing,
        schedule: Schedule | None = None,
    ) -> None:
        """`window` is how many submits may be outstanding; `schedule` is the loop's unless given."""
        self.role = role
        self.state = SessionState.OPENING
        self.ended: SessionEnd | None = None
        self._bind = bind
        self._window = window
        self._listener = listener
        self._timing = timing
        self._schedule = schedule or asyncio.get_running_loop().call_later
        self._stream = PduStream()
        self._transport: asyncio.Transport | None = None
        self.sequence = 0
        """The number of our last request; who reconnects goes on from it, so that numbers in a centre's log differ."""
        self._bind_sequence = 0
        self._unbind_sequence = 0
        self._outstanding: dict[int, _Submit] = {}
        self._unanswered: dict[int, _Submit] = {}
        self._unacknowledged = 0
        self._heard = False
        self._asked = False
        self._writing_paused = False
        self._said_goodbye = False
        self._was_bound = False
        self._resting = False
        self._watch: Timer | None = None

    @property
    def outstanding(self) -> int:
        """Submits without an answer that still wait for it."""
        return len(self._outstanding)

    @property
    def has_room(self) -> bool:
        """Whether one more submit would be written at once."""
        return (
            self.state is SessionState.BOUND
            and self.role.submits
            and not self._writing_paused
            and len(self._outstanding) < self._window
        )

    def submit(
        self, message: ShortMessage, on_done: Callable[[SubmitOutcome], None], on_late: Callable[[str], None]
    ) -> None:
        """Write a submit. `on_done` is called once, later; `on_late` with the id of an answer that comes after that.
        Raises `ValueError` for a message that cannot be written, and where there is no room.
        """
        if not self.has_room:
            raise ValueError("no room for another submit")
        sequence = self._next()
        octets = encode(Pdu(Command.SUBMIT_SM, sequence, body=message))
        submit = self._outstanding[sequence] = _Submit(on_done, on_late)
        submit.timer = self._schedule(self._timing.answer_s, lambda: self._give_up(sequence))
        self._write(octets)

    def leave(self) -> None:
        """Say unbind. Answers and receipts that come meanwhile count; then `on_closed` is called."""
        if self.state is not SessionState.BOUND:
            self._end(EndCode.ABORTED)
            return
        self.state = SessionState.LEAVING
        self._unbind_sequence = self._next()
        self._write(encode(Pdu(Command.UNBIND, self._unbind_sequence)))
        self._watch_for(EndCode.UNBOUND, self._timing.unbind_s)

    def abort(self) -> None:
        """End at once."""
        self._end(EndCode.ABORTED)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are none by type
        self._transport.set_write_buffer_limits(high=UNSENT_OCTETS)
        self._bind_sequence = self._next()
        self._write(encode(Pdu(self.role.command, self._bind_sequence, body=self._bind)))
        self._watch_for(EndCode.BIND_TIMEOUT, self._timing.bind_s)

    def data_received(self, data: bytes) -> None:
        arrived = self._stream.feed(data)
        if not self._resting:
            self._take_some(arrived, PDUS_AT_ONCE)

    def pause_writing(self) -> None:
        self._writing_paused = True

    def resume_writing(self) -> None:
        self._writing_paused = False
        if self.has_room:
            self._listener.on_room(self)

    def eof_received(self) -> bool:
        return False  # the transport closes

    def connection_lost(self, exc: Exception | None) -> None:
        del exc  # its text may name addresses; that the line is gone is all that counts
        if self.state is not SessionState.CLOSED:
            self.state, self._said_goodbye = SessionState.LEAVING, True
            self._take_some(self._stream.feed(b""), most=None)
        self._end(EndCode.TORN if self._stream.is_torn else EndCode.CLOSED)

    # what comes in

    def _take_some(self, arrived: Iterator[Pdu | BrokenPdu], most: int | None) -> None:
        """Take so many PDUs, and the others when everybody else has had a turn."""
        try:
            for number, pdu in enumerate(arrived, 1):
                if self.state is SessionState.CLOSED:
                    return
                self._heard = True  # a whole PDU: who sends one octet now and then has said nothing
                self._take(pdu)
                if number == most:
                    self._rest()
                    return
        except PduStreamError:
            self._end(EndCode.PROTOCOL)

    def _rest(self) -> None:
        if self._transport is not None and self.state is not SessionState.CLOSED:
            self._resting = True
            self._transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._resting = False
        if self._transport is None or self.state is SessionState.CLOSED:
            return
        self._take_some(self._stream.feed(b""), PDUS_AT_ONCE)
        if not self._resting and not self._transport.is_closing():
            self._transport.resume_reading()

    def _take(self, pdu: Pdu | BrokenPdu) -> None:
        if isinstance(pdu, BrokenPdu):
            self._take_broken(pdu)
        elif pdu.command.is_response:
            self._take_response(pdu)
        else:
            self._take_request(pdu)

    def _take_broken(self, pdu: BrokenPdu) -> None:
        if pdu.command_id & 0x8000_0000:
            return  # an answer to nothing that was asked
        known = pdu.command_id in (Command.DELIVER_SM, Command.DATA_SM)
        command = Command(pdu.command_id).response if known else Command.GENERIC_NACK
        self._write(encode(Pdu(command, pdu.sequence, pdu.answer)))

    def _take_response(self, pdu: Pdu) -> None:
        if pdu.sequence == self._bind_sequence and self.state is SessionState.OPENING:
            self._take_bind_answer(pdu)
        elif pdu.sequence == self._unbind_sequence and self.state is SessionState.LEAVING:
            self._end(EndCode.UNBOUND)
        elif submit := self._outstanding.pop(pdu.sequence, None):
            submit.timer.cancel()
            submit.on_done(Answered(self._status(pdu), self._message_id(pdu)))
            self._after_answer(pdu)
        elif (late := self._unanswered.pop(pdu.sequence, None)) and not self._status(pdu):
            late.on_late(self._message_id(pdu))

    def _after_answer(self, pdu: Pdu) -> None:
        if ends_session(pdu.status):
            self._end(EndCode.NOT_BOUND)
        elif self.has_room:
            self._listener.on_room(self)

    @staticmethod
    def _status(pdu: Pdu) -> int:
        """Return an answer's status: a generic_nack never is an acceptance, whatever it says."""
        return pdu.status or (INVALID_COMMAND if pdu.command is Command.GENERIC_NACK else 0)

    @staticmethod
    def _message_id(pdu: Pdu) -> str:
        return pdu.body.message_id if isinstance(pdu.body, MessageAnswer) else ""

    def _take_bind_answer(self, pdu: Pdu) -> None:
        if status := self._status(pdu):
            self._end(EndCode.BIND_REFUSED, status)
            return
        self.state, self._was_bound = SessionState.BOUND, True
        self._asked, self._heard = False, True
        self._watch_silence()
        self._listener.on_bound(self)

    def _take_request(self, pdu: Pdu) -> None:
        if pdu.command is Command.ENQUIRE_LINK:
            self._write(encode(Pdu(Command.ENQUIRE_LINK_RESP, pdu.sequence)))
        elif pdu.command is Command.UNBIND:
            self._write(encode(Pdu(Command.UNBIND_RESP, pdu.sequence)))
            self._said_goodbye = True
            self.state = SessionState.LEAVING
            self._watch_for(EndCode.UNBOUND, self._timing.unbind_s)
        elif isinstance(pdu.body, ShortMessage | DataMessage) and pdu.command is not Command.SUBMIT_SM:
            self._take_message(pdu, pdu.body)
        else:
            self._write(encode(Pdu(Command.GENERIC_NACK, pdu.sequence, INVALID_COMMAND)))

    def _take_message(self, pdu: Pdu, body: ShortMessage | DataMessage) -> None:
        command, sequence = pdu.command.response, pdu.sequence
        if self._unacknowledged >= UNACKNOWLEDGED_MAX:
            self._write(encode(Pdu(command, sequence, RECEIVER_TEMPORARY)))
            return
        self._unacknowledged += 1

        def acknowledge(status: int) -> None:
            self._unacknowledged -= 1
            # With an empty message id, which a refusal has, too: some centres read on without looking (section 4.6.2).
            self._write(encode(Pdu(command, sequence, status, MessageAnswer())))

        self._listener.on_message(self, body, acknowledge)

    # time

    def _watch_for(self, code: EndCode, seconds: float) -> None:
        """End with `code` unless something else happens within so many seconds."""
        if self._watch is not None:
            self._watch.cancel()
        self._watch = self._schedule(seconds, lambda: self._end(code))

    def _watch_silence(self) -> None:
        """Look every half of the silence that is allowed: one half without a word, and the question is asked."""
        if self._watch is not None:
            self._watch.cancel()
        seconds = self._timing.alive_s if self._asked else self._timing.silence_s / 2
        self._watch = self._schedule(seconds, self._listen)

    def _listen(self) -> None:
        if self._heard:
            self._heard = self._asked = False
        elif self._asked:
            self._end(EndCode.SILENT)
            return
        else:
            self._asked = True
            self._write(encode(Pdu(Command.ENQUIRE_LINK, self._next())))
        self._watch_silence()

    def _give_up(self, sequence: int) -> None:
        submit = self._outstanding.pop(sequence)
        self._unanswered[sequence] = submit
        if len(self._unanswered) > UNANSWERED_KEPT:
            del self._unanswered[next(iter(self._unanswered))]
        submit.on_done(NeverAnswered(EndCode.TIMEOUT))
        if self.has_room:
            self._listener.on_room(self)

    # what goes out

    def _next(self) -> int:
        self.sequence = self.sequence % SEQUENCE_MAX + 1
        return self.sequence

    def _write(self, octets: bytes) -> None:
        transport = self._transport
        if transport is None or self._said_goodbye or self.state is SessionState.CLOSED:
            return
        transport.write(octets)
        if transport.get_write_buffer_size() > WRITE_BUFFER_MAX:
            self._end(EndCode.UNREAD)

    def _end(self, code: EndCode, status: int = 0) -> None:
        if self.state is SessionState.CLOSED:
            return
        self.state = SessionState.CLOSED
        self.ended = SessionEnd(code, status, self._was_bound)
        if self._watch is not None:
            self._watch.cancel()
        if self._transport is not None:
            self._close(self._transport, in_good_order=code in IN_GOOD_ORDER)
        outstanding, self._outstanding = self._outstanding, {}
        self._unanswered.clear()
        for submit in outstanding.values():
            submit.timer.cancel()
            submit.on_done(NeverAnswered(code))
        self._listener.on_closed(self)

    def _close(self, transport: asyncio.Transport, *, in_good_order: bool) -> None:
        if in_good_order:
            transport.close()
            # What the other side does not read would be waited for, and a TLS that is not closed from there.
            self._schedule(self._timing.unbind_s, transport.abort)
        else:
            transport.abort()
