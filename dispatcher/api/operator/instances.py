"""Lets an operator away from the machine administer instances: what the commands do, over HTTP.

Nothing here is a phone's or an app's: all lies below one prefix, which a proxy can keep to the operator's own network.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from dispatcher.access.keys import KEY_ID_PATTERN
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.json_body import BODY_REFUSED, Wanted, json_body, parsed
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.operator.answers import (
    created,
    credential_body,
    instance_body,
    key_body,
    line,
    wanted_change,
)
from dispatcher.api.operator.bodies import (
    CreatedInstanceBody,
    CredentialBody,
    CredentialWanted,
    InstanceChange,
    InstancePage,
    InstanceWanted,
    OperatedInstanceBody,
    OverlapWanted,
    RotatedKeyBody,
)
from dispatcher.api.shedding import places_of, reading
from dispatcher.apps.administration import InstanceThere
from dispatcher.apps.channel_credentials import MOST_BYTES, CredentialChannel, CredentialRefused
from dispatcher.apps.profile import ProfileRefused
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.store.keys import NoSuchBearer
from dispatcher.store.parties import ChangedMeanwhile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dispatcher.api.dependencies import ApiDependencies

InstanceId = Annotated[
    str, Path(pattern=f"^{KEY_ID_PATTERN.pattern}$", description="Id of the instance.", examples=["stolberg"])
]
Channel = Annotated[CredentialChannel, Path(description="What the credential is for.", examples=["webpush"])]
After = Annotated[
    str,
    Query(pattern=r"^[a-z0-9-]{0,40}$", description="goes on after this id: `next` of the page before"),
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most.")]
PAGE: Final = 100
"""How many instances a page has where the caller does not say."""
LISTER: Final = reading(Permission.READ_INSTANCES, after=(After, ""), limit=(Limit, PAGE))
READER: Final = reading(Permission.READ_INSTANCES, instance_id=InstanceId)
Creator = Annotated[Principal, Depends(require(Permission.MANAGE_INSTANCES))]
Operator = Annotated[Principal, Depends(require(Permission.MANAGE_INSTANCES, instance_id=InstanceId))]
Keeper = Annotated[
    Principal, Depends(require(Permission.MANAGE_INSTANCES, instance_id=InstanceId, channel=Channel))
]
PROFILE_BYTES: Final = 320 * 1024
"""Room for all municipalities of Germany, each in a line of its own."""
OVERLAP_BYTES: Final = 1024
CREDENTIAL_BYTES: Final = 2 * MOST_BYTES
"""A key file in JSON: each of its quotes and line ends takes two bytes."""
REFUSED: Final = (*BODY_REFUSED, ProblemType.INVALID_REQUEST)
"""A key may be in the answer."""


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/operator/instances`."""
    router = APIRouter(prefix="/v1/operator/instances", tags=["operator"])
    _reading(router, dependencies)
    _profiles(router, dependencies)
    _keys(router, dependencies)
    return router


