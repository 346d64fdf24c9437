"""What is answered by one way to a person on duty, and what follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.base import Consequence, Endpoint
from dispatcher.on_duty.matters import DutyChannel
from dispatcher.on_duty.texts import DutyTexts
from dispatcher.worker.on_duty import ways
from tests.channels.far_side import answer, hang
from tests.channels.webpush import subscription as browser
from tests.worker.on_duty.conftest import Duty

NUMBER, MAILBOX = Endpoint(7, "+491700000001", {}), Endpoint(8, "unknown@kreis.example", {})


def notice() -> Any:
    return DutyTexts(ZoneInfo("Europe/Berlin")).code("012345", 7, "DUTY1", datetime.now(UTC))


async def test_each_far_side_s_answer_says_what_follows(duty: Duty) -> None:
    at = Endpoint(9, f"{duty.push.origin}/p", {"p256dh": browser.UA_PUBLIC, "auth": browser.AUTH})
    send = duty.ways.send
    assert await send(DutyChannel.SMS, NUMBER, notice()) == ("accepted", None)
    assert await send(DutyChannel.WEBPUSH, at, notice()) == ("accepted", None)
    assert await send(DutyChannel.EMAIL, MAILBOX, notice()) == ("550", Consequence.REJECT)
    duty.push.react = answer(410)
    assert await send(DutyChannel.WEBPUSH, at, notice()) == ("410", Consequence.REMOVE)
    odd = Endpoint(9, "http://192.0.2.1/p", at.keys)
    assert (await send(DutyChannel.WEBPUSH, odd, notice())).consequence is Consequence.REJECT
    duty.box.answer = "421 closing"
    good = Endpoint(8, "n.nachts@kreis.example", {})
    assert await send(DutyChannel.EMAIL, good, notice()) == ("421", Consequence.RETRY)


async def test_a_way_that_is_not_there_or_an_address_that_nobody_can_read_may_be_so_later(duty: Duty) -> None:
    bare = replace(duty.ways, push=None, sms=None, mailer=None)
    for channel in DutyChannel:
        assert await bare.send(channel, NUMBER, notice()) == (ways.NOT_HERE, Consequence.RETRY)
    illegible = Endpoint(7, "", {})
    assert await duty.ways.send(DutyChannel.SMS, illegible, notice()) == (ways.ILLEGIBLE, Consequence.RETRY)


async def test_a_far_side_that_never_answers_is_given_up(duty: Duty, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ways, "TIMEOUT_S", 1.0)
    duty.push.react = hang
    at = Endpoint(9, f"{duty.push.origin}/p", {"p256dh": browser.UA_PUBLIC, "auth": browser.AUTH})
    late = replace(notice(), deadline=datetime.now(UTC) + timedelta(hours=1))
    found = await duty.ways.send(DutyChannel.WEBPUSH, at, late)
    assert found == (ways.TIMEOUT, Consequence.RETRY_UNCERTAIN)
