"""Does what is the same for an app and for an operator who minds its webhook: reads what is sent within its limits,
lets few change at once, and says in problems what speaks against it.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeVar

from fastapi.responses import JSONResponse

from dispatcher.api.body import read_body
from dispatcher.api.instances.bodies import RotationWanted, TrialBody, WebhookBody, WebhookWanted
from dispatcher.api.json_body import BODY_REFUSED, Wanted, json_body, parsed
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import places_of
from dispatcher.apps.registration import Registered, Registration, WebhookRequest
from dispatcher.apps.trial import TriedTooSoon
from dispatcher.apps.webhook_refusal import WebhookRefused
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.webhooks import WebhookTaken
from dispatcher.store.keys import NoSuchBearer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from fastapi import Request, Response

    from dispatcher.access.principals import Actor
    from dispatcher.api.dependencies import ApiDependencies

Found = TypeVar("Found")
BODY_BYTES: Final = 8 * 1024
"""Room for a body without places: the longest URL and a secret."""
PLACE_BYTES: Final = 32
"""Room for each municipality of the instance, in a line of its own."""
ROTATION_BYTES: Final = 1024
REFUSED: Final = (*BODY_REFUSED, ProblemType.INVALID_WEBHOOK)
"""A secret may be in the answer."""
SETTING: Final[dict[str, Any]] = {
    "responses": refusals(*REFUSED, ProblemType.WEBHOOK_TAKEN, ProblemType.NOT_FOUND),
    "openapi_extra": json_body(WebhookWanted, required=True),
}
ROTATING: Final[dict[str, Any]] = {
    "responses": refusals(*REFUSED, ProblemType.NOT_FOUND),
    "openapi_extra": json_body(RotationWanted, required=False),
}
TRYING: Final[dict[str, Any]] = {
    "responses": {
        200: {"model": TrialBody},
        **refusals(ProblemType.NOT_FOUND, ProblemType.RATE_LIMITED),
    },
}
"""What the routes of both declare."""


@dataclass(frozen=True, slots=True)
class WebhookOwner:
    """The instance whose webhook it is, and who asks."""

    id: str
    places: Sequence[str]
    """Municipalities (AGS) that the instance shows, its neighbours' among them."""
    actor: Actor
    turn: str
    """Who changes one thing at a time."""


async def put(dependencies: ApiDependencies, owner: WebhookOwner, request: Request) -> WebhookBody:
    """Register the webhook, or replace it. Raises `RequestRefused`."""
    body = await read_body(request, BODY_BYTES + PLACE_BYTES * len(owner.places), owner.actor)
    async with places_of(request).changes.place(owner.turn):
        asked = _asked(_parsed(WebhookWanted, body))
        with _refusing():
            found = await dependencies.registration.put(owner.id, owner.places, asked, owner.actor)
        return _body(dependencies.registration, found)


async def shown(dependencies: ApiDependencies, instance_id: str) -> WebhookBody:
    """Return the webhook, without its secret. Raises `RequestRefused` where there is none."""
    webhook = await dependencies.registration.shown(instance_id)
    return _body(dependencies.registration, Registered(_there(webhook)))


async def rotate(dependencies: ApiDependencies, owner: WebhookOwner, request: Request) -> WebhookBody:
    """Let a new secret sign, and those so far beside it for a time. Raises `RequestRefused`."""
    body = await read_body(request, ROTATION_BYTES, owner.actor)
    async with places_of(request).changes.place(owner.turn):
        wanted = _parsed(RotationWanted, body or b"{}")
        overlap = timedelta(hours=wanted.overlap_hours)
        with _refusing():
            found = await dependencies.registration.rotate(owner.id, wanted.secret, overlap, owner.actor)
    return _body(dependencies.registration, _there(found))


async def remove(dependencies: ApiDependencies, owner: WebhookOwner) -> None:
    """End the webhook; where there is none, nothing happens. Raises `RequestRefused`."""
    with _refusing():
        await dependencies.registration.remove(owner.id, owner.actor)


async def tried(dependencies: ApiDependencies, owner: WebhookOwner) -> Response:
    """Send one test notice now, and return how it was answered. Raises `RequestRefused`."""
    try:
        result = await dependencies.trials.run(owner.id, owner.places)
    except TriedTooSoon as error:
        wait = math.ceil(error.seconds)
        raise RequestRefused(
            ProblemType.RATE_LIMITED, said(Phrase.TESTED_TOO_SOON), retry_after_s=wait
        ) from None
    # The document as it was sent, to the letter.
    return JSONResponse(asdict(_there(result)))


def _asked(wanted: WebhookWanted) -> WebhookRequest:
    places = None if wanted.places is None else tuple(wanted.places)
    return WebhookRequest(wanted.url, wanted.secret, places, wanted.language, wanted.form)


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
    except NoSuchBearer:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ID)) from None
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
        form=webhook.form,
        environment=webhook.environment,
        state="ended" if webhook.ended_at else "active",
        previous_secrets_end=list(registration.ends_of_secrets(webhook)),
        secret=found.new_secret,
    )
