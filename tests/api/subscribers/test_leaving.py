"""Leaving by a link."""

import re
from typing import Any

from dispatcher.model.problems import ProblemType
from dispatcher.pages.assets import assets
from tests.api.conftest import Service
from tests.support.phones import Phone, World

UNKNOWN = "/v1/leave/" + "a" * 26


async def test_a_link_leaves_when_it_is_posted_and_not_when_something_looks_at_it(
    service: Service, pool: Any
) -> None:
    world = World(service)
    phone = Phone(world)
    link = (await phone.put()).json["leave"]
    assert (await phone.put()).json["leave"] == link
    pages = {(await service.request("GET", path, key="")).body for path in (link, UNKNOWN)}
    assert len(pages) == 1, "a stranger does not learn whose link it is"
    assert b'<form method="post">' in pages.pop()
    assert (await phone.put()).status == 200
    answers = [await service.request("POST", path, key="") for path in (link, link, UNKNOWN)]
    assert {(answer.status, answer.body) for answer in answers} == {(200, answers[0].body)}
    assert "form-action 'self'" in answers[0].headers["Content-Security-Policy"]
    assert not await pool.fetchval("SELECT count(*) FROM subscriber")
    assert service.count("warn_subscribers_ended_total", reason="left") == 1
    (await service.request("POST", "/v1/leave/nonsense", key="")).problem(404, ProblemType.NOT_FOUND)


async def test_the_pages_look_like_those_of_the_apps_and_load_nothing_else(service: Service) -> None:
    page = await service.request("GET", "/v1/leave-number", key="")
    (style,) = re.findall(rb'<link rel="stylesheet" href="([^"]+)">', page.body)
    assert "style-src 'self'" in page.headers["Content-Security-Policy"]
    assert b"src=" not in page.body
    sheet = await service.request("GET", style.decode(), key="")
    assert (sheet.status, sheet.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "aus allen Apps keine Warnungen mehr per SMS" in page.body.decode()


async def test_each_page_is_in_the_language_that_is_asked_for(service: Service) -> None:
    async def shown(path: str, accepted: str = "uk-UA,uk;q=0.9,en;q=0.8") -> str:
        page = await service.request("GET", path, key="", accept_language=accepted)
        assert page.headers["Vary"] == "Accept-Language"
        return page.body.decode()

    words = assets().words
    assert words["uk"]["leaving_question"] in await shown(UNKNOWN)
    assert words["ar"]["leaving_number"] in await shown("/v1/leave-number?language=ar")
    assert words["de"]["leaving_number"] in await shown("/v1/leave-number", "")
