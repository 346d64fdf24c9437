"""What a Web Push request looks like, and whom we let subscribe. The rest is in tests/contract."""

import dataclasses
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
    Endpoint,
    Expired,
    Notice,
    OurKeyMissing,
    OwnKeyRefused,
    Permanent,
    Unauthorized,
    Urgency,
)
from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.webpush.channel import LIMITS, STRANGERS_CONCURRENCY, Notes, WebPush
from channels.webpush.encryption import decode_base64url
from channels.webpush.learnt_keys import LearntKeys
from channels.webpush.pywebpush_encoder import PywebpushEncoder
from channels.webpush.services.browsers import APPLE, MOZILLA
from channels.webpush.services.directory import SERVICES, Directory
from channels.webpush.services.push_service import PushService
from channels.webpush.vapid import VapidKeys, VapidSigner, generate_key, key_name
from tests.channels.far_side import answer, far_side
from tests.channels.webpush.services.personas import answer_of

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
    return WebPush(http, VapidKeys(SIGNER), now=lambda: NOW, **options)


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


async def test_each_device_gets_a_token_of_its_own(client_for: Callable[..., HttpClient]) -> None:
    asking = dataclasses.replace(notice(), receipt_token=lambda endpoint: b"%024d" % endpoint)
    async with far_side() as side:
        channel = build(client_for(side.origin))
        await collect(channel, asking, [Endpoint(n, f"{side.origin}/{n}", KEYS) for n in (7, 8)])
    plain = {
        http_ece.decrypt(
            seen.body, private_key=UA_KEY, auth_secret=decode_base64url(AUTH), version="aes128gcm"
        )
        for seen in side.seen
    }
    assert plain == {b'{"v":1,"receipt":"%024d"}' % n for n in (7, 8)}


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
            client_for(side.origin),
            VapidKeys(SIGNER),
            now=lambda: next(times),
            limits=ChannelLimits(10, 3000, 1, 3600),
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


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refusal_is_the_subscriptions_own_until_many_in_a_row_show_that_it_is_not(
    client_for: Callable[..., HttpClient], status: int
) -> None:
    """Of a call alone it cannot be told: nobody is stopped for it, and nobody is taken off the list."""

    async def react(seen: Any, writer: Any) -> None:
        await answer(201 if int(seen.target[1:]) < 3 else status)(seen, writer)

    async with far_side(react) as side:
        channel = build(client_for(side.origin), limits=ChannelLimits(10, 3000, 1, 3600))
        endpoints = [Endpoint(number, f"{side.origin}/{number}", KEYS) for number in range(40)]
        receipts = await collect(channel, notice(), endpoints)
    assert [type(receipt.error) for receipt in receipts] == [type(None)] * 3 + [Unauthorized] * 37
    assert {str(receipt.error) for receipt in receipts[3:]} == {f"{status} refused"}


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
    build(client_for(), services=Directory.parse(["*"])).check(Endpoint(1, "https://ntfy.example/up", KEYS))


async def test_a_server_that_a_stranger_chose_is_not_flooded(client_for: Callable[..., HttpClient]) -> None:
    services = Directory.parse(["*", "ntfy.example"])
    exempt = "http://127.0.0.1:9901"
    channel = build(client_for(exempt), services=services)
    named = ("https://ntfy.example", "https://web.push.apple.com", exempt)
    assert {channel.gateway_limits(origin).concurrency for origin in named} == {LIMITS.concurrency}
    assert channel.gateway_limits("https://else.example").concurrency == STRANGERS_CONCURRENCY


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


ALL_LABELS = {"rejected": "permanent", "misconfigured": "unauthorized"}
"""The words of the tables for which errors have another label. Whether it is us whom a service refuses shows over many
subscriptions."""


@pytest.mark.parametrize("service", SERVICES.values(), ids=lambda service: service.name)
async def test_each_row_of_a_push_services_table_is_what_its_answer_comes_to(
    client_for: Callable[..., HttpClient], service: PushService
) -> None:
    async def react(seen: Any, writer: Any) -> None:
        given = answer_of(service.table[int(seen.target[1:])])
        headers = dict(line.decode().split(": ") for line in given.lines)
        await answer(given.status, headers, given.body)(seen, writer)

    found = {}
    async with far_side(react) as side:
        channel = build(client_for(side.origin), services=Directory({}, {side.origin: service}))
        for number in range(len(service.table)):
            (receipt,) = await collect(channel, notice(), [Endpoint(1, f"{side.origin}/{number}", KEYS)])
            found[number] = receipt.error.label if receipt.error else "accepted"
    assert found == {
        number: ALL_LABELS.get(row.meaning, row.meaning) for number, row in enumerate(service.table)
    }


