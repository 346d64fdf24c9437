"""Sessions are bound from a worker's start on, and shown."""

import asyncio
from typing import Any

import pytest

from channels.sms.smpp.bindings import BindingPlan
from channels.sms.smpp.carrier import SmppCarrier, SmppGateway
from channels.sms.smpp.pdu import BindRequest
from channels.sms.smpp.segments import MessageForm
from channels.sms.smpp.session import Role
from dispatcher.metrics import Metrics
from dispatcher.queue.address import parse
from dispatcher.queue.session_notes import SessionNotes
from dispatcher.queue.wakeups import open_queue
from dispatcher.worker.message_centres import SHOW_S, UNBOUND_S, MessageCentres
from tests.channels.sms.smpp.centre import scripted_centre
from tests.metrics.test_registry import samples


class Idle:
    """A journal to which nothing comes."""

    parked = 0
    closed = False

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.closed = True


async def test_a_worker_binds_before_the_first_warning_and_shows_its_sessions() -> None:
    metrics, journal = Metrics(), Idle()

    def shown(name: str, **labels: str) -> Any:
        return samples(metrics).get((name, frozenset({"gateway": "smsc", **labels}.items())))

    async with scripted_centre() as centre:
        plan = BindingPlan((centre.centre(),), (Role.TRANSCEIVER,), BindRequest("kreis"))
        carrier = SmppCarrier(SmppGateway("smsc", plan, MessageForm("WARNUNG", 5, 0)))
        one = MessageCentres([carrier], journal, metrics, sleep=lambda _: asyncio.sleep(0))
        assert shown("warn_smpp_throttled_total") == 0
        one.show()
        assert shown("warn_smpp_binds") is None
        running = asyncio.create_task(one.run())
        while shown("warn_smpp_binds") != 1:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)
        assert shown("warn_smpp_binds_planned") == 1
        centre.lines[0].close()
        while shown("warn_smpp_sessions_ended_total", reason="closed") != 1:  # noqa: ASYNC110
            await asyncio.sleep(0)
        assert shown("warn_smpp_binds") == 0
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await carrier.aclose()
        await one.aclose()
    assert journal.closed


@pytest.mark.parametrize(("role", "sends"), [(Role.TRANSCEIVER, True), (Role.RECEIVER, False)])
async def test_other_processes_hear_of_a_session_over_which_texts_go(
    redis_url: str, role: Role, sends: bool
) -> None:
    queue = open_queue(parse(redis_url))
    notes = SessionNotes(queue)
    async with scripted_centre() as centre:
        plan = BindingPlan((centre.centre(),), (role,), BindRequest("kreis"))
        carrier = SmppCarrier(SmppGateway("smsc", plan, MessageForm("WARNUNG", 5, 0)))
        looked, asked = asyncio.Event(), []

        async def sleep(seconds: float) -> None:
            asked.append(seconds)
            if (figures := carrier.figures()) and figures.bound:
                looked.set()
            await asyncio.sleep(0)

        one = MessageCentres([carrier], Idle(), Metrics(), notes, sleep=sleep)
        running = asyncio.create_task(one.run())
        await looked.wait()
        looked.clear()
        await looked.wait()
        assert await notes.is_any("smsc") is sends
        assert (asked[0], asked[-1]) == (UNBOUND_S, SHOW_S), "a new session is told of at once"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await carrier.aclose()
        await one.aclose()
    await queue.aclose(close_connection_pool=True)
