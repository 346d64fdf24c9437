"""Those who follow an alert: read what happened to it, where it reaches nobody, and have it sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.alerts import NAMES, AlertId, Reader, followed
from dispatcher.api.authentication import require
from dispatcher.api.body import read_body
from dispatcher.api.json_body import BODY_REFUSED, json_body, parsed
from dispatcher.api.openapi import words
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.shedding import reading
from dispatcher.api.situation.bodies import (
    CoverageBody,
    LettersBody,
    LogBody,
    ReplayBody,
    ReplayWanted,
    TimelineBody,
    coverage_body,
    letters_body,
    log_body,
    replay_body,
    timeline_body,
)
from dispatcher.api.situation.course import course_of
from dispatcher.api.situation.coverage import coverage_gaps, place_counts
from dispatcher.api.situation.dead_letters import counted_letters, replay_letters
from dispatcher.api.situation.log import (
    LOG_LENGTH,
    STATISTICS_LENGTH,
    log_of_alert,
    log_of_period,
    period_of,
    statistics_of_period,
)
from dispatcher.console.desk.statistics import as_csv
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.vocabulary import API_PREFIX, Environment

if TYPE_CHECKING:
    from dispatcher.api.alerts import OperationNames
    from dispatcher.api.dependencies import ApiDependencies

BODY_BYTES: Final = 4_096
CSV_MEDIA_TYPE: Final = "text/csv"
CSV_ANSWER: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The table, with a first line of names (RFC 4180, UTF-8).",
        "content": {CSV_MEDIA_TYPE: {"schema": {"type": "string", "description": "The table."}}},
    }
}
First = Annotated[words.Day | None, Query(alias="from", description="first day, by the clock of the service")]
Last = Annotated[words.Day | None, Query(alias="to", description="last day; without it today")]
Follower = Annotated[Principal, reading(Permission.READ_ALERTS, first=(First, None), last=(Last, None))]
LogReader = Annotated[Principal, reading(Permission.READ_ANY_ALERT, first=(First, None), last=(Last, None))]
AlertLogReader = Annotated[Principal, reading(Permission.READ_ANY_ALERT, alert_id=AlertId)]
Replayer = Annotated[Principal, Depends(require(Permission.REPLAY_DEAD_LETTERS, alert_id=AlertId))]
_REPLAY_REFUSED: Final = (
    *BODY_REFUSED,
    ProblemType.NOT_FOUND,
    ProblemType.INVALID_REQUEST,
    ProblemType.CONFLICT,
    ProblemType.OUTSIDE_TERRITORY,
)


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1`, and those of exercises below `/exercise/v1`."""
    both = APIRouter()
    for environment, prefix in API_PREFIX.items():
        names = NAMES[environment]
        of_alerts = APIRouter(prefix=f"{prefix}/alerts/{{alert_id}}", tags=[names.tag])
        _course(of_alerts, dependencies, names)
        _letters(of_alerts, dependencies, names)
        _log(of_alerts, dependencies, names)
        if environment is Environment.LIVE:  # in the exercise there are no operators
            _replay(of_alerts, dependencies)
        of_periods = APIRouter(prefix=prefix, tags=[names.tag])
        _periods(of_periods, dependencies, names)
        both.routes.extend((*of_alerts.routes, *of_periods.routes))
    return both


def _course(router: APIRouter, dependencies: ApiDependencies, names: OperationNames) -> None:
    @router.get("/timeline", operation_id=f"get{names.one}Timeline")
    async def timeline(reader: Reader, alert_id: AlertId) -> TimelineBody:
        """Show what happened to the alert and to all that it replaces or ends, or that replaced or ended it: when each
        message came, who decided, when people were told first and last.
        """
        alert = await followed(dependencies, reader, alert_id)
        async with dependencies.alerts.snapshot() as snapshot:
            return timeline_body((await course_of(snapshot, reader, alert)).timeline)

    @router.get("/coverage", operation_id=f"get{names.one}Coverage")
    async def coverage(reader: Reader, alert_id: AlertId) -> CoverageBody:
        """Show in which municipalities the warning reaches nobody, and which channels are weak or tell nobody."""
        alert = await followed(dependencies, reader, alert_id)
        status = await dependencies.statuses.without_municipalities(alert)
        places = await dependencies.alerts.affected(alert.id)
        counts = await place_counts(dependencies, alert)
        gaps = coverage_gaps(dependencies, status, places, counts)
        return coverage_body(gaps, are_places_counted=counts is not None)


def _letters(router: APIRouter, dependencies: ApiDependencies, names: OperationNames) -> None:
    @router.get("/dead-letters", operation_id=f"get{names.one}DeadLetters")
    async def letters(reader: Reader, alert_id: AlertId) -> LettersBody:
        """Show how many recipients were refused or given up, by municipality, channel and reason. It names nobody."""
        alert = await followed(dependencies, reader, alert_id)
        return letters_body(await counted_letters(dependencies, alert.id))


def _log(router: APIRouter, dependencies: ApiDependencies, names: OperationNames) -> None:
    @router.get("/log", operation_id=f"get{names.one}Log")
    async def log(reader: AlertLogReader, alert_id: AlertId) -> LogBody:
        """Show all that is known of what happened to the alert and to all that it replaces or ends, or that replaced or
        ended it: what the audit trail says, too.
        """
        return log_body(await log_of_alert(dependencies, reader, alert_id))


def _periods(router: APIRouter, dependencies: ApiDependencies, names: OperationNames) -> None:
    @router.get("/log", operation_id=f"get{names.several}Log")
    async def log(reader: LogReader, first: First = None, last: Last = None) -> LogBody:
        """Show all that is known of what happened to the messages that came on these days, without them since
        yesterday.
        """
        days = period_of(dependencies, first, last, LOG_LENGTH)
        return log_body(await log_of_period(dependencies, reader, days))

    @router.get(
        "/statistics.csv",
        response_class=Response,
        responses=CSV_ANSWER | refusals(ProblemType.INVALID_REQUEST),
        operation_id=f"get{names.several}Statistics",
    )
    async def table(reader: Follower, first: First = None, last: Last = None) -> Response:
        """Sum up the source's messages of these days, to a person who may read any all of them: by month, status,
        event, severity and source. Without days those of the last year; of more than 5,000 messages none.
        """
        days = period_of(dependencies, first, last, STATISTICS_LENGTH)
        rows = await statistics_of_period(dependencies, reader, days)
        headers = {"Content-Disposition": f'attachment; filename="{days.name}.csv"'}
        return Response(as_csv(rows), media_type=CSV_MEDIA_TYPE, headers=headers)


def _replay(router: APIRouter, dependencies: ApiDependencies) -> None:
    @router.post(
        "/replay",
        responses=refusals(*_REPLAY_REFUSED),
        openapi_extra=json_body(ReplayWanted, required=True),
        operation_id="replayAlert",
    )
    async def replay(operator: Replayer, alert_id: AlertId, request: Request) -> ReplayBody:
        """Send the alert again to the recipients of its dead letters, 10,000 at once: some of them may get it twice."""
        body = await read_body(request, BODY_BYTES, operator.actor)
        wanted = parsed(ReplayWanted, body, ProblemType.INVALID_REQUEST, Phrase.PARAMETERS_WRONG)
        done = await replay_letters(dependencies, operator, alert_id, lambda count: count == wanted.letters)
        if done.fates is None:
            raise RequestRefused(ProblemType.CONFLICT, said(Phrase.DEAD_LETTERS_CHANGED))
        return replay_body(done)
