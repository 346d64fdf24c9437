"""One gateway's sessions: which text goes where and when, and what happens when a session is lost."""

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from channels.base import Permanent
from channels.sms.smpp.bindings import BindingPlan, Bindings, NoBindError, Stopped, Taken, Unwritten
from channels.sms.smpp.connecting import Centre
from channels.sms.smpp.ends import EndCode
from channels.sms.smpp.pdu import BindRequest, Command, MessageAnswer, Pdu, ShortMessage
from channels.sms.smpp.session import Answered, NeverAnswered, Role
from tests.channels.far_side import closed_port
from tests.channels.sms.smpp.centre import Line, Pauses, ScriptedCentre, Timers, scripted_centre, silent


class Stage:
    """The bindings of one gateway at a centre, with time that passes when a test says so."""

    def __init__(self, centre: ScriptedCentre, plan: BindingPlan) -> None:
        self.centre = centre
        self.timers, self.pauses = Timers(), Pauses()
        self.parts: list[Any] = []
        self.inbox: list[Any] = []
        self.bindings = Bindings(
            plan,
            lambda body, acknowledge: self.inbox.append((body, acknowledge)),
            schedule=self.timers,
            clock=self.timers.clock,
            sleep=self.pauses,
        )

    def send(self, number: int, parts: int = 1, to: str = "") -> asyncio.Task[Any]:
        """Send text `number`, whose parts say `number.part`."""
        made = [ShortMessage(text=f"{number}.{part}".encode()) for part in range(1, parts + 1)]
        recipient = to or f"+49{number}"
        return asyncio.create_task(
            self.bindings.send(recipient, lambda: made, lambda *part: self.parts.append((number, *part)))
        )

    async def submitted(self, count: int) -> list[str]:
        await self.centre.until(lambda: len(self.centre.submits) >= count)
        return [submit.text.decode() for submit in self.centre.submits]

    async def bound(self, count: int = 1) -> None:
        await self.centre.until(lambda: len(self.centre.lines) >= count)
        while self.bindings.figures().bound < count:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)


@asynccontextmanager
async def stage(script: Any = (), roles: Any = (Role.TRANSCEIVER,), **fields: Any) -> AsyncIterator[Stage]:
    async with scripted_centre(script=deque(script)) as centre:
        plan = BindingPlan((centre.centre(),), tuple(roles), BindRequest("kreis", "geheim"), **fields)
        one = Stage(centre, plan)
        try:
            yield one
        finally:
            centre.script.clear()
            await one.bindings.aclose()


async def test_a_text_waits_for_the_first_bind_and_is_taken() -> None:
    async with stage() as one:
        assert await one.send(1) == Taken(("m-1",))
        assert one.parts == [(1, 1, 1, "m-1")]
        assert one.bindings.figures().bound == 1


async def test_the_sessions_of_a_plan() -> None:
    async with stage(roles=(Role.TRANSMITTER, Role.TRANSMITTER, Role.RECEIVER)) as one:
        await one.bound(3)
        assert sorted(line.seen[0].command.name for line in one.centre.lines) == [
            "BIND_RECEIVER",
            "BIND_TRANSMITTER",
            "BIND_TRANSMITTER",
        ]
        await asyncio.gather(*(one.send(number) for number in range(4)))
        receiver = next(line for line in one.centre.lines if line.role is Command.BIND_RECEIVER)
        assert receiver not in one.centre.submitted_over
        assert len(set(map(id, one.centre.submitted_over))) == 2, "both take a share"


async def test_parts_go_over_one_session_each_after_the_answer_before() -> None:
    waiting: list[Any] = []
    async with stage([lambda *step: waiting.append(step)] * 3, roles=(Role.TRANSCEIVER,) * 2) as one:
        await one.bound(2)
        sending = one.send(1, parts=3)
        for number in (1, 2, 3):
            assert await one.submitted(number) == [f"1.{part}" for part in range(1, number + 1)]
            pdu, line = waiting.pop()
            line.send(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body=MessageAnswer(f"id{number}")))
        assert await sending == Taken(("id1", "id2", "id3"))
        assert len(set(map(id, one.centre.submitted_over))) == 1
        assert one.parts == [(1, 1, 3, "id1"), (1, 2, 3, "id2"), (1, 3, 3, "id3")]


