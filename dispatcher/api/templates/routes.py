"""Control centres and persons: read prepared warnings, write, approve and fill them.

Filling sends nothing: it answers a CAP message, which is submitted like any other.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query, Request, Response

import cap
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.authentication import require
from dispatcher.api.body import CAP_MEDIA_TYPE, read_body
from dispatcher.api.json_body import BODY_REFUSED, json_body, parsed
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import places_of, reading
from dispatcher.api.templates import steps
from dispatcher.api.templates.bodies import (
    SavedTemplate,
    TemplateApproval,
    TemplateBody,
    TemplateCheck,
    TemplateFilling,
    TemplateList,
    TemplateWithdrawal,
    check_body,
    summary,
    template_body,
)
from dispatcher.api.templates.deciding import (
    refused,
    require_own_places,
    version_to_fill,
)
from dispatcher.model.alerts import new_identifier
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.templates.version import NewTemplateVersion, TemplateStep, TooManyTemplatesError
from dispatcher.model.vocabulary import API_PREFIX, Environment
from dispatcher.templates.checking import check
from dispatcher.templates.filling import Circumstances, fill, municipalities_area
from dispatcher.templates.reading import LARGEST, TemplateError, parse
from dispatcher.templates.room import no_room
from dispatcher.templates.template import ID

if TYPE_CHECKING:
    from cap import Area
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.model.templates.version import TemplateVersion
    from dispatcher.templates.checking import Checked
    from dispatcher.templates.filling import Filling
    from dispatcher.templates.template import Template

DECISION_BYTES: Final = 4_096
FILLING_BYTES: Final = 32 * 1024
"""Twelve values of three hundred characters, and two hundred municipalities."""
TemplateId = Annotated[str, Path(pattern=ID, description="Id of the template.", examples=["hochwasser"])]
Version = Annotated[int, Path(ge=1, le=100_000, description="Number of the version.", examples=[1])]
WantedVersion = Annotated[
    int | None, Query(ge=1, le=100_000, description="which version; the newest where it is not given")
]
Lister = Annotated[Principal, reading(Permission.READ_TEMPLATES)]
Reader = Annotated[
    Principal, reading(Permission.READ_TEMPLATES, template_id=TemplateId, version=(WantedVersion, None))
]
Filler = Annotated[Principal, Depends(require(Permission.READ_TEMPLATES, template_id=TemplateId))]
Writer = Annotated[Principal, Depends(require(Permission.SAVE_TEMPLATES))]
Approver = Annotated[
    Principal, Depends(require(Permission.APPROVE_TEMPLATES, template_id=TemplateId, version=Version))
]
Withdrawer = Annotated[
    Principal, Depends(require(Permission.WITHDRAW_TEMPLATES, template_id=TemplateId, version=Version))
]
_TEMPLATE_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "The template, as TOML or as JSON, whatever the media type says: JSON begins with a brace.",
        "content": {
            "application/toml": {
                "schema": {"type": "string", "format": "binary", "description": "One template."}
            }
        },
    }
}
_CAP_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The message. Nothing is sent: preview and submit it as it is.",
        "content": {
            CAP_MEDIA_TYPE: {
                "schema": {"type": "string", "format": "binary", "description": "One CAP 1.2 message."}
            }
        },
    }
}
_SAVED: Final[dict[int | str, dict[str, Any]]] = {
    200: {"description": "It is on record already; nothing happens twice.", "model": SavedTemplate},
    201: {"description": "It is on record as a draft."},
}
_DECIDED: Final = (*BODY_REFUSED, ProblemType.INVALID_REQUEST, ProblemType.NOT_FOUND, ProblemType.CONFLICT)
_NAMES: Final = {Environment.LIVE: ("templates", ""), Environment.EXERCISE: ("exercises", "ForExercise")}


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/templates`, and those that read and fill below `/exercise/v1/templates`."""
    both = APIRouter()
    for environment, prefix in API_PREFIX.items():
        tag, suffix = _NAMES[environment]
        router = APIRouter(prefix=f"{prefix}/templates", tags=[tag])
        _reading(router, dependencies, suffix)
        _filling(router, dependencies, suffix)
        if environment is Environment.LIVE:
            _writing(router, dependencies)
            _deciding(router, dependencies)
        both.routes.extend(router.routes)
    return both


