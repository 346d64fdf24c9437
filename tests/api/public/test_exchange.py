"""Programs of others read what is in force."""

from tests.api.conftest import Service
from tests.api.public.test_routes import read, submitted
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning

NINA = "/api31/dashboard/053580000000.json"


async def test_every_form_has_the_warning_and_is_answered_ahead_of_the_routes_from_then_on(
    service: Service,
) -> None:
    alert_id = await submitted(service, warning(DUEREN, JUELICH))
    types = {
        f"/v1/municipalities/{DUEREN}/alerts.atom": "application/atom+xml",
        "/v1/districts/05358/alerts.atom": "application/atom+xml",
        "/v1/public/alerts.atom": "application/atom+xml",
        f"/v1/municipalities/{DUEREN}/alerts.geojson": "application/geo+json",
        "/v1/districts/05358/alerts.geojson": "application/geo+json",
        "/v1/public/alerts.geojson": "application/geo+json",
        NINA: "application/json",
        "/api31/dashboard/053580008008.json": "application/json",
        "/api31/mowas/mapData.json": "application/json",
        f"/api31/warnings/{alert_id}.geojson": "application/geo+json",
    }
    for path, media_type in types.items():
        answers = [await read(service, path) for _ in range(2)]
        for answer in answers:
            assert (answer.status, answer.headers["content-type"]) == (200, media_type), path
            assert "alerts-as-of" in answer.headers
        assert answers[0].body == answers[1].body
        if "warnings" not in path:
            assert alert_id in answers[0].body.decode()
    detail = await read(service, f"/api31/warnings/{alert_id}.json")
    assert detail.json["info"][0]["headline"] == "Hochwasser an der Rur"


async def test_what_the_form_cannot_say_is_an_empty_list_and_what_is_no_key_is_refused(
    service: Service,
) -> None:
    for path in (NINA, "/api31/dashboard/091620000000.json", "/api31/dwd/mapData.json"):
        assert (await read(service, path)).json == []
    assert (await read(service, "/api/appdata/gsb/labels/de_labels.json")).json
    for path in (
        "/api31/dashboard/05358.json",
        "/api31/warnings/x.json",
        "/api31/nobody/mapData.json",
        "/api31/warnings/01ARZ3NDEKTSV4RRFFQ69G5FAV.json",
    ):
        (await read(service, path)).problem(404, "not-found")
    assert service.parts.publisher.edition
    kept = service.parts.publisher.edition.by_address
    assert NINA in kept
    assert "/api31/dashboard/091620000000.json" not in kept, "of such keys there is no end"
