"""What a municipality's app instance gets. The rest is in tests/contract."""

import json
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from channels.app.channel import MESSAGE_BYTES, App
from channels.base import Endpoint, Notice, Permanent, Urgency
from channels.http.client import HttpClient
from tests.channels.far_side import far_side

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
OLD = "whsec_" + b64encode(b"o" * 32).decode()
NEW = "whsec_" + b64encode(b"n" * 32).decode()


def notice(payload: bytes = b'{"v":1}', now: Any = NOW) -> Notice:
    return Notice("01ALERT", "k" * 32, "Titel", "Text", payload, "de", Urgency.HIGH, now + timedelta(hours=1))


async def collect(channel: Any, message: Any, endpoints: Any) -> list[Any]:
    return [
        receipt
        async for known in channel.send(message, channel.gateway(endpoints[0]), endpoints)
        for receipt in known
    ]


@pytest.mark.parametrize("known", [OLD, NEW])
async def test_the_callback_verifies_with_either_secret_while_rotating(
    client_for: Callable[..., HttpClient], known: Any
) -> None:
    now = datetime.now(UTC)  # the receiver's library looks at the real clock
    async with far_side() as side:
        channel = App(client_for(side.origin), now=lambda: now)
        endpoint = Endpoint(7, side.origin + "/callback/05358008", {"secret": f"{OLD} {NEW}"})
        (receipt,) = await collect(channel, notice(now=now), [endpoint])
    (seen,) = side.seen
    assert receipt.accepted
    assert (seen.target, seen.body) == ("/callback/05358008", b'{"v":1}')
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["webhook-id"] == "01ALERT-7"
    assert seen.headers["webhook-timestamp"] == str(int(now.timestamp()))
    Webhook(known).verify(seen.body, seen.headers)


async def test_the_callback_has_a_token_and_its_signature_holds(
    client_for: Callable[..., HttpClient],
) -> None:
    now = datetime.now(UTC)
    asking = replace(notice(now=now), receipt_token=lambda endpoint: b"%024d" % endpoint)
    async with far_side() as side:
        channel = App(client_for(side.origin), now=lambda: now)
        await collect(channel, asking, [Endpoint(7, side.origin + "/c", {"secret": OLD})])
    [seen] = side.seen
    assert seen.body == b'{"v":1,"receipt":"%024d"}' % 7
    Webhook(OLD).verify(seen.body, seen.headers)


async def test_a_repeat_has_the_same_id(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        channel = App(client_for(side.origin), now=lambda: NOW)
        for _ in range(2):
            await collect(channel, notice(), [Endpoint(7, side.origin + "/c", {"secret": OLD})])
    assert [seen.headers["webhook-id"] for seen in side.seen] == ["01ALERT-7"] * 2


async def test_a_payload_that_does_not_fit_is_not_sent(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        channel = App(client_for(side.origin), now=lambda: NOW)
        (receipt,) = await collect(
            channel, notice(b"x" * 20_001), [Endpoint(7, side.origin + "/c", {"secret": OLD})]
        )
    assert (receipt.error.code, side.seen) == ("payload_too_large", [])


async def test_check(client_for: Callable[..., HttpClient]) -> None:
    channel = App(client_for())
    channel.check(Endpoint(1, "https://app.dueren.example/warnings", {"secret": OLD}))
    for address, keys, code in (
        ("https://app.dueren.example/warnings", {}, "secret_invalid"),
        ("https://app.dueren.example/warnings", {"secret": "whsec_kurz"}, "secret_invalid"),
        ("https://10.0.0.1/warnings", {"secret": OLD}, "private_address"),
        ("http://app.dueren.example/", {"secret": OLD}, "url_not_https"),
    ):
        with pytest.raises(Permanent) as caught:
            channel.check(Endpoint(1, address, keys))
        assert caught.value.code == code
    await channel.aclose()


async def test_a_callback_carries_the_whole_document_where_there_is_one(
    client_for: Callable[..., HttpClient],
) -> None:
    async with far_side() as side:
        channel = App(client_for(side.origin), now=lambda: NOW)
        whole = replace(notice(), document=b'{"v":1,"cap":"x"}')
        await collect(channel, whole, [Endpoint(7, side.origin + "/c", {"secret": OLD})])
    assert side.seen[0].body == b'{"v":1,"cap":"x"}'


@pytest.mark.parametrize(("later_h", "signatures"), [(0, 2), (1, 1)])
async def test_a_secret_that_is_being_replaced_signs_until_its_end(
    client_for: Callable[..., HttpClient], later_h: int, signatures: int
) -> None:
    keys = {"secret": NEW, "previous": f"{OLD}@{(NOW + timedelta(hours=1)).isoformat()}"}
    at = NOW + timedelta(hours=later_h)
    async with far_side() as side:
        channel = App(client_for(side.origin), now=lambda: at)
        await collect(channel, notice(now=at), [Endpoint(7, side.origin + "/c", keys)])
    assert len(side.seen[0].headers["webhook-signature"].split(" ")) == signatures


async def test_who_takes_cap_gets_the_message_and_what_it_is_for_both_signed(
    client_for: Callable[..., HttpClient],
) -> None:
    now = datetime.now(UTC)
    said = b'{"v":1,"alert":"A","chain":"C","sequence":3,"kind":"alert","headline":"x"}'
    message = replace(
        notice(said, now), message=b"<alert/>", receipt_token=lambda endpoint: b"%024d" % endpoint
    )
    keys = {"secret": f"{OLD} {NEW}", "form": "cap"}
    async with far_side() as side:
        channel = App(client_for(side.origin), now=lambda: now)
        await collect(channel, message, [Endpoint(7, side.origin + "/c", keys)])
    [seen] = side.seen
    assert (seen.body, seen.headers["content-type"]) == (b"<alert/>", "application/cap+xml")
    assert seen.headers["webhook-id"] == "01ALERT-7"
    delivery = seen.headers["alert-delivery"]
    assert json.loads(delivery) == {
        "v": 1,
        "alert": "A",
        "chain": "C",
        "sequence": 3,
        "kind": "alert",
        "receipt": f"{7:024}",
    }
    of_delivery = seen.headers | {"webhook-signature": seen.headers["alert-delivery-signature"]}
    for secret in (OLD, NEW):
        Webhook(secret).verify(seen.body, seen.headers, json_parse=False)
        Webhook(secret).verify(delivery, of_delivery)
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(delivery, seen.headers)


@pytest.mark.parametrize(
    ("message", "code"), [(b"", "message_missing"), (b"x" * (MESSAGE_BYTES + 1), "payload_too_large")]
)
async def test_a_message_that_is_none_or_too_large_is_not_sent(
    client_for: Callable[..., HttpClient], message: bytes, code: str
) -> None:
    keys = {"secret": OLD, "form": "cap"}
    async with far_side() as side:
        channel = App(client_for(side.origin), now=lambda: NOW)
        (receipt,) = await collect(
            channel, replace(notice(), message=message), [Endpoint(7, side.origin + "/c", keys)]
        )
    assert (receipt.error.code, side.seen) == (code, [])


async def test_a_form_that_there_is_not_is_refused(client_for: Callable[..., HttpClient]) -> None:
    channel = App(client_for("https://app.example"))
    with pytest.raises(Permanent, match="form_unknown"):
        channel.check(Endpoint(7, "https://app.example/c", {"secret": OLD, "form": "xml"}))
    channel.check(Endpoint(7, "https://app.example/c", {"secret": OLD, "form": "cap"}))
