"""Apps pull what is in force."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from dispatcher.api.instances.bodies import InForceList
from dispatcher.delivery.notices import Notices
from dispatcher.model.principals import Instance
from dispatcher.model.vocabulary import Kind
from dispatcher.model.webhooks import Environment
from tests.api.conftest import INSTANCE_KEY, KEY, SECRET, Service
from tests.support.messages import DUEREN, HOUR, JUELICH, InfoPart
from tests.support.submissions import warning

NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
STOLBERG = "05334032"


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


async def test_it_is_said_where_nobody_would_warn(service: Service) -> None:
    """As what anybody may read says it: no alerts there does not mean no warnings."""
    sources, key = service.parts.sources, f"wi_two_{SECRET}"
    await sources.put_instance(Instance("two", "Two", (STOLBERG, DUEREN)), key)
    await service.parts.health.pool.execute("UPDATE source SET territory = '{05358}'")
    assert (await listed(service, key=key)).json["not_covered"] == [STOLBERG]
    tag = (await listed(service, key=key)).headers["etag"]
    await service.parts.health.pool.execute(
        "UPDATE api_key SET revoked_at = clock_timestamp() WHERE source_id IS NOT NULL"
    )
    found = await listed(service, key=key, if_none_match=tag)
    assert (found.status, found.json["alerts"], found.json["not_covered"]) == (200, [], [STOLBERG, DUEREN])


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


async def listed(service: Service, query: str = "", key: str = INSTANCE_KEY, **headers: Any) -> Any:
    return await service.request("GET", f"/v1/instance/alerts{query}", key=key, **headers)


async def test_a_pull_has_the_very_notice_that_a_webhook_gets(service: Service) -> None:
    """But for the municipalities, which in a pull are the instance's own, and for what a phone shows by itself."""
    alert_id = (await service.submit(warning(DUEREN, JUELICH))).json["alert"]["id"]
    (alert,) = (await listed(service)).json["alerts"]
    parts, zone = service.parts, ZoneInfo("Europe/Berlin")
    at = await parts.health.pool.fetchval("SELECT clock_timestamp()")
    lease = SimpleNamespace(alert_id=alert_id, kind=Kind.ALERT, language="de", deadline=at)
    sent = json.loads((await Notices(parts.alerts, zone).notice(cast("Any", lease), at)).document)
    assert [place["ags"] for place in sent.pop("municipalities")] == [DUEREN, JUELICH]
    assert alert["notice"].pop("municipalities") == [{"ags": DUEREN, "name": "Düren"}]
    assert sent.pop("notification")["title"] == "WARNUNG: Hochwasser an der Rur"
    assert sent.pop("in_force")["active"] == 1
    assert alert["notice"] == sent
    answer = await service.get(sent["cap"], key=INSTANCE_KEY)
    assert answer.headers["content-type"] == "application/cap+xml"


async def test_the_answer_is_what_its_schema_says(service: Service) -> None:
    one, two = warning(DUEREN), warning(DUEREN)
    for message in (one, two, one.later("ende", "Cancel", infos=())):
        await service.submit(message)
    answer = await listed(service)
    found = InForceList.model_validate_json(answer.body)
    assert (len(found.alerts), [end.kind for end in found.ended]) == (1, [Kind.CANCEL])
    assert found.environment is Environment.PRODUCTION


async def test_what_has_changed_since_is_asked_for_by_a_cursor(service: Service) -> None:
    one = warning(DUEREN)
    first = (await service.submit(one)).json["alert"]["id"]
    begun = (await listed(service)).json
    assert begun["complete"]
    second = (await service.submit(warning(DUEREN))).json["alert"]["id"]
    end = (await service.submit(one.later("ende", "Cancel", infos=()))).json["alert"]["id"]
    found = (await listed(service, f"?since={begun['cursor']}")).json
    assert ([alert["id"] for alert in found["alerts"]], found["complete"]) == ([second], False)
    assert [(gone["alert"], gone["kind"], gone["by"]) for gone in found["ended"]] == [(first, "cancel", end)]
    then = (await listed(service, f"?since={found['cursor']}")).json
    assert (then["alerts"], then["ended"]) == ([], [])


async def test_a_cursor_of_other_places_or_another_language_gets_all(service: Service) -> None:
    await service.submit(warning(DUEREN))
    cursor = (await listed(service)).json["cursor"]
    assert (await listed(service, f"?since={cursor}&language=en")).json["complete"]
    await service.parts.health.pool.execute("UPDATE instance SET places = array_append(places, '05358024')")
    assert (await listed(service, f"?since={cursor}")).json["complete"]


@pytest.mark.parametrize("since", ["x", "1", "1.2-3.xyz", "-1.2-3.00000000", "9" * 40 + ".2-3.00000000"])
async def test_what_is_no_cursor_is_refused(service: Service, since: str) -> None:
    answer = await listed(service, f"?since={since}")
    assert (answer.status, [one["path"] for one in answer.json["errors"]]) == (422, ["query/since"])


async def test_who_has_the_same_is_told_so_without_a_body(service: Service) -> None:
    one = warning(DUEREN)
    await service.submit(one)
    first = await listed(service)
    assert first.headers["cache-control"] == "private, no-store"
    # What happens elsewhere moves the cursor and changes nothing here.
    await service.submit(warning(JUELICH))
    same = await listed(service, if_none_match=first.headers["etag"])
    assert (same.status, same.body, same.headers["etag"]) == (304, b"", first.headers["etag"])
    await service.submit(one.later("ende", "Cancel", infos=()))
    changed = await listed(service, if_none_match=first.headers["etag"])
    assert (changed.status, changed.json["alerts"]) == (200, [])


async def test_a_sandbox_shows_samples_and_no_warning(service: Service) -> None:
    key = f"wi_probe_{SECRET}"
    await service.parts.sources.put_instance(Instance("probe", "Probe", (DUEREN,), sandbox=True), key)
    real = (await service.submit(warning(DUEREN))).json["alert"]["id"]
    found = InForceList.model_validate_json((await listed(service, key=key)).body)
    (alert,), (ended,) = found.alerts, found.ended
    assert alert.notice.test is True
    assert (ended.kind, found.environment, found.complete) == (Kind.CANCEL, Environment.SANDBOX, True)
    assert real not in {alert.id, ended.alert}
    message = await service.get(alert.notice.cap, key=key)
    assert b"<status>Test</status>" in message.body
    (await service.get(f"/v1/instance/alerts/{real}/cap", key=key)).problem(404, "not-found")
    (await service.get(f"/v1/instance/alerts/{alert.id}/cap", key=INSTANCE_KEY)).problem(404, "not-found")
    again = await listed(service, f"?since={found.cursor}", key=key)
    assert again.json["complete"]
    assert again.json["not_covered"] == []
