"""Lets municipalities' apps pull what is in force for their municipalities."""

from __future__ import annotations

from functools import cache, partial
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from channels.clock import utc_now
from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api.alerts import CAP_ANSWER, AlertId
from dispatcher.api.body import CAP_MEDIA_TYPE
from dispatcher.api.instances.bodies import EndedBody, InForceList, Language
from dispatcher.api.instances.conditional import conditional, weak_tag
from dispatcher.api.schemas.alerts import alert_body
from dispatcher.api.schemas.feeds import StaleFeed, UnreadFeed
from dispatcher.api.shedding import reading
from dispatcher.apps import samples
from dispatcher.apps.told import ToldAlerts
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.model.webhooks import Environment
from dispatcher.publication.coverage import EVERYWHERE, Coverage
from dispatcher.publication.coverage_reader import CoverageReader
from dispatcher.store.alerts.in_force import START, InForceReader
from dispatcher.store.clock import record_time
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.feeds.unread import UnreadContents
from dispatcher.texts.shortening import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import cap
    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.apps.told import Told
    from dispatcher.model.alerts import AffectedMunicipality, EndedAlert

Since = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{1,20}\.[0-9]{1,20}-[0-9]{1,10}\.[0-9a-f]{8}$",
        description="the `cursor` of an earlier answer: show only what has changed since, some of it perhaps again",
    ),
]
Spoken = Annotated[
    Language,
    Query(description="the language of the words that are ours, and of the info that speaks if there is one"),
]
Lister = Annotated[
    Principal, reading(Permission.READ_IN_FORCE, since=(Since, None), language=(Spoken, Language.GERMAN))
]
Reader = Annotated[Principal, reading(Permission.READ_IN_FORCE, alert_id=AlertId)]
SANDBOX_CURSOR = "0.0-0.00000000"
_TAG = {
    "headers": {
        "ETag": {"description": "Tag of what it says.", "required": True, "schema": {"type": "string"}}
    }
}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "What is in force, and what is not any more.", "model": InForceList, **_TAG},
    304: {"description": "Nothing has changed since the answer that `If-None-Match` names.", **_TAG},
}


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/instance/alerts`: the key says which instance."""

    async def message(alert_id: str) -> cap.Alert | None:
        return await dependencies.alerts.message(alert_id)

    async def affected(alert_id: str) -> Sequence[AffectedMunicipality]:
        return await dependencies.alerts.affected(alert_id)

    @cache
    def known() -> frozenset[str]:
        found: frozenset[str] = dependencies.boundaries.names()
        return found

    told = ToldAlerts(message, affected, known)
    heard = cache(partial(_coverage_reader, dependencies))
    router = APIRouter(prefix="/v1/instance/alerts", tags=["instances"])

    @router.get(
        "",
        responses=ANSWERS,
        operation_id="listAlertsInForce",
    )
    async def in_force(
        instance: Lister, request: Request, since: Since = None, language: Spoken = Language.GERMAN
    ) -> Response:
        """List what is in force now in the instance's municipalities: not expired, not superseded, not ended. Of a
        message with several infos the gravest in the language, of those that have not expired, speaks, with its own
        end. `ended` has what was in force and is not any more.
        """
        if instance.sandbox:
            return _answer(request, await _samples(dependencies, instance, language), SANDBOX_CURSOR)
        mark, history = _read_cursor(since, instance, language)
        found = await InForceReader(dependencies.health.pool).read(instance.territory, mark, history)
        shown = [await told.now(alert, found.places[alert.id], language, found.now) for alert in found.alerts]
        coverage = await heard().read()
        content = _content(
            [one for one in shown if one], found.ended, Environment.PRODUCTION, complete=found.complete
        )
        content |= _not_known(coverage, instance)
        return _answer(request, content, f"{found.mark}.{found.history}.{_scope(instance, language)}")

    @router.get(
        "/{alert_id}/cap",
        response_class=Response,
        responses=CAP_ANSWER,
        operation_id="getAlertCapForInstance",
    )
    async def raw(instance: Reader, alert_id: AlertId) -> Response:
        """Return the CAP message, if it was dispatched and it, or what it replaces or ends, concerns one of the
        instance's municipalities.
        """
        body = (
            await _sample_message(dependencies, instance, alert_id)
            if instance.sandbox
            else await dependencies.alerts.raw_for(alert_id, instance.territory)
        )
        if body is None:
            raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_SUCH_ALERT))
        return Response(body, media_type=CAP_MEDIA_TYPE)

    return router


async def _samples(dependencies: ApiDependencies, instance: Principal, language: Language) -> dict[str, Any]:
    now = await record_time(dependencies.health.pool)
    made, ended = samples.current(instance.id, instance.territory, dependencies.boundaries, now, language)
    return _content([made.told], [ended], Environment.SANDBOX, complete=True) | _not_known(
        Coverage(territories=EVERYWHERE), instance
    )


async def _sample_message(dependencies: ApiDependencies, instance: Principal, alert_id: str) -> bytes | None:
    now = await record_time(dependencies.health.pool)
    made, _ = samples.current(instance.id, instance.territory, dependencies.boundaries, now)
    return made.raw if made.alert.id == alert_id else None


def _coverage_reader(dependencies: ApiDependencies) -> CoverageReader:
    pool, services = dependencies.health.pool, dependencies.feed_services
    feeds, clock = (services.feeds, services.clock) if services else ((), utc_now)
    return CoverageReader(dependencies.sources, Feeds(pool), UnreadContents(pool), feeds, clock)


def _not_known(coverage: Coverage, instance: Principal) -> dict[str, Any]:
    """Return the feeds because of which no alerts does not mean no warnings, and where nobody would warn."""
    unread = [one for one in coverage.unread if one.may_concern(instance.territory)]
    return {
        "stale_feeds": [
            StaleFeed(name=one.name, since=one.since).model_dump(mode="json") for one in coverage.stale
        ],
        "unread_feeds": [
            UnreadFeed(name=one.name, since=one.since).model_dump(mode="json") for one in unread
        ],
        "not_covered": [
            ags for ags in sorted(instance.territory) if not ags.startswith(coverage.territories)
        ],
    }


def _content(
    told: Iterable[Told], ended: Iterable[EndedAlert], environment: Environment, *, complete: bool
) -> dict[str, Any]:
    return {
        "alerts": [{**alert_body(one.alert).model_dump(mode="json"), "notice": one.notice} for one in told],
        "ended": [_ended(one) for one in ended],
        "complete": complete,
        "environment": environment,
    }


def _ended(alert: EndedAlert) -> dict[str, Any]:
    return EndedBody(
        alert=alert.id,
        chain=alert.thread,
        kind=alert.kind,
        by=alert.by,
        ended_at=alert.ended_at,
        event=alert.event,
        headline=alert.headline,
    ).model_dump(mode="json")


def _answer(request: Request, content: dict[str, Any], cursor: str) -> Response:
    """Answer with the content. Its tag does not depend on the cursor, which moves though nothing else does."""
    body = as_json(content)
    return conditional(request, body[:-1] + b',"cursor":' + as_json(cursor) + b"}", weak_tag(body))


def _scope(instance: Principal, language: str) -> str:
    """Return what a cursor is for: of other places, or in another language, everything is new."""
    return sha256(" ".join([language, *sorted(instance.territory)]).encode()).hexdigest()[:8]


def _read_cursor(since: str | None, instance: Principal, language: str) -> tuple[str, str]:
    """Return mark and history of a cursor; those of the start for one that is for something else."""
    mark, history, scope = (since or "..").split(".")
    return (mark, history) if since and scope == _scope(instance, language) else (START, "")
