"""Whom a message would reach, before it is sent."""

from typing import Any

from dispatcher.store.audience.subscriptions import Subscriptions
from tests.api.conftest import Service
from tests.support.followers import AROUND, circle
from tests.support.histories import subscription
from tests.support.messages import DUEREN, HEIMBACH, JUELICH


async def test_a_preview_counts_places_and_names_gaps(
    service: Service, pool: Any, people: dict[str, int]
) -> None:
    await Subscriptions(pool).add_many([subscription("sms", HEIMBACH, channel="app")])
    answer = await service.submit(circle(areas=(JUELICH,)), path="/v1/alerts/preview")
    assert answer.json["reach"] == {"webpush": len(AROUND | {"neighbour"})}
    assert answer.json["reach_by_municipality"][DUEREN] == {"webpush": len(AROUND)}
    assert answer.json["gaps"] == ["2 von 2 Gemeinden haben keine Abonnenten für app."]
    assert answer.json["population"] is None
