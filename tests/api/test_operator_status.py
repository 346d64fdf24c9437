"""An operator follows any alert, a feed's too, in the body that the API has."""

import json
from typing import Any

from dispatcher.api.operator_status import alert_status
from dispatcher.model.principals import Source
from dispatcher.store.alerts.alerts import Alerts
from tests.api.conftest import Service
from tests.support.histories import submit
from tests.support.submissions import warning


async def test_an_operator_sees_what_the_source_sees(service: Service, pool: Any) -> None:
    alert_id = (await service.submit(warning())).json["alert"]["id"]
    body = await alert_status(pool, alert_id)
    assert body is not None
    assert json.loads(body.model_dump_json()) == (await service.get(f"/v1/alerts/{alert_id}")).json


async def test_a_feeds_message_can_be_followed(service: Service, pool: Any) -> None:
    """No key of a control centre leads to it."""
    await service.parts.sources.put(Source("feed-dwd", "DWD", frozenset(), ()))
    await submit(Alerts(pool), "01ARZ3NDEKTSV4RRFFQ69G5FAV", source_id="feed-dwd", sender="dwd")
    (await service.get("/v1/alerts/01ARZ3NDEKTSV4RRFFQ69G5FAV")).problem(404, "not-found")
    body = await alert_status(pool, "01ARZ3NDEKTSV4RRFFQ69G5FAV")
    assert body is not None
    assert body.alert.sender == "dwd"
    assert await alert_status(pool, "01ARZ3NDEKTSV4RRFFQ69G5FAW") is None
