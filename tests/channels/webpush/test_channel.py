"""What a Web Push request looks like, and whom we let subscribe. The rest is in tests/contract."""

from base64 import urlsafe_b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.base import (
    ChannelLimits,
    ChannelMisconfigured,
    Endpoint,
    Notice,
    Permanent,
    Transient,
    Urgency,
)
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.webpush.channel import LIMITS, WebPush
from channels.webpush.encryption import decode_base64url
from channels.webpush.pywebpush_encoder import PywebpushEncoder
from channels.webpush.vapid import VapidSigner, generate_key
from tests.channels.far_side import answer, far_side

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
UA_KEY = ec.generate_private_key(ec.SECP256R1())
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
POINT = UA_KEY.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def b64(raw: Any) -> Any:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


KEYS = {"p256dh": b64(POINT), "auth": AUTH}
SIGNER = VapidSigner(generate_key(), "mailto:ops@warn.example")


def notice(payload: bytes = b'{"v":1}', deadline: Any = NOW + timedelta(seconds=90.5)) -> Notice:
    return Notice("01ALERT", "k" * 32, "Titel", "Text", payload, "de", Urgency.HIGH, deadline)


def build(http: Any, **options: Any) -> WebPush:
    return WebPush(http, SIGNER, now=lambda: NOW, **options)


async def collect(channel: Any, message: Any, endpoints: Any) -> list[Any]:
    return [
        receipt
        async for known in channel.send(message, channel.gateway(endpoints[0]), endpoints)
        for receipt in known
    ]


async def test_the_request_carries_all_that_the_standards_ask_for(
    client_for: Callable[..., HttpClient],
) -> None:
    async with far_side() as side:
        channel = build(client_for(side.origin))
        (receipt,) = await collect(channel, notice(), [Endpoint(1, side.origin + "/push/1", KEYS)])
    (seen,) = side.seen
    assert (receipt.accepted, receipt.reference) == (True, "")
    assert seen.headers["ttl"] == "90"
    assert seen.headers["urgency"] == "high"
    assert seen.headers["topic"] == "k" * 32
    assert seen.headers["content-encoding"] == "aes128gcm"
    assert seen.headers["authorization"] == SIGNER.authorization(side.origin, NOW)
    plain = http_ece.decrypt(
        seen.body, private_key=UA_KEY, auth_secret=decode_base64url(AUTH), version="aes128gcm"
    )
    assert plain == b'{"v":1}'