def _reading(router: APIRouter, dependencies: ApiDependencies, suffix: str) -> None:
    @router.get("", operation_id=f"listTemplates{suffix}")
    async def listed(reader: Lister) -> TemplateList:
        """List the templates, each by its newest version, with the one that people are warned with."""
        del reader
        found = await dependencies.templates.all()
        return TemplateList(templates=[summary(versions) for versions in found.values()])

    @router.get(
        "/{template_id}", responses=refusals(ProblemType.NOT_FOUND), operation_id=f"getTemplate{suffix}"
    )
    async def shown(reader: Reader, template_id: TemplateId, version: WantedVersion = None) -> TemplateBody:
        """Show a version with all that it says, and the other versions beside it."""
        del reader
        return template_body(*await steps.shown(dependencies, template_id, version))


def _filling(router: APIRouter, dependencies: ApiDependencies, suffix: str) -> None:
    @router.post(
        "/{template_id}/fill",
        response_class=Response,
        responses=_CAP_ANSWER
        | refusals(*BODY_REFUSED, ProblemType.INVALID_REQUEST, ProblemType.NOT_FOUND, ProblemType.CONFLICT),
        openapi_extra=json_body(TemplateFilling, required=True),
        operation_id=f"fillTemplate{suffix}",
    )
    async def filled(filler: Filler, template_id: TemplateId, request: Request) -> Response:
        """Make a CAP message of a template, to be submitted like any other. A warning is made of the approved version
        alone, an exercise also of a draft. Its `code` says which version it was.
        """
        body = await read_body(request, FILLING_BYTES, filler.party)
        wanted = parsed(TemplateFilling, body, ProblemType.INVALID_REQUEST, Phrase.PARAMETERS_WRONG)
        places = places_of(request)
        async with places.one(places.reads, filler):
            versions = await dependencies.templates.versions(template_id)
            version = version_to_fill(versions, wanted.version, filler.environment)
            now = datetime.now(ZoneInfo(dependencies.settings.time_zone)).replace(microsecond=0)
            around = _circumstances(version, wanted, filler, now)
            if wanted.municipalities:
                around = replace(around, area=_area(dependencies.boundaries, wanted))
            made = await asyncio.to_thread(_fill, version, wanted, around)
        if made.alert is None:
            raise refused(ProblemType.INVALID_REQUEST, Phrase.TEMPLATE_VALUES_WRONG, made.faults)
        message = cap.render(made.alert)
        await dependencies.templates.note_filling(version, message, filler.actor)
        return Response(message, media_type=CAP_MEDIA_TYPE)


def _writing(router: APIRouter, dependencies: ApiDependencies) -> None:
    refusing = refusals(*BODY_REFUSED, ProblemType.INVALID_TEMPLATE)

    @router.post("/check", responses=refusing, openapi_extra=_TEMPLATE_BODY, operation_id="checkTemplate")
    async def checked(writer: Writer, request: Request) -> TemplateCheck:
        """Check a template without saving it: all that is wrong with it, and what each language comes to."""
        body = await read_body(request, LARGEST, writer.party)
        places = places_of(request)
        async with places.one(places.reads, writer):
            template, found = await asyncio.to_thread(_checked, body)
        return check_body(template.digest(), found)

    @router.post(
        "",
        status_code=201,
        responses=_SAVED
        | refusing
        | refusals(
            *BODY_REFUSED, ProblemType.INVALID_TEMPLATE, ProblemType.OUTSIDE_TERRITORY, ProblemType.CONFLICT
        ),
        openapi_extra=_TEMPLATE_BODY,
        operation_id="saveTemplate",
    )
    async def saved(writer: Writer, request: Request, response: Response) -> SavedTemplate:
        """Save a further version as a draft: nobody is warned with it before another person has approved it. The same
        content again answers 200 with the version that has it.
        """
        body = await read_body(request, LARGEST, writer.party)
        places = places_of(request)
        async with places.one(places.reads, writer):
            template, found = await asyncio.to_thread(_checked, body)
            if not found.is_valid:
                raise refused(ProblemType.INVALID_TEMPLATE, Phrase.TEMPLATE_WRONG, found.findings)
            require_own_places(writer, template, dependencies.boundaries.names_of(template.municipalities))
            try:
                one = await dependencies.templates.save(_new(template, writer), writer.actor)
            except TooManyTemplatesError as error:
                raise RequestRefused(ProblemType.CONFLICT, no_room(error)) from error
        if one.repeated:
            response.status_code = HTTPStatus.OK
        return SavedTemplate(
            **check_body(template.digest(), found).model_dump(),
            id=template.id,
            version=one.version.version,
            state=one.version.state,
        )


