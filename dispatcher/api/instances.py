"""Municipalities' apps: pull what is in force for their places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request, Response

from dispatcher.api import schemas
from dispatcher.api.alerts import AlertId
from dispatcher.api.authentication import instance_of
from dispatcher.api.feeds import stale_feeds
from dispatcher.model.problems import ProblemType, RequestRefused

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies


def routes(parts: ApiDependencies) -> APIRouter:
    """The routes below `/v1/instance`: the key says which instance."""
    router = APIRouter(prefix="/v1/instance", tags=["instances"])

    @router.get("/alerts")
    async def current(request: Request) -> schemas.AlertList:
        """What is in force now in the instance's municipalities: not expired, not superseded, not ended."""
        instance = await instance_of(request, parts.sources)
        alerts = await parts.alerts.current_in(instance.places)
        stale = await stale_feeds(parts.feed_services) if parts.feed_services else []
        return schemas.AlertList(alerts=[schemas.alert_body(alert) for alert in alerts], stale_feeds=stale)

    @router.get("/alerts/{alert_id}/cap", response_class=Response)
    async def raw(request: Request, alert_id: AlertId) -> Response:
        """The CAP message, if it was dispatched and concerns one of the instance's municipalities."""
        instance = await instance_of(request, parts.sources)
        body = await parts.alerts.raw_for(alert_id, instance.places)
        if body is None:
            raise RequestRefused(ProblemType.NOT_FOUND, "Diese Meldung gibt es hier nicht.")
        return Response(body, media_type="application/cap+xml")

    return router
