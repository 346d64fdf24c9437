"""A message that is sent for show."""

from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.base import Endpoint, Notice, Urgency
from channels.sms.http.carrier import HttpCarrier
from channels.sms.smpp.bindings import BindingPlan
from channels.sms.smpp.carrier import SmppCarrier, SmppGateway
from channels.sms.smpp.pdu import BindRequest
from channels.sms.smpp.segments import MessageForm
from channels.sms.smpp.session import Role, Timing
from channels.sms.trial import SmsTrial, TriedCarrier, masked, tried
from tests.channels.sms.smpp.centre import scripted_centre, silent

NUMBER = "+4915100000001"


@pytest.mark.parametrize(
    ("number", "shown"),
    [(NUMBER, "+49xxxxxxxxx01"), (NUMBER[1:], "491xxxxxxxx01"), ("+1", "+1+1"), ("", "")],
)
def test_a_number_keeps_its_form_only(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_the_http_carrier_can_show_what_it_does() -> None:
    assert issubclass(HttpCarrier, TriedCarrier)


async def over_smpp(*script: Any) -> SmsTrial:
    now = datetime.now(UTC)
    notice = Notice(
        "TEST1", "k", "TEST", "TEST: ein Gateway", b"{}", "de", Urgency.NORMAL, now + timedelta(minutes=9)
    )
    async with scripted_centre(script=deque(script)) as centre:
        plan = BindingPlan(
            (centre.centre(),),
            (Role.TRANSCEIVER,),
            BindRequest("kreis", "geheim"),
            timing=Timing(answer_s=0.05),
        )
        carrier = SmppCarrier(SmppGateway("smsc", plan, MessageForm("WARNUNG", 5, 0)))
        try:
            return await tried(carrier, notice, Endpoint(0, NUMBER, {}))
        finally:
            centre.script.clear()
            await carrier.aclose()


@pytest.mark.parametrize(
    ("status", "meaning", "code", "answer"),
    [
        (None, "accepted", "", "m-1"),
        (0x0B, "rejected", "0x0b", "0x0b"),
        (0x58, "rate_limited", "0x58", "0x58"),
        (0x0A, "misconfigured", "0x0a", "0x0a"),
        (silent, "uncertain", "timeout", "timeout"),
    ],
)
async def test_a_message_centre_is_tried_by_sending(
    status: Any, meaning: str, code: str, answer: str
) -> None:
    trial = await over_smpp(status)
    assert (trial.meaning, trial.code, trial.answer_shown) == (meaning, code, answer)
    assert trial.request_shown == "+49xxxxxxxxx01, 1 x SMS\nTEST: ein Gateway"
