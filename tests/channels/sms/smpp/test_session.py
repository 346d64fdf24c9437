"""One bind, against a centre that does what each test says, with time that passes when the test says so."""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from itertools import pairwise
from typing import Any

import pytest

from channels.sms.smpp.connecting import Centre, connect
from channels.sms.smpp.ends import EndCode
from channels.sms.smpp.pdu import BindRequest, Command, MessageAnswer, Pdu, ShortMessage, encode
from channels.sms.smpp.session import (
    Answered,
    NeverAnswered,
    Role,
    SessionEnd,
    SessionState,
    SmppSession,
    Timing,
)
from tests.channels.sms.smpp.centre import Line, ScriptedCentre, Timers, scripted_centre, silent

TEXT = ShortMessage(destination="4915100000001", text=b"a")


class Ear:
    """A listener that remembers."""

    def __init__(self) -> None:
        self.bound = asyncio.Event()
        self.closed = asyncio.Event()
        self.rooms = 0
        self.messages: list[Any] = []
        self.arrived = asyncio.Event()

    def on_bound(self, session: SmppSession) -> None:
        self.bound.set()

    def on_room(self, session: SmppSession) -> None:
        self.rooms += 1

    def on_message(self, session: SmppSession, body: Any, acknowledge: Any) -> None:
        self.messages.append((body, acknowledge))
        self.arrived.set()

    def on_closed(self, session: SmppSession) -> None:
        self.closed.set()


class Stage:
    """A session and what came of its submits."""

    def __init__(self, centre: ScriptedCentre, session: SmppSession, ear: Ear, timers: Timers) -> None:
        self.centre, self.session, self.ear, self.timers = centre, session, ear, timers
        self.outcomes: dict[str, Any] = {}
        self.late: dict[str, str] = {}
        self.known = asyncio.Event()

    def submit(self, name: str) -> None:
        def on_done(outcome: Any) -> None:
            assert name not in self.outcomes, "told twice"
            self.outcomes[name] = outcome
            self.known.set()

        def on_late(message_id: str) -> None:
            self.late[name] = message_id
            self.known.set()

        self.session.submit(TEXT, on_done, on_late)

    async def until_known(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.outcomes) + len(self.late) < count:
                self.known.clear()
                await self.known.wait()

    @property
    def line(self) -> Line:
        return self.centre.lines[0]

    def commands(self) -> list[Command]:
        return [pdu.command for pdu in self.line.seen]

    def has_asked(self, times: int) -> bool:
        return self.commands().count(Command.ENQUIRE_LINK) == times

    async def closed(self) -> SessionEnd:
        async with asyncio.timeout(10):
            await self.ear.closed.wait()
        assert self.session.ended
        return self.session.ended


@asynccontextmanager
async def session(
    centre_fields: Any = None, role: Role = Role.TRANSCEIVER, window: int = 10, *, bound: bool = True
) -> AsyncIterator[Stage]:
    async with scripted_centre(**(centre_fields or {})) as centre:
        ear, timers = Ear(), Timers()
        one = SmppSession(role, BindRequest("kreis", "geheim"), window, ear, Timing(), timers)
        assert await connect(centre.centre(), one, 10) is None
        if bound:
            await asyncio.wait_for(ear.bound.wait(), 10)
        try:
            yield Stage(centre, one, ear, timers)
        finally:
            one.abort()


@pytest.mark.parametrize("role", Role)
async def test_it_binds_in_its_role_with_what_it_was_given(role: Role) -> None:
    async with session(role=role) as stage:
        (bind,) = stage.line.seen
        assert (bind.command, bind.body) == (role.command, BindRequest("kreis", "geheim"))
        assert stage.session.has_room is (role is not Role.RECEIVER)


async def test_a_bind_that_is_refused_ends_the_session_with_its_status() -> None:
    async with session({"bind_statuses": deque([0x0E])}, bound=False) as stage:
        stage.centre.bind_statuses.clear()
        assert await stage.closed() == SessionEnd(EndCode.BIND_REFUSED, 0x0E)


async def test_a_bind_without_an_answer_ends() -> None:
    async with session(bound=False) as stage:
        stage.centre.react = lambda pdu, line: None  # type: ignore[method-assign]
        stage.timers.advance(11)
        assert (await stage.closed()).code == "bind_timeout"