def _deciding(router: APIRouter, dependencies: ApiDependencies) -> None:
    below, refusing = "/{template_id}/versions/{version}", refusals(*_DECIDED, ProblemType.OUTSIDE_TERRITORY)

    @router.post(
        f"{below}/approve",
        responses=refusing,
        openapi_extra=json_body(TemplateApproval, required=True),
        operation_id="approveTemplate",
    )
    async def approve(
        approver: Approver, template_id: TemplateId, version: Version, request: Request
    ) -> TemplateBody:
        """Approve exactly the version that was shown, by its hash: from now on people are warned with it. Nobody
        approves what is their own.
        """
        wanted = parsed(
            TemplateApproval,
            await read_body(request, DECISION_BYTES, approver.party),
            ProblemType.INVALID_REQUEST,
            Phrase.PARAMETERS_WRONG,
        )
        seen = bytes.fromhex(wanted.sha256)
        await steps.approve(dependencies, approver, template_id, version, seen)
        return template_body(*await steps.shown(dependencies, template_id, version))

    async def withdraw(
        who: Principal, step: TemplateStep, at: tuple[str, int], request: Request
    ) -> TemplateBody:
        wanted = parsed(
            TemplateWithdrawal,
            await read_body(request, DECISION_BYTES, who.party),
            ProblemType.INVALID_REQUEST,
            Phrase.PARAMETERS_WRONG,
        )
        await steps.withdraw(dependencies, who, step, at, wanted.why)
        return template_body(*await steps.shown(dependencies, *at))

    wanted_body = json_body(TemplateWithdrawal, required=True)

    @router.post(
        f"{below}/reject", responses=refusing, openapi_extra=wanted_body, operation_id="rejectTemplate"
    )
    async def reject(
        approver: Withdrawer, template_id: TemplateId, version: Version, request: Request
    ) -> TemplateBody:
        """Say that a draft is wrong: it is never used. Its author may reject it, too."""
        return await withdraw(approver, TemplateStep.REJECT, (template_id, version), request)

    @router.post(
        f"{below}/retire", responses=refusing, openapi_extra=wanted_body, operation_id="retireTemplate"
    )
    async def retire(
        approver: Withdrawer, template_id: TemplateId, version: Version, request: Request
    ) -> TemplateBody:
        """Take a version out of use. No older one takes its place."""
        return await withdraw(approver, TemplateStep.RETIRE, (template_id, version), request)


def _checked(raw: bytes) -> tuple[Template, Checked]:
    """Return a template and what was found. Raises `RequestRefused` where it is none."""
    try:
        template = parse(raw)
    except TemplateError as error:
        raise refused(ProblemType.INVALID_TEMPLATE, Phrase.TEMPLATE_WRONG, error.faults) from error
    return template, check(template)


def _new(template: Template, writer: Principal) -> NewTemplateVersion:
    source = "" if writer.author or writer.source is None else writer.source.id
    digest = bytes.fromhex(template.digest())
    return NewTemplateVersion(template.id, template.title, template.content(), digest, writer.author, source)


def _circumstances(
    version: TemplateVersion, wanted: TemplateFilling, filler: Principal, now: datetime
) -> Circumstances:
    """Return what the message says besides its texts. Raises `RequestRefused` where nobody says who sends it."""
    own = sorted(filler.source.senders) if filler.source is not None else []
    if wanted.sender is None and not own:
        raise RequestRefused(ProblemType.INVALID_REQUEST, said(Phrase.TEMPLATE_SENDER_MISSING))
    return Circumstances(
        sender=wanted.sender or own[0],
        identifier=new_identifier(version.template_id, now),
        sent=now,
        sender_name=wanted.sender_name,
        expires=None
        if wanted.expires is None
        else wanted.expires.astimezone(now.tzinfo).replace(microsecond=0),
        severity=wanted.severity,
        urgency=wanted.urgency,
        certainty=wanted.certainty,
        is_exercise=filler.environment is Environment.EXERCISE,
        version=version.version,
    )


def _area(boundaries: Boundaries, wanted: TemplateFilling) -> Area:
    """Return the area of the municipalities that are given, by their own names where it has none of its own."""
    names = boundaries.names_of(wanted.municipalities)
    own = ", ".join(names.get(ags, ags) for ags in wanted.municipalities)
    return municipalities_area(wanted.municipalities, wanted.area or own)


def _fill(version: TemplateVersion, wanted: TemplateFilling, around: Circumstances) -> Filling:
    return fill(parse(version.content), wanted.values, around)
