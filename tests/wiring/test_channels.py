"""The channels do what the settings say, to what a gateway receives."""

import json
from typing import Any

import pytest

from channels.base import (
    ChannelMisconfigured,
    Endpoint,
    Permanent,
    RateLimited,
    Transient,
)
from tests.channels.far_side import answer, far_side
from tests.contract.conftest import CASES
from tests.wiring.sending import sent, sms_gateway


@pytest.mark.parametrize(
    ("code", "meaning"),
    [("101", Permanent), (101, Permanent), ("BUSY", RateLimited), ("9", Transient), ("42", Transient)],
)
async def test_what_an_error_code_in_an_accepting_answer_means_is_a_setting(
    env: pytest.MonkeyPatch, channels: Any, code: int | str, meaning: Any
) -> None:
    refusal = json.dumps({"status": "failed", "error": {"code": code}}).encode()
    errors = {"101": "permanent", "BUSY": "rate_limited", "9": "transient"}
    async with far_side(answer(200, {}, refusal)) as side:
        env.setenv("WARN_SMS_GATEWAYS", sms_gateway(side.origin, errors=errors))
        [receipt] = await sent(channels(side.origin)["sms"], Endpoint(7, "+4915100000001", {}))
    assert len(side.seen) == 1
    assert (type(receipt.error), receipt.error.code) == (meaning, str(code))


async def test_an_error_code_that_is_about_the_account_stops_the_channel(
    env: pytest.MonkeyPatch, channels: Any
) -> None:
    async with far_side(answer(200, {}, b'{"status": "failed", "error": {"code": "CREDIT"}}')) as side:
        env.setenv("WARN_SMS_GATEWAYS", sms_gateway(side.origin, errors={"CREDIT": "misconfigured"}))
        with pytest.raises(ChannelMisconfigured) as caught:
            await sent(channels(side.origin)["sms"], Endpoint(7, "+4915100000001", {}))
    assert (caught.value.code, caught.value.gateway) == ("CREDIT", "haupt")


async def test_a_success_in_an_answer_that_is_read_is_a_success(
    env: pytest.MonkeyPatch, channels: Any
) -> None:
    async with far_side(answer(200, {}, b'{"status": "OK", "message": {"id": "s-1"}}')) as side:
        env.setenv("WARN_SMS_GATEWAYS", sms_gateway(side.origin, errors={"101": "permanent"}))
        [receipt] = await sent(channels(side.origin)["sms"], Endpoint(7, "+4915100000001", {}))
    assert (receipt.accepted, receipt.reference) == (True, "s-1")


async def test_every_channel_is_under_the_contract(env: pytest.MonkeyPatch, channels: Any) -> None:
    """What is sold as a channel keeps its promises; a message centre's are in `tests/contract/test_message_centre`."""
    origin = "https://gateway.example"
    env.setenv("WARN_SMS_GATEWAYS", sms_gateway(origin))
    registry = channels(origin)
    assert set(registry) == {case.name for case in CASES}
