"""People who follow a point, a polygon, a district or a municipality, and a planner that finds them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from dispatcher.audience.location_index import LocationIndex
from dispatcher.audience.watched_areas import read_places
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.delivery.planner import Planner, audience_guard
from dispatcher.metrics import Metrics
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import WakeUpQueue, open_queue
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.store.delivery.plans import Plans
from tests.api.conftest import Service
from tests.support.histories import ledger_of, planned, subscription
from tests.support.messages import DUEREN, JUELICH, InfoPart, Message
from tests.support.sealed import ADDRESSES, endpoints
from tests.support.submissions import warning

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


def circle(
    shapes: Any = CIRCLE, areas: Any = (), headline: str = "Hochwasser an der Rur", **changes: Any
) -> Message:
    return warning(infos=(InfoPart(areas=areas, shapes=shapes, headline=headline),), **changes)


async def follow(pool: Any, followed: dict[str, Any]) -> dict[str, int]:
    """Ids by name."""
    lines = []
    for name, items in followed.items():
        places, watched_areas = read_places(items, Boundaries.default())
        one = subscription(name)
        lines.append(
            type(one)(one.channel, one.gateway, one.address, one.keys, places, watched_areas=watched_areas)
        )
    await Subscriptions(pool, ADDRESSES).add_many(lines)
    return {one.address.rpartition("/")[2]: one.id for one in await endpoints(pool)}


@pytest.fixture
async def people(pool: Any) -> dict[str, int]:
    return await follow(pool, FOLLOWED)


@pytest.fixture
async def wake_ups(redis_url: str) -> AsyncIterator[WakeUpQueue]:
    wake_ups = WakeUpQueue(open_queue(parse(redis_url)))
    yield wake_ups
    await wake_ups.aclose()


@pytest.fixture
def planner(pool: Any, wake_ups: WakeUpQueue) -> Planner:
    return Planner(
        Plans(pool, 100, audience_guard(10)),
        ledger_of(pool),
        wake_ups,
        Metrics(),
        LocationIndex(WatchedAreas(pool)),
    )


async def send(service: Service, planner: Planner, message: Any) -> str:
    answer = await service.submit(message)
    assert answer.status == 201, answer.body
    await planner.plan(answer.json["alert"]["id"])
    return answer.json["alert"]["id"]


async def audience(pool: Any, people: dict[str, int], alert_id: Any) -> set[tuple[str, str]]:
    names = {number: name for name, number in people.items()}
    return {(kind, names[number]) for kind, number in await planned(pool, alert_id)}
