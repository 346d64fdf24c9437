"""Apps pull what is in force."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import INSTANCE_KEY, KEY, Service
from tests.support.messages import DUEREN, HOUR, JUELICH, InfoPart
from tests.support.submissions import warning

NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


async def test_an_instance_pulls_what_is_in_force_for_its_places(service: Service) -> None:
    one = warning(DUEREN)
    first = (await service.submit(one)).json["alert"]["id"]
    elsewhere = (await service.submit(warning(JUELICH))).json["alert"]["id"]
    exercise = warning(DUEREN, status="Exercise", more="<note>Übung</note>")
    exercise_id = (await service.submit(exercise)).json["alert"]["id"]

    async def current() -> Any:
        answer = await service.get("/v1/instance/alerts", key=INSTANCE_KEY)
        return [alert["id"] for alert in answer.json["alerts"]]

    assert await current() == [first]
    answer = await service.get(f"/v1/instance/alerts/{first}/cap", key=INSTANCE_KEY)
    assert (answer.body, answer.headers["content-type"]) == (one.xml(), "application/cap+xml")
    for hidden in (elsewhere, exercise_id, NOWHERE):
        (await service.get(f"/v1/instance/alerts/{hidden}/cap", key=INSTANCE_KEY)).problem(404, "not-found")
    await service.submit(one.later("ende", "Cancel", infos=()))
    assert await current() == []


@pytest.mark.parametrize("path", ["/v1/instance/alerts", f"/v1/instance/alerts/{NOWHERE}/cap"])
@pytest.mark.parametrize("key", ["", KEY])
async def test_only_an_instance_pulls(service: Service, path: str, key: str) -> None:
    (await service.get(path, key=key)).problem(401, "unauthenticated")


async def test_of_several_infos_the_gravest_that_goes_on_is_shown_with_its_own_end(service: Service) -> None:
    """The message is ten minutes old."""
    over = InfoPart(severity="Extreme", event="Unwetter", headline="Gewitter", lifetime=timedelta(minutes=5))
    rain = InfoPart(severity="Minor", event="Regen", headline="Dauerregen", lifetime=20 * HOUR)
    wind = InfoPart(severity="Severe", event="Sturm", headline="Sturmböen", lifetime=2 * HOUR)

    async def shown(*infos: InfoPart) -> Any:
        sent = warning(infos=infos)
        alert_id = (await service.submit(sent)).json["alert"]["id"]
        answer = await service.get("/v1/instance/alerts", key=INSTANCE_KEY)
        [alert] = [one for one in answer.json["alerts"] if one["id"] == alert_id]
        ends = datetime.fromisoformat(alert["expires"]) - sent.sent
        return alert["headline"], alert["event"], alert["severity"], ends

    assert await shown(over, rain) == ("Dauerregen", "Regen", "Minor", 20 * HOUR)
    assert await shown(over, rain, wind) == ("Sturmböen", "Sturm", "Severe", 2 * HOUR)
    assert await shown(rain, replace(over, lifetime=HOUR)) == ("Gewitter", "Unwetter", "Extreme", HOUR)
