"""The routes of what programs of others read: Atom, GeoJSON, and the documents of warnung.bund.de's clients."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Depends, Path, Request, Response

from dispatcher.api.alerts import AlertId
from dispatcher.api.public.answers import OF_ONE, of_type
from dispatcher.api.public.choices import OneChoice
from dispatcher.api.public.routes import DistrictKey, MunicipalityKey, there
from dispatcher.publication.editions import PlaceDocument
from dispatcher.publication.forms import registry
from dispatcher.publication.places import NOWHERE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.api.public.answering import PublicDocuments
    from dispatcher.publication.forms.registry import PlaceForm, WarningForm
    from dispatcher.publication.places import PublicPlaces

LABELS_PATH: Final = "/api/appdata/gsb/labels/de_labels.json"
_OBJECT: Final = {"type": "object", "description": "As its clients read it."}
_LIST: Final = {"type": "array", "items": _OBJECT, "description": "As its clients read it."}
_XML: Final = {"type": "string", "description": "A feed by RFC 4287."}
RegionKey = Annotated[
    str,
    Path(
        pattern=r"^[0-9]{12}$",
        description="Regionalschlüssel of a municipality, 12 digits, or of a district, with seven zeros at its end.",
        examples=["053580000000"],
    ),
]


class Provider(StrEnum):
    """Under what warnung.bund.de lists warnings. All of ours are under the first."""

    MOWAS = "mowas"
    BIWAPP = "biwapp"
    KATWARN = "katwarn"
    DWD = "dwd"
    LHP = "lhp"
    POLICE = "police"


ProviderName = Annotated[Provider, Path(description="Under what they are listed; all are under `mowas`.")]


class _Suffix(NamedTuple):
    """A form whose addresses are those of our own list with this at their end."""

    form: PlaceForm
    name: str
    what: str
    schema: Mapping[str, Any]


_SUFFIXES: Final = {
    ".atom": _Suffix(
        registry.ATOM,
        "Feed",
        "as an Atom feed: each entry leads to its CAP message (`alternate`, `application/cap+xml`) and to our JSON",
        _XML,
    ),
    ".geojson": _Suffix(
        registry.GEOJSON,
        "Map",
        "as GeoJSON (RFC 7946): a feature for each warning, without a geometry where codes alone name its area",
        _OBJECT,
    ),
}


def routes(documents: PublicDocuments, places: PublicPlaces) -> APIRouter:
    """Return the routes."""
    router = APIRouter(tags=["public"], dependencies=[Depends(OneChoice())])
    for suffix, found in _SUFFIXES.items():
        _of_places(router, documents, places, suffix, found)
    _nina_lists(router, documents, places)
    _nina_warnings(router, documents)
    return router


def _of_places(
    router: APIRouter, documents: PublicDocuments, places: PublicPlaces, suffix: str, found: _Suffix
) -> None:
    answers = of_type("What is in force there.", found.form.media_type, dict(found.schema))

    def options(of: str) -> dict[str, Any]:
        return {
            "response_class": Response,
            "responses": answers,
            "description": f"Show what is in force {of}, {found.what}.",
            "operation_id": f"getPublic{found.name}{_named(of)}",
        }

    @router.get(f"/v1/municipalities/{{key}}/alerts{suffix}", **options("in a municipality"))
    async def of_municipality(key: MunicipalityKey) -> Response:
        wanted = PlaceDocument(found.form, there(places.municipality(key)))
        return await documents.of_place(f"/v1/municipalities/{key}/alerts{suffix}", wanted)

    @router.get(f"/v1/districts/{{key}}/alerts{suffix}", **options("in a district"))
    async def of_district(key: DistrictKey) -> Response:
        wanted = PlaceDocument(found.form, there(places.district(key)))
        return await documents.of_place(f"/v1/districts/{key}/alerts{suffix}", wanted)

    @router.get(f"/v1/public/alerts{suffix}", **options("anywhere"))
    async def everywhere() -> Response:
        wanted = PlaceDocument(found.form, places.everywhere())
        return await documents.of_everywhere(f"/v1/public/alerts{suffix}", wanted)


def _named(of: str) -> str:
    """Return what an operation's name says of its place: `in a district` is `OfDistrict`."""
    return f"Of{of.rpartition(' ')[2].capitalize()}"


def _nina_lists(router: APIRouter, documents: PublicDocuments, places: PublicPlaces) -> None:
    @router.get(
        LABELS_PATH,
        response_class=Response,
        responses=of_type("The labels.", registry.JSON, _OBJECT),
        operation_id="getNinaLabels",
    )
    async def labels() -> Response:
        """Show the labels for which clients of warnung.bund.de ask first of all."""
        return await documents.of_place(LABELS_PATH, PlaceDocument(registry.NINA_LABELS, NOWHERE))

    @router.get(
        "/api31/dashboard/{ars}.json",
        response_class=Response,
        responses=of_type("The list.", registry.JSON, _LIST),
        operation_id="getNinaDashboard",
    )
    async def dashboard(ars: RegionKey) -> Response:
        """List what is in force in a region as clients of warnung.bund.de read it. The form cannot say that nobody
        would warn there: a region beyond the boundary data has an empty list.
        """
        place = there(places.region(ars))
        wanted = PlaceDocument(registry.NINA_DASHBOARD, place)
        if place is NOWHERE:
            return documents.unpublished(wanted)
        return await documents.of_place(f"/api31/dashboard/{ars}.json", wanted)

    @router.get(
        "/api31/{provider}/mapData.json",
        response_class=Response,
        responses=of_type("The list.", registry.JSON, _LIST),
        operation_id="getNinaMap",
    )
    async def on_map(provider: ProviderName) -> Response:
        """List all that is in force as clients of warnung.bund.de read it."""
        address = f"/api31/{provider}/mapData.json"
        if provider is not Provider.MOWAS:
            return await documents.of_place(address, PlaceDocument(registry.NINA_NOTHING, NOWHERE))
        wanted = PlaceDocument(registry.NINA_MAP, places.everywhere())
        return await documents.of_everywhere(address, wanted)


def _nina_warnings(router: APIRouter, documents: PublicDocuments) -> None:
    def warning(suffix: str, form: WarningForm, name: str, what: str) -> None:
        @router.get(
            f"/api31/warnings/{{alert_id}}{suffix}",
            response_class=Response,
            responses=of_type("The document.", form.media_type, _OBJECT, *OF_ONE),
            description=f"Show {what} of a warning as clients of warnung.bund.de read it, for an hour after its end as "
            "well.",
            operation_id=name,
        )
        async def document(request: Request, alert_id: AlertId) -> Response:
            address = f"/api31/warnings/{alert_id}{suffix}"
            return await documents.of_warning(form, alert_id, address, request)

    warning(".json", registry.NINA_DETAIL, "getNinaWarning", "the texts")
    warning(".geojson", registry.NINA_GEOMETRY, "getNinaGeometry", "the shapes")
