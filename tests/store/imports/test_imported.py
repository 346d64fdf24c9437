"""What was imported is read again as it was, and nothing that people said by themselves."""

from dataclasses import replace
from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.sealing import KeyRing, Sealing
from dispatcher.model.principals import Instance
from dispatcher.model.subscriptions import NewSubscription, WatchedArea
from dispatcher.store.imports.imported import imported, note_export
from dispatcher.store.sealed.addresses import Addresses
from tests.support.histories import subscription
from tests.support.imports import bring_in
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import enrol, number, put, wish

FIELD = WatchedArea(((50.8, 6.4), (50.8, 6.5), (50.9, 6.5)), 0.0, ())
POINT = WatchedArea(((50.8, 6.4),), 250.0, ())


async def read(pool: Any, addresses: Addresses = ADDRESSES) -> dict[str, NewSubscription | None]:
    found = [one async for one in imported(pool, addresses)]
    return {one.address.rpartition("/")[2] if one else str(number): one for number, one in enumerate(found)}


@pytest.fixture
async def instance(sources: Any) -> None:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN, JUELICH)), f"wi_dueren_{'s' * 43}")


async def test_it_is_what_was_imported(pool: Any) -> None:
    anna = subscription(
        "anna",
        JUELICH,
        DUEREN,
        language="uk,ru",
        ref="r",
        legal_basis="consent",
        watched_areas=(FIELD, POINT),
    )
    clara = subscription("clara", channel="app")
    await bring_in(pool, anna, clara)
    found = await read(pool)
    assert found["anna"] is not None
    assert found == {"anna": anna.__class__(**{**_fields(anna), "places": (DUEREN, JUELICH)}), "clara": clara}


def _fields(one: NewSubscription) -> dict[str, Any]:
    return {name: getattr(one, name) for name in NewSubscription.__slots__}


async def test_what_people_said_and_what_has_ended_is_not_in_it(pool: Any, instance: None) -> None:
    await enrol(pool, "anna", "own", "both", places=(JUELICH,), languages=("uk",))
    both = NewSubscription(
        "webpush", "https://push.example", "https://push.example/both", {"p256dh": "both", "auth": "both"},
        (DUEREN,), "tr", legal_basis="consent",
    )  # fmt: skip
    await bring_in(pool, both, subscription("ended"), subscription("hook", channel="app"))
    await pool.execute(
        "UPDATE subscription SET ended_at = now() WHERE address_hash = $1",
        ADDRESSES.hash("https://push.example/ended"),
    )
    await pool.execute(
        "INSERT INTO webhook (instance_id, subscription_id) SELECT 'dueren', id FROM subscription WHERE channel = 'app'"
    )
    [one] = (await read(pool)).values()
    assert one is not None
    assert (one.address, one.places, one.language) == (both.address, (DUEREN,), "tr")


async def test_what_cannot_be_opened_is_counted(pool: Any) -> None:
    await bring_in(pool, subscription("anna"))
    assert await read(pool, Addresses(Sealing(KeyRing.new(7)))) == {"0": None}


async def test_it_is_noted_who_took_it_out(pool: Any) -> None:
    await note_export(pool, UNNAMED_OPERATOR, 3)
    assert await pool.fetchval("SELECT detail FROM audit WHERE action = 'subscriptions.export'") == {
        "count": 3
    }


async def test_who_only_names_a_number_takes_it_out_of_no_export(pool: Any, instance: None) -> None:
    one = replace(subscription("n", channel="sms", language="tr"), address=number().address, keys={})
    await bring_in(pool, one)
    await put(
        pool, "mallory", replace(wish(places=(JUELICH,)), endpoints=(number(), number("+4915112345679")))
    )
    assert await read(pool) == {number().address: one}
