"""For how long, and why, a gateway is left alone."""

import logging
from typing import Any

import pytest
import structlog

from channels.base import (
    ChannelDown,
    ChannelFault,
    ChannelMisconfigured,
    Transient,
)
from dispatcher.model.vocabulary import State
from tests.delivery.conftest import House

ACCEPTED = State.ACCEPTED
PUSH = "https://push.example"


@pytest.mark.parametrize("error", [ChannelDown, ChannelFault, ChannelMisconfigured])
async def test_a_gateways_pause_is_logged_once_a_batch_as_gravely_as_its_error_says(
    house: House, error: Any
) -> None:
    ids = await house.subscribe(*"abc")
    house.channel.script[ids[0]] = [error("code")]
    [batch] = await house.planned()
    with structlog.testing.capture_logs() as logs:
        await house.deliverer.deliver(batch)
    [line] = [line for line in logs if line["event"] == "gateway_paused"]
    level = logging.getLevelName(error.log_level).lower()
    assert (line["log_level"], line["reason"], line["code"]) == (level, error.label, "code")


async def test_a_breakers_pause_names_the_code_that_opened_it(house: House) -> None:
    ids = await house.subscribe(*(f"{n}" for n in range(30)))
    for each in ids:
        house.channel.script[each] = [Transient("503")]
    batches = await house.planned()
    with structlog.testing.capture_logs() as logs:
        for batch in batches:
            await house.deliverer.deliver(batch)
    paused_for = {line["reason"]: line["code"] for line in logs if line["event"] == "gateway_paused"}
    assert paused_for == {"breaker": "503"}