async def test_answers_belong_to_their_sequence_number_in_any_order() -> None:
    waiting: list[Pdu] = []
    async with session({"script": _all(lambda pdu, line: waiting.append(pdu), 5)}) as stage:
        for name in "abcde":
            stage.submit(name)
        await stage.centre.until(lambda: len(waiting) == 5)
        for pdu in reversed(waiting):
            stage.line.send(
                Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body=MessageAnswer(f"id{pdu.sequence}"))
            )
        await stage.until_known(5)
    assert list(stage.outcomes) == list("edcba")
    assert stage.outcomes == {
        name: Answered(0, f"id{pdu.sequence}") for name, pdu in zip("abcde", waiting, strict=True)
    }


def _all(step: Any, count: int) -> deque[Any]:
    return deque([step] * count)


async def test_a_refusal_is_an_outcome_of_that_text_alone() -> None:
    async with session({"script": deque([None, 0x0B, 0x45])}) as stage:
        for name in "abcd":
            stage.submit(name)
        await stage.until_known(4)
    assert [stage.outcomes[name].status for name in "abcd"] == [0, 0x0B, 0x45, 0]


async def test_a_nack_with_its_number_refuses_it() -> None:
    def nack(pdu: Pdu, line: Line) -> None:
        line.send(Pdu(Command.GENERIC_NACK, pdu.sequence, 0x02), Pdu(Command.GENERIC_NACK, 0, 0x03))

    async with session({"script": _all(nack, 1)}) as stage:
        stage.submit("a")
        await stage.until_known(1)
        assert stage.outcomes == {"a": Answered(0x02)}
        assert stage.session.state is SessionState.BOUND


async def test_a_nack_never_is_an_acceptance() -> None:
    async with session(
        {"script": _all(lambda pdu, line: line.send(Pdu(Command.GENERIC_NACK, pdu.sequence, 0)), 1)}
    ) as stage:
        stage.submit("a")
        await stage.until_known(1)
    assert stage.outcomes["a"].status


async def test_no_more_than_the_window_is_outstanding() -> None:
    async with session({"script": _all(silent, 3)}, window=3) as stage:
        for name in "abc":
            assert stage.session.has_room
            stage.submit(name)
        assert not stage.session.has_room
        with pytest.raises(ValueError, match="no room"):
            stage.submit("d")


async def test_without_an_answer_it_is_uncertain_and_a_late_one_still_tells_its_id() -> None:
    async with session({"script": _all(silent, 1)}, window=1) as stage:
        stage.submit("a")
        await stage.centre.until(lambda: stage.centre.submits)
        rooms = stage.ear.rooms
        stage.timers.advance(15)
        assert stage.outcomes == {}, "15 s are too short"
        stage.session._heard = True
        stage.timers.advance(20)
        stage.session._heard = True
        stage.timers.advance(25)
        assert stage.outcomes == {"a": NeverAnswered(EndCode.TIMEOUT)}
        assert (stage.session.has_room, stage.ear.rooms) == (True, rooms + 1)
        stage.line.send(Pdu(Command.SUBMIT_SM_RESP, stage.centre.sequences[0], body=MessageAnswer("late")))
        await stage.until_known(2)
    assert stage.late == {"a": "late"}
    assert len(stage.outcomes) == 1


async def test_a_close_makes_all_that_is_outstanding_uncertain_at_once() -> None:
    async with session({"script": _all(silent, 2)}) as stage:
        stage.submit("a")
        stage.submit("b")
        await stage.centre.until(lambda: len(stage.centre.submits) == 2)
        stage.line.close()
        assert await stage.closed() == SessionEnd(EndCode.CLOSED, was_bound=True)
    assert stage.outcomes == dict.fromkeys("ab", NeverAnswered(EndCode.CLOSED))


async def test_a_line_that_ends_within_an_answer_is_told_apart() -> None:
    async with session({"script": _all(silent, 1)}) as stage:
        stage.submit("a")
        await stage.centre.until(lambda: len(stage.centre.submits) == 1)
        answer = encode(Pdu(Command.SUBMIT_SM_RESP, stage.centre.sequences[0], body=MessageAnswer("m-1")))
        stage.line.raw(answer[:-3])
        stage.line.close()
        assert await stage.closed() == SessionEnd(EndCode.TORN, was_bound=True)
    assert stage.outcomes == {"a": NeverAnswered(EndCode.TORN)}


