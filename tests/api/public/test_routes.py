"""Anybody reads what is in force, and nothing else."""

import json
from typing import Any

from dispatcher.api.public.answering import UNKNOWN_CACHE_CONTROL
from dispatcher.api.public.bodies import PublicList, PublicWarningBody
from tests.api.conftest import INSTANCE_KEY, KEY, SECRET, Answer, Service
from tests.support.messages import DUEREN, HEIMBACH, JUELICH, InfoPart
from tests.support.operations import operations
from tests.support.submissions import AACHEN, warning

NOWHERE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
LIST = f"/v1/municipalities/{DUEREN}/alerts"
DRAWN = "50.78,6.40%2050.78,6.55%2050.85,6.48"


async def read(service: Service, path: str = LIST, **headers: Any) -> Answer:
    """The answer of now, whatever was published a quarter of a second ago."""
    await service.parts.publisher.look(afresh=True)
    return await service.request("GET", path, key="", **headers)


async def ids(service: Service, path: str = LIST) -> Any:
    answer = await read(service, path)
    PublicList.model_validate_json(answer.body)
    return answer.json["alerts"] and [one["alert"] for one in answer.json["alerts"]]


async def submitted(service: Service, message: Any) -> str:
    found: str = (await service.submit(message)).json["alert"]["id"]
    return found


async def test_what_is_in_force_is_read_by_every_key_of_a_place(service: Service) -> None:
    one = warning(DUEREN, JUELICH)
    alert_id = await submitted(service, one)
    for path in (
        LIST,
        "/v1/municipalities/053580008008/alerts",
        f"/v1/municipalities/{JUELICH}/alerts",
        "/v1/districts/05358/alerts",
        "/v1/districts/053580000000/alerts",
        "/v1/public/alerts",
        "/v1/public/alerts?lat=50.8044&lon=6.4822",
        f"{LIST}?language=en",
    ):
        assert await ids(service, path) == [alert_id], path
        assert await ids(service, path) == [alert_id], "ahead of the routes"
    assert await ids(service, f"/v1/municipalities/{HEIMBACH}/alerts") == []
    assert service.parts.publisher.edition
    assert not any("lat" in one for one in service.parts.publisher.edition.by_address), "somebody's position"
    position = await read(service, "/v1/public/alerts?lat=50.8044&lon=6.4822")
    assert position.headers["cache-control"] == "no-store"
    elsewhere = (await read(service, f"/v1/municipalities/{AACHEN}/alerts")).json
    assert (elsewhere["covered"], elsewhere["alerts"]) == (True, []), "another control centre warns there"
    await service.submit(one.later("ende", "Cancel", infos=()))
    assert await ids(service) == []


async def test_a_warning_is_read_in_all_its_languages_and_as_it_came_also_after_its_end(
    service: Service,
) -> None:
    infos = (InfoPart(language="en", headline="Flood"), InfoPart())
    one = warning(infos=infos)
    alert_id = await submitted(service, one)
    path = f"/v1/public/alerts/{alert_id}"
    shown = PublicWarningBody.model_validate_json((await read(service, path)).body)
    assert [notice.lang for notice in shown.notices] == ["de-DE", "en"]
    cap = await read(service, f"{path}/cap")
    assert (cap.body, cap.headers["content-type"]) == (one.xml(), "application/cap+xml")
    end = await submitted(service, one.later("ende", "Cancel", infos=()))
    ended = (await read(service, path)).json
    assert (ended["in_force"], ended["superseded_by"]) == (False, end)
    assert (await read(service, f"{path}/cap")).body == one.xml()


async def test_a_warning_that_this_process_has_not_heard_of_yet_is_waited_for(service: Service) -> None:
    """A list of another process may have named it already; some clients show nothing at all after a 404."""
    for headline in ("Hochwasser", "Sturm", "Glatteis"):
        alert_id = await submitted(service, warning(headline=headline))
        for path in (f"/api31/warnings/{alert_id}.json", f"/v1/public/alerts/{alert_id}"):
            assert (await service.request("GET", path, key="")).status == 200


async def test_nothing_that_is_not_meant_for_everybody_is_ever_read(service: Service) -> None:
    hidden = [
        await submitted(service, warning(**changes))
        for changes in (
            {"status": "Exercise", "more": "<note>Übung</note>"},
            {"status": "Test"},
            {"scope": "Restricted", "more": "<restriction>Stab</restriction>"},
            {"scope": "Private", "more": "<addresses>a@b.example</addresses>"},
        )
    ]
    assert await ids(service) == await ids(service, "/v1/public/alerts") == []
    for alert_id in (*hidden, NOWHERE):
        for path in (f"/v1/public/alerts/{alert_id}", f"/v1/public/alerts/{alert_id}/cap"):
            answer = await read(service, path)
            answer.problem(404, "not-found")
            assert answer.headers["cache-control"] == UNKNOWN_CACHE_CONTROL


REFUSED = {
    "/v1/municipalities/99999999/alerts": (404, "not-found"),
    "/v1/municipalities/05358/alerts": (404, "not-found"),
    "/v1/municipalities/x/alerts": (404, "not-found"),
    "/v1/districts/99999/alerts": (404, "not-found"),
    f"/v1/districts/{DUEREN}/alerts": (404, "not-found"),
    "/v1/public/alerts/x": (404, "not-found"),
    "/v1/public/alerts?lat=48.1&lon=11.5": (404, "not-found"),
    "/v1/public/alerts?lat=50.8": (422, "invalid-request"),
    "/v1/public/alerts?lat=nan&lon=6": (422, "invalid-request"),
    "/v1/public/alerts?lat=91&lon=6": (422, "invalid-request"),
    f"{LIST}?language=fr": (422, "invalid-request"),
}


