"""A message that is sent for show."""

import re
from base64 import b64encode, urlsafe_b64encode
from collections import deque
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.base import (
    ChannelDown,
    ChannelMisconfigured,
    DeliveryError,
    Endpoint,
    GatewayLimits,
    Notice,
    Permanent,
    Receipt,
    Urgency,
)
from channels.sms.http.carrier import HttpCarrier
from channels.sms.smpp.bindings import BindingPlan
from channels.sms.smpp.carrier import SmppCarrier, SmppGateway
from channels.sms.smpp.pdu import BindRequest
from channels.sms.smpp.segments import MessageForm
from channels.sms.smpp.session import Role, Timing
from channels.sms.trial import SmsTrial, TriedCarrier, base64_middles, masked, tried, without_number
from tests.channels.sms.smpp.centre import scripted_centre, silent

NUMBER = "+4915100000001"


@pytest.mark.parametrize(
    ("number", "shown"),
    [(NUMBER, "+49xxxxxxxxx01"), (NUMBER[1:], "491xxxxxxxx01"), ("+1", "+1+1"), ("", "")],
)
def test_a_number_keeps_its_form_only(number: str, shown: str) -> None:
    assert masked(number) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("to +4915100000001!", "to +49xxxxxxxxx01!"),
        ("004915100000001", "0049xxxxxxxxx01"),
        ("0151 0000-0001", "0xxxxxxxxx01"),
        ("%2B4915100000001", "%2B49xxxxxxxxx01"),
        (b64encode(b"to=+4915100000001&x").decode(), "dG89KzQ5xxxxxxxxx01"),
        ("+4915100000002", "+4915100000002"),
        ("", ""),
    ],
)
def test_a_number_is_hidden_however_it_is_written(said: str, shown: str) -> None:
    assert without_number(said, NUMBER) == shown


def test_a_text_without_its_number_says_nothing_of_a_short_one() -> None:
    assert without_number("+1", "+1") == "+1"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_text_is_found_in_base64_wherever_it_begins(before: str, encode: Any) -> None:
    encoded = encode(f"{before}geheim?>~ü und mehr".encode()).decode()
    assert any(re.search(form, encoded) for form in base64_middles("geheim?>~ü"))
    assert not any(re.search(form, encoded) for form in base64_middles("geheim?>~o"))


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
            timing=Timing(answer_s=0.05) if silent in script else Timing(),
        )
        carrier = SmppCarrier(SmppGateway("smsc", plan, MessageForm("WARNUNG", 5, 0)))
        try:
            return await tried(carrier, notice, Endpoint(0, NUMBER, {}))
        finally:
            centre.script.clear()
            await carrier.aclose()


@pytest.mark.parametrize(
    ("status", "meaning", "code", "answer", "reason"),
    [
        (None, "accepted", "", "message_id m-1", "command_status 0x00, ESME_ROK: taken"),
        (0x0B, "rejected", "0x0b", "0x0b", "command_status 0x0b, ESME_RINVDSTADR: the recipient's number"),
        (
            0x58,
            "rate_limited",
            "0x58",
            "0x58",
            "command_status 0x58, ESME_RTHROTTLED: more than the contract allows",
        ),
        (0x0A, "misconfigured", "0x0a", "0x0a", "command_status 0x0a, ESME_RINVSRCADR: the sender"),
        (0x401, "transient", "0x401", "0x401", "command_status 0x401, which SMPP 3.4 has no name for"),
        (silent, "uncertain", "timeout", "timeout", "no answer"),
    ],
)
async def test_a_message_centre_is_tried_by_sending(
    status: Any, meaning: str, code: str, answer: str, reason: str
) -> None:
    trial = await over_smpp(status)
    assert (trial.meaning, trial.code, trial.answer_shown) == (meaning, code, answer)
    assert trial.reason == reason
    assert trial.request_shown == "+49xxxxxxxxx01, 1 x SMS\nTEST: ein Gateway"


@pytest.mark.parametrize(
    ("failure", "answer", "reason"),
    [
        (ChannelDown("protocol", "protocol", gateway="smsc"), "protocol", "no session"),
        (
            ChannelMisconfigured("0x0e", "0x0e", gateway="smsc"),
            "0x0e",
            "command_status 0x0e, ESME_RINVPASWD: ",
        ),
        (ChannelMisconfigured("tls_certificate", "expired"), "tls_certificate expired", "no session"),
        (Permanent("number_invalid"), "number_invalid", "no request"),
    ],
)
async def test_what_happened_instead_of_an_answer_is_said_once(
    failure: Any, answer: str, reason: str
) -> None:
    class Failing:
        """A carrier to whose centre there is no way."""

        limits = GatewayLimits(1)

        async def send(self, notice: Any, endpoints: Any) -> AsyncGenerator[list[Receipt], None]:
            if isinstance(failure, DeliveryError):
                yield [Receipt(endpoints[0].id, failure)]
            else:
                raise failure

        def parts(self, notice: Any) -> int:
            return 1

        async def aclose(self) -> None:
            """Nothing is open."""

    now = datetime.now(UTC)
    notice = Notice("TEST1", "k", "TEST", "TEST", b"{}", "de", Urgency.NORMAL, now + timedelta(minutes=9))
    trial = await tried(Failing(), notice, Endpoint(0, NUMBER, {}))
    assert (trial.answer_shown, trial.reason[: len(reason)]) == (answer, reason)
