"""The routes of what anybody may read. They describe it, judge what is asked for, and look where nothing is ready."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from dispatcher.api.alerts import CAP_SCHEMA, AlertId
from dispatcher.api.body import CAP_MEDIA_TYPE
from dispatcher.api.instances.bodies import Language
from dispatcher.api.public.answers import OF_ONE, of_model, of_type
from dispatcher.api.public.bodies import PublicList, PublicWarningBody
from dispatcher.api.public.choices import EVERYWHERE_PATH, OneChoice
from dispatcher.api.public.drawings import Drawings
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.publication.editions import PlaceDocument
from dispatcher.publication.forms.own import CAP_PATH, DETAIL_PATH
from dispatcher.publication.forms.registry import BY_LANGUAGE, DETAIL, MESSAGE

if TYPE_CHECKING:
    from dispatcher.api.public.answering import PublicDocuments
    from dispatcher.publication.places import PublicPlace, PublicPlaces

MunicipalityKey = Annotated[
    str,
    Path(
        pattern=r"^[0-9]{8}([0-9]{4})?$",
        description="Key of the municipality: its AGS, 8 digits, or its ARS, 12 digits.",
        examples=["05358008"],
    ),
]
DistrictKey = Annotated[
    str,
    Path(
        pattern=r"^[0-9]{5}(0{7})?$",
        description="Key of the district or county borough: 5 digits, or an ARS of 12 digits that ends with seven "
        "zeros.",
        examples=["05358"],
    ),
]
Spoken = Annotated[
    Language,
    Query(description="the language of the words that are ours, and of the info that speaks if there is one"),
]
Latitude = Annotated[
    float | None,
    Query(ge=-90, le=90, allow_inf_nan=False, description="degrees north, WGS 84", examples=[50.8]),
]
Longitude = Annotated[
    float | None,
    Query(ge=-180, le=180, allow_inf_nan=False, description="degrees east, WGS 84", examples=[6.48]),
]
Drawing = Annotated[
    str | None,
    Query(
        description="an area: its corners in their order as `lat,lon lat,lon …` (WGS 84, degrees), as CAP writes "
        "polygons; the first may be repeated at the end. 3 to 100 corners, at most 10,000 km², no edge crosses another",
        examples=["50.78,6.40 50.78,6.55 50.85,6.48"],
    ),
]
_LIST: Final = of_model("What is in force there.", PublicList)
_DRAWN: Final = of_model(
    "What is in force there.",
    PublicList,
    ProblemType.NOT_FOUND,
    ProblemType.OVERLOADED,
    ProblemType.INVALID_REQUEST,
)
_WARNING: Final = of_model("The warning.", PublicWarningBody, *OF_ONE)
_MESSAGE: Final = of_type("The message, byte for byte as it came.", CAP_MEDIA_TYPE, CAP_SCHEMA, *OF_ONE)


def routes(documents: PublicDocuments, places: PublicPlaces) -> APIRouter:
    """Return the routes below `answering.PREFIXES`."""
    router = APIRouter(tags=["public"], dependencies=[Depends(OneChoice())])
    _places(router, documents, places)
    _warnings(router, documents, places)
    return router


def _places(router: APIRouter, documents: PublicDocuments, places: PublicPlaces) -> None:
    @router.get(
        "/v1/municipalities/{key}/alerts",
        responses=_LIST,
        operation_id="listPublicAlertsOfMunicipality",
    )
    async def of_municipality(key: MunicipalityKey, language: Spoken = Language.GERMAN) -> Response:
        """List what is in force in a municipality, for anybody: only what is meant for the public. `covered` says
        whether an empty list means that there is no warning. A key of before a reform leads to the municipality of now.
        """
        wanted = PlaceDocument(BY_LANGUAGE[language], there(places.municipality(key)))
        return await documents.of_place(addressed(language, f"/v1/municipalities/{key}/alerts"), wanted)

    @router.get(
        "/v1/districts/{key}/alerts",
        responses=_LIST,
        operation_id="listPublicAlertsOfDistrict",
    )
    async def of_district(key: DistrictKey, language: Spoken = Language.GERMAN) -> Response:
        """List what is in force anywhere in a district, each warning once, with those of its municipalities."""
        wanted = PlaceDocument(BY_LANGUAGE[language], there(places.district(key)))
        return await documents.of_place(addressed(language, f"/v1/districts/{key}/alerts"), wanted)


def _warnings(router: APIRouter, documents: PublicDocuments, places: PublicPlaces) -> None:
    drawings = Drawings(places.boundaries)

    @router.get(
        EVERYWHERE_PATH,
        responses=_DRAWN,
        operation_id="listPublicAlerts",
    )
    async def everywhere(
        request: Request,
        lat: Latitude = None,
        lon: Longitude = None,
        polygon: Drawing = None,
        language: Spoken = Language.GERMAN,
    ) -> Response:
        """List all that is in force, without its municipalities, which `details` has; with `lat` and `lon` what is in
        force in the municipality of that position, with `polygon` in the municipalities that an alert for this area
        would concern. These no cache keeps.
        """
        form = BY_LANGUAGE[language]
        if polygon is not None and lat is None and lon is None:
            address = request.client.host if request.client else ""
            return await documents.of_area(lambda edition: drawings.listed(polygon, form, edition, address))
        if lat is not None and lon is not None and polygon is None:
            return documents.unpublished(PlaceDocument(form, there(places.at(lat, lon))), b"no-store")
        if lat is not None or lon is not None or polygon is not None:
            raise RequestRefused(ProblemType.INVALID_REQUEST, said(Phrase.PARAMETERS_WRONG))
        wanted = PlaceDocument(form, places.everywhere())
        return await documents.of_everywhere(addressed(language, EVERYWHERE_PATH), wanted)

    @router.get("/v1/public/alerts/{alert_id}", responses=_WARNING, operation_id="getPublicAlert")
    async def detail(request: Request, alert_id: AlertId) -> Response:
        """Show a warning in all the languages in which its sender wrote; for an hour after its end as well."""
        return await documents.of_warning(DETAIL, alert_id, DETAIL_PATH.format(alert_id), request)

    @router.get(
        "/v1/public/alerts/{alert_id}/cap",
        response_class=Response,
        responses=_MESSAGE,
        operation_id="getPublicAlertCap",
    )
    async def message(request: Request, alert_id: AlertId) -> Response:
        """Return the CAP message byte for byte as it came, with its signature if it has one."""
        return await documents.of_warning(MESSAGE, alert_id, CAP_PATH.format(alert_id), request)


def addressed(language: Language, path: str) -> str:
    """Return the one address that a list in this language has."""
    return path if language is Language.GERMAN else f"{path}?language={language}"


def there(place: PublicPlace | None) -> PublicPlace:
    """Return the place. Raises `RequestRefused` where the boundary data has none."""
    if place is None:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_PLACE))
    return place