async def test_a_centre_that_unbinds_is_answered_and_its_last_answers_count() -> None:
    async with session({"script": _all(silent, 3)}) as stage:
        for name in "abc":
            stage.submit(name)
        await stage.centre.until(lambda: len(stage.centre.submits) == 3)
        unbind = stage.line.ask(Command.UNBIND)
        await stage.centre.until(lambda: stage.commands()[-1] is Command.UNBIND_RESP)
        assert stage.line.seen[-1].sequence == unbind
        assert not stage.session.has_room, "nothing is written into an unbind"
        stage.line.send(Pdu(Command.SUBMIT_SM_RESP, stage.centre.sequences[1], body=MessageAnswer("m")))
        stage.line.deliver("id:1 stat:DELIVRD")
        await stage.until_known(1)
        stage.line.close()
        await stage.closed()
        assert stage.commands()[-1] is Command.UNBIND_RESP
    assert stage.outcomes == {
        "b": Answered(0, "m"),
        "a": NeverAnswered(EndCode.CLOSED),
        "c": NeverAnswered(EndCode.CLOSED),
    }


async def test_a_centre_that_unbinds_and_stays_is_left() -> None:
    async with session() as stage:
        stage.line.ask(Command.UNBIND)
        await stage.centre.until(lambda: stage.commands()[-1] is Command.UNBIND_RESP)
        stage.timers.advance(6)
        assert await stage.closed() == SessionEnd(EndCode.UNBOUND, was_bound=True)


async def test_our_unbind_waits_for_its_own_answer() -> None:
    async with session({"script": _all(silent, 1)}) as stage:
        stage.submit("a")
        await stage.centre.until(lambda: stage.centre.submits)
        hold = stage.centre.react
        stage.centre.react = lambda pdu, line: None  # type: ignore[method-assign]
        stage.session.leave()
        await stage.centre.until(lambda: stage.commands()[-1] is Command.UNBIND)
        stage.line.send(Pdu(Command.SUBMIT_SM_RESP, stage.centre.sequences[0], body=MessageAnswer("m")))
        stage.line.deliver("id:m stat:DELIVRD")
        await stage.until_known(1)
        async with asyncio.timeout(10):
            await stage.ear.arrived.wait()
        stage.ear.messages[0][1](0)
        await stage.centre.until(lambda: stage.commands()[-1] is Command.DELIVER_SM_RESP)
        unbind = next(pdu for pdu in stage.line.seen if pdu.command is Command.UNBIND)
        hold(unbind, stage.line)
        assert await stage.closed() == SessionEnd(EndCode.UNBOUND, was_bound=True)
    assert stage.outcomes == {"a": Answered(0, "m")}


async def test_our_unbind_without_an_answer_ends_in_its_time() -> None:
    async with session() as stage:
        stage.centre.react = lambda pdu, line: None  # type: ignore[method-assign]
        stage.session.leave()
        stage.timers.advance(6)
        assert (await stage.closed()).code == "unbound"


async def test_an_enquiry_is_answered_at_once() -> None:
    async with session({"script": _all(silent, 1)}) as stage:
        stage.submit("a")
        number = stage.line.ask(Command.ENQUIRE_LINK)
        await stage.centre.until(lambda: stage.commands()[-1] is Command.ENQUIRE_LINK_RESP)
        assert stage.line.seen[-1] == Pdu(Command.ENQUIRE_LINK_RESP, number)


async def test_a_silent_line_is_asked_within_30_s_and_dead_10_s_later() -> None:
    async with session({"script": _all(silent, 1)}) as stage:
        stage.submit("a")
        await stage.centre.until(lambda: stage.centre.submits)
        stage.centre.react = lambda pdu, line: None  # type: ignore[method-assign]
        stage.timers.advance(30)
        await stage.centre.until(lambda: Command.ENQUIRE_LINK in stage.commands())
        assert stage.session.state is SessionState.BOUND
        stage.timers.advance(10)
        assert await stage.closed() == SessionEnd(EndCode.SILENT, was_bound=True)
    assert stage.outcomes == {"a": NeverAnswered(EndCode.SILENT)}