async def test_what_there_is_not_is_refused(service: Service) -> None:
    for path, (status, problem) in REFUSED.items():
        (await read(service, path)).problem(status, problem)


async def test_answers_are_the_same_ahead_of_the_routes_and_by_them(service: Service) -> None:
    await service.parts.publisher.look()
    path = "/v1/districts/05358/alerts"
    moving = {"date", "alerts-as-of"}

    async def ask(method: str = "GET", target: str = path, **headers: Any) -> Any:
        answer = await service.request(method, target, key="", **headers)
        kept = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in moving}
        return answer.status, kept, answer.body

    first, again, by_routes = await ask(), await ask(), await ask(target=f"{path}?x=1")
    assert first == again == by_routes
    status, headers, body = first
    assert (status, headers["content-type"], headers["access-control-allow-origin"]) == (
        200,
        "application/json",
        "*",
    )
    assert headers["cache-control"] == "public, max-age=1, stale-while-revalidate=1, stale-if-error=86400"
    # A key changes nothing, whether it is good or not, nor does an odd Accept or Range.
    for key in (KEY, INSTANCE_KEY, f"wk_nobody_{SECRET}"):
        assert await ask(authorization=f"Bearer {key}") == first
    assert await ask(accept="image/png", range="bytes=0-3") == first
    for target in (path, f"{path}?x=1"):
        assert await ask("HEAD", target) == (200, headers, b"")
        for named in (headers["etag"], f"W/{headers['etag']}", f'"x", {headers["etag"]}', "*"):
            status, kept, empty = await ask(target=target, if_none_match=named)
            assert (status, kept["etag"], empty) == (304, headers["etag"], b"")
        assert (await ask(target=target, if_match='"x"'))[0] == 412
    assert json.loads(body)["place"]["key"] == "05358"
    assert headers["x-content-type-options"] == "nosniff"
    posted = await service.request("POST", path, key="")
    assert (posted.status, posted.headers["allow"]) == (405, "GET, HEAD")


async def test_a_long_list_comes_compressed(service: Service) -> None:
    for headline in ("Hochwasser", "Sturm", "Glatteis"):
        await service.submit(warning(DUEREN, headline=headline))
    await service.parts.publisher.look()
    async with service.session.get(service.url + LIST, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        plain = await answer.read()  # the client has unpacked it
    assert len(plain) > int(answer.headers["content-length"])
    assert len(json.loads(plain)["alerts"]) == 3


ODD = (
    {"accept": "image/png"},
    {"accept": "application/json;q=0, */*;q=0"},
    {"accept": "nonsense;;q=x, ,"},
    {"accept-language": "tlh, *;q=0"},
    {"accept-charset": "utf-16"},
    {"range": "bytes=0-3"},
    {"range": "bytes=9999999-"},
    {"range": "bytes=-1,0-0,5-2"},
    {"range": "lines=1-2"},
    {"range": "bytes=0-3", "if-range": '"x"'},
    {"if-modified-since": "Fri, 01 Jan 2100 00:00:00 GMT"},
    {"if-modified-since": "yesterday"},
    {"if-unmodified-since": "Thu, 01 Jan 1970 00:00:00 GMT"},
    {"if-none-match": '"x"'},
    {"if-none-match": "no tag"},
    {"if-match": "*"},
    {"expect": "nothing"},
    {"te": "trailers, deflate", "cache-control": "no-cache, no-store, only-if-cached", "pragma": "no-cache"},
    {"last-event-id": "x-1"},
)
"""What is passed over in a GET of any form: the answer is the same as without."""


async def test_every_form_passes_over_odd_headers_and_heeds_tags(service: Service) -> None:
    alert_id = await submitted(service, warning())
    await service.parts.publisher.look(afresh=True)
    assert service.description
    found = [
        one.target(alert_id=alert_id)
        for one in operations(service.description.document)
        if one.is_open and one.method == "GET" and not one.path.endswith(".events")
    ]
    targets = [*found, "/v1/public/alerts?lat=50.8044&lon=6.4822", f"/v1/public/alerts?polygon={DRAWN}"]
    forms = set()

    async def ask(target: str, method: str = "GET", **headers: str) -> tuple[int, str, bytes]:
        answer = await service.request(method, target, key="", **headers)
        return answer.status, answer.headers.get("etag", ""), answer.body

    for target in targets:
        plain = await ask(target)
        status, tag, body = plain
        assert (status, bool(tag), bool(body)) == (200, True, True), target
        forms.add((await service.request("GET", target, key="")).headers["content-type"])
        for odd in ODD:
            assert await ask(target, **odd) == plain, (target, odd)
        assert await ask(target, "HEAD") == (200, tag, b"")
        for named in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            assert await ask(target, **{"if-none-match": named}) == (304, tag, b""), (target, named)
            dated = {"if-none-match": named, "if-modified-since": "Thu, 01 Jan 1970 00:00:00 GMT"}
            assert await ask(target, **dated) == (304, tag, b""), (target, named)
        assert await ask(target, **{"if-match": tag}) == plain, target
        for named in (f"W/{tag}", '"x"', "no tag"):
            assert (await ask(target, **{"if-match": named}))[0] == 412, (target, named)
    assert len(forms) == 8, forms
