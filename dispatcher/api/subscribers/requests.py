"""Does what is the same for a phone and for a municipality's backend: reads what is sent about a subscriber within its
limits, lets few write at once, and answers with what became of it.
"""

from __future__ import annotations

import math
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Path

from dispatcher.api import json_body
from dispatcher.api.body import read_body
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.problems import ERRORS_MAX
from dispatcher.api.shedding import places_of
from dispatcher.api.subscribers import answers
from dispatcher.api.subscribers.bodies import CodeAskedFor, CodeWanted, SubscriberBody, SubscriberWanted
from dispatcher.apps.enrolment import AskedTooSoon, NothingToTest
from dispatcher.audience.phone_numbers import NumberReason
from dispatcher.audience.wish import NUMBERS, WishRefused
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.subscribers import NotTheirs
from dispatcher.queue.sign_ups import Unbounded
from dispatcher.store.numbers.sms_codes import CodeRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from starlette.requests import Request

    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.apps.enrolment import Enrolled
    from dispatcher.store.audience.subscribers import Installation

BODY_BYTES: Final = 64 * 1024
"""Room for eight endpoints and a few polygons."""
CODE_BYTES: Final = 1024
INSTALLATION = Path(
    description="the id that the installation has given itself: random, of at least 128 bits, as nobody may guess it",
    pattern=r"^[A-Za-z0-9._~-]{16,128}$",
    examples=["7b1c9f52-6d3e-4a8f-9f0b-2c5d8e7a4b10"],
)
InstallationName = Annotated[str, INSTALLATION]
BODY_REFUSED: Final = (*json_body.BODY_REFUSED, ProblemType.INVALID_SUBSCRIBER)
PROVING: Final[Mapping[str, Any]] = {
    "status_code": HTTPStatus.NO_CONTENT,
    "responses": refusals(*BODY_REFUSED, ProblemType.CODE_REFUSED),
    "openapi_extra": json_body.json_body(CodeWanted, required=True),
}
ASKING: Final[Mapping[str, Any]] = {
    "status_code": HTTPStatus.ACCEPTED,
    "responses": refusals(*BODY_REFUSED, ProblemType.RATE_LIMITED, ProblemType.NOT_FOUND),
    "openapi_extra": json_body.json_body(CodeAskedFor, required=True),
}
TESTING: Final[Mapping[str, Any]] = {
    "status_code": HTTPStatus.ACCEPTED,
    "responses": refusals(ProblemType.RATE_LIMITED, ProblemType.CONFLICT),
}
"""What the routes of proofs, codes and tests take and answer, whoever calls."""
NUMBER_REASONS: Final = frozenset(NumberReason)


@dataclass(frozen=True, slots=True)
class Asker:
    """Whose wish it is, and what it may name."""

    installation: Installation
    shown: tuple[str, ...]
    """The municipalities (AGS) whose warnings the instance shows."""
    client: str
    """The one whose turns and bytes in receipt are counted."""
    token: str = ""
    trusted: bool = False


async def put(dependencies: ApiDependencies, asker: Asker, body: bytes) -> SubscriberBody:
    """Replace all that an installation wants by what the body says, for who has a turn. Raises `RequestRefused`."""
    asked = answers.asked(_parsed(SubscriberWanted, body))
    try:
        enrolled: Enrolled = await dependencies.enrolment.put(
            asker.installation, asker.shown, asked, token=asker.token, trusted=asker.trusted
        )
    except WishRefused as refused:
        for error in refused.errors:
            if error.code in NUMBER_REASONS:
                dependencies.metrics.sms_codes.labels(error.code).inc()
        errors = tuple({**error._asdict(), "line": None} for error in refused.errors[:ERRORS_MAX])
        raise RequestRefused(
            ProblemType.INVALID_SUBSCRIBER, said(Phrase.SUBSCRIBER_REFUSED), errors
        ) from None
    except NotTheirs:
        raise RequestRefused(ProblemType.UNAUTHENTICATED, said(Phrase.MANAGEMENT_TOKEN_MISSING)) from None
    if enrolled.new_token:
        dependencies.metrics.sign_ups.labels("enrolled").inc()
    return answers.body_of(enrolled)


