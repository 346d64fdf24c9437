"""Whom a message would reach, before it is sent."""

from typing import Any

import pytest

from dispatcher.audience.estimate import AudienceEstimate, AudienceEstimator
from dispatcher.audience.location_index import LocationIndex
from dispatcher.audience.reach import TOO_FEW
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.subscriptions import SubscriberCounts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from dispatcher.targeting.match import match
from dispatcher.targeting.target import target_of
from tests.api.conftest import Service
from tests.support.followers import AROUND, FOLLOWED, INSIDE, circle, follow
from tests.support.histories import subscription
from tests.support.messages import DUEREN, HEIMBACH, JUELICH
from tests.support.submissions import warning
from tests.targeting.drawing import circle as drawn_circle

PREVIEW = "/v1/alerts/preview"
FAR = "<circle>50.830,6.430 0.06</circle>"
HOME = "<circle>50.800,6.480 0.06</circle>"


async def test_a_preview_counts_places_and_names_gaps(
    service: Service, pool: Any, people: dict[str, int]
) -> None:
    await Subscriptions(pool).add_many([subscription("sms", HEIMBACH, channel="app")])
    answer = await service.submit(warning(DUEREN, JUELICH), path=PREVIEW)
    assert answer.json["reach"] == {"webpush": len(FOLLOWED)}
    assert answer.json["reach_by_municipality"][DUEREN] == {"webpush": len(FOLLOWED) - 1}
    assert answer.json["gaps"] == ["2 von 2 Gemeinden haben keine Abonnenten für app."]
    assert answer.json["population"] is None


async def test_by_shape_the_exact_number_is_for_those_who_decide_and_not_for_the_source(
    service: Service, pool: Any, people: dict[str, int]
) -> None:
    boundaries = Boundaries.default()
    matched = match([drawn_circle(50.8, 6.48, 1)], boundaries)
    affected = [AffectedMunicipality(DUEREN, "Düren", "geometry", 0.1)]
    estimator = AudienceEstimator(Subscriptions(pool), LocationIndex(WatchedAreas(pool)), boundaries)
    estimate = await estimator.of(matched, affected, target_of(matched, boundaries, [DUEREN]))
    assert estimate.reach.by_channel == {"webpush": len(AROUND)}
    assert estimate.shown_by_channel() == {"webpush": TOO_FEW}
    answer = await service.submit(circle(areas=(JUELICH,)), path=PREVIEW)
    assert answer.json["reach"] == {"webpush": TOO_FEW}
    assert answer.json["reach_by_municipality"] == {ags: {"webpush": TOO_FEW} for ags in (DUEREN, JUELICH)}


@pytest.mark.parametrize("neighbours", [0, 3, 4, 5, 9])
async def test_nobody_is_found_by_moving_a_small_circle_about(
    service: Service, pool: Any, neighbours: int
) -> None:
    """Whatever else is counted with the one who lives there, who follows the municipality."""
    await follow(pool, {"home": [INSIDE], **{f"n{number}": [DUEREN] for number in range(neighbours)}})
    await Subscriptions(pool).add_many([subscription("sms", HEIMBACH, channel="app")])
    here, there = [(await service.submit(circle(shapes), path=PREVIEW)).json for shapes in (HOME, FAR)]
    for member in ("reach", "reach_by_municipality", "gaps"):
        assert here[member] == there[member]
    count = neighbours if neighbours >= 5 else TOO_FEW
    assert here["reach"] == {"app": TOO_FEW, "webpush": count}


async def test_many_at_one_place_are_a_number(service: Service, pool: Any) -> None:
    """The control of the one above: a preview that told nothing would hide everybody."""
    await follow(pool, {f"home{number}": [INSIDE] for number in range(7)})
    here, there = [(await service.submit(circle(shapes), path=PREVIEW)).json for shapes in (HOME, FAR)]
    assert (here["reach"], there["reach"]) == ({"webpush": 5}, {"webpush": TOO_FEW})


def test_without_a_shape_every_number_is_shown() -> None:
    estimate = AudienceEstimate(SubscriberCounts({"app": 1}, {DUEREN: {"app": 1}}), None, ())
    assert estimate.shown_by_channel() == {"app": 1}
    assert estimate.shown_by_municipality() == {DUEREN: {"app": 1}}
