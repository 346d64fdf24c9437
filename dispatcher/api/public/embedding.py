"""The routes of what other web sites embed: the badge of a place, and the widget with its page."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Response

from dispatcher.api.instances.bodies import Language
from dispatcher.api.public.answers import of_constant, of_model, of_type
from dispatcher.api.public.bodies import BadgeBody
from dispatcher.api.public.choices import OneChoice
from dispatcher.api.public.routes import DistrictKey, MunicipalityKey, Spoken, addressed, there
from dispatcher.publication.editions import PlaceDocument
from dispatcher.publication.forms import badge
from dispatcher.publication.forms.registry import JSON, SVG, PlaceForm

if TYPE_CHECKING:
    from datetime import tzinfo

    from dispatcher.api.public.answering import PublicDocuments
    from dispatcher.publication.documents import Headers
    from dispatcher.publication.places import PublicPlaces

_ASSETS: Final = Path(__file__).with_name("assets")
_SCRIPT_TYPE: Final = "text/javascript; charset=utf-8"
_PAGE_TYPE: Final = "text/html; charset=utf-8"
_CACHE: Final = b"public, max-age=3600, stale-if-error=604800"
"""The program says itself how old what it shows is: an older one of it is better than none."""
_NO_GUESSING: Final = (b"x-content-type-options", b"nosniff")
SCRIPT_HEADERS: Final[Headers] = (_NO_GUESSING, (b"cross-origin-resource-policy", b"cross-origin"))
PAGE_HEADERS: Final[Headers] = (
    _NO_GUESSING,
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"cross-origin"),
)
"""Any site may frame the page: nothing in it is of a visitor, and nothing can be done there."""
_PICTURE: Final = {"type": "string", "description": "The picture."}


def routes(documents: PublicDocuments, places: PublicPlaces, zone: tzinfo) -> APIRouter:
    """Return the routes; badges say their time in this zone."""
    router = APIRouter(tags=["public"])
    _badges(router, documents, places, zone)
    _widget(router, documents)
    return router


def _badges(router: APIRouter, documents: PublicDocuments, places: PublicPlaces, zone: tzinfo) -> None:
    pictures = {
        language: PlaceForm(f"badge-svg-{language}", SVG, partial(badge.svg, zone, language.value))
        for language in Language
    }
    values = {
        language: PlaceForm(f"badge-json-{language}", JSON, partial(badge.data, language.value))
        for language in Language
    }
    once = {"dependencies": [Depends(OneChoice())]}
    picture: dict[str, Any] = {
        **once,
        "response_class": Response,
        "responses": of_type("The badge.", SVG, _PICTURE),
        "description": "Draw how many warnings are in force there and the gravest severity, for an `<img>`: "
        "`unbekannt` where nobody knows, and as of when.",
    }
    value: dict[str, Any] = {
        **once,
        "responses": of_model("The same as values.", BadgeBody),
        "description": "Say how many warnings are in force there and the gravest severity; `count` is null where "
        "nobody knows.",
    }

    async def of(kind: str, suffix: str, form: PlaceForm, language: Language, key: str) -> Response:
        find = places.municipality if kind == "municipalities" else places.district
        address = addressed(language, f"/v1/{kind}/{key}/badge.{suffix}")
        return await documents.of_place(address, PlaceDocument(form, there(find(key))))

    @router.get("/v1/municipalities/{key}/badge.svg", operation_id="getBadgeOfMunicipality", **picture)
    async def of_municipality(key: MunicipalityKey, language: Spoken = Language.GERMAN) -> Response:
        return await of("municipalities", "svg", pictures[language], language, key)

    @router.get("/v1/districts/{key}/badge.svg", operation_id="getBadgeOfDistrict", **picture)
    async def of_district(key: DistrictKey, language: Spoken = Language.GERMAN) -> Response:
        return await of("districts", "svg", pictures[language], language, key)

    @router.get("/v1/municipalities/{key}/badge.json", operation_id="getBadgeValuesOfMunicipality", **value)
    async def values_of_municipality(key: MunicipalityKey, language: Spoken = Language.GERMAN) -> Response:
        return await of("municipalities", "json", values[language], language, key)

    @router.get("/v1/districts/{key}/badge.json", operation_id="getBadgeValuesOfDistrict", **value)
    async def values_of_district(key: DistrictKey, language: Spoken = Language.GERMAN) -> Response:
        return await of("districts", "json", values[language], language, key)


Shown = Annotated[
    str | None, Query(max_length=40, description="For the page's program: the service ignores it.")
]


def _widget(router: APIRouter, documents: PublicDocuments) -> None:
    @router.get(
        "/v1/public/widget.js",
        response_class=Response,
        responses=of_constant("The program.", _SCRIPT_TYPE, "The program."),
        operation_id="getWidgetScript",
    )
    async def script() -> Response:
        """Give the program of the widget: it defines `<cap-warnings>`, which asks this service and nobody else."""
        return documents.of_body(_asset("widget.js"), _SCRIPT_TYPE, _CACHE, SCRIPT_HEADERS)

    @router.get(
        "/v1/public/widget",
        response_class=Response,
        responses=of_constant("The page.", _PAGE_TYPE, "The page."),
        operation_id="getWidgetPage",
    )
    async def page(
        municipality: Shown = None,
        district: Shown = None,
        language: Shown = None,
    ) -> Response:
        """Give the page of the widget, for an `<iframe>`: its address says what it shows."""
        del municipality, district, language
        return documents.of_body(_asset("page.html"), _PAGE_TYPE, _CACHE, PAGE_HEADERS)


@cache
def _asset(name: str) -> bytes:
    return (_ASSETS / name).read_bytes()