async def prove(dependencies: ApiDependencies, number: int, client: str, request: Request) -> None:
    """Take the code in the body. Raises `RequestRefused`, alike for whatever is wrong with it."""
    wanted = _parsed(CodeWanted, await read_body(request, CODE_BYTES, client))
    async with turn(request, client):
        proven = await dependencies.enrolment.prove(number, wanted.code)
    dependencies.metrics.round_trips.labels("confirmed" if proven else "refused").inc()
    if proven == NUMBERS:
        dependencies.metrics.sms_codes.labels("confirmed").inc()
    if not proven:
        raise RequestRefused(ProblemType.CODE_REFUSED, said(Phrase.CODE_REFUSED))


async def test(dependencies: ApiDependencies, found: Enrolled) -> SubscriberBody:
    """Have a test sent to all of a subscriber's active endpoints. Raises `RequestRefused` where there was one a moment
    ago, and where none is active.
    """
    try:
        for limit in await dependencies.enrolment.test(found.subscriber.number):
            dependencies.metrics.sms_codes.labels(f"limit_{limit}").inc()
    except AskedTooSoon as error:
        wait = math.ceil(error.seconds)
        raise RequestRefused(
            ProblemType.RATE_LIMITED, said(Phrase.TESTED_TOO_SOON), retry_after_s=wait
        ) from None
    except NothingToTest:
        raise RequestRefused(ProblemType.CONFLICT, said(Phrase.NOTHING_TO_TEST)) from None
    return answers.body_of(found)


async def ask_code(
    dependencies: ApiDependencies, found: Enrolled, body: bytes, line: str | None
) -> SubscriberBody:
    """Have an SMS with a code sent to the number at the position that the body names, for a client of this line; None
    for a municipality's backend. Raises `RequestRefused`; whose number it is and whether it is told of warnings changes
    no answer.
    """
    position = _parsed(CodeAskedFor, body).position
    try:
        asked = await dependencies.enrolment.ask_code(found.subscriber.number, position, line)
    except CodeRefused as refused:
        dependencies.metrics.sms_codes.labels(f"limit_{refused.limit}").inc()
        raise RequestRefused(
            ProblemType.RATE_LIMITED,
            said(Phrase.CODES_LIMITED),
            extra={"reason": f"limit_{refused.limit}"},
            retry_after_s=math.ceil(refused.seconds),
        ) from None
    if not asked:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_NUMBER_WAITS))
    dependencies.metrics.sms_codes.labels("sent").inc()
    return answers.body_of(found)


async def require_few(dependencies: ApiDependencies, asker: Asker) -> None:
    """Take one sign-up of the address and the instance; of whoever shows the right token one change. Raises
    `RequestRefused` where there were too many, or it cannot be known.
    """
    enrolment, sign_ups = dependencies.enrolment, dependencies.sign_ups
    known = asker.token and await enrolment.owner(asker.installation, asker.token)
    try:
        if known:
            wait = await sign_ups.take_change(asker.installation.hash)
        else:
            wait = await sign_ups.take(asker.client, asker.installation.instance)
    except Unbounded:
        dependencies.metrics.sign_ups.labels("closed").inc()
        raise RequestRefused(
            ProblemType.SIGN_UPS_CLOSED, said(Phrase.SIGN_UPS_CLOSED), retry_after_s=60
        ) from None
    if wait:
        dependencies.metrics.sign_ups.labels("limited").inc()
        raise RequestRefused(
            ProblemType.RATE_LIMITED, said(Phrase.SIGN_UPS_LIMITED), retry_after_s=math.ceil(wait)
        )


@asynccontextmanager
async def turn(request: Request, client: str) -> AsyncIterator[None]:
    """Let few ask the record about subscribers at once, and one client fewer. Raises `RequestRefused`."""
    places = places_of(request)
    async with places.in_turn(request, places.enrolments, client):
        yield


def client_of(request: Request) -> str:
    """Return the address of the client; of a proxy on this machine the one that it names."""
    return request.client.host if request.client else ""


def _parsed(model: type[json_body.Wanted], body: bytes) -> json_body.Wanted:
    """Return the body as the model has it. Raises `RequestRefused`, without a word of what was sent."""
    return json_body.parsed(model, body, ProblemType.INVALID_SUBSCRIBER, Phrase.SUBSCRIBER_REFUSED)


async def shown(dependencies: ApiDependencies, instance: str, installation: str) -> Enrolled:
    """Return the subscriber that an installation is. Raises `RequestRefused` where there is none."""
    own = dependencies.enrolment.installation(instance, installation)
    return await dependencies.enrolment.shown(own) or missing()


def missing() -> Any:
    """Raise `RequestRefused`: there is no such subscriber."""
    raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUBSCRIBER))
