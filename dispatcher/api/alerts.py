"""Control centres and feeds: submit, preview, follow, and take the account of an alert."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import msgspec
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import StreamingResponse

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal, of_source
from dispatcher.api.approvals.asked import asked_about
from dispatcher.api.approvals.territory import require_role
from dispatcher.api.authentication import require
from dispatcher.api.body import CAP_MEDIA_TYPE, read_cap
from dispatcher.api.credentials import CrossingReason
from dispatcher.api.openapi import words
from dispatcher.api.openapi.refusals import CAP_BODY_REFUSED, JUDGED, refusals
from dispatcher.api.schemas.accepted import AcceptedBody, accepted_body
from dispatcher.api.schemas.alerts import AlertPage, alert_body
from dispatcher.api.schemas.preview import PreviewBody, preview_body
from dispatcher.api.schemas.status import StatusBody, status_body
from dispatcher.api.shedding import places_of, reading, reading_ledger
from dispatcher.api.situation.coverage import status_in_time
from dispatcher.intake.correction.correcting import CorrectingParty
from dispatcher.intake.correction.prepared import Falsehood
from dispatcher.model.alerts import AlertFilter
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.vocabulary import API_PREFIX, FEED_PREFIX, AlertState, Environment, environment_of_path

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.intake.submission import Accepted, Preview
    from dispatcher.model.alerts import StoredAlert
    from dispatcher.model.ledger import LedgerLine

ALERT_ID = r"^[0-9A-HJKMNP-TV-Z]{26}$"
AlertId = Annotated[
    str,
    Path(
        pattern=ALERT_ID,
        description="Id of the alert of record, as the submission's answer has it.",
        examples=["01JDQ3Z6W8R5K2M4N7P9S1T3V5"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many at most, the newest first.")]
NEWEST = 50
"""How many alerts a list has where the caller does not say."""
LINES_AT_ONCE = 500
"""How many lines of a ledger are made into bytes in one go: some milliseconds of this process' one thread."""
Submitter = Annotated[Principal, Depends(require(Permission.SUBMIT_ALERTS))]
Previewer = Annotated[Principal, Depends(require(Permission.PREVIEW_ALERTS))]
What = Annotated[
    Falsehood,
    Query(
        description="What was wrong: there is no such danger; it was an exercise that was sent like the real thing; it "
        "went to places that it was not for.",
        examples=["false-alarm"],
    ),
]
Corrector = Annotated[Principal, Depends(require(Permission.CORRECT_ALERTS, alert_id=AlertId, what=What))]
Lister = Annotated[Principal, reading(Permission.READ_ALERTS, limit=(Limit, NEWEST))]
Reader = Annotated[Principal, reading(Permission.READ_ALERTS, alert_id=AlertId)]
LedgerReader = Annotated[Principal, reading_ledger(Permission.READ_ALERTS, alert_id=AlertId)]


def wanted_alerts(
    request: Request,
    state: Annotated[list[AlertState] | None, Query(description="only alerts in one of these states")] = None,
    since: Annotated[words.Instant | None, Query(description="received at this instant or later")] = None,
    until: Annotated[words.Instant | None, Query(description="received before this instant")] = None,
    before: Annotated[
        str | None, Query(pattern=ALERT_ID, description="goes on after the alert of this id, with older ones")
    ] = None,
    *,
    in_force: Annotated[bool | None, Query(description="only what warns now, or only what does not")] = None,
) -> AlertFilter:
    """Return which alerts of a list are asked for."""
    environment = environment_of_path(request.scope["path"])
    return AlertFilter(tuple(state or ()), since, until, in_force, before, environment)


