"""Who follows a point, a polygon or a district, from the import to the frozen audience."""

import asyncio
from typing import Any

import pytest

from dispatcher.audience.location_index import LocationIndex
from dispatcher.delivery.planner import Planner
from dispatcher.model.subscriptions import NewSubscription, WatchedArea
from dispatcher.store.delivery.ledger_reader import LedgerReader
from tests.api.conftest import Service
from tests.support.followers import AROUND, FOLLOWED, INSIDE, OUTSIDE, audience, circle, follow, send
from tests.support.imports import bring_in
from tests.support.messages import DUEREN, InfoPart
from tests.support.sealed import endpoints
from tests.support.submissions import warning


async def test_a_circle_reaches_the_places_it_touches_and_whoever_follows_the_municipality(
    service: Service, pool: Any, people: dict[str, int], planner: Planner
) -> None:
    alert_id = await send(service, planner, circle())
    assert await audience(pool, people, alert_id) == {("alert", name) for name in AROUND}
    by_municipality = await LedgerReader(pool).by_municipality(alert_id)
    assert by_municipality[DUEREN] == {"pending": len(AROUND)}


async def test_a_code_reaches_every_place_in_its_municipality(
    service: Service, pool: Any, people: dict[str, int], planner: Planner
) -> None:
    alert_id = await send(service, planner, warning(DUEREN))
    everybody = {("alert", name) for name in people if name != "neighbour"}
    assert await audience(pool, people, alert_id) == everybody


async def test_an_update_lifts_it_for_places_it_left_and_a_cancel_reaches_those_told(
    service: Service, pool: Any, people: dict[str, int], planner: Planner
) -> None:
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


async def test_places_that_come_later_are_found_by_the_next_alert(
    service: Service, pool: Any, people: dict[str, int], planner: Planner
) -> None:
    await send(service, planner, circle())
    more = await follow(pool, {"late": [INSIDE], "late field": FOLLOWED["field"], "late outside": [OUTSIDE]})
    found = await audience(
        pool, people | more, await send(service, planner, circle(headline="Mehr Hochwasser"))
    )
    assert {("alert", "late"), ("alert", "late field")} <= found
    assert ("alert", "late outside") not in found


async def test_places_that_an_import_leaves_out_are_left_by_the_next_alert_and_ends_reach_who_was_told(
    service: Service, pool: Any, people: dict[str, int], planner: Planner
) -> None:
    """The workers that run know the place before. What an import says of today takes no all-clear away."""
    first = circle()
    await send(service, planner, first)
    await pool.execute(
        "UPDATE batch SET outcomes = decode(repeat('10', cardinality(recipients)), 'hex'), state = 'done'"
    )
    row = await pool.fetchrow("SELECT * FROM subscription WHERE id = $1", people["inside"])
    (endpoint,) = await endpoints(pool, f"id = {people['inside']}")
    moved = NewSubscription(
        row["channel"], row["gateway"], endpoint.address, endpoint.keys, (), row["language"], row["instance"],
        row["ref"], (WatchedArea(((50.82, 6.48),), 0.0, (DUEREN,)),),
    )  # fmt: skip
    put = await bring_in(pool, moved)
    assert (put.renewed, put.places_changed) == (1, 1)
    other = await audience(
        pool, people, await send(service, planner, circle(headline="Mehr Hochwasser", event="Erdrutsch"))
    )
    assert ("alert", "inside") not in other
    ended = await audience(
        pool, people, await send(service, planner, first.later("c-" + first.identifier, "Cancel"))
    )
    assert ("cancel", "inside") in ended


async def test_a_place_is_matched_by_its_true_position_although_it_is_rounded(
    service: Service, pool: Any, planner: Planner
) -> None:
    """On the edge of the circle: whoever is inside is reached, whoever is 160 m outside is not."""
    from dispatcher.targeting.shapes import circle_lat_lon

    edge = {}
    for metres in (999.0, 1160.0):
        for number, (lat, lon) in enumerate(circle_lat_lon(50.8, 6.48, metres)[::16]):
            edge[f"{metres:.0f}-{number}"] = [{"lat": float(lat), "lon": float(lon)}]
    people = await follow(pool, edge)
    found = await audience(pool, people, await send(service, planner, circle()))
    assert found == {("alert", name) for name in people if name.startswith("999")}


class SlowAreas:
    """Watched areas that are loaded only when they may be."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.asked: list[str] = []

    async def since(self, mark: str) -> tuple[list[Any], str]:
        self.asked.append(mark)
        await self.may.wait()
        return [], str(len(self.asked))


async def test_whoever_gives_up_waiting_holds_nobody_up_and_leaves_nothing_half_loaded() -> None:
    areas: Any = SlowAreas()
    index = LocationIndex(areas)
    for _ in range(20):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.0):
                await index.subscribers_in(b"a target")
    for _ in range(3):
        asking = asyncio.ensure_future(index.subscribers_in(b"a target"))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking])
    assert areas.asked == ["0"], "one loads, and the others wait for that"
    areas.may.set()
    assert await index.subscribers_in(b"a target") == []
    assert areas.asked == ["0", "1"], "what came meanwhile is loaded after it"
