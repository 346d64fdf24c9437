"""The service tests itself by the way that warnings take, up to a receipt, and disturbs nobody by it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from channels.base import Permanent
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.receipt_tokens import ReceiptTokens
from dispatcher.delivery.deliverer import Deliverer
from dispatcher.delivery.reconciler import Reconciler
from dispatcher.model.alerts import AlertFilter
from dispatcher.model.canary.canaries import CanaryStage, NewCanary
from dispatcher.model.reports import ReceiptMasks
from dispatcher.model.vocabulary import CANARY_SOURCE, Environment, Lane
from dispatcher.store.canary.endpoints import CanaryEndpoints, canaries
from dispatcher.store.delivery.dead_letters import DeadLetters
from dispatcher.store.delivery.device_receipts import DeviceReceipts
from dispatcher.store.parties import Parties
from dispatcher.worker.canary.running import CanaryTests
from tests.delivery.conftest import PUSH, House
from tests.metrics.test_registry import samples
from tests.support.sealed import ADDRESSES

OWN = NewCanary(
    "own", "webpush", PUSH, f"{PUSH}/own", {}, timedelta(minutes=1), CanaryStage.DELIVERED, in_turn=False
)


def found(house: House, name: str, **labels: Any) -> Any:
    return samples(house.dependencies.metrics).get((name, frozenset(labels.items())))


async def delivered(house: House, *, confirmed: bool = True) -> list[str]:
    """What workers do with all that waits for a plan, and then the receivers. Returns what was sent, as text."""
    for row in await house.pool.fetch("SELECT id FROM alert WHERE state = 'accepted'"):
        await house.planner.plan(row["id"])
    tokens = ReceiptTokens.of(ADDRESSES.sealing)
    deliverer = Deliverer(replace(house.dependencies, receipt_tokens=tokens))
    for row in await house.pool.fetch("SELECT id, generation FROM batch WHERE state = 'open' ORDER BY id"):
        await deliverer.deliver(row["id"])
        if confirmed:
            key = row["id"], row["generation"]
            await DeviceReceipts(house.pool).add({key: ReceiptMasks(1, 0, 0)})
    return [notice.text for notice in house.channel.notices]


async def test_a_test_goes_by_every_lane_to_its_receiver_and_comes_back_as_proof(
    house: House, endpoints: CanaryEndpoints, canary_tests: CanaryTests
) -> None:
    [citizen] = await house.subscribe("anna")
    assert await endpoints.add(OWN, UNNAMED_OPERATOR)
    await canary_tests.step()
    assert [len(await house.wake_ups_waiting(lane)) for lane in Lane] == [1, 1, 1, 1]
    texts = await delivered(house, confirmed=False)
    assert len(texts) == len(Lane)
    await canary_tests.step()
    for lane in Lane:
        assert found(house, "warn_canary_seconds_count", channel="webpush", lane=lane, stage="accepted") == 1
        assert found(house, "warn_canary_seconds_count", channel="webpush", lane=lane, stage="delivered") == 0
    [before], _ = await canaries(house.pool)
    assert [proof.proven_at for proof in before.lanes] == [None] * 4, "accepted is not delivered"
    for row in await house.pool.fetch("SELECT id, generation FROM batch"):
        await DeviceReceipts(house.pool).add({(row["id"], row["generation"]): ReceiptMasks(1, 0, 0)})
    await canary_tests.step()
    await canary_tests.step()
    [after], now = await canaries(house.pool)
    for proof in after.lanes:
        labels = {"channel": "webpush", "lane": proof.lane}
        assert found(house, "warn_canary_seconds_count", **labels, stage="delivered") == 1, "each proof once"
        assert found(house, "warn_canaries_sent_total", **labels) == 1
        proven = found(house, "warn_canary_proven_timestamp_seconds", canary="own", **labels)
        assert proven == proof.proven_at.timestamp() == proof.sent_at.timestamp()
    assert after.late_lanes(now) == []
    rows = await house.pool.fetch("SELECT DISTINCT unnest(recipients) AS id FROM batch")
    assert citizen not in {row["id"] for row in rows}


async def test_no_list_no_number_and_no_trail_has_a_test(
    house: House, endpoints: CanaryEndpoints, canary_tests: CanaryTests, reconciler: Reconciler
) -> None:
    await endpoints.add(OWN, UNNAMED_OPERATOR)
    lines = await house.pool.fetchval("SELECT count(*) FROM audit")
    house.channel.script[await house.pool.fetchval("SELECT id FROM subscription")] = [Permanent("no")]
    await canary_tests.step()
    await delivered(house)
    await canary_tests.step()
    await reconciler.sweep()
    assert await house.pool.fetchval("SELECT count(*) FROM audit") == lines
    assert await house.alerts.listed(None, 10) == []
    assert await house.alerts.listed(None, 10, AlertFilter(environment=Environment.EXERCISE)) == []
    assert await DeadLetters(house.pool).listed(None) == []
    listed = [one.id for one in await Parties(house.pool).listed(PrincipalKind.SOURCE)]
    assert CANARY_SOURCE not in listed
    assert await house.subscriptions.counts() == {}
    counted = samples(house.dependencies.metrics)
    numbers = {name for (name, _), value in counted.items() if value and name.startswith("warn_deliver")}
    assert {name for name in numbers if not name.endswith("_created")} == {"warn_delivery_attempts_total"}
    for name in ("warn_people", "warn_subscriptions", "warn_device_receipts", "warn_dead_letters"):
        assert not [value for (named, _), value in counted.items() if named == name and value], name


async def test_what_does_not_get_through_is_late_and_alarms_nobody_else(
    house: House, endpoints: CanaryEndpoints, canary_tests: CanaryTests, reconciler: Reconciler
) -> None:
    await endpoints.add(OWN, UNNAMED_OPERATOR)
    await canary_tests.step()
    await house.pool.execute(
        "UPDATE alert SET received_at = received_at - interval '1 hour'; UPDATE canary SET created_at = "
        "created_at - interval '1 hour'"
    )
    await reconciler.sweep()
    await canary_tests.step()
    [canary], now = await canaries(house.pool)
    assert canary.late_lanes(now) == list(Lane)
    for lane in Lane:
        assert found(house, "warn_nobody_reached_since_timestamp_seconds", lane=lane) == 0


async def test_tests_come_as_often_as_the_canary_says_and_no_process_makes_one_twice(
    house: House, endpoints: CanaryEndpoints, canary_tests: CanaryTests
) -> None:
    paid = replace(OWN, name="paid", address=f"{PUSH}/paid", in_turn=True, every=timedelta(hours=1))
    await endpoints.add(OWN, UNNAMED_OPERATOR)
    await endpoints.add(paid, UNNAMED_OPERATOR)
    await canary_tests.step()
    await canary_tests.step()
    sent = await house.pool.fetch("SELECT name, lane FROM canary_send ORDER BY 1, 2")
    assert [row["name"] for row in sent] == ["own"] * 4 + ["paid"]
    first = sent[-1]["lane"]
    await house.pool.execute("UPDATE canary SET sent_at = sent_at - interval '61 minutes'")
    await canary_tests.step()
    rows = await house.pool.fetch("SELECT lane FROM canary_send WHERE name = 'paid'")
    assert len({row["lane"] for row in rows} | {first}) == 2, "the lanes take turns"
    interval = {"canary": "paid", "channel": "webpush", "lane": "flash"}
    assert found(house, "warn_canary_interval_seconds", **interval) == 4 * 3600


async def test_an_endpoint_that_is_gone_is_not_sent_to_and_late(
    house: House, endpoints: CanaryEndpoints, canary_tests: CanaryTests
) -> None:
    await endpoints.add(OWN, UNNAMED_OPERATOR)
    await house.pool.execute("UPDATE subscription SET ended_at = clock_timestamp(), end_reason = 'gone'")
    await canary_tests.step()
    assert await house.pool.fetchval("SELECT count(*) FROM alert") == 0
    [canary], now = await canaries(house.pool)
    assert canary.ended_at is not None
    assert canary.late_lanes(now + timedelta(minutes=4)) == list(Lane)


async def test_whoever_does_not_lead_makes_none_and_shows_none(
    house: House, endpoints: CanaryEndpoints, canary_tests: CanaryTests
) -> None:
    await endpoints.add(OWN, UNNAMED_OPERATOR)
    await canary_tests.step()
    labels = {"canary": "own", "channel": "webpush", "lane": "flash"}
    assert found(house, "warn_canary_proven_timestamp_seconds", **labels)
    house.dependencies.metrics.show_canaries(())
    assert found(house, "warn_canary_proven_timestamp_seconds", **labels) is None
