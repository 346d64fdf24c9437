"""Lets municipalities' apps pull what is in force for their municipalities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Response

from dispatcher.access.permissions import Permission
from dispatcher.access.principals import Principal
from dispatcher.api import schemas
from dispatcher.api.alerts import AlertId
from dispatcher.api.authentication import require
from dispatcher.api.feeds import stale_feeds
from dispatcher.model.problems import ProblemType, RequestRefused

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies

Lister = Annotated[Principal, Depends(require(Permission.READ_IN_FORCE))]
Reader = Annotated[Principal, Depends(require(Permission.READ_IN_FORCE, alert_id=AlertId))]


def routes(dependencies: ApiDependencies) -> APIRouter:
    """Return the routes below `/v1/instance`: the key says which instance."""
    router = APIRouter(prefix="/v1/instance", tags=["instances"])

    @router.get("/alerts")
    async def current(instance: Lister) -> schemas.AlertList:
        """List what is in force now in the instance's municipalities: not expired, not superseded, not ended."""
        alerts = await dependencies.alerts.current_in(instance.territory)
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
