"""Who follows a point, a polygon or a district, from the import to the frozen audience."""

import pytest

from dispatcher.audience.location_index import LocationIndex
from dispatcher.audience.watched_areas import read_places
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.delivery.planner import Planner, audience_guard
from dispatcher.intake.approval import Approval, NotApprovedError, Terms
from dispatcher.metrics import Metrics
from dispatcher.model.vocabulary import Reason
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.store.delivery.ledger_reader import LedgerReader
from dispatcher.store.delivery.plans import Plans
from tests.api.test_submission import warning
from tests.support.histories import ledger_of, planned, subscription
from tests.support.messages import DUEREN, HEIMBACH, JUELICH, InfoPart

# One kilometre around a place in Düren; 0.01 degrees of latitude are 1.1 km.
CIRCLE = "<circle>50.800,6.480 1.0</circle>"
INSIDE, OUTSIDE = {"lat": 50.8, "lon": 6.48}, {"lat": 50.82, "lon": 6.48}
FOLLOWED = {
    "inside": [INSIDE],
    "outside": [OUTSIDE],
    "near": [{**OUTSIDE, "radius_m": 1500}],
    "field": [{"polygon": [[50.806, 6.47], [50.806, 6.49], [50.83, 6.48]]}],
    "far field": [{"polygon": [[50.83, 6.47], [50.83, 6.49], [50.84, 6.48]]}],
    "municipality": [DUEREN],
    "district": ["05358"],
    "neighbour": [JUELICH],
    "both": [DUEREN, INSIDE],
}
AROUND = {"inside", "near", "field", "municipality", "district", "both"}


def circle(shapes=CIRCLE, areas=(), headline="Hochwasser an der Rur", **changes):
    return warning(infos=(InfoPart(areas=areas, shapes=shapes, headline=headline),), **changes)


async def follow(pool, followed):
    """Ids by name."""
    lines = []
    for name, items in followed.items():
        places, watched_areas = read_places(items, Boundaries.default())
        one = subscription(name)
        lines.append(
            type(one)(one.channel, one.gateway, one.address, one.keys, places, watched_areas=watched_areas)
        )
    await Subscriptions(pool).add_many(lines)
    rows = await pool.fetch("SELECT id, address FROM subscription")
    return {row["address"].rpartition("/")[2]: row["id"] for row in rows}


@pytest.fixture
async def people(pool):
    return await follow(pool, FOLLOWED)


@pytest.fixture
async def wake_ups(redis_url):
    wake_ups = WakeUpQueue(open_queue(parse(redis_url)))
    yield wake_ups
    await wake_ups.aclose()


@pytest.fixture
def planner(pool, wake_ups):
    return Planner(
        Plans(pool, 100, audience_guard(10)),
        ledger_of(pool),
        wake_ups,
        Metrics(),
        LocationIndex(WatchedAreas(pool)),
    )


async def send(service, planner, message):
    answer = await service.submit(message)
    assert answer.status == 201, answer.body
    await planner.plan(answer.json["alert"]["id"])
    return answer.json["alert"]["id"]


async def audience(pool, people, alert_id):
    names = {number: name for name, number in people.items()}
    return {(kind, names[number]) for kind, number in await planned(pool, alert_id)}


async def test_a_circle_reaches_the_places_it_touches_and_whoever_follows_the_municipality(
    service, pool, people, planner
):
    alert_id = await send(service, planner, circle())
    assert await audience(pool, people, alert_id) == {("alert", name) for name in AROUND}
    by_municipality = await LedgerReader(pool).by_municipality(alert_id)
    assert by_municipality[DUEREN] == {"pending": len(AROUND)}


async def test_a_code_reaches_every_place_in_its_municipality(service, pool, people, planner):
    alert_id = await send(service, planner, warning(DUEREN))
    everybody = {("alert", name) for name in people if name != "neighbour"}
    assert await audience(pool, people, alert_id) == everybody


async def test_an_update_lifts_it_for_places_it_left_and_a_cancel_reaches_those_told(
    service, pool, people, planner
):
    first = circle()
    first_id = await send(service, planner, first)
    await pool.execute(
        "UPDATE batch SET outcomes = decode(repeat('10', cardinality(recipients)), 'hex'), state = 'done'"
    )
    update = first.later(
        "u-" + first.identifier, infos=(InfoPart(areas=(), shapes="<circle>50.82,6.48 1.0</circle>"),)
    )
    told = await audience(pool, people, await send(service, planner, update))
    assert {("no_longer_affected", "inside"), ("alert", "outside"), ("update", "municipality")} <= told
    await pool.execute(
        "UPDATE batch SET outcomes = decode(repeat('10', cardinality(recipients)), 'hex'), state = 'done'"
    )
    cancel = update.later("c-" + first.identifier, "Cancel")
    ended = await audience(pool, people, await send(service, planner, cancel))
    assert ("cancel", "outside") in ended
    assert ("cancel", "inside") not in ended
    assert first_id


