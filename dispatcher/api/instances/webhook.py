"""Lets municipalities' apps register their webhook, rotate its secret, try it and take it back."""

from __future__ import annotations

import math
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.instances.bodies import (
    RotationWanted,
    TrialBody,
    WebhookBody,
    WebhookWanted,
)
from dispatcher.api.json_body import BODY_REFUSED, Wanted, json_body, parsed
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import places_of, reading
from dispatcher.apps.registration import Registered, Registration, WebhookRequest
from dispatcher.apps.trial import TriedTooSoon
from dispatcher.apps.webhook_refusal import WebhookRefused
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.webhooks import WebhookTaken

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from dispatcher.api.dependencies import ApiDependencies

Instance = Annotated[Principal, Depends(require(Permission.MANAGE_WEBHOOK))]
Reader = Annotated[Principal, reading(Permission.MANAGE_WEBHOOK)]
Found = TypeVar("Found")
BODY_BYTES = 8 * 1024
"""Room for a body without places: the longest URL and a secret."""
PLACE_BYTES = 32
"""Room for each municipality of the instance, in a line of its own."""
ROTATION_BYTES = 1024
REFUSED = (*BODY_REFUSED, ProblemType.INVALID_WEBHOOK)
NO_STORE = {"Cache-Control": "no-store"}
"""A secret may be in the answer."""


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/instance/webhook`: the key says which instance."""
    router = APIRouter(prefix="/v1/instance/webhook", tags=["instances"])
    _registration(router, dependencies)
    _trial(router, dependencies)
    return router


def _registration(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.put(
        "",
        responses=refusals(*REFUSED, ProblemType.WEBHOOK_TAKEN),
        openapi_extra=json_body(WebhookWanted, required=True),
        operation_id="setWebhook",
    )
    async def put(instance: Instance, request: Request, response: Response) -> WebhookBody:
        """Register the instance's webhook, or replace it: what is under way goes to the new URL, and after an end the
        instance is the recipient that it was. The same request once more changes nothing. A secret that is named
        replaces the one so far at once; to have both, rotate.
        """
        most = BODY_BYTES + PLACE_BYTES * len(instance.territory)
        body = await read_body(request, most, instance.actor)
        response.headers.update(NO_STORE)
        async with _turn(request, instance):
            asked = _asked(_parsed(WebhookWanted, body))
            with _refusing():
                found = await dependencies.registration.put(
                    instance.id, instance.territory, asked, instance.actor
                )
            return _body(dependencies.registration, found)

    @router.get("", responses=refusals(ProblemType.NOT_FOUND), operation_id="getWebhook")
    async def show(instance: Reader, response: Response) -> WebhookBody:
        """Show the instance's webhook, without its secret."""
        response.headers.update(NO_STORE)
        webhook = await dependencies.registration.shown(instance.id)
        return _body(dependencies.registration, Registered(_there(webhook)))

    @router.delete("", status_code=HTTPStatus.NO_CONTENT, operation_id="removeWebhook")
    async def remove(instance: Instance) -> None:
        """End the instance's webhook: nothing more is sent to it. Where there is none, nothing happens."""
        await dependencies.registration.remove(instance.id, instance.actor)

    @router.post(
        "/rotate",
        responses=refusals(*REFUSED, ProblemType.NOT_FOUND),
        openapi_extra=json_body(RotationWanted, required=False),
        operation_id="rotateWebhookSecret",
    )
    async def rotate(instance: Instance, request: Request, response: Response) -> WebhookBody:
        """Let a new secret sign, and for `overlap_hours` those so far beside it: a receiver that knows one of them
        goes on without a gap. At most three sign beside the newest.
        """
        body = await read_body(request, ROTATION_BYTES, instance.actor)
        response.headers.update(NO_STORE)
        async with _turn(request, instance):
            wanted = _parsed(RotationWanted, body or b"{}")
            overlap = timedelta(hours=wanted.overlap_hours)
            with _refusing():
                found = await dependencies.registration.rotate(
                    instance.id, wanted.secret, overlap, instance.actor
                )
        return _body(dependencies.registration, _there(found))


def _trial(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.post(
        "/test",
        responses={200: {"model": TrialBody}, **refusals(ProblemType.NOT_FOUND, ProblemType.RATE_LIMITED)},
        operation_id="testWebhook",
    )
    async def test(instance: Instance) -> Response:
        """Send one test notice now, signed, to the instance's own webhook and nobody else, and show how it was
        answered. It has `test: true` and says ÜBUNG/TEST; one every 10 s.
        """
        try:
            result = await dependencies.trials.run(instance.id, instance.territory)
        except TriedTooSoon as error:
            wait = math.ceil(error.seconds)
            raise RequestRefused(
                ProblemType.RATE_LIMITED, said(Phrase.TESTED_TOO_SOON), retry_after_s=wait
            ) from None
        # The document as it was sent, to the letter.
        return JSONResponse(asdict(_there(result)), headers=NO_STORE)


@asynccontextmanager
async def _turn(request: Request, instance: Principal) -> AsyncIterator[None]:
    """Let an instance change its webhook once at a time, and few instances at all. Raises `RequestRefused`."""
    gate = places_of(request).changes
    if not await gate.enter(instance.id):
        raise RequestRefused(ProblemType.OVERLOADED, said(Phrase.TOO_MUCH_AT_ONCE))
    try:
        yield
    finally:
        gate.leave(instance.id)


def _asked(wanted: WebhookWanted) -> WebhookRequest:
    places = None if wanted.places is None else tuple(wanted.places)
    return WebhookRequest(wanted.url, wanted.secret, places, wanted.language)


def _parsed(model: type[Wanted], body: bytes) -> Wanted:
    return parsed(model, body, ProblemType.INVALID_WEBHOOK, Phrase.WEBHOOK_REFUSED)


@contextmanager
def _refusing() -> Iterator[None]:
    """Raise as `RequestRefused` what speaks against a webhook."""
    try:
        yield
    except WebhookRefused as refused:
        errors = tuple({**error._asdict(), "line": None} for error in refused.errors)
        left_off: dict[str, object] = {"errors_left_off": refused.left_off} if refused.left_off else {}
        raise RequestRefused(
            ProblemType.INVALID_WEBHOOK, said(Phrase.WEBHOOK_REFUSED), errors, left_off
        ) from None
    except WebhookTaken:
        raise RequestRefused(ProblemType.WEBHOOK_TAKEN, said(Phrase.WEBHOOK_TAKEN)) from None


def _there(found: Found | None) -> Found:
    """Return what was found. Raises `RequestRefused` where there is no webhook."""
    if found is None:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_WEBHOOK))
    return found


def _body(registration: Registration, found: Registered) -> WebhookBody:
    webhook = found.webhook
    return WebhookBody(
        url=webhook.url,
        places=list(webhook.places),
        all_places=webhook.follows_all,
        language=webhook.language,
        environment=webhook.environment,
        state="ended" if webhook.ended_at else "active",
        previous_secrets_end=list(registration.ends_of_secrets(webhook)),
        secret=found.new_secret,
    )
