"""Key agreements ahead of time, from the real record."""

import asyncio
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from channels.base import Endpoint
from channels.webpush.encryption import padded
from channels.webpush.keys.precomputed_keys import PrecomputedKeys
from dispatcher.metrics import Metrics
from dispatcher.model.subscriptions import NewSubscription
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.worker.key_precomputer import PAGE, KeyPrecomputer
from tests.support.histories import until
from tests.support.sealed import numbers

POINT = ec.derive_private_key(7, ec.SECP256R1()).public_key()
KEYS = {
    "p256dh": urlsafe_b64encode(POINT.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)).decode(),
    "auth": urlsafe_b64encode(bytes(16)).decode(),
}


def subscriber(number: Any, channel: str = "webpush") -> NewSubscription:
    address = f"https://push.example/{channel}/{number}"
    return NewSubscription(channel, "https://push.example", address, KEYS, ("05358008",))


def sample(metrics: Any, name: Any, **labels: Any) -> Any:
    return metrics.registry.get_sample_value(name, labels)


@pytest.fixture
async def key_precomputer(subscriptions: Subscriptions) -> AsyncIterator[tuple[Any, ...]]:
    """One at work, its keys and its numbers."""
    keys, metrics = PrecomputedKeys(100), Metrics()
    task = asyncio.create_task(KeyPrecomputer(keys, subscriptions, metrics, round_s=0.01).run())
    yield keys, metrics
    task.cancel()
    await asyncio.wait([task])
    assert len(keys) == 0, "something was left in memory"


async def test_every_web_push_subscription_gets_an_agreement_and_another_when_it_is_used(
    key_precomputer: tuple[Any, ...], subscriptions: Subscriptions
) -> None:
    keys, metrics = key_precomputer
    await subscriptions.add_many([*map(subscriber, range(3)), subscriber(9, channel="app")])

    async def full() -> Any:
        return len(keys) == 3 and sample(metrics, "warn_precomputed_keys") == 3

    await until(full)
    [first, *_] = await subscriptions.endpoints_after("webpush", 0, PAGE)
    assert keys.seal(padded(b"flood"), first) is not None
    assert keys.seal(padded(b"flood"), Endpoint(10**9, "https://push.example/x", KEYS)) is None

    async def counted() -> bool:
        return sample(metrics, "warn_precomputed_keys_used_total", agreement="none") == 1

    await until(counted)
    assert sample(metrics, "warn_precomputed_keys_used_total", agreement="ready") == 1
    await until(full)


async def test_who_has_ended_loses_the_agreement(
    key_precomputer: tuple[Any, ...], subscriptions: Subscriptions, pool: Any
) -> None:
    keys, _ = key_precomputer
    await subscriptions.add_many(map(subscriber, range(2)))

    async def holds(count: Any) -> bool:
        return len(keys) == count

    await until(lambda: holds(2))
    [gone] = [number for address, number in (await numbers(pool)).items() if address.endswith("/1")]
    await pool.execute("UPDATE subscription SET ended_at = now() WHERE id = $1", gone)
    await until(lambda: holds(1))


async def test_the_pages_are_all_of_them_in_order(subscriptions: Subscriptions) -> None:
    await subscriptions.add_many(map(subscriber, range(5)))
    first = await subscriptions.endpoints_after("webpush", 0, 3)
    rest = await subscriptions.endpoints_after("webpush", first[-1].id, 3)
    ids = [endpoint.id for endpoint in first + rest]
    assert len(set(ids)) == 5
    assert ids == sorted(ids)


class Away:
    """Subscriptions of a record that is down."""

    asked = 0

    async def endpoints_after(self, channel: Any, last_id: Any, limit: Any) -> None:
        self.asked += 1
        raise ConnectionRefusedError

    async def endpoints(self, ids: Any) -> None:
        raise ConnectionRefusedError


async def test_an_absent_record_is_asked_again() -> None:
    away = Away()
    task = asyncio.create_task(KeyPrecomputer(PrecomputedKeys(1), away, Metrics(), round_s=0.001).run())

    async def twice() -> bool:
        return away.asked >= 2

    await until(twice)
    task.cancel()
    await asyncio.wait([task])