async def test_a_text_is_taken_even_if_nobody_can_keep_the_ids_of_its_parts() -> None:
    crashes: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: crashes.append(context["exception"]))

    def on_part(*_: Any) -> None:
        raise LookupError

    made = [ShortMessage(text=b"1"), ShortMessage(text=b"2")]
    async with stage() as one:
        assert await one.bindings.send("+491", lambda: made, on_part) == Taken(("m-1", "m-2"))
    assert [type(crash) for crash in crashes] == [LookupError] * 2


async def test_the_rest_of_a_text_goes_before_other_texts() -> None:
    async with stage(window=1) as one:
        await asyncio.gather(one.send(1, parts=3), one.send(2), one.send(3))
        assert await one.submitted(5) == ["1.1", "1.2", "1.3", "2.1", "3.1"]


async def test_of_two_texts_to_one_number_the_second_waits() -> None:
    held: list[Any] = []
    async with stage([lambda *step: held.append(step)]) as one:
        warning = one.send(1, to="+49")
        await one.submitted(1)
        end, other = one.send(2, to="+49"), one.send(3)
        await other
        assert await one.submitted(2) == ["1.1", "3.1"]
        pdu, line = held[0]
        line.send(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body=MessageAnswer("m")))
        await asyncio.gather(warning, end)
        assert await one.submitted(3) == ["1.1", "3.1", "2.1"]


async def test_no_more_than_the_window_is_outstanding() -> None:
    held: list[Any] = []
    async with stage([lambda *step: held.append(step)] * 5, window=2) as one:
        sending = [one.send(number) for number in range(5)]
        await one.submitted(2)
        assert one.bindings.figures().outstanding == 2
        for count in (3, 4, 5):
            pdu, line = held.pop(0)
            line.send(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body=MessageAnswer("m")))
            await one.submitted(count)
            assert one.bindings.figures().outstanding == 2
        for pdu, line in held:
            line.send(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body=MessageAnswer("m")))
        await asyncio.gather(*sending)


async def test_a_refusal_stops_its_text_alone() -> None:
    async with stage([None, 0x0B]) as one:
        first, second = await asyncio.gather(one.send(1), one.send(2, parts=2))
        assert (first, second) == (Taken(("m-1",)), Stopped(Answered(0x0B), 1, 2))
        assert await one.send(3, parts=2) == Taken(("m-3", "m-4"))


async def test_a_centre_that_asks_to_slow_down_gets_nothing_for_a_while() -> None:
    async with stage([0x58]) as one:
        await one.bound()
        assert await one.send(1) == Stopped(Answered(0x58), 1, 1)
        again = one.send(1)
        await asyncio.sleep(0)
        one.timers.advance(1.9)
        assert len(one.centre.submits) == 1
        one.timers.advance(0.2)
        assert await again == Taken(("m-2",))
        assert one.bindings.figures().throttled == 1


@pytest.mark.parametrize("status", [0x58, 0x14])
async def test_the_rest_of_a_text_is_tried_again_after_a_pause(status: int) -> None:
    async with stage([None, status, status, None]) as one:
        sending = one.send(1, parts=2)
        for count in (2, 3):
            await one.submitted(count)
            while one.bindings.figures().throttled < count - 1:  # noqa: ASYNC110 - nobody is told
                await asyncio.sleep(0)
            one.timers.advance(2.1)
        assert await sending == Taken(("m-1", "m-4"))
        assert await one.submitted(4) == ["1.1", "1.2", "1.2", "1.2"]


