"""The contract of `channels.base.Channel` for SMS over SMPP, whose far side speaks no HTTP."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from channels.base import ChannelDown, Endpoint, Expired, Permanent
from channels.sms.channel import Sms
from channels.sms.smpp.bindings import BindingPlan
from channels.sms.smpp.carrier import SmppCarrier, SmppGateway
from channels.sms.smpp.connecting import Centre
from channels.sms.smpp.pdu import BindRequest, Command, MessageAnswer, Pdu
from channels.sms.smpp.segments import MessageForm
from channels.sms.smpp.session import Role, Timing
from tests.channels.far_side import closed_port
from tests.channels.sms.smpp.centre import ScriptedCentre, scripted_centre, silent
from tests.contract.conftest import NOW, SECRET, notice
from tests.contract.test_contract import send


def channel_at(*centres: Centre, window: int = 4, answer_s: float = 30.0) -> Sms:
    plan = BindingPlan(
        centres,
        (Role.TRANSCEIVER,),
        BindRequest("kreis", SECRET),
        window=window,
        timing=Timing(answer_s=answer_s),
    )
    gateway = SmppGateway("gateway0", plan, MessageForm("WARNUNG", 5, 0))
    return Sms({"gateway0": SmppCarrier(gateway, now=lambda: NOW)})


def endpoints(numbers: Any) -> list[Endpoint]:
    return [Endpoint(number, f"+4915100000{number:03}", {"gateway": "gateway0"}) for number in numbers]


@asynccontextmanager
async def stage(script: Any = (), **options: Any) -> AsyncIterator[tuple[Sms, ScriptedCentre]]:
    async with scripted_centre(script=deque(script)) as centre:
        channel = channel_at(centre.centre(), **options)
        try:
            yield channel, centre
        finally:
            centre.script.clear()
            await channel.aclose()


async def test_one_bad_exchange_never_hurts_another() -> None:
    async with stage([None, 0x0B, silent, 0x400], answer_s=0.5, window=1) as (channel, centre):
        result = await send(channel, "gateway0", endpoints(range(6)))
        assert result.raised is None
        assert result.labels() == {
            0: "accepted",
            1: "permanent",
            2: "uncertain",
            3: "transient",
            4: "accepted",
            5: "accepted",
        }
        assert len(centre.submits) == 6, "something was tried again"


async def test_no_more_than_the_limit_is_in_flight_and_receipts_come_as_answers_come() -> None:
    held: list[Any] = []
    async with stage([lambda *step: held.append(step)] * 4, window=4) as (channel, centre):
        receipts = channel.send(notice(), "gateway0", endpoints(range(9)))
        first = asyncio.ensure_future(anext(receipts))
        await centre.until(lambda: len(centre.submits) == 4)
        assert (channel.gateway_limits("gateway0").concurrency, len(held)) == (4, 4)
        pdu, line = held[2]
        line.send(Pdu(Command.SUBMIT_SM_RESP, pdu.sequence, body=MessageAnswer("m-1")))
        assert [receipt.reference for receipt in await first] == ["m-1"]
        await receipts.aclose()
        assert len(centre.submits) <= 5


async def test_an_unreachable_host_is_down_and_nobody_was_started() -> None:
    channel = channel_at(Centre("127.0.0.1", closed_port()))
    result = await send(channel, "gateway0", endpoints(range(20)))
    await channel.aclose()
    assert isinstance(result.raised, ChannelDown)
    assert (result.receipts, result.raised.gateway, result.raised.code) == ({}, "gateway0", "refused")
    assert SECRET not in str(result.raised)


async def test_after_the_deadline_nothing_is_started() -> None:
    async with stage() as (channel, centre):
        result = await send(channel, "gateway0", endpoints(range(3)), notice(NOW - timedelta(seconds=1)))
        assert {type(receipt.error) for receipt in result.receipts.values()} == {Expired}
        assert centre.submits == []


async def test_an_odd_record_is_refused_for_itself() -> None:
    async with stage() as (channel, _):
        odd = Endpoint(7, "not a number", {"gateway": "gateway0"})
        with pytest.raises(Permanent):
            channel.check(odd)
        result = await send(channel, "gateway0", [*endpoints(range(2)), odd])
        assert result.labels() == {0: "accepted", 1: "accepted", 7: "permanent"}
        assert "not a number" not in str(result.receipts[7].error)


async def test_who_is_sent_nothing_costs_nothing() -> None:
    async with stage() as (channel, centre):
        assert (await send(channel, "gateway0", [])).receipts == {}
        assert centre.submits == []
