"""What is not sent before a person has approved it: another target, many times the usual audience."""

from typing import Any

import pytest

from dispatcher.audience.location_index import LocationIndex
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.delivery.planner import Planner, audience_guard
from dispatcher.intake.approval import Approval, NotApprovedError, Terms
from dispatcher.metrics import Metrics
from dispatcher.model.vocabulary import Reason
from dispatcher.queue.wakeups import WakeUpQueue
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.store.delivery.plans import Plans
from tests.support import followers
from tests.support.followers import circle, follow, send
from tests.support.histories import ledger_of, planned, subscription
from tests.support.messages import HEIMBACH, JUELICH
from tests.support.sealed import ADDRESSES
from tests.support.submissions import warning

people = followers.people
planner = followers.planner
wake_ups = followers.wake_ups


async def test_a_target_that_changed_since_it_was_accepted_is_not_sent(
    service: Any, pool: Any, people: dict[str, int], planner: Planner
) -> None:
    answer = await service.submit(circle())
    alert_id = answer.json["alert"]["id"]
    await pool.execute("UPDATE target SET shape = (SELECT shape || '\\x00' FROM target)")
    await planner.plan(alert_id)
    row = await pool.fetchrow("SELECT state, reason, held_for FROM alert")
    assert tuple(row) == ("held", Reason.HELD, "target_changed")
    assert await planned(pool, alert_id) == set()
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE action = 'alert.hold'") == 1


@pytest.fixture
def release(service: Any, wake_ups: WakeUpQueue) -> Approval:
    return Approval(alerts=service.parts.alerts, boundaries=Boundaries.default(), wake_ups=wake_ups)


async def test_a_municipality_added_behind_our_back_is_neither_sent_nor_released(
    service: Any, pool: Any, people: dict[str, int], planner: Planner, release: Approval
) -> None:
    alert_id = (await service.submit(circle())).json["alert"]["id"]
    await pool.execute("INSERT INTO affected VALUES ($1, $2, 'Jülich', 'geometry', 1)", alert_id, JUELICH)
    await planner.plan(alert_id)
    assert await planned(pool, alert_id) == set()
    with pytest.raises(NotApprovedError, match="nicht mehr das"):
        await release.release(alert_id, "operator:a", "trotzdem")


async def usually(service: Any, pool: Any, planner: Any, times: int = 5) -> None:
    """So many dispatches to one person each."""
    await follow(pool, {"one": [HEIMBACH]})
    for number in range(times):
        await send(service, planner, warning(HEIMBACH, headline=f"Hochwasser, Meldung {number}"))


async def crowd(pool: Any, count: Any) -> None:
    await Subscriptions(pool, ADDRESSES).add_many(
        [subscription(f"p{number}", JUELICH) for number in range(count)]
    )


async def test_many_times_the_usual_waits_for_a_person_who_approves_that_many(
    service: Any, pool: Any, planner: Planner, release: Approval
) -> None:
    await usually(service, pool, planner)
    await crowd(pool, 1001)
    alert_id = await send(service, planner, warning(JUELICH))
    held = await service.parts.alerts.get(alert_id)
    assert (held.state, held.audience) == ("held", 0)
    assert held.held_for == "audience: 1001 recipients are many times the usual for this source (1)"
    assert await planned(pool, alert_id) == set()
    await release.release(alert_id, "operator:a", "ja, ganz Jülich", terms=Terms(as_held=True))
    await crowd(pool, 1002)
    await planner.plan(alert_id)
    again = await service.parts.alerts.get(alert_id)
    assert again.held_for == "audience: 1002 recipients are more than was approved (1001)"
    target = await service.parts.alerts.target_sha256(alert_id)
    with pytest.raises(NotApprovedError, match="ein anderes"):
        await release.release(alert_id, "operator:a", "ja", terms=Terms(target="0" * 64))
    await release.release(alert_id, "operator:a", "ja", terms=Terms(target[:12], at_most=2000))
    await planner.plan(alert_id)
    assert len(await planned(pool, alert_id)) == 1002


async def test_there_is_no_usual_before_five_dispatches_and_below_a_thousand(
    service: Any, pool: Any, planner: Planner
) -> None:
    await usually(service, pool, planner, times=4)
    await crowd(pool, 1001)
    assert len(await planned(pool, await send(service, planner, warning(JUELICH)))) == 1001


async def test_without_the_setting_only_an_approval_limits(
    service: Any, pool: Any, planner: Planner, wake_ups: WakeUpQueue
) -> None:
    await usually(service, pool, planner)
    await crowd(pool, 1001)
    lax = Planner(
        Plans(pool, 2000, audience_guard(0)),
        ledger_of(pool),
        wake_ups,
        Metrics(),
        LocationIndex(WatchedAreas(pool)),
    )
    assert len(await planned(pool, await send(service, lax, warning(JUELICH)))) == 1001


async def test_a_code_nobody_knows_beside_others_is_named_and_counted(service: Any) -> None:
    answer = await service.submit(circle(areas=("99999999",)))
    assert answer.status == 201
    assert answer.json["unmatched"] == [
        {
            "kind": "geocode",
            "value": "AGS=99999999",
            "reason": "code not in the boundary data",
            "message": "No Land has the key 99; AGS and ARS begin with 01 to 16.",
            "message_de": "Kein Land hat den Schlüssel 99; AGS und ARS beginnen mit 01 bis 16.",
        }
    ]
    assert service.count("warn_areas_unmatched_total", kind="geocode") == 1
