"""The plan chooses the gateway of an SMS as the pure function does, once."""

import random
from typing import Any

from channels.sms.contract import Contract
from dispatcher.sms.routes import chosen, routes
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sms.namings import named_gateways
from dispatcher.store.sms.routing import chosen_gateway
from tests.store.sms.phones import phones
from tests.support.histories import plan, submit, subscribe
from tests.support.messages import DUEREN

CONTRACTS = [Contract("a"), Contract("b", weight=2.5), Contract("spare", weight=0)]


async def test_the_record_chooses_as_the_function_does(pool: Any) -> None:
    found = routes(CONTRACTS)
    numbers = [*range(300), *(random.Random(3).randrange(1 << 40) for _ in range(300))]
    wanted = ["", "a", "spare", "gone"] * 150
    rows = await pool.fetch(
        f"SELECT {chosen_gateway('w.id', 'w.wanted', '$3', '$4')} AS name FROM unnest($1::bigint[], $2::text[]) w(id, wanted)",
        numbers,
        wanted,
        list(found.names),
        list(found.weights),
    )
    assert [row["name"] for row in rows] == [
        chosen(found, number, name) for number, name in zip(numbers, wanted, strict=True)
    ]


async def gateways(pool: Any, alert_id: str) -> dict[int, str]:
    rows = await pool.fetch(
        "SELECT unnest(recipients) AS id, gateway FROM batch WHERE alert_id = $1", alert_id
    )
    return {row["id"]: row["gateway"] for row in rows}


async def test_a_plan_spreads_recipients_and_an_update_goes_the_same_way(
    pool: Any, alerts: Any, ledger: Any, subscriptions: Any
) -> None:
    people = await phones(pool, subscriptions, 40)
    named = await phones(pool, subscriptions, 5, gateway="spare", first=100)
    apps = await subscribe(pool, subscriptions, "app")
    plans = Plans(pool, 10, charges=Charges(CONTRACTS))
    await submit(alerts, "A", DUEREN)
    ready = await plan(ledger, plans, "A")
    first = await gateways(pool, "A")
    found = routes(CONTRACTS)
    assert first == (
        {one: chosen(found, one) for one in people}
        | dict.fromkeys(named, "spare")
        | dict.fromkeys(apps, "https://push.example")
    )
    assert {first[one] for one in people} == {"a", "b"}
    for one in ready:
        lease = await ledger.acquire(one.batch_id)
        assert {first[recipient] for recipient in lease.recipients} == {lease.gateway}
    await pool.execute(
        "UPDATE batch SET outcomes = decode(repeat('10', octet_length(outcomes)), 'hex'), state = 'done'"
    )
    await submit(alerts, "B", DUEREN, chain="A")
    await plan(ledger, plans, "B")
    assert await gateways(pool, "B") == first


async def test_without_contracts_everybody_stays_where_the_record_says(
    pool: Any, alerts: Any, ledger: Any, plans: Any, subscriptions: Any
) -> None:
    people = await phones(pool, subscriptions, 3)
    await submit(alerts, "A", DUEREN)
    await plan(ledger, plans, "A")
    assert await gateways(pool, "A") == dict.fromkeys(people, "a")


async def test_a_gateway_that_is_out_is_left_out_of_a_plan(
    pool: Any, alerts: Any, ledger: Any, subscriptions: Any
) -> None:
    people = await phones(pool, subscriptions, 20)
    await ledger.pause_gateway("sms", "b", 30, "down")
    plans = Plans(pool, 10, charges=Charges(CONTRACTS))
    await submit(alerts, "A", DUEREN)
    await plan(ledger, plans, "A")
    assert set((await gateways(pool, "A")).values()) == {"a", "b"}, "it is paused for an instant only"
    await pool.execute("UPDATE gateway SET out_since = out_since - interval '61 s'")
    await submit(alerts, "B", DUEREN)
    await plan(ledger, plans, "B")
    assert await gateways(pool, "B") == dict.fromkeys(people, "a")


async def test_a_number_of_one_app_goes_by_its_own_gateway_and_one_of_several_by_the_operators(
    pool: Any, alerts: Any, ledger: Any, subscriptions: Any
) -> None:
    of = {name: await phones(pool, subscriptions, 3, first=100 * n) for n, name in enumerate("abcd")}
    own, shared, other, linked = of["a"], of["b"], of["c"], of["d"]
    await pool.execute("INSERT INTO instance (id, name, places) VALUES ('app', '', '{}'), ('else', '', '{}')")
    for ids, instance in ((own, "app"), (shared, "app"), (other, "else"), (linked, "app")):
        await pool.execute("UPDATE subscription SET instance = $2 WHERE id = ANY($1)", ids, instance)
    await pool.execute("UPDATE subscription SET shared = true WHERE id = ANY($1)", shared)
    await pool.execute(
        """WITH made AS (INSERT INTO subscriber (instance_id, installation_hash) VALUES ('else', '\\x01') RETURNING id)
           INSERT INTO subscriber_endpoint (subscriber_id, subscription_id, position, proven_at)
           SELECT made.id, u.id, 0, now() FROM made, unnest($1::bigint[]) u(id)""",
        linked,
    )
    charges = Charges([Contract("a")])
    charges.admit([Contract("own:app", weight=0, own=True)])
    await submit(alerts, "A", DUEREN)
    await plan(ledger, Plans(pool, 10, charges=charges), "A")
    expected = dict.fromkeys(own, "own:app") | dict.fromkeys([*shared, *other, *linked], "a")
    assert await gateways(pool, "A") == expected
    assert await named_gateways(pool, [DUEREN], ("a", "own:app")) == {"own:app": 3, "": 9}
    assert await named_gateways(pool, [DUEREN]) == {"": 12}