async def test_the_rest_of_a_text_is_not_tried_for_ever() -> None:
    async with stage([None, *[0x58] * 40]) as one:
        sending = one.send(1, parts=2)
        while not sending.done():
            await asyncio.sleep(0)
            one.timers.advance(0.5)
        assert await sending == Stopped(Answered(0x58), 2, 2)


async def test_a_session_that_is_lost_leaves_others_texts_alone() -> None:
    async with stage([silent], roles=(Role.TRANSCEIVER,) * 2, window=1) as one:
        await one.bound(2)
        lost = one.send(1)
        await one.submitted(1)
        held: list[Any] = []
        one.centre.script.append(lambda *step: held.append(step))
        other = one.send(2)
        await one.submitted(2)
        waiting = one.send(3)
        one.centre.submitted_over[0].close()
        assert await lost == Stopped(NeverAnswered(EndCode.CLOSED), 1, 1)
        pdu, line = held[0]
        line.send(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body=MessageAnswer("m")))
        assert await other == Taken(("m",))
        assert await waiting == Taken(("m-3",)), "it was never written, and goes over the other session"
        assert await one.submitted(3) == ["1.1", "2.1", "3.1"]


async def test_a_text_whose_rest_was_not_written_is_not_uncertain() -> None:
    def answer_and_close(pdu: Pdu, line: Line) -> None:
        line.send(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body=MessageAnswer("m")), Pdu(Command.UNBIND, 1))

    async with stage([answer_and_close], window=1) as one:
        sending = one.send(1, parts=2)
        await one.submitted(1)
        # Part 2 is either refused by the unbind that came with the answer, or was written before it.
        one.centre.script.append(silent)
        one.centre.lines[0].close()
        found = await sending
        assert found in (
            Stopped(Unwritten(EndCode.CLOSED), 2, 2),
            Stopped(NeverAnswered(EndCode.CLOSED), 2, 2),
        )
        assert one.parts == [(1, 1, 2, "m")]


async def test_when_all_sessions_are_lost_nothing_waits_on() -> None:
    async with stage([silent], window=1) as one:
        first = one.send(1)
        await one.submitted(1)
        second = one.send(2)
        one.centre.lines[0].close()
        assert await first == Stopped(NeverAnswered(EndCode.CLOSED), 1, 1)
        with pytest.raises(NoBindError, match="closed"):
            await second
        with pytest.raises(NoBindError):
            await one.send(3)
        assert await one.submitted(1) == ["1.1"]


async def test_pauses_between_binds_grow_and_end_with_a_bind() -> None:
    async with stage() as one:
        one.centre.bind_statuses.extend([0, 0x08, 0x0D, 0x08, 0x08, 0x08, 0x08, 0])
        await one.bound()
        one.centre.lines[0].close()
        for number in range(1, 8):
            await one.pauses.until(number)
            one.pauses.go_on()
        await one.bound()
        assert one.pauses.asked == [1, 2, 4, 8, 16, 30, 30]
        assert one.bindings.figures().ends == {"closed": 1, "bind_refused": 6}
        one.centre.lines[-1].close()
        await one.pauses.until(8)
        assert one.pauses.asked[-1] == 1


async def test_sequence_numbers_go_on_after_a_reconnect() -> None:
    async with stage() as one:
        await one.send(1)
        one.centre.lines[0].close()
        await one.pauses.until(1)
        one.pauses.go_on()
        await one.bound()
        await one.send(2)
        numbers = [pdu.sequence for line in one.centre.lines for pdu in line.seen]
        assert numbers == [1, 2, 3, 4]


async def test_a_pause_by_the_contract() -> None:
    async with stage(reconnect_first_s=30.0) as one:
        await one.bound()
        one.centre.lines[0].close()
        await one.pauses.until(1)
        assert one.pauses.asked == [30]


