"""Shows an instance what it is, and lets it say which other apps may show its warnings."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

from fastapi import APIRouter, Depends, Path, Request

from dispatcher.access.keys import KEY_ID_PATTERN
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.instances.bodies import (
    BrandingBody,
    ConsentBody,
    ConsentWanted,
    InstanceBody,
    NeighbourBody,
)
from dispatcher.api.json_body import BODY_REFUSED, json_body, parsed
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import reading
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.webhooks import Environment
from dispatcher.store.keys import NoSuchBearer

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.model.principals import Consent, Instance, Neighbour

InstanceId = Annotated[
    str,
    Path(
        pattern=f"^{KEY_ID_PATTERN.pattern}$",
        description="Id of the other instance.",
        examples=["dueren"],
    ),
]
Reader = Annotated[Principal, reading(Permission.READ_INSTANCE)]
Neighbour_ = Annotated[Principal, Depends(require(Permission.MANAGE_CONSENTS, instance_id=InstanceId))]
CONSENT_BYTES = 1024


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes `/v1/instance` and below `/v1/instance/consents`: the key says which instance."""
    router = APIRouter(prefix="/v1/instance", tags=["instances"])

    @router.get("", operation_id="getInstance")
    async def show(principal: Reader) -> InstanceBody:
        """Show the instance as the operator has entered it, the neighbours whose warnings it shows too, and to whom it
        has itself consented.
        """
        instance = await dependencies.parties.instance(principal.id)
        if instance is None:
            _refuse()
        neighbours = dependencies.neighbours
        shows, given = await neighbours.of(instance.id), await neighbours.given(instance.id)
        return InstanceBody(**members_of(instance, shows, given))

    @router.put(
        "/consents/{instance_id}",
        responses=refusals(*BODY_REFUSED, ProblemType.NOT_FOUND, ProblemType.INVALID_REQUEST),
        openapi_extra=json_body(ConsentWanted, required=True),
        operation_id="giveConsent",
    )
    async def consent(principal: Neighbour_, instance_id: InstanceId, request: Request) -> ConsentBody:
        """Let another instance show the warnings of this one's municipalities. It does so as soon as its operator has
        said that it shows them. The same request once more changes nothing.
        """
        wanted = parsed(
            ConsentWanted,
            await read_body(request, CONSENT_BYTES, principal.actor),
            ProblemType.INVALID_REQUEST,
            Phrase.PARAMETERS_WRONG,
        )
        try:
            found = await dependencies.neighbours.consent(
                principal.id, instance_id, wanted.given_by, principal.actor
            )
        except NoSuchBearer:
            _refuse()
        return _consent(instance_id, found)

    @router.delete(
        "/consents/{instance_id}", status_code=HTTPStatus.NO_CONTENT, operation_id="withdrawConsent"
    )
    async def withdraw(principal: Neighbour_, instance_id: InstanceId) -> None:
        """Withdraw the consent: from now on the other instance shows nothing more of this one's. Where there is none,
        nothing happens.
        """
        await dependencies.neighbours.withdraw(principal.id, instance_id, principal.actor)

    return router


def _refuse() -> NoReturn:
    raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ID))


def _consent(instance_id: str, consent: Consent) -> ConsentBody:
    return ConsentBody(instance=instance_id, given_by=consent.given_by, given_at=consent.given_at)


def members_of(instance: Instance, shows: list[Neighbour], given: dict[str, Consent]) -> dict[str, Any]:
    """Return the members of an `InstanceBody`."""
    branding = instance.branding
    return {
        "id": instance.id,
        "name": instance.name,
        "environment": Environment.SANDBOX if instance.sandbox else Environment.PRODUCTION,
        "municipalities": list(instance.places),
        "languages": list(instance.languages),
        "branding": BrandingBody(
            colour=branding.colour or None,
            text_colour=branding.text_colour or None,
            logo=branding.logo or None,
        ),
        "contact": instance.contact or None,
        "requests_per_minute": instance.quota,
        "neighbours": [
            NeighbourBody(
                id=one.id,
                name=one.name,
                municipalities=list(one.places),
                given_by=one.consent.given_by if one.consent else None,
                given_at=one.consent.given_at if one.consent else None,
            )
            for one in shows
        ],
        "consents": [_consent(other, one) for other, one in given.items()],
    }
