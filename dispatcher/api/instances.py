"""Lets municipalities' apps pull what is in force for their municipalities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Response

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api import schemas
from dispatcher.api.alerts import AlertId
from dispatcher.api.feeds import stale_feeds
from dispatcher.api.shedding import reading
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.store.clock import record_time
from dispatcher.texts.current import CurrentTexts

if TYPE_CHECKING:
    import cap
    from dispatcher.api.dependencies import ApiDependencies

Lister = Annotated[Principal, reading(Permission.READ_IN_FORCE)]
Reader = Annotated[Principal, reading(Permission.READ_IN_FORCE, alert_id=AlertId)]


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/instance`: the key says which instance."""

    async def message(alert_id: str) -> cap.Alert | None:
        return await dependencies.alerts.message(alert_id)

    told = CurrentTexts(message)
    router = APIRouter(prefix="/v1/instance", tags=["instances"])

    @router.get("/alerts")
    async def current(instance: Lister) -> schemas.AlertList:
        """List what is in force now in the instance's municipalities: not expired, not superseded, not ended. Of a
        message with several infos the gravest of those that have not expired speaks, with its own end.
        """
        in_force = await dependencies.alerts.current_in(instance.territory)
        alerts = await told.now(in_force, await record_time(dependencies.health.pool)) if in_force else []
        stale = await stale_feeds(dependencies.feed_services) if dependencies.feed_services else []
        return schemas.AlertList(alerts=[schemas.alert_body(alert) for alert in alerts], stale_feeds=stale)

    @router.get("/alerts/{alert_id}/cap", response_class=Response)
    async def raw(instance: Reader, alert_id: AlertId) -> Response:
        """Return the CAP message, if it was dispatched and concerns one of the instance's municipalities."""
        body = await dependencies.alerts.raw_for(alert_id, instance.territory)
        if body is None:
            raise RequestRefused(ProblemType.NOT_FOUND, "Diese Meldung gibt es hier nicht.")
        return Response(body, media_type="application/cap+xml")

    return router