async def test_a_line_that_says_an_octet_now_and_then_is_dead_too() -> None:
    """A PDU that never ends is no sign of life: its octets are not an answer."""
    async with session() as stage:
        stage.centre.react = lambda pdu, line: None  # type: ignore[method-assign]
        octets = iter((64).to_bytes(4) + Command.DELIVER_SM.to_bytes(4))
        while stage.session.state is SessionState.BOUND:
            if (octet := next(octets, None)) is None:
                break
            before = len(stage.session._stream._buffer)
            stage.line.raw(bytes([octet]))
            while len(stage.session._stream._buffer) == before:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0)
            stage.timers.advance(10)
        assert await stage.closed() == SessionEnd(EndCode.SILENT, was_bound=True)


async def test_who_unbinds_before_the_bind_was_not_bound() -> None:
    """The pauses between binds go on growing: some centres lock an account that hurries."""
    async with session(bound=False) as stage:
        stage.session.data_received(encode(Pdu(Command.UNBIND, 1)))
        assert stage.session.state is SessionState.LEAVING
        stage.timers.advance(5)
        assert await stage.closed() == SessionEnd(EndCode.UNBOUND, was_bound=False)


async def test_what_is_not_read_is_not_waited_for_when_the_session_is_over() -> None:
    """A centre that asks, reads nothing and then says no SMPP: a connection for each of its sessions would be kept."""
    lost, timers = asyncio.Event(), Timers()

    class Watched(SmppSession):
        def connection_lost(self, exc: Exception | None) -> None:
            lost.set()
            super().connection_lost(exc)

    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        one = Watched(Role.TRANSCEIVER, BindRequest("kreis"), 10, Ear(), Timing(), timers)
        assert await connect(Centre(*listener.getsockname()), one, 10) is None
        transport = one._transport
        assert transport is not None
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
        there, _ = listener.accept()
        with there:
            there.setblocking(False)
            loop, asked = asyncio.get_running_loop(), encode(Pdu(Command.ENQUIRE_LINK, 1))
            async with asyncio.timeout(10):
                while not transport.get_write_buffer_size():
                    await loop.sock_sendall(there, asked * 1000)
                await loop.sock_sendall(there, b"\xff" * 16)
                while one.state is not SessionState.CLOSED:  # noqa: ASYNC110 - nobody is told
                    await asyncio.sleep(0)
            assert not lost.is_set(), "it still has what nobody reads"
            timers.advance(Timing().unbind_s)
            await asyncio.wait_for(lost.wait(), 10)