async def test_ttl_never_exceeds_what_push_services_keep(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        channel = build(client_for(side.origin))
        far = notice(deadline=NOW + timedelta(days=60))
        await collect(channel, far, [Endpoint(1, side.origin + "/1", KEYS)])
    assert side.seen[0].headers["ttl"] == str(LIMITS.max_age_s)


async def test_ttl_shrinks_with_time_and_headers_are_shared_within_a_second(
    client_for: Callable[..., HttpClient],
) -> None:
    times = iter([NOW] * 2 + [NOW + timedelta(seconds=30)] * 10)
    async with far_side() as side:
        channel = WebPush(
            client_for(side.origin), SIGNER, now=lambda: next(times), limits=ChannelLimits(10, 3000, 1, 3600)
        )
        endpoints = [Endpoint(number, f"{side.origin}/{number}", KEYS) for number in range(3)]
        await collect(channel, notice(), endpoints)
    ttls = [int(seen.headers["ttl"]) for seen in side.seen]
    assert ttls == sorted(ttls, reverse=True)
    assert set(ttls) == {90, 60}


async def test_pywebpush_can_be_chosen_as_the_encoder(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        channel = build(client_for(side.origin), encoder=PywebpushEncoder())
        (receipt,) = await collect(channel, notice(), [Endpoint(1, side.origin + "/1", KEYS)])
    assert receipt.accepted
    plain = http_ece.decrypt(
        side.seen[0].body, private_key=UA_KEY, auth_secret=decode_base64url(AUTH), version="aes128gcm"
    )
    assert plain == b'{"v":1}'


async def test_a_payload_that_does_not_fit_is_not_sent(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        channel = build(client_for(side.origin))
        (receipt,) = await collect(channel, notice(b"x" * 3994), [Endpoint(1, side.origin + "/1", KEYS)])
    assert (type(receipt.error), receipt.error.code, side.seen) == (Permanent, "payload_too_large", [])


async def test_a_subscription_made_for_another_key_hurts_only_itself(
    client_for: Callable[..., HttpClient],
) -> None:
    async def react(seen: Any, writer: Any) -> None:
        await answer(403 if seen.target == "/3" else 201)(seen, writer)

    async with far_side(react) as side:
        channel = build(client_for(side.origin))
        endpoints = [Endpoint(number, f"{side.origin}/{number}", KEYS) for number in range(9)]
        receipts = await collect(channel, notice(), endpoints)
    errors = {receipt.endpoint_id: receipt.error for receipt in receipts if receipt.error}
    assert [(number, type(error), error.code) for number, error in errors.items()] == [(3, Permanent, "403")]


async def test_refusals_after_acceptances_are_ours_again_when_there_are_many(
    client_for: Callable[..., HttpClient],
) -> None:
    """As when the key is withdrawn in the middle of a call: nobody may be taken off the list for that."""

    async def react(seen: Any, writer: Any) -> None:
        await answer(201 if int(seen.target[1:]) < 3 else 403)(seen, writer)

    async with far_side(react) as side:
        channel = build(client_for(side.origin), limits=ChannelLimits(10, 3000, 1, 3600))
        endpoints = [Endpoint(number, f"{side.origin}/{number}", KEYS) for number in range(20)]
        receiving = channel.send(notice(), side.origin, endpoints)
        receipts = []
        while len(receipts) < 8:
            receipts += await anext(receiving)
        with pytest.raises(ChannelMisconfigured, match="403"):
            await anext(receiving)
    assert [type(receipt.error) for receipt in receipts] == [type(None)] * 3 + [Transient] * 5


@pytest.mark.parametrize(
    "address",
    [
        "https://fcm.googleapis.com/fcm/send/x",
        "https://updates.push.services.mozilla.com/wpush/v2/x",
        "https://wns2-am3p.notify.windows.com/w/?token=x",
        "https://web.push.apple.com/x",
        "http://127.0.0.1:9901/x",
    ],
)
async def test_known_push_services_and_named_origins_may_be_subscribed(
    client_for: Callable[..., HttpClient], address: str
) -> None:
    build(client_for("http://127.0.0.1:9901")).check(Endpoint(1, address, KEYS))


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://push.example/x", "unknown_push_service"),
        ("https://evil-fcm.googleapis.com/x", "unknown_push_service"),
        ("https://evilnotify.windows.com/x", "unknown_push_service"),
        ("https://fcm.googleapis.com:8443/x", "url_port"),
        ("http://fcm.googleapis.com/x", "url_not_https"),
        ("https://192.168.0.1/x", "private_address"),
    ],
)
async def test_others_may_not(client_for: Callable[..., HttpClient], address: str, code: str) -> None:
    with pytest.raises(Permanent) as caught:
        build(client_for()).check(Endpoint(1, address, KEYS))
    assert caught.value.code == code


async def test_an_operator_may_admit_every_public_host(client_for: Callable[..., HttpClient]) -> None:
    build(client_for(), hosts=None).check(Endpoint(1, "https://ntfy.example/up", KEYS))


async def test_keys_are_checked_at_subscription(client_for: Callable[..., HttpClient]) -> None:
    with pytest.raises(Permanent, match="key_invalid"):
        build(client_for()).check(
            Endpoint(1, "https://fcm.googleapis.com/x", {**KEYS, "p256dh": b64(bytes(65))})
        )


async def test_a_url_we_must_not_contact_has_no_gateway() -> None:
    channel = build(HttpClient(AddressPolicy()))
    with pytest.raises(Permanent, match="url_malformed"):
        channel.gateway(Endpoint(1, "ftp://push.example", KEYS))
    await channel.aclose()