def _reading(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.get("", dependencies=[LISTER], operation_id="listInstances")
    async def listed(after: After = "", limit: Limit = PAGE) -> InstancePage:
        """List all instances by id, page by page: `next` of one page is `after` of the next one."""
        entries = await dependencies.administration.listed(after, limit + 1)
        page = entries[:limit]
        return InstancePage(
            instances=[line(entry) for entry in page], next=page[-1].id if len(entries) > limit else None
        )

    @router.get("/{instance_id}", dependencies=[READER], operation_id="getOperatedInstance")
    async def show(instance_id: InstanceId) -> OperatedInstanceBody:
        """Show all that is known of an instance: its profile, neighbours with their consents, keys and credentials, of
        which no secret is shown.
        """
        return await _shown(dependencies, instance_id)


def _profiles(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.post(
        "",
        status_code=HTTPStatus.CREATED,
        responses={
            HTTPStatus.OK.value: {
                "model": CreatedInstanceBody,
                "description": "The instance was there and is just so: nothing was changed.",
            },
            **refusals(*REFUSED, ProblemType.CONFLICT),
        },
        openapi_extra=json_body(InstanceWanted, required=True),
        operation_id="createInstance",
    )
    async def create(operator: Creator, request: Request, response: Response) -> CreatedInstanceBody:
        """Create an instance, and show its key once. The same request once more changes nothing and shows no key: where
        an answer was lost, rotate. One that is there and is otherwise is left as it is (409).
        """
        wanted = _parsed(InstanceWanted, await read_body(request, PROFILE_BYTES, operator.actor))
        if not wanted.municipalities and not wanted.territory:
            raise _refusal("missing", "/municipalities", "give municipalities or territory")
        async with places_of(request).changes.place(operator.actor):
            with _refusing():
                key = await dependencies.administration.add(wanted.id, wanted_change(wanted), operator.actor)
        if key is None:
            response.status_code = HTTPStatus.OK
        return created(await dependencies.administration.shown(wanted.id), key)

    @router.patch(
        "/{instance_id}",
        responses=refusals(*REFUSED, ProblemType.NOT_FOUND, ProblemType.CONFLICT),
        openapi_extra=json_body(InstanceChange, required=True),
        operation_id="changeInstance",
    )
    async def change(operator: Operator, instance_id: InstanceId, request: Request) -> OperatedInstanceBody:
        """Change what is named of an instance, and nothing else. The same request once more changes nothing."""
        wanted = _parsed(InstanceChange, await read_body(request, PROFILE_BYTES, operator.actor))
        async with places_of(request).changes.place(operator.actor):
            with _refusing():
                await dependencies.administration.change(instance_id, wanted_change(wanted), operator.actor)
        return await _shown(dependencies, instance_id)


def _keys(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.post(
        "/{instance_id}/rotate",
        responses=refusals(*REFUSED, ProblemType.NOT_FOUND),
        openapi_extra=json_body(OverlapWanted, required=False),
        operation_id="rotateInstanceKey",
    )
    async def rotate(operator: Operator, instance_id: InstanceId, request: Request) -> RotatedKeyBody:
        """Make a new key of an instance and show it once; those so far stay good for `overlap_hours`. Each request
        makes another one.
        """
        wanted = _parsed(OverlapWanted, await read_body(request, OVERLAP_BYTES, operator.actor) or b"{}")
        with _refusing():
            key, _ = await dependencies.administration.rotate(
                instance_id, timedelta(hours=wanted.overlap_hours), operator.actor
            )
        account = await dependencies.administration.shown(instance_id)
        return RotatedKeyBody(key=key, keys=[key_body(one, account.keys.now) for one in account.keys.entries])

    @router.post(
        "/{instance_id}/disable", responses=refusals(ProblemType.NOT_FOUND), operation_id="disableInstance"
    )
    async def disable(operator: Operator, instance_id: InstanceId) -> OperatedInstanceBody:
        """Refuse all keys of an instance from now on. Its people are still warned. Once more changes nothing."""
        with _refusing():
            await dependencies.administration.switch(instance_id, operator.actor, disable=True)
        return await _shown(dependencies, instance_id)

    @router.post(
        "/{instance_id}/enable", responses=refusals(ProblemType.NOT_FOUND), operation_id="enableInstance"
    )
    async def enable(operator: Operator, instance_id: InstanceId) -> OperatedInstanceBody:
        """Let the keys of an instance be good again. Once more changes nothing."""
        with _refusing():
            await dependencies.administration.switch(instance_id, operator.actor, disable=False)
        return await _shown(dependencies, instance_id)

    @router.put(
        "/{instance_id}/credentials/{channel}",
        responses=refusals(*REFUSED, ProblemType.NOT_FOUND),
        openapi_extra=json_body(CredentialWanted, required=True),
        operation_id="setInstanceCredential",
    )
    async def credential(
        operator: Keeper, instance_id: InstanceId, channel: Channel, request: Request
    ) -> CredentialBody:
        """Keep a credential of an instance with a channel, sealed; nothing shows it again. The one so far stays good
        for what was made with it. The same request once more changes nothing.
        """
        wanted = _parsed(CredentialWanted, await read_body(request, CREDENTIAL_BYTES, operator.actor))
        plain = None if wanted.secret is None else wanted.secret.encode()
        with _refusing():
            kept = await dependencies.administration.put_credential(
                instance_id, channel, plain, wanted.subject, operator.actor
            )
        return credential_body(kept)


async def _shown(dependencies: ApiDependencies, instance_id: str) -> OperatedInstanceBody:
    """Return all that is known of an instance. Raises `RequestRefused` where there is none."""
    with _refusing():
        return instance_body(await dependencies.administration.shown(instance_id))


def _parsed(model: type[Wanted], body: bytes) -> Wanted:
    return parsed(model, body, ProblemType.INVALID_REQUEST, Phrase.PARAMETERS_WRONG)


@contextmanager
def _refusing() -> Iterator[None]:
    """Raise as `RequestRefused` what speaks against it."""
    try:
        yield
    except NoSuchBearer:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ID)) from None
    except InstanceThere:
        raise RequestRefused(ProblemType.CONFLICT, said(Phrase.INSTANCE_THERE)) from None
    except ChangedMeanwhile:
        raise RequestRefused(ProblemType.CONFLICT, said(Phrase.CHANGED_MEANWHILE)) from None
    except ProfileRefused as error:
        member = {"places": "municipalities"}.get(error.member, error.member)
        raise _refusal("instance-refused", f"/{member}" if member else "", str(error)) from None
    except CredentialRefused as error:
        raise _refusal("credential-refused", "/secret", str(error)) from None


def _refusal(code: str, path: str, sentence: str) -> RequestRefused:
    """Return the refusal of a body; the reason is that of the commands, in English."""
    error: dict[str, object] = {
        "code": code,
        "path": path,
        "line": None,
        "message": sentence,
        "message_de": f"Diese Angabe geht nicht ({sentence}).",
    }
    return RequestRefused(ProblemType.INVALID_REQUEST, said(Phrase.PARAMETERS_WRONG), (error,))
