"""Rows in bulk become endpoints, and what others said of an endpoint stays."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from channels.webpush.vapid import KEY_NAME_CHARACTERS
from dispatcher.access.fingerprints import SecretName
from dispatcher.access.principals import SERVICE
from dispatcher.model.principals import Instance
from dispatcher.model.subscribers import SubscriberRefused
from dispatcher.model.subscriptions import NewSubscription, WatchedArea
from dispatcher.store.audience.endpoint_messages import EndpointMessages
from dispatcher.store.audience.ends import SubscriberEnds
from dispatcher.store.audience.proofs import Proofs
from dispatcher.store.imports.incoming import COLUMNS, row_of
from dispatcher.store.secrets import Secrets
from tests.store.delivery.test_ledger import blocked
from tests.support.histories import subscription
from tests.support.imports import bring_in
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.sealed import ADDRESSES, endpoints
from tests.support.subscribers import (
    TOKENS,
    digest,
    endpoint,
    enrol,
    expect_code,
    named,
    number,
    put,
    told,
    wish,
)

HOME, WORK = (WatchedArea(((lat, 6.48),), 500.0, (DUEREN,)) for lat in (50.8, 50.9))


def line(name: str, *places: str, **more: Any) -> NewSubscription:
    """One with the keys that `enrol` has."""
    return replace(
        subscription(name, *places, **{"legal_basis": "consent"} | more), keys={"p256dh": name, "auth": name}
    )


@pytest.fixture
async def instances(pool: Any, sources: Any) -> Any:
    for name in ("dueren", "juelich"):
        await sources.put_instance(
            Instance(name, name.title(), (DUEREN, JUELICH, HEIMBACH)), f"wi_{name}_{'s' * 43}"
        )
    return pool


def test_a_row_has_its_columns() -> None:
    one = line("anna", watched_areas=(HOME,))
    row = dict(zip(COLUMNS, row_of(7, one, ADDRESSES.seal(one.address, one.keys)), strict=True))
    assert (row["line"], row["keys"], row["legal_basis"]) == (7, "{}", "consent")
    assert row["areas"] == f'[[[50.8],[6.48],500.0,["{DUEREN}"]]]'


async def test_the_last_row_of_an_endpoint_counts_and_all_its_places(pool: Any) -> None:
    first = line("anna", DUEREN, watched_areas=(HOME,), language="uk", ref="r-1")
    last = line("anna", JUELICH, watched_areas=(WORK, HOME), language="uk,ru", ref="r-2", legal_basis=None)
    done = await bring_in(pool, first, last)
    assert (done.lines, done.renewed, done.inactive) == (2, 0, 0)
    row = await pool.fetchrow("SELECT language, ref, legal_basis, active FROM subscription")
    assert tuple(row) == ("uk,ru", "r-2", "consent", True)
    assert (await told(pool))["anna"][1] == sorted([DUEREN, JUELICH])
    areas = await pool.fetch("SELECT lat, lon, radius_m, ags FROM watched_area ORDER BY id")
    assert [tuple(one) for one in areas] == [
        ([50.8], [6.48], 500.0, [DUEREN]),
        ([50.9], [6.48], 500.0, [DUEREN]),
    ]


async def test_what_is_imported_again_takes_the_place_of_what_was_imported(pool: Any) -> None:
    await bring_in(pool, line("anna", DUEREN, watched_areas=(HOME,)), line("bernd"))
    done = await bring_in(pool, line("anna", JUELICH, watched_areas=(WORK,)), line("bernd"))
    assert (done.renewed, done.places_changed) == (2, 1)
    assert await told(pool) == {"anna": (True, [JUELICH]), "bernd": (True, [DUEREN])}
    assert [row["lat"] for row in await pool.fetch("SELECT lat FROM watched_area")] == [[50.9]]


async def test_who_was_active_stays_so_without_a_legal_basis_and_who_is_new_is_not(pool: Any) -> None:
    await bring_in(pool, line("before"))
    await pool.execute("UPDATE subscription SET legal_basis = NULL")
    done = await bring_in(pool, line("before", legal_basis=None), line("new", legal_basis=None))
    assert (await told(pool), done.inactive) == ({"before": (True, [DUEREN]), "new": (False, [DUEREN])}, 1)
    assert not await pool.fetchval("SELECT told FROM subscription WHERE NOT active"), (
        "its number means nothing yet"
    )
    assert (await bring_in(pool, line("new"))).inactive == 0
    assert (await told(pool))["new"] == (True, [DUEREN])


async def test_of_an_endpoint_that_subscribers_have_only_what_is_imported_changes(instances: Any) -> None:
    pool = instances
    anna = await enrol(pool, "anna", "a", places=(JUELICH,), languages=("uk",), min_severity=3)
    before = await pool.fetchrow("SELECT sealed, keys, gateway, instance, ref FROM subscription")
    other = replace(
        line("a", DUEREN, ref="r", instance="juelich", language="tr"), gateway="other", keys={"auth": "x"}
    )
    await bring_in(pool, other)
    row = await pool.fetchrow("SELECT * FROM subscription")
    assert {name: row[name] for name in dict(before)} == dict(before)
    assert (row["language"], row["min_severity"], row["legal_basis"]) == ("uk,tr", 0, "consent")
    assert await told(pool) == {"a": (True, sorted([DUEREN, JUELICH]))}
    await bring_in(pool, replace(other, instance="dueren", places=(HEIMBACH,)))
    assert (await told(pool))["a"] == (True, sorted([HEIMBACH, JUELICH])), (
        "the wish stays, what was imported moves"
    )
    await SubscriberEnds(pool, ADDRESSES).leave(anna)
    row = await pool.fetchrow("SELECT active, language, ended_at FROM subscription")
    assert tuple(row) == (True, "tr", None)
    assert await told(pool) == {"a": (True, [HEIMBACH])}


async def test_keys_that_nobody_has_proven_keep_an_endpoint_from_no_import(instances: Any) -> None:
    """Nor its instance, its VAPID key and its places; and the owner, whose keys are imported, can subscribe."""
    pool = instances
    await Secrets(pool).replace(SecretName.VAPID, "S" * 40, SERVICE)
    await pool.execute(
        "INSERT INTO instance_credential (instance_id, channel, fingerprint, sealed) VALUES ('juelich', 'webpush', $1, $2)",
        "O" * 40,
        ADDRESSES.seal_bytes(b"key", b"x"),
    )
    guess = replace(wish(places=(JUELICH,)), endpoints=(endpoint("a", "guess"),))
    await put(pool, "mallory", guess, "juelich")
    messages = EndpointMessages(
        pool, ADDRESSES, lambda _: "x", lambda number, code: digest(f"{number} {code}")
    )
    [message] = await messages.claim(5)
    done = await bring_in(pool, line("a", DUEREN, instance="dueren", ref="r", language="tr"))
    assert (done.renewed, done.shared, done.inactive) == (0, 0, 0)
    [one] = await endpoints(pool)
    assert one.keys == {"p256dh": "a", "auth": "a", "vapid": "S" * KEY_NAME_CHARACTERS}
    row = await pool.fetchrow("SELECT instance, ref, language, shared, told FROM subscription")
    assert tuple(row) == ("dueren", "r", "tr", False, True)
    assert not await Proofs(pool, ADDRESSES).prove(message.subscriber, message.code_digest)
    assert await told(pool) == {"a": (True, [DUEREN])}
    with pytest.raises(SubscriberRefused, match="endpoint_taken"):
        await put(pool, "eve", guess, "juelich")
    await enrol(pool, "anna", "a", places=(HEIMBACH,))
    assert await told(pool) == {"a": (True, sorted([DUEREN, HEIMBACH]))}


async def test_a_code_under_the_keys_of_the_import_proves_the_endpoint(instances: Any) -> None:
    pool = instances
    made = await put(pool, "anna", wish("a", places=(JUELICH,)))
    await expect_code(pool, "1")
    await bring_in(pool, line("a", DUEREN, legal_basis=None))
    assert await told(pool) == {"a": (False, [DUEREN])}
    number = made.subscriber.number
    assert await Proofs(pool, ADDRESSES).prove(number, TOKENS.code_digest(number, "1"))
    assert await told(pool) == {"a": (True, [JUELICH])}


async def test_who_names_a_number_changes_nothing_of_what_is_imported_of_it(instances: Any) -> None:
    pool = instances
    one = replace(line("a", channel="sms", instance="dueren", ref="r"), address=number().address, keys={})
    await put(pool, "mallory", replace(wish(), endpoints=(number(),)), "juelich")
    await bring_in(pool, replace(one, gateway="smsc", keys={"gateway": "smsc"}))
    row = await pool.fetchrow("SELECT gateway, keys, instance, ref, active FROM subscription")
    assert tuple(row) == ("smsc", {"gateway": "smsc"}, "dueren", "r", True)
    done = await bring_in(pool, replace(one, gateway="other", keys={"gateway": "other"}, places=(JUELICH,)))
    assert (done.renewed, done.places_changed) == (1, 1)
    row = await pool.fetchrow("SELECT gateway, keys, active FROM subscription")
    assert tuple(row) == ("other", {"gateway": "other"}, True)


async def test_who_proves_an_endpoint_while_the_import_waits_for_it_keeps_it(instances: Any) -> None:
    pool = instances
    await put(pool, "anna", wish("a", places=(JUELICH,)))
    other = replace(line("a", DUEREN), keys={"p256dh": "x", "auth": "x"})
    async with pool.acquire() as connection:
        async with connection.transaction():
            await connection.execute("UPDATE subscriber_endpoint SET proven_at = clock_timestamp()")
            await connection.execute("SELECT FROM subscription FOR NO KEY UPDATE")
            importing = asyncio.create_task(bring_in(pool, other))
            await blocked(pool, importing)
        await importing
    assert [one.keys for one in await endpoints(pool)] == [{"p256dh": "a", "auth": "a"}]
    assert await pool.fetchval("SELECT proven_at FROM subscriber_endpoint")
    assert await told(pool) == {"a": (True, sorted([DUEREN, JUELICH]))}


async def test_who_subscribes_hears_of_no_place_that_was_imported_without_a_legal_basis(
    instances: Any,
) -> None:
    pool = instances
    await bring_in(pool, line("a", DUEREN, legal_basis=None, watched_areas=(HOME,)))
    await enrol(pool, "anna", "a", places=(JUELICH,))
    assert await told(pool) == {"a": (True, [JUELICH])}
    assert not await pool.fetchval("SELECT count(*) FROM watched_area")
    await bring_in(pool, line("a", HEIMBACH, legal_basis=None, watched_areas=(HOME,)))
    assert await told(pool) == {"a": (True, [JUELICH])}
    await put(pool, "anna", wish("a", places=(DUEREN,)))
    assert await told(pool) == {"a": (True, [DUEREN])}


async def test_places_of_a_webhook_are_not_taken_away(instances: Any) -> None:
    pool = instances
    await bring_in(pool, line("a", DUEREN, instance="dueren"))
    await pool.execute(
        "INSERT INTO webhook (instance_id, subscription_id) VALUES ('dueren', $1)", (await named(pool))["a"]
    )
    before = await pool.fetchval("SELECT sealed FROM subscription")
    done = await bring_in(pool, line("a", JUELICH, instance="dueren"))
    assert (done.renewed, (await told(pool))["a"][1]) == (0, sorted([DUEREN, JUELICH]))
    assert await pool.fetchval("SELECT sealed FROM subscription") == before


async def test_a_browser_subscribed_with_its_apps_own_key_or_the_services(instances: Any) -> None:
    pool = instances
    own, shared = "O" * 40, "S" * 40
    await Secrets(pool).replace(SecretName.VAPID, shared, SERVICE)
    await pool.execute(
        "INSERT INTO instance_credential (instance_id, channel, fingerprint, sealed) VALUES ('dueren', 'webpush', $1, $2)",
        own,
        ADDRESSES.seal_bytes(b"key", b"x"),
    )
    await bring_in(
        pool, line("a", instance="dueren"), line("b", instance="juelich"), line("c"), line("d", channel="app")
    )
    found = {one.address.rpartition("/")[2]: one.keys.get("vapid") for one in await endpoints(pool)}
    short = KEY_NAME_CHARACTERS
    assert found == {"a": own[:short], "b": shared[:short], "c": shared[:short], "d": None}