async def test_a_minimum_of_the_service_may_exceed_what_is_left(
    client_for: Callable[..., HttpClient],
) -> None:
    soon = notice(deadline=NOW + timedelta(seconds=5.5))
    async with far_side() as side:
        for service in (MOZILLA, APPLE):
            channel = build(client_for(side.origin), services=Directory({}, {side.origin: service}))
            await collect(channel, soon, [Endpoint(1, side.origin + "/1", KEYS)])
    assert [seen.headers["ttl"] for seen in side.seen] == ["60", "5"]


async def test_a_collapse_key_of_another_form_becomes_a_topic_all_the_same(
    client_for: Callable[..., HttpClient],
) -> None:
    odd = dataclasses.replace(notice(), collapse_key="spike")
    async with far_side() as side:
        (receipt,) = await collect(
            build(client_for(side.origin)), odd, [Endpoint(1, side.origin + "/1", KEYS)]
        )
    assert receipt.accepted
    assert len(side.seen[0].headers["topic"]) == 32


OLD = VapidSigner(generate_key(), "mailto:ops@warn.example")
BOTH = VapidKeys(SIGNER, [OLD], eldest=OLD.name)


def key_of(seen: Any) -> str:
    return key_name(seen.headers["authorization"].rpartition("k=")[2])


def bound(keys: dict[str, str], refusal: int = 403) -> Any:
    """Take only messages that are signed with the key which the subscription was made with, by its path."""

    async def react(seen: Any, writer: Any) -> None:
        await answer(201 if keys[seen.target] == key_of(seen) else refusal)(seen, writer)

    return react


async def test_a_batch_mixes_keys_and_makes_headers_once_for_each(
    client_for: Callable[..., HttpClient],
) -> None:
    made = [(SIGNER.name, OLD.name)[number % 2] for number in range(10)]
    async with far_side(bound({f"/{number}": name for number, name in enumerate(made)})) as side:
        channel = WebPush(client_for(side.origin), BOTH, now=lambda: NOW)
        endpoints = [
            Endpoint(number, f"{side.origin}/{number}", {**KEYS, "vapid": name})
            for number, name in enumerate(made)
        ]
        receipts = await collect(channel, notice(), endpoints)
    assert all(receipt.accepted for receipt in receipts)
    assert len(side.seen) == 10
    assert len({seen.headers["authorization"] for seen in side.seen}) == 2


@pytest.mark.parametrize("refusal", [401, 403])
async def test_where_the_key_is_not_known_the_other_is_tried_at_once_and_kept(
    client_for: Callable[..., HttpClient], refusal: int
) -> None:
    learnt = LearntKeys()
    keys = {f"/{number}": (SIGNER.name if number < 3 else OLD.name) for number in range(5)}
    async with far_side(bound(keys, refusal)) as side:
        channel = WebPush(client_for(side.origin), BOTH, now=lambda: NOW, notes=Notes(learnt))
        endpoints = [Endpoint(number, f"{side.origin}/{number}", KEYS) for number in range(5)]
        first = await collect(channel, notice(), endpoints)
        requests = len(side.seen)
        second = await collect(channel, notice(), endpoints)
    for receipts in (first, second):
        assert sorted(receipt.endpoint_id for receipt in receipts if receipt.accepted) == list(range(5))
    assert (requests, len(side.seen)) == (8, 13), "what was learnt is not asked again"
    assert learnt.take() == dict.fromkeys(range(3), SIGNER.name)


async def test_a_browser_that_subscribes_with_a_new_key_is_reached_without_a_restart(
    client_for: Callable[..., HttpClient],
) -> None:
    """Also where there was one key alone, and nothing to choose."""
    made = VapidSigner(generate_key(), "mailto:ops@warn.example")
    names = {"/0": SIGNER.name, "/1": made.name}
    async with far_side(bound(names)) as side:
        channel = WebPush(
            client_for(side.origin), VapidKeys(SIGNER, read_again=lambda: [made]), now=lambda: NOW
        )
        endpoints = [
            Endpoint(number, f"{side.origin}/{number}", {**KEYS, "vapid": names[f"/{number}"]})
            for number in range(2)
        ]
        receipts = await collect(channel, notice(), endpoints)
    assert [receipt.accepted for receipt in receipts] == [True, True]
    assert len(side.seen) == 2, "nobody was shown a wrong key"