Wanted = Annotated[AlertFilter, Depends(wanted_alerts)]
CAP_SCHEMA = {"type": "string", "format": "binary", "description": "One CAP 1.2 message, as it is."}
CAP_BODY = {
    "requestBody": {
        "required": True,
        "description": "The message, not compressed. `application/xml` and `text/xml` are taken as well.",
        "content": {CAP_MEDIA_TYPE: {"schema": CAP_SCHEMA}},
    }
}
CAP_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The message, byte for byte as it came.",
        "content": {CAP_MEDIA_TYPE: {"schema": CAP_SCHEMA}},
    }
}
LEDGER_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One line for each recipient, as `LedgerLine` says.",
        "content": {
            "application/x-ndjson": {
                "schema": {
                    "type": "string",
                    "format": "binary",
                    "description": "JSON lines.",
                    "x-line": {"$ref": "#/components/schemas/LedgerLine"},
                }
            }
        },
    }
}
_LOCATION = {
    "headers": {
        "Location": {
            "description": "Path of the alert of record.",
            "required": True,
            "schema": {"type": "string", "examples": ["/v1/alerts/01JDQ3Z6W8R5K2M4N7P9S1T3V5"]},
        }
    }
}
ACCEPTED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "It was committed before; nothing happens twice.",
        "model": AcceptedBody,
        **_LOCATION,
    },
    201: {"description": "It is committed to the record and will be sent as `reason` says.", **_LOCATION},
    202: {
        "description": "It is committed to the record, and waits for the approval of a second person.",
        "model": AcceptedBody,
        **_LOCATION,
    },
}


