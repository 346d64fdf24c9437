"""Gateways that hand on what people send: who may, and that STOP ends the warnings and nothing else does."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from channels.sms.settings import SmsGatewaySettings
from dispatcher.api.reports import MAX_BYTES
from dispatcher.model.problems import ProblemType
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.store.audience.subscriptions import Subscriptions
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES, numbers

SECRET, OTHER_SECRET = "geheimnis-des-gateways", "geheimnis-des-anderen"
NUMBERS = ["+4915112345678", "+4916012345678", "+4917012345678"]
PATH = "/v1/gateways/sms-1/inbound"
FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@pytest.fixture
def settings(settings: Any) -> Any:
    def gateway(name: str, **more: Any) -> SmsGatewaySettings:
        return SmsGatewaySettings(name=name, url="https://sms.example/messages", **more)

    gateways = (
        gateway("sms-1", inbound={"secret": SECRET}, reports={"secret": OTHER_SECRET}),
        gateway("sms-2", inbound={"secret": OTHER_SECRET}),
        gateway("silent", reports={"secret": SECRET}),
    )
    return settings.model_copy(update={"sms_gateways": gateways})


@pytest.fixture
async def told(pool: Any) -> Any:
    """Says who is told of warnings."""
    await Subscriptions(pool, ADDRESSES).add_many(
        [NewSubscription("sms", "sms-1", number, {}, (DUEREN,)) for number in NUMBERS]
    )

    async def active() -> list[str]:
        return list(await numbers(pool, "active AND ended_at IS NULL"))

    return active


def text(sender: str, content: str) -> str:
    return f"from={quote(sender, safe='')}&text={quote(content)}"


async def test_stop_ends_it_in_whichever_form_the_gateway_speaks(service: Any, told: Any) -> None:
    answers = [
        await service.get(f"{PATH}?token={SECRET}&{text('4915112345678', ' stop ')}", key=""),
        await service.request(
            "POST", PATH, text("0160 12345678", "STOPP").encode(), key=SECRET, content_type=FORM
        ),
    ]
    assert await told() == NUMBERS[2:]
    body = json.dumps([{"from": "Danke", "text": "stop"}, {"from": NUMBERS[2], "text": "ABMELDEN!"}]).encode()
    answers.append(await service.request("POST", PATH, body, key=SECRET, content_type=JSON))
    assert await told() == []
    assert [(one.status, one.body) for one in answers] == [(200, b"")] * 3, (
        "Kannel sends the person whatever comes"
    )
    assert answers[0].headers["content-type"].startswith("text/plain")
    assert service.count("warn_sms_inbound_total", gateway="sms-1", verdict="ended") == 3
    assert service.count("warn_sms_inbound_total", gateway="sms-1", verdict="no_number") == 1
    assert service.count("warn_subscribers_ended_total", reason="opted_out") == 3


@pytest.mark.parametrize("shown", ["", "x" * 22, OTHER_SECRET, SECRET + "x"])
async def test_without_its_own_secret_nothing_ends(service: Any, told: Any, shown: str) -> None:
    query = text(NUMBERS[0], "STOP")
    for path in (f"{PATH}?token={shown}&{query}", f"{PATH}?{query}"):
        (await service.get(path, key=shown)).problem(401, ProblemType.UNAUTHENTICATED)
    (await service.get(f"/v1/gateways/silent/inbound?{query}", key=SECRET)).problem(
        404, ProblemType.NOT_FOUND
    )
    assert await told() == NUMBERS
    assert service.count("warn_sms_inbound_total", gateway="sms-1", verdict="refused") == 2


async def test_garbage_ends_nothing_and_is_counted(service: Any, told: Any) -> None:
    for content in ("STOP bitte nicht", "", "Danke", "S\0TOP", "%00"):
        answer = await service.get(f"{PATH}?{text(NUMBERS[0], content)}", key=SECRET)
        assert (answer.status, answer.body) == (200, b"")
    for body, content_type in ((b"{", JSON), (b"STOP", "text/plain")):
        refused = await service.request("POST", PATH, body, key=SECRET, content_type=content_type)
        refused.problem(400, ProblemType.MALFORMED_REPORT)
    long = await service.request("POST", PATH, b"x" * (MAX_BYTES + 1), key=SECRET, content_type=JSON)
    long.problem(413, ProblemType.TOO_LARGE)
    assert await told() == NUMBERS
    assert service.count("warn_sms_inbound_total", gateway="sms-1", verdict="not_understood") == 4
    assert service.count("warn_sms_inbound_total", gateway="sms-1", verdict="unreadable") == 1
    assert service.count("warn_sms_inbound_total", gateway="sms-1", verdict="refused") == 3