async def test_many_subscriptions_of_a_lost_key_hurt_nobody_else(
    client_for: Callable[..., HttpClient],
) -> None:
    """40 % of them, in one row, before anybody else."""
    keys = {f"/{number}": ("lost" if number < 40 else OLD.name) for number in range(100)}
    async with far_side(bound(keys)) as side:
        channel = WebPush(
            client_for(side.origin), BOTH, now=lambda: NOW, limits=ChannelLimits(99, 3000, 1, 3600)
        )
        endpoints = [
            Endpoint(number, f"{side.origin}/{number}", {**KEYS, "vapid": keys[f"/{number}"]})
            for number in range(100)
        ]
        receipts = await collect(channel, notice(), endpoints)
    kinds = {receipt.endpoint_id: type(receipt.error) for receipt in receipts}
    assert kinds == {number: (OurKeyMissing if number < 40 else type(None)) for number in range(100)}
    assert len(side.seen) == 140


async def test_an_apps_own_key_that_is_wrong_hurts_that_app_alone(
    client_for: Callable[..., HttpClient],
) -> None:
    """It is asked once of each of its own, with its key alone; others are served as before."""
    own, wrong = (VapidSigner(generate_key(), "mailto:app@stolberg.example") for _ in range(2))
    keys = VapidKeys(SIGNER)
    keys.admit([own, wrong])
    names = {0: own.name, 1: SIGNER.name} | dict.fromkeys(range(2, 42), wrong.name)
    bound_to = {f"/{number}": ("lost" if name == wrong.name else name) for number, name in names.items()}
    async with far_side(bound(bound_to)) as side:
        channel = WebPush(client_for(side.origin), keys, now=lambda: NOW)
        endpoints = [
            Endpoint(number, f"{side.origin}/{number}", {**KEYS, "vapid": name})
            for number, name in names.items()
        ]
        receipts = await collect(channel, notice(), endpoints)
    kinds = {receipt.endpoint_id: type(receipt.error) for receipt in receipts}
    assert kinds == {number: (OwnKeyRefused if number > 1 else type(None)) for number in names}
    assert len(side.seen) == len(names), "nobody is asked twice"


async def test_a_key_that_comes_to_be_known_meanwhile_takes_no_acceptance_away(
    client_for: Callable[..., HttpClient],
) -> None:
    """An app puts its own key while the service answers the second of ours: that one was taken, and is remembered."""
    keys, learnt = VapidKeys(SIGNER, [OLD]), LearntKeys()
    own = VapidSigner(generate_key(), "mailto:app@stolberg.example")

    async def react(seen: Any, writer: Any) -> None:
        if key_of(seen) == OLD.name:
            keys.admit([own])
        await answer(201 if key_of(seen) == OLD.name else 403)(seen, writer)

    async with far_side(react) as side:
        channel = WebPush(client_for(side.origin), keys, now=lambda: NOW, notes=Notes(learnt))
        [receipt] = await collect(
            channel, notice(), [Endpoint(7, f"{side.origin}/7", {**KEYS, "vapid": own.name})]
        )
    assert receipt.accepted
    assert learnt.take() == {7: OLD.name}


async def test_a_service_that_refuses_every_key_is_asked_a_bounded_number_of_times(
    client_for: Callable[..., HttpClient],
) -> None:
    async with far_side(answer(403)) as side:
        channel = WebPush(
            client_for(side.origin), BOTH, now=lambda: NOW, limits=ChannelLimits(99, 3000, 1, 3600)
        )
        endpoints = [Endpoint(number, f"{side.origin}/{number}", KEYS) for number in range(50)]
        receipts = await collect(channel, notice(), endpoints)
    assert {type(receipt.error) for receipt in receipts} == {Unauthorized}
    assert len(side.seen) == 2 * 50, "each key once for each"


async def test_the_second_request_keeps_the_deadline(client_for: Callable[..., HttpClient]) -> None:
    clock = [NOW]

    async def react(seen: Any, writer: Any) -> None:
        clock[0] = NOW + timedelta(hours=1)
        await answer(403)(seen, writer)

    async with far_side(react) as side:
        channel = WebPush(client_for(side.origin), BOTH, now=lambda: clock[0])
        (receipt,) = await collect(channel, notice(), [Endpoint(1, f"{side.origin}/1", KEYS)])
    assert (type(receipt.error), len(side.seen)) == (Expired, 1)
