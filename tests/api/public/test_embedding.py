"""Other sites embed a badge and a widget: documents like all others, and no cookie."""

import pytest

from dispatcher.access.kinds import PrincipalKind
from dispatcher.publication.documents import CACHE_CONTROL
from tests.api.conftest import Service
from tests.api.public.test_routes import read
from tests.support.messages import DUEREN, JUELICH
from tests.support.submissions import warning

BADGE = f"/v1/municipalities/{DUEREN}/badge"


async def test_a_badge_is_a_document_like_the_others(service: Service) -> None:
    await service.submit(warning())
    for path, media_type in ((f"{BADGE}.svg", "image/svg+xml"), (f"{BADGE}.json", "application/json")):
        answer = await read(service, path)
        assert (answer.status, answer.headers["content-type"]) == (200, media_type)
        assert answer.headers["cache-control"] == CACHE_CONTROL
        assert answer.headers["access-control-allow-origin"] == "*"
        again = await service.request("GET", path, key="", **{"If-None-Match": answer.headers["etag"]})
        assert again.status in (200, 304), "304, unless a minute has passed"
    values = (await read(service, f"{BADGE}.json")).json
    assert (values["count"], values["gravest"], values["place"]["name"]) == (1, "Severe", "Düren")
    assert (await read(service, f"/v1/municipalities/{JUELICH}/badge.json")).json["count"] == 0
    assert (await read(service, "/v1/districts/05358/badge.json")).json["count"] == 1
    assert b"severe" in (await read(service, f"{BADGE}.svg?language=en")).body
    assert b"1 \xc2\xb7" in (await read(service, "/v1/districts/05358/badge.svg")).body


async def test_where_nobody_warns_a_badge_says_unknown(service: Service) -> None:
    for party in ("leitstelle", "nachbar"):
        await service.parts.parties.disable(PrincipalKind.SOURCE, party)
    values = (await read(service, f"{BADGE}.json")).json
    assert (values["count"], values["at_least"], values["text"]) == (None, 0, "unbekannt")
    assert b">unbekannt<" in (await read(service, f"{BADGE}.svg")).body


async def test_a_place_that_is_none_has_no_badge(service: Service) -> None:
    for path in ("/v1/municipalities/99999999/badge.svg", "/v1/districts/99999/badge.json"):
        (await read(service, path)).problem(404, "not-found")


@pytest.mark.parametrize("path", ["/v1/public/widget.js", f"/v1/public/widget?municipality={DUEREN}"])
async def test_the_widget_is_for_any_site_and_sets_nothing(service: Service, path: str) -> None:
    service.parts.publisher.edition = None
    answer = await service.request("GET", path, key="")
    assert answer.status == 200, "also while nothing is known yet: it says so itself"
    assert "set-cookie" not in answer.headers
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert "max-age=3600" in answer.headers["cache-control"]
    again = await service.request("GET", path, key="", **{"If-None-Match": answer.headers["etag"]})
    assert again.status == 304


async def test_the_page_lets_nothing_in_but_its_own_program(service: Service) -> None:
    answer = await service.request("GET", "/v1/public/widget", key="")
    policy = answer.headers["content-security-policy"].split("; ")
    assert policy == [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    ]
    text = answer.body.decode()
    assert "<script>" not in text
    assert " style" not in text
    assert "onload" not in text
    assert "nicht bekannt" in text, "without JavaScript nobody reads that there is no warning"


async def test_the_program_writes_no_markup_and_keeps_nothing(service: Service) -> None:
    program = (await service.request("GET", "/v1/public/widget.js", key="")).body.decode()
    for forbidden in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "new Function",
        "localStorage",
        "sessionStorage",
        "indexedDB",
        "cookie =",
        "sendBeacon",
        "XMLHttpRequest",
    ):
        assert forbidden not in program, forbidden
