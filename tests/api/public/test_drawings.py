"""Areas are answered one at a time, and what is wrong with one is said in two languages."""

import asyncio
import threading
from typing import Any

import pytest

from dispatcher.api.public.drawings import WAITING, Drawings
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.publication.drawn_area import DrawingProblem
from dispatcher.publication.editions import Edition
from dispatcher.publication.forms.registry import GERMAN, JSON, PlaceForm
from tests.api.conftest import Service
from tests.support.messages import DUEREN, JUELICH
from tests.support.publication import found, warned
from tests.support.submissions import warning

IN_DUEREN = "50.79,6.46 50.79,6.50 50.82,6.48"
AREA = f"/v1/public/alerts?polygon={IN_DUEREN.replace(' ', '%20')}"


async def test_what_is_in_force_in_an_area_is_read(service: Service) -> None:
    here = (await service.submit(warning(DUEREN))).json["alert"]["id"]
    await service.submit(warning(JUELICH))
    await service.parts.publisher.look(afresh=True)
    for path in (AREA, AREA.replace("%20", "+"), f"{AREA}&language=en"):
        answer = await service.request("GET", path, key="")
        body = answer.json
        assert [one["alert"] for one in body["alerts"]] == [here]
        assert body["place"] == {"kind": "area", "key": None, "ars": None, "name": None}
        assert body["covered"] is True
        assert [one["ags"] for one in body["alerts"][0]["municipalities"]] == [DUEREN]
        assert answer.headers["cache-control"] == "no-store"
    kept = service.parts.publisher.edition
    assert not any("polygon" in one for one in kept.by_address), "somebody's area"


REFUSED = {
    "/v1/public/alerts?polygon=x": (422, "polygon_syntax"),
    "/v1/public/alerts?polygon=": (422, "polygon_syntax"),
    "/v1/public/alerts?polygon=50.79,6.46+50.82,6.50+50.79,6.50+50.82,6.46": (422, "polygon_crosses"),
    "/v1/public/alerts?polygon=6.46,50.79+6.50,50.79+6.48,50.82": (422, "polygon_swapped"),
}


async def test_what_is_no_area_is_refused_in_words(service: Service) -> None:
    await service.parts.publisher.look(afresh=True)
    for path, (status, code) in REFUSED.items():
        problem = (await service.request("GET", path, key="")).problem(status, "invalid-request")
        assert [one["code"] for one in problem["errors"]] == [code]
    for more in ("&lat=50.8", "&lat=50.8&lon=6.4"):
        (await service.request("GET", AREA + more, key="")).problem(422, "invalid-request")
    beyond = "/v1/public/alerts?polygon=48.1,11.5+48.1,11.6+48.2,11.6"
    (await service.request("GET", beyond, key="")).problem(404, "not-found")


async def test_few_are_worked_on_at_once(boundaries: Boundaries) -> None:
    """One, in a thread, and few of an address wait."""
    may_go_on, inside = threading.Event(), []

    def slowly(*_: Any) -> bytes:
        inside.append(threading.current_thread())
        may_go_on.wait(30)
        return b"[]"

    drawings, edition = Drawings(boundaries), Edition(found(warned("A")))
    form = PlaceForm("slow", JSON, slowly)
    asking = [
        asyncio.create_task(drawings.listed(IN_DUEREN, form, edition, "192.0.2.1"))
        for _ in range(WAITING + 2)
    ]
    done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    [refused] = [one.exception() for one in done]
    assert isinstance(refused, RequestRefused)
    assert (refused.type, refused.retry_after_s) == (ProblemType.OVERLOADED, 2)
    may_go_on.set()
    await asyncio.gather(*asking, return_exceptions=True)
    assert inside
    assert threading.main_thread() not in inside


@pytest.mark.parametrize("problem", DrawingProblem)
async def test_every_problem_has_its_words(boundaries: Boundaries, problem: DrawingProblem) -> None:
    from dispatcher.api.public import drawings

    refused = drawings._refused(problem)
    [finding] = refused.errors
    assert finding["message"] != finding["message_de"]
    assert str(finding["code"]) == f"polygon_{problem}"


async def test_it_is_made_for_one_alone(boundaries: Boundaries) -> None:
    edition = Edition(found(warned("A")))
    first, second = [await Drawings(boundaries).listed(IN_DUEREN, GERMAN, edition, "x") for _ in range(2)]
    assert first is not second
    assert first == second
