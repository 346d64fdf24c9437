"""What an HTTP gateway is told and how its answers are read. The rest is in tests/contract."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.base import (
    AccountRefused,
    ChannelLimits,
    ChannelMisconfigured,
    Cut,
    Endpoint,
    Expired,
    Line,
    Notice,
    Permanent,
    Uncertain,
    Urgency,
)
from channels.http.client import HttpClient
from channels.http.messages import MAX_ANSWER_BYTES
from channels.sms.fitting import compose
from channels.sms.gsm7 import Encoding
from channels.sms.http.carrier import HttpCarrier, limits_at
from channels.sms.http.provider import SmsGateway
from channels.sms.meanings import AnswerMeaning
from tests.channels.far_side import answer, far_side, reset
from tests.support.sms_gateways import sms_gateway

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NUMBER = "+4915100000001"


def notice(
    text: str = "Hochwasser", deadline: Any = NOW + timedelta(seconds=90.5), alert_id: str = "01ALERT"
) -> Notice:
    return Notice(alert_id, "k" * 32, "Titel", text, b"{}", "de", Urgency.HIGH, deadline)


def gateway(origin: str = "https://sms.example", **options: Any) -> SmsGateway:
    return sms_gateway("haupt", origin + "/messages", **options)


async def collect(channel: Any, message: Any, endpoints: Any) -> list[Any]:
    return [receipt async for known in channel.send(message, endpoints) for receipt in known]


def build(http: Any, provider: Any, **options: Any) -> HttpCarrier:
    return HttpCarrier(http, provider, now=lambda: NOW, **options)


async def test_the_request_says_all_that_a_gateway_needs(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(answer(202, {}, b'{"id": "s-1"}')) as side:
        channel = build(client_for(side.origin), gateway(side.origin, authorization="Bearer geheim"))
        (receipt,) = await collect(channel, notice(), [Endpoint(7, NUMBER, {})])
    (seen,) = side.seen
    assert receipt.reference == "s-1"
    assert (seen.target, seen.headers["authorization"]) == ("/messages", "Bearer geheim")
    assert seen.headers["content-type"] == "application/json"
    assert json.loads(seen.body) == {
        "to": NUMBER,
        "text": "Hochwasser",
        "sender": "WARNUNG",
        "client_ref": "01ALERT-7",
        "validity_s": 90,
    }


async def test_a_repeat_has_the_same_reference_and_an_update_another(
    client_for: Callable[..., HttpClient],
) -> None:
    async with far_side() as side:
        channel = build(client_for(side.origin), gateway(side.origin))
        for alert_id in ("01ALERT", "01ALERT", "02UPDATE"):
            await collect(channel, notice(alert_id=alert_id), [Endpoint(7, NUMBER, {})])
    references = [json.loads(seen.body)["client_ref"] for seen in side.seen]
    assert references == ["01ALERT-7", "01ALERT-7", "02UPDATE-7"]


async def test_the_text_is_brought_into_the_short_alphabet_and_cut(
    client_for: Callable[..., HttpClient],
) -> None:
    async with far_side() as side:
        channel = build(client_for(side.origin), gateway(side.origin, max_parts=1))
        message = notice("„Rur“ – " + "Wort " * 50)
        await collect(channel, message, [Endpoint(7, NUMBER, {})])
    sms = compose(message.text, 1)
    assert json.loads(side.seen[0].body)["text"] == sms.text
    assert (sms.encoding, len(sms.parts), sms.clipped) == (Encoding.GSM7, 1, True)


async def test_a_notice_with_lines_gives_way_where_the_lines_say(
    client_for: Callable[..., HttpClient],
) -> None:
    lines = (
        Line("WARNUNG: Wasser", cut=Cut.WORDS),
        Line("Bei 100 °C abkochen. " * 30, cut=Cut.SENTENCES),
        Line("Gebiet: Jülich"),
        Line("Gültig bis 28.11. 18:00 Uhr"),
    )
    async with far_side() as side:
        channel = build(client_for(side.origin), gateway(side.origin, max_parts=1))
        whole = "\n".join(line.text for line in lines)
        await collect(channel, replace(notice(whole), lines=lines), [Endpoint(7, NUMBER, {})])
    assert json.loads(side.seen[0].body)["text"] == (
        "WARNUNG: Wasser\n" + "Bei 100 Grad abkochen. " * 4 + "...\n"
        "Gebiet: Jülich\nGültig bis 28.11. 18:00 Uhr"
    )


async def test_validity_is_capped_and_never_zero(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        channel = build(client_for(side.origin), gateway(side.origin))
        await collect(channel, notice(deadline=NOW + timedelta(days=9)), [Endpoint(7, NUMBER, {})])
        (late,) = await collect(
            channel, notice(deadline=NOW + timedelta(seconds=0.5)), [Endpoint(7, NUMBER, {})]
        )
    assert [json.loads(seen.body)["validity_s"] for seen in side.seen] == [48 * 3600]
    assert type(late.error) is Expired


async def test_what_is_no_number_is_refused_for_itself(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        channel = build(client_for(side.origin), gateway(side.origin))
        bad, good = await collect(
            channel, notice(), [Endpoint(1, "015112345678", {}), Endpoint(2, NUMBER, {})]
        )
    assert (type(bad.error), bad.error.code, good.error) == (Permanent, "number_invalid", None)
    assert len(side.seen) == 1


async def test_an_answer_that_must_be_read_and_breaks_off_is_uncertain(
    client_for: Callable[..., HttpClient],
) -> None:
    async with far_side(answer(200, {}, b" " * (MAX_ANSWER_BYTES + 1))) as side:
        channel = build(client_for(side.origin), gateway(side.origin, answer={"success": "ok"}))
        (receipt,) = await collect(channel, notice(), [Endpoint(1, NUMBER, {})])
    assert (type(receipt.error), receipt.error.code) == (Uncertain, "oversized")


async def test_the_account_is_refused_at_once(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(answer(402)) as side:
        channel = build(client_for(side.origin), gateway(side.origin), limits=ChannelLimits(10, 840, 1, 3600))
        with pytest.raises(ChannelMisconfigured) as caught:
            await collect(channel, notice(), [Endpoint(number, NUMBER, {}) for number in range(5)])
    assert (len(side.seen), caught.value.gateway) == (1, "haupt")


async def test_a_text_counts_for_its_parts(client_for: Callable[..., HttpClient]) -> None:
    carrier = build(client_for(), gateway(max_parts=3))
    assert carrier.parts(notice(text="x" * 160)) == 1
    assert carrier.parts(notice(text="x" * 161)) == 2
    assert carrier.parts(notice(text="x" * 1000)) == 3


def test_a_rate_gets_as_many_requests_in_flight_as_it_takes() -> None:
    assert [limits_at(rate).concurrency for rate in (None, 1, 40, 200, 10_000)] == [20, 20, 20, 100, 500]


VONAGE = {"profile": "vonage", "secrets": {"key": "key", "secret": "geheim"}}
BY_GET = {
    "request": {"method": "GET", "query": {"to": "{to}", "text": "{text}", "ttl": "{validity}"}},
    "answer": {"reference_text": "ID: *", "rules": [{"means": "accepted", "status": 200, "text": "ID: *"}]},
}


def vonage(status: str) -> bytes:
    return json.dumps({"messages": [{"status": status, "message-id": "0A1"}]}).encode()


async def test_a_gateway_can_be_asked_by_get(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(answer(200, {}, b"ID: 0A1 queued\r\n")) as side:
        channel = build(client_for(side.origin), gateway(side.origin, **BY_GET))
        (receipt,) = await collect(channel, notice(), [Endpoint(7, NUMBER, {})])
    (seen,) = side.seen
    assert receipt.reference == "0A1"
    assert (seen.method, seen.body) == ("GET", b"")
    assert seen.target == "/messages?to=%2B4915100000001&text=Hochwasser&ttl=90"


@pytest.mark.parametrize("text", ["Überflutungsgefährdung für Düren. " * 40, "Повінь у місті Дюрен. " * 40])
async def test_a_text_too_long_for_an_address_loses_parts_and_is_sent(
    client_for: Callable[..., HttpClient], text: str
) -> None:
    async with far_side(answer(200, {}, b"ID: 1")) as side:
        channel = build(client_for(side.origin), gateway(side.origin, **BY_GET))
        message = replace(notice(text), language="uk")
        (receipt,) = await collect(channel, message, [Endpoint(7, NUMBER, {})])
    (seen,) = side.seen
    assert receipt.error is None
    assert 400 < len(seen.target) < 2048


async def test_a_gateway_that_changes_its_mind_is_taken_at_its_word(
    client_for: Callable[..., HttpClient],
) -> None:
    """Each answer is read by itself: nothing of an earlier one is kept."""
    answers = [
        (200, vonage("5")),
        (200, vonage("0")),
        (500, vonage("0")),
        (200, vonage("7")),
        (201, vonage("0")),
    ]
    found = []
    async with far_side() as side:
        channel = build(client_for(side.origin), gateway(side.origin, **VONAGE))
        for status, body in answers:
            side.react = answer(status, {}, body)
            (receipt,) = await collect(channel, notice(), [Endpoint(7, NUMBER, {})])
            found.append(receipt.error.label if receipt.error else receipt.reference)
    assert found == ["transient", "0A1", "transient", "permanent", "0A1"]


@pytest.mark.parametrize("settings", [{}, VONAGE, BY_GET], ids=["json", "form", "get"])
async def test_a_number_that_no_encoder_takes_hurts_only_itself(
    client_for: Callable[..., HttpClient], settings: Any
) -> None:
    odd = [
        "+49\ud800151",
        "+" + "9" * 100_000,
        "+4915\x00100000",
        '+49"},{"to":"1',
        None,
        4915100000001,
        b"+49151",
    ]
    endpoints = [Endpoint(place, number, {}) for place, number in enumerate(odd)]
    async with far_side(answer(200, {}, b'{"messages": [{"status": "0"}], "id": "1"}')) as side:
        if settings is BY_GET:
            side.react = answer(200, {}, b"ID: 1")
        channel = build(client_for(side.origin), gateway(side.origin, **settings))
        receipts = await collect(channel, notice(), [*endpoints, Endpoint(99, NUMBER, {})])
    assert {one.endpoint_id: one.error is None for one in receipts} == {
        **dict.fromkeys(range(len(odd)), False),
        99: True,
    }
    assert len(side.seen) == 1


@pytest.mark.parametrize("settings", [{}, VONAGE, BY_GET], ids=["json", "form", "get"])
@pytest.mark.parametrize(
    "text",
    ["🌊🚒👩‍👩‍👧‍👦 " * 9, "Hoch\ud800wasser", "\x00\x1b[31m", ""],
    ids=["emoji", "half a pair", "controls", "nothing"],
)
async def test_no_text_kills_an_encoder(
    client_for: Callable[..., HttpClient], settings: Any, text: str
) -> None:
    body = b"ID: 1" if settings is BY_GET else b'{"messages": [{"status": "0"}], "id": "1"}'
    async with far_side(answer(200, {}, body)) as side:
        channel = build(client_for(side.origin), gateway(side.origin, **settings))
        (receipt,) = await collect(channel, notice(text), [Endpoint(7, NUMBER, {})])
    assert receipt.error is None
    assert len(side.seen) == 1


async def test_one_message_can_be_sent_for_show(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(answer(200, {"Retry-After": "7"}, vonage("1"))) as side:
        channel = build(client_for(side.origin), gateway(side.origin, **VONAGE))
        trial = await channel.try_one(notice(), Endpoint(7, NUMBER, {}))
    assert (trial.meaning, trial.code) == (AnswerMeaning.RATE_LIMITED, "1")
    assert trial.reason.startswith("vonage #2 (")
    assert "HTTP 200\nRetry-After: 7" in trial.answer_shown
    assert "Basic ***" in trial.request_shown
    assert NUMBER[1:] not in trial.request_shown


@pytest.mark.parametrize(
    ("number", "deadline", "meaning", "code"),
    [
        ("0151", NOW + timedelta(hours=1), AnswerMeaning.REJECTED, "number_invalid"),
        (NUMBER, NOW, AnswerMeaning.TRANSIENT, "deadline"),
    ],
)
async def test_what_cannot_be_asked_for_show_is_said(
    client_for: Callable[..., HttpClient], number: str, deadline: datetime, meaning: Any, code: str
) -> None:
    async with far_side() as side:
        channel = build(client_for(side.origin), gateway(side.origin))
        trial = await channel.try_one(notice(deadline=deadline), Endpoint(7, number, {}))
    assert (trial.meaning, trial.code, trial.answer_shown, trial.reason) == (meaning, code, "", "no request")
    assert not side.seen


async def test_a_get_is_no_more_tried_again_than_a_post(client_for: Callable[..., HttpClient]) -> None:
    """Here a GET sends an SMS: what an HTTP library may repeat, as it changes nothing, would send two."""
    async with far_side(answer(200, {}, b"ID: 1")) as side:
        channel = build(client_for(side.origin), gateway(side.origin, **BY_GET))
        await collect(channel, notice(), [Endpoint(1, NUMBER, {})])
        side.react = reset
        (receipt,) = await collect(channel, notice(), [Endpoint(2, NUMBER, {})])
    assert (receipt.error.label, len(side.seen)) == ("uncertain", 2)


@pytest.mark.parametrize(
    ("url", "code"),
    [("https://localhost", "private_address"), ("http://sms.example", "url_not_https")],
    ids=["seen when the name is asked for", "seen at once"],
)
async def test_an_address_that_is_not_allowed_is_the_gateway_s_fault_and_no_recipient_s(
    client_for: Callable[..., HttpClient], url: str, code: str
) -> None:
    channel = build(client_for(), gateway(url))
    run = channel.send(notice(), [Endpoint(7, NUMBER, {})])
    (receipt,) = await anext(run)
    assert type(receipt.error) is AccountRefused
    with pytest.raises(ChannelMisconfigured) as caught:
        await anext(run)
    assert (caught.value.code, caught.value.gateway) == (code, "haupt")
    trial = await channel.try_one(notice(), Endpoint(7, NUMBER, {}))
    assert (trial.meaning, trial.code) == (AnswerMeaning.MISCONFIGURED, code)
    assert trial.reason.startswith("the address is not allowed")