async def test_a_flood_gives_others_their_turn_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A centre sends as fast as the line carries it: what came at once is taken in pieces, with turns between."""
    monkeypatch.setattr("channels.sms.smpp.session.PDUS_AT_ONCE", 10)
    async with session() as stage:
        taken: list[int] = []

        async def somebody_else() -> None:
            while True:
                taken.append(len(stage.ear.messages))
                await asyncio.sleep(0)

        other = asyncio.create_task(somebody_else())
        await asyncio.sleep(0)
        flood = Pdu(Command.DELIVER_SM, 7, body=ShortMessage(text=b"id:1 stat:DELIVRD", esm_class=4))
        stage.session.data_received(encode(flood) * 95 + encode(flood)[:20])
        assert len(stage.ear.messages) == 10
        stage.session.data_received(encode(flood)[20:])
        while len(stage.ear.messages) < 96:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)
        other.cancel()
        assert max(later - before for before, later in pairwise(taken)) == 10
        stage.submit("a")
        await stage.until_known(1)
        stage.session.data_received(encode(flood) * 25)
        stage.session.connection_lost(None)
        assert len(stage.ear.messages) == 96 + 25, "also what had its turn not yet when the line ended"


async def test_a_line_that_answers_goes_on() -> None:
    async with session() as stage:
        for number in range(1, 4):
            while not stage.session._asked:
                stage.timers.advance(5)
            await stage.centre.until(partial(stage.has_asked, number))
            while not stage.session._heard:  # noqa: ASYNC110 - nobody is told that an answer came
                await asyncio.sleep(0)
            stage.timers.advance(10)
        assert stage.timers.now >= 75
        assert stage.session.state is SessionState.BOUND


async def test_what_a_centre_sends_is_acknowledged_when_it_is_kept_with_an_empty_id() -> None:
    async with session() as stage:
        first = stage.line.deliver("id:1 stat:DELIVRD")
        second = stage.line.deliver("id:2 stat:DELIVRD")
        async with asyncio.timeout(10):
            while len(stage.ear.messages) < 2:
                stage.ear.arrived.clear()
                await stage.ear.arrived.wait()
        assert Command.DELIVER_SM_RESP not in stage.commands()
        stage.ear.messages[1][1](0)
        stage.ear.messages[0][1](0x64)
        await stage.centre.until(lambda: stage.commands().count(Command.DELIVER_SM_RESP) == 2)
        assert stage.line.seen[-2:] == [
            Pdu(Command.DELIVER_SM_RESP, second, 0, MessageAnswer()),
            Pdu(Command.DELIVER_SM_RESP, first, 0x64, MessageAnswer()),
        ]


async def test_what_cannot_be_read_is_answered_and_the_next_is_read() -> None:
    async with session() as stage:
        broken = encode(Pdu(Command.DELIVER_SM, 7, body=ShortMessage(text=b"abc")))[:-2]
        stage.line.raw((len(broken)).to_bytes(4) + broken[4:])
        stage.line.raw((16).to_bytes(4) + (0x0102).to_bytes(4) + bytes(4) + (8).to_bytes(4))
        stage.line.send(Pdu(Command.SUBMIT_SM, 9, body=TEXT))
        stage.line.raw((16).to_bytes(4) + (0x8000_0102).to_bytes(4) + bytes(4) + (8).to_bytes(4))
        stage.line.send(Pdu(Command.ENQUIRE_LINK, 10))
        await stage.centre.until(lambda: stage.commands()[-1] is Command.ENQUIRE_LINK_RESP)
        assert [(pdu.command, pdu.sequence, pdu.status) for pdu in stage.line.seen[1:]] == [
            (Command.DELIVER_SM_RESP, 7, 0x02),
            (Command.GENERIC_NACK, 8, 0x03),
            (Command.GENERIC_NACK, 9, 0x03),
            (Command.ENQUIRE_LINK_RESP, 10, 0),
        ]


@pytest.mark.parametrize("octets", [b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(16), b"\xff" * 100])
async def test_garbage_ends_the_session_and_what_is_outstanding_is_uncertain(octets: bytes) -> None:
    async with session({"script": _all(silent, 1)}) as stage:
        stage.submit("a")
        await stage.centre.until(lambda: stage.centre.submits)
        stage.line.raw(octets)
        assert (await stage.closed()).code == "protocol"
    assert stage.outcomes == {"a": NeverAnswered(EndCode.PROTOCOL)}


async def test_a_centre_that_says_we_are_not_bound_is_left() -> None:
    async with session({"script": _all(0x04, 1)}) as stage:
        stage.submit("a")
        assert (await stage.closed()).code == "not_bound"
    assert stage.outcomes == {"a": Answered(0x04)}


async def test_more_receipts_than_can_be_kept_are_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.sms.smpp.session.UNACKNOWLEDGED_MAX", 2)
    async with session() as stage:
        for _ in range(3):
            stage.line.deliver("id:1 stat:DELIVRD")
        await stage.centre.until(lambda: Command.DELIVER_SM_RESP in stage.commands())
        assert stage.line.seen[-1] == Pdu(Command.DELIVER_SM_RESP, 3, 0x64, MessageAnswer())
        assert len(stage.ear.messages) == 2


async def test_a_centre_that_asks_and_never_reads_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async with session() as stage:
        monkeypatch.setattr(
            "channels.sms.smpp.session.WRITE_BUFFER_MAX", -1
        )  # as if it had not read for long
        stage.line.ask(Command.ENQUIRE_LINK)
        assert (await stage.closed()).code == "unread"


async def test_a_message_that_cannot_be_written_leaves_the_session_as_it_was() -> None:
    async with session() as stage:
        with pytest.raises(ValueError, match="destination"):
            stage.session.submit(ShortMessage(destination="1" * 30), print, print)
        assert stage.session.outstanding == 0
        stage.submit("a")
        await stage.until_known(1)
    assert stage.outcomes["a"].status == 0