async def test_a_password_that_is_refused_needs_a_person_and_is_not_hurried() -> None:
    async with scripted_centre(bind_statuses=deque([0x0E])) as centre:
        plan = BindingPlan((centre.centre(),), (Role.TRANSCEIVER,), BindRequest("kreis", "geheim"))
        one = Stage(centre, plan)
        with pytest.raises(NoBindError) as raised:
            await one.send(1)
        assert (raised.value.needs_person, raised.value.end.status) == (True, 0x0E)
        await one.pauses.until(1)
        assert one.pauses.asked == [60]
        await one.bindings.aclose()


async def test_one_of_two_hosts_is_enough() -> None:
    async with scripted_centre() as centre:
        plan = BindingPlan(
            (Centre("127.0.0.1", closed_port()), centre.centre()), (Role.TRANSCEIVER,), BindRequest("kreis")
        )
        one = Stage(centre, plan)
        assert await one.send(1) == Taken(("m-1",))
        await one.pauses.until(1)
        figures = one.bindings.figures()
        assert (figures.planned, figures.bound, figures.ends) == (2, 1, {"refused": 1})
        await one.bindings.aclose()


async def test_the_rate_is_spread_evenly() -> None:
    async with stage(rate=5.0) as one:
        await one.bound()
        written: list[float] = []

        def make() -> list[ShortMessage]:
            written.append(round(one.timers.now, 2))
            return [ShortMessage()]

        sending = [asyncio.create_task(one.bindings.send(f"+49{n}", make, print)) for n in range(4)]
        while len(written) < 4:
            await asyncio.sleep(0)
            one.timers.advance(0.01)
        await asyncio.gather(*sending)
        steps = [later - earlier for earlier, later in itertools.pairwise(written)]
        assert all(0.19 <= step <= 0.21 for step in steps), written


async def test_what_the_maker_raises_is_the_senders_and_others_go_on() -> None:
    async with stage() as one:
        await one.bound()

        def make() -> Any:
            raise Permanent("odd")

        with pytest.raises(Permanent):
            await one.bindings.send("+491", make, print)
        with pytest.raises(ValueError, match="destination"):
            await one.bindings.send("+491", lambda: [ShortMessage(destination="1" * 40)], print)
        assert await one.send(2) == Taken(("m-1",))


async def test_a_sender_that_goes_away_takes_its_text_along() -> None:
    async with stage([silent], window=1) as one:
        first = one.send(1)
        await one.submitted(1)
        second, third = one.send(2), one.send(3)
        await asyncio.sleep(0)
        second.cancel()
        first.cancel()
        await asyncio.gather(first, second, return_exceptions=True)
        one.centre.lines[0].send(
            Pdu(Command.SUBMIT_SM_RESP, one.centre.sequences[0], body=MessageAnswer("late"))
        )
        assert await third == Taken(("m-2",))
        assert await one.submitted(2) == ["1.1", "3.1"]
        assert one.parts[0] == (1, 1, 1, "late"), "its receipt is still tied"


async def test_what_a_centre_sends_is_handed_on() -> None:
    async with stage(roles=(Role.TRANSMITTER, Role.RECEIVER)) as one:
        await one.bound(2)
        receiver = next(line for line in one.centre.lines if line.role is Command.BIND_RECEIVER)
        receiver.deliver("id:1 stat:DELIVRD")
        while not one.inbox:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)
        one.inbox[0][1](0)
        await one.centre.until(lambda: receiver.seen[-1].command is Command.DELIVER_SM_RESP)


async def test_closing_unbinds_every_session() -> None:
    async with stage(roles=(Role.TRANSCEIVER,) * 2) as one:
        await one.bound(2)
        await one.bindings.aclose()
        assert [line.seen[-1].command for line in one.centre.lines] == [Command.UNBIND] * 2
        with pytest.raises(NoBindError):
            await one.send(1)


def test_the_window_of_all_sessions() -> None:
    here = Centre("127.0.0.1", 1)
    plan = BindingPlan(
        (here, here), (Role.TRANSMITTER, Role.RECEIVER, Role.TRANSMITTER), BindRequest(), window=5
    )
    assert plan.window_in_all == 20
    assert replace(plan, roles=(Role.RECEIVER,)).window_in_all == 0