CORRECTED: dict[int | str, dict[str, Any]] = {
    201: {"description": "The correction is committed to the record, and is sent as `reason` says."}
}


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/alerts`, and the same below `/exercise/v1/alerts` for exercises."""
    both = APIRouter()
    for environment, prefix in API_PREFIX.items():
        names = NAMES[environment]
        router = APIRouter(prefix=f"{prefix}/alerts", tags=[names.tag])
        _submission(router, dependencies, names, prefix)
        _correction(router, dependencies, names)
        _reading(router, dependencies, names)
        _ledger(router, dependencies, names)
        both.routes.extend(router.routes)
    return both


class OperationNames(NamedTuple):
    """What the API's description calls the routes of an environment."""

    tag: str
    one: str
    """One alert, within the name of an operation."""
    several: str


NAMES: Final = {
    Environment.LIVE: OperationNames("alerts", "Alert", "Alerts"),
    Environment.EXERCISE: OperationNames("exercises", "Exercise", "Exercises"),
}


@asynccontextmanager
async def _crossings_noted(dependencies: ApiDependencies, principal: Principal) -> AsyncIterator[None]:
    """Write down what is refused within, where it would have led from one environment into the other."""
    try:
        yield
    except RequestRefused as refused:
        if refused.type is ProblemType.WRONG_ENVIRONMENT:
            await dependencies.crossings.note(principal, CrossingReason.MESSAGE)
        raise


def _submission(router: APIRouter, dependencies: ApiDependencies, names: OperationNames, prefix: str) -> None:
    refused = refusals(*JUDGED, ProblemType.QUOTA_EXCEEDED)

    @router.post(
        "",
        status_code=201,
        responses=ACCEPTED | refused,
        openapi_extra=CAP_BODY,
        operation_id=f"submit{names.one}",
    )
    async def submit(submitter: Submitter, request: Request, response: Response) -> AcceptedBody:
        """Submit one CAP 1.2 message. 201 and 202 are a promise: it is committed. 202 says that the operator's policy
        has a second person approve it before anybody is notified. The same message again answers 200 with the same id.
        Without an answer, or with 5xx, send it again.
        """
        body = await read_cap(request, submitter, dependencies.settings.max_body_bytes)
        sender = request.headers.getlist("traceparent")
        accepted = await submit_alert(dependencies, submitter, body, sender)
        if accepted.repeated:
            response.status_code = 200
        elif accepted.alert.state is AlertState.HELD:
            response.status_code = 202
        response.headers["Location"] = f"{prefix}/alerts/{accepted.alert.id}"
        return accepted_body(accepted, await asked_about(dependencies.health.pool, accepted.alert))

    @router.post(
        "/preview", responses=refusals(*JUDGED), openapi_extra=CAP_BODY, operation_id=f"preview{names.one}"
    )
    async def preview(previewer: Previewer, request: Request) -> PreviewBody:
        """Judge a message without any effect: municipalities, reach per channel, what would be decided."""
        body = await read_cap(request, previewer, dependencies.settings.max_body_bytes)
        return preview_body(await preview_alert(request, previewer, body), previewer.submits_as)


def _correction(router: APIRouter, dependencies: ApiDependencies, names: OperationNames) -> None:
    refused = refusals(*JUDGED - CAP_BODY_REFUSED, ProblemType.NOT_FOUND, ProblemType.CONFLICT)

    @router.post(
        "/{alert_id}/correct",
        status_code=201,
        responses=CORRECTED | refused,
        operation_id=f"correct{names.one}",
    )
    async def correct(corrector: Corrector, alert_id: AlertId, what: What) -> AcceptedBody:
        """Take a warning back that was wrong, in one step: a Cancel in prepared words, to exactly those who were
        alarmed, ahead of all other warnings. 201 is a promise: it is committed. Where it has ended already nobody hears
        of it again, and `alert.reason` says so.
        """
        return accepted_body(await correct_alert(dependencies, corrector, alert_id, what))


def _reading(router: APIRouter, dependencies: ApiDependencies, names: OperationNames) -> None:
    @router.get("", operation_id=f"list{names.several}")
    async def listed(reader: Lister, wanted: Wanted, limit: Limit = NEWEST) -> AlertPage:
        """List the source's alerts, to a person who may read any all of them, newest first, page by page: `next` of one
        page is `before` of the next one.
        """
        alerts = await dependencies.alerts.listed(source_listed(reader), limit + 1, wanted)
        page = alerts[:limit]
        return AlertPage(
            alerts=[alert_body(alert) for alert in page],
            next=page[-1].id if len(alerts) > limit else None,
        )

    @router.get("/{alert_id}", operation_id=f"get{names.one}")
    async def status(reader: Reader, alert_id: AlertId) -> StatusBody:
        """Show how the alert stands: whom it has reached, who is still owed it and why, what ended it; per channel and
        municipality, every recipient in one state.
        """
        alert = await followed(dependencies, reader, alert_id)
        seen_by = None if reader.may(Permission.READ_ANY_ALERT) else reader.submits_as
        return status_body(await status_in_time(dependencies, alert), seen_by)

    @router.get(
        "/{alert_id}/cap", response_class=Response, responses=CAP_ANSWER, operation_id=f"get{names.one}Cap"
    )
    async def raw(reader: Reader, alert_id: AlertId) -> Response:
        """Return the message byte for byte as it was submitted."""
        await followed(dependencies, reader, alert_id)
        return Response(await dependencies.alerts.raw(alert_id), media_type=CAP_MEDIA_TYPE)


def _ledger(router: APIRouter, dependencies: ApiDependencies, names: OperationNames) -> None:
    @router.get(
        "/{alert_id}/ledger",
        response_class=StreamingResponse,
        responses=LEDGER_ANSWER,
        operation_id=f"get{names.one}Ledger",
    )
    async def ledger(reader: LedgerReader, request: Request, alert_id: AlertId) -> StreamingResponse:
        """Return one JSON line per recipient: number, reference, channel, kind, state, the gateway's report. No
        addresses.
        """
        places = places_of(request)
        async with places.one(places.reads, reader):
            await followed(dependencies, reader, alert_id)
            batches = await dependencies.accounts.batches(alert_id, reader.actor)

        async def lines() -> AsyncIterator[bytes]:
            for batch in batches:
                async with places.one(places.batches, reader):
                    found = await dependencies.accounts.lines(batch)
                for start in range(0, len(found), LINES_AT_ONCE):
                    yield encoded(found[start : start + LINES_AT_ONCE])

        return StreamingResponse(lines(), media_type="application/x-ndjson")


def source_listed(reader: Principal) -> str | None:
    """Return the source whose alerts a list has for the reader, by its id; None: of all sources. For the route and for
    the console's desk alike.
    """
    return None if reader.may(Permission.READ_ANY_ALERT) else reader.submits_as


async def submit_alert(
    dependencies: ApiDependencies, submitter: Principal, raw: bytes, sender: Sequence[str] = ()
) -> Accepted:
    """Accept a message, for the route and for the console's page alike. `sender`: what the request says of the trace
    that it is part of. Raises as `SubmissionIntake.accept`.
    """
    began = dependencies.tracer.begin()
    async with _crossings_noted(dependencies, submitter):
        accepted = await dependencies.intake.accept(submitter, raw)
    dependencies.tracer.accepted(accepted.alert, began, repeated=accepted.repeated, sender=sender)
    return accepted


async def preview_alert(request: Request, previewer: Principal, raw: bytes) -> Preview:
    """Judge a message without any effect, for the route and for the console's page alike, at the places of who reads.
    Raises as `SubmissionIntake.preview`.
    """
    dependencies: ApiDependencies = request.app.state.dependencies
    places = places_of(request)
    async with places.one(places.reads, previewer), _crossings_noted(dependencies, previewer):
        return await dependencies.intake.preview(previewer, raw)


async def correct_alert(
    dependencies: ApiDependencies, corrector: Principal, alert_id: str, what: Falsehood
) -> Accepted:
    """Take a warning back in one step, for the route and for the console's page alike. Where a role does not hold, that
    is a line of the audit trail. Raises `RequestRefused`.
    """
    began = dependencies.tracer.begin()
    try:
        alert, source, by = await correctable(dependencies, corrector, alert_id)
        accepted = await dependencies.corrections.correct(source, alert, what, by)
    except RequestRefused as refused:
        if refused.type is ProblemType.OUTSIDE_TERRITORY:
            await dependencies.alerts.note_refused_correction(alert_id, corrector.actor, refused.type)
        raise
    dependencies.tracer.accepted(accepted.alert, began, repeated=accepted.repeated)
    return accepted


async def correctable(
    dependencies: ApiDependencies, corrector: Principal, alert_id: str
) -> tuple[StoredAlert, Principal, CorrectingParty]:
    """Return an alert that the principal may correct, the source in whose name, and who corrects where: a person what
    any control centre has sent, where its role holds. Raises `RequestRefused`.
    """
    if corrector.person is None:
        alert = await owned(dependencies, corrector, alert_id)
        return alert, corrector, CorrectingParty(corrector.actor)
    found = await _found(dependencies, corrector, alert_id, _is_of_a_centre)
    source = await dependencies.parties.source(found.source_id)
    if source is None:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT))
    require = partial(require_role, corrector, Permission.CORRECT_ALERTS)
    require(await dependencies.alerts.affected(alert_id))
    return found, of_source(source, corrector.environment), CorrectingParty(corrector.actor, require)


def _is_of_a_centre(source_id: str) -> bool:
    return not source_id.startswith(FEED_PREFIX)


async def followed(dependencies: ApiDependencies, reader: Principal, alert_id: str) -> StoredAlert:
    """Return an alert that it may follow. Raises `RequestRefused` for any other."""
    return await _found(dependencies, reader, alert_id, reader.may_follow)


async def owned(dependencies: ApiDependencies, author: Principal, alert_id: str) -> StoredAlert:
    """Return an alert of its own control centre. Raises `RequestRefused` for any other."""
    return await _found(dependencies, author, alert_id, author.owns)


async def _found(
    dependencies: ApiDependencies, principal: Principal, alert_id: str, may: Callable[[str], bool]
) -> StoredAlert:
    """Return an alert of the principal's environment, of a source that it `may`. Raises `RequestRefused` for others."""
    alert = await dependencies.alerts.get(alert_id)
    if alert is None or not may(alert.source_id) or alert.environment is not principal.environment:
        raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT))
    return alert


def encoded(lines: Sequence[LedgerLine]) -> bytes:
    """Return one JSON line for each."""
    encode = msgspec.json.Encoder().encode
    return b"".join(encode(asdict(line)) + b"\n" for line in lines)