async def test_places_that_come_later_are_found_by_the_next_alert(service, pool, people, planner):
    await send(service, planner, circle())
    more = await follow(pool, {"late": [INSIDE], "late field": FOLLOWED["field"], "late outside": [OUTSIDE]})
    found = await audience(
        pool, people | more, await send(service, planner, circle(headline="Mehr Hochwasser"))
    )
    assert {("alert", "late"), ("alert", "late field")} <= found
    assert ("alert", "late outside") not in found


async def test_a_place_is_matched_by_its_true_position_although_it_is_rounded(service, pool, planner):
    """On the edge of the circle: whoever is inside is reached, whoever is 160 m outside is not."""
    from dispatcher.targeting.shapes import circle_lat_lon

    edge = {}
    for metres in (999.0, 1160.0):
        for number, (lat, lon) in enumerate(circle_lat_lon(50.8, 6.48, metres)[::16]):
            edge[f"{metres:.0f}-{number}"] = [{"lat": float(lat), "lon": float(lon)}]
    people = await follow(pool, edge)
    found = await audience(pool, people, await send(service, planner, circle()))
    assert found == {("alert", name) for name in people if name.startswith("999")}


async def test_a_preview_counts_places_and_names_gaps(service, pool, people):
    await Subscriptions(pool).add_many([subscription("sms", HEIMBACH, channel="app")])
    answer = await service.submit(circle(areas=(JUELICH,)), path="/v1/alerts/preview")
    assert answer.json["reach"] == {"webpush": len(AROUND | {"neighbour"})}
    assert answer.json["reach_by_municipality"][DUEREN] == {"webpush": len(AROUND)}
    assert answer.json["gaps"] == ["2 von 2 Gemeinden haben keine Abonnenten für app."]
    assert answer.json["population"] is None


async def test_a_target_that_changed_since_it_was_accepted_is_not_sent(service, pool, people, planner):
    answer = await service.submit(circle())
    alert_id = answer.json["alert"]["id"]
    await pool.execute("UPDATE target SET shape = (SELECT shape || '\\x00' FROM target)")
    await planner.plan(alert_id)
    row = await pool.fetchrow("SELECT state, reason, held_for FROM alert")
    assert tuple(row) == ("held", Reason.HELD, "target_changed")
    assert await planned(pool, alert_id) == set()
    assert await pool.fetchval("SELECT count(*) FROM audit WHERE action = 'alert.hold'") == 1


@pytest.fixture
def release(service, wake_ups):
    return Approval(alerts=service.parts.alerts, boundaries=Boundaries.default(), wake_ups=wake_ups)


async def test_a_municipality_added_behind_our_back_is_neither_sent_nor_released(
    service, pool, people, planner, release
):
    alert_id = (await service.submit(circle())).json["alert"]["id"]
    await pool.execute("INSERT INTO affected VALUES ($1, $2, 'Jülich', 'geometry', 1)", alert_id, JUELICH)
    await planner.plan(alert_id)
    assert await planned(pool, alert_id) == set()
    with pytest.raises(NotApprovedError, match="nicht mehr das"):
        await release.release(alert_id, "operator:a", "trotzdem")


async def usually(service, pool, planner, times=5):
    """So many dispatches to one person each."""
    await follow(pool, {"one": [HEIMBACH]})
    for number in range(times):
        await send(service, planner, warning(HEIMBACH, headline=f"Hochwasser, Meldung {number}"))


async def crowd(pool, count):
    await Subscriptions(pool).add_many([subscription(f"p{number}", JUELICH) for number in range(count)])


async def test_many_times_the_usual_waits_for_a_person_who_approves_that_many(
    service, pool, planner, release
):
    await usually(service, pool, planner)
    await crowd(pool, 1001)
    alert_id = await send(service, planner, warning(JUELICH))
    held = await service.parts.alerts.get(alert_id)
    assert (held.state, held.audience) == ("held", 0)
    assert held.held_for == "audience: 1001 recipients are many times the usual for this source (1)"
    assert await planned(pool, alert_id) == set()
    await release.release(alert_id, "operator:a", "ja, ganz Jülich")
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


async def test_there_is_no_usual_before_five_dispatches_and_below_a_thousand(service, pool, planner):
    await usually(service, pool, planner, times=4)
    await crowd(pool, 1001)
    assert len(await planned(pool, await send(service, planner, warning(JUELICH)))) == 1001


async def test_without_the_setting_only_an_approval_limits(service, pool, planner, wake_ups):
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


async def test_a_code_nobody_knows_beside_others_is_named_and_counted(service):
    answer = await service.submit(circle(areas=("99999999",)))
    assert answer.status == 201
    assert answer.json["unmatched"] == [
        {"kind": "geocode", "value": "AGS=99999999", "reason": "code not in the boundary data"}
    ]
    assert service.count("warn_areas_unmatched_total", kind="geocode") == 1
