"""Canaries of record: an endpoint that no warning, no import and no export finds."""

from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.canary.canaries import CanaryStage, NewCanary
from dispatcher.model.vocabulary import Lane
from dispatcher.store.canary.endpoints import CanaryEndpoints, EndpointTaken, canaries
from dispatcher.store.imports.imported import imported
from tests.support.canary_sends import sent_by_sms
from tests.support.histories import subscription
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES, endpoints

URL = "https://push.example/own"
OWN = NewCanary(
    "own",
    "webpush",
    "https://push.example",
    URL,
    {"auth": "a"},
    timedelta(minutes=1),
    CanaryStage.DELIVERED,
    False,
)


@pytest.fixture
def store(pool: Any) -> CanaryEndpoints:
    return CanaryEndpoints(pool, ADDRESSES)


async def test_it_is_added_once_and_removed_with_all_that_is_its(pool: Any, store: CanaryEndpoints) -> None:
    assert await store.add(OWN, UNNAMED_OPERATOR)
    assert not await store.add(replace(OWN, address=f"{URL}2"), UNNAMED_OPERATOR)
    [sealed] = await endpoints(pool)
    assert (sealed.address, sealed.keys) == (URL, {"auth": "a"})
    [found], _ = await canaries(pool)
    assert (found.name, found.channel, found.every) == ("own", "webpush", timedelta(minutes=1))
    assert [proof.lane for proof in found.lanes] == list(Lane)
    assert await store.remove("own", UNNAMED_OPERATOR)
    assert not await store.remove("own", UNNAMED_OPERATOR)
    for table in ("canary", "subscription", "followed_municipality"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0
    assert (await canaries(pool))[0] == []
    trail = await pool.fetch("SELECT action, detail FROM audit ORDER BY id")
    assert [row["action"] for row in trail] == ["canary.add", "canary.remove"]
    assert "push.example" not in str(trail)


async def test_how_many_parts_the_last_text_had_is_known_of_what_costs_alone(
    pool: Any, store: CanaryEndpoints
) -> None:
    phone = replace(OWN, name="phone", channel="sms", gateway="sms-1", address="+4915100000001", in_turn=True)
    for canary in (OWN, phone):
        await store.add(canary, UNNAMED_OPERATOR)
    assert await store.text_parts() == {}
    await sent_by_sms(pool, "phone", "sms-1", parts=2)
    assert await store.text_parts() == {"phone": 2}
    await pool.execute("UPDATE batch SET recipients = ARRAY[0::bigint]")
    assert await store.text_parts() == {}, "of another recipient"


async def test_somebody_elses_endpoint_is_no_canary(store: CanaryEndpoints, subscriptions: Any) -> None:
    await subscriptions.add_many([subscription("own", DUEREN)])
    with pytest.raises(EndpointTaken):
        await store.add(OWN, UNNAMED_OPERATOR)


async def test_a_browser_is_sent_to_with_the_key_of_now(pool: Any, store: CanaryEndpoints) -> None:
    await pool.execute(
        "INSERT INTO shared_secret (name, fingerprint) VALUES ('vapid', 'BPublicKeyOfTheService')"
    )
    await store.add(OWN, UNNAMED_OPERATOR)
    await store.add(
        replace(OWN, name="sms", channel="sms", address="+4915100000001", keys={}), UNNAMED_OPERATOR
    )
    keys = {one.address: one.keys.get("vapid") for one in await endpoints(pool)}
    assert keys[URL] is not None
    assert "BPublicKeyOfTheService".startswith(keys[URL])
    assert keys["+4915100000001"] is None


async def test_no_import_and_no_export_has_it(pool: Any, store: CanaryEndpoints, subscriptions: Any) -> None:
    await store.add(OWN, UNNAMED_OPERATOR)
    await subscriptions.add_many([subscription("anna", DUEREN)])
    async with aclosing(imported(pool, ADDRESSES)) as rows:
        assert [one.address async for one in rows if one] == ["https://push.example/anna"]
    assert await subscriptions.counts() == {"webpush": 1}
    assert (await subscriptions.followers([DUEREN, "canary-own"]))[DUEREN, "webpush"] == 1


async def test_a_test_is_wanted_at_once(pool: Any, store: CanaryEndpoints) -> None:
    await store.add(OWN, UNNAMED_OPERATOR)
    await pool.execute("UPDATE canary SET sent_at = now()")
    assert await store.test_soon("own")
    assert await pool.fetchval("SELECT sent_at FROM canary") is None
    assert not await store.test_soon("other")
