"""The API as an ASGI application."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI

from dispatcher.api import alerts, feeds, instances, problems, reports, schemas
from dispatcher.api.authentication import require_table
from dispatcher.api.shedding import ShedReads
from dispatcher.runtime.probes import probe_routes

if TYPE_CHECKING:
    from dispatcher.api.dependencies import ApiDependencies


def application(parts: ApiDependencies) -> FastAPI:
    """All routes. No state but `parts`. Raises `TableError` where a route and the table of permissions differ."""
    app = FastAPI(
        title="cap-dispatcher",
        version=version("cap-dispatcher"),
        description="Submit CAP warnings, follow their delivery. A 2xx to a submission is a promise.",
        # The documentation pages would load their scripts from elsewhere; the description itself is here.
        docs_url=None,
        redoc_url=None,
        openapi_url="/v1/openapi.json",
        # A redirect would name the scheme that we are spoken to in, which behind a proxy is not TLS: whoever followed
        # it would show key and token in the clear.
        redirect_slashes=False,
    )
    app.state.parts = parts
    problems.install(app, parts.metrics)
    app.add_middleware(ShedReads, shed=parts.metrics.reads_shed)
    app.include_router(alerts.routes(parts))
    app.include_router(feeds.routes(parts))
    app.include_router(instances.routes(parts))
    app.include_router(reports.routes(parts))

    @app.get("/v1/boundaries", tags=["boundaries"])
    async def boundaries() -> schemas.BoundariesBody:
        """The boundary data in use, with its attribution and vintage."""
        return schemas.BoundariesBody(
            attribution=parts.boundaries.provenance.attribution,
            vintage=parts.boundaries.provenance.vintage,
            municipalities=len(parts.boundaries.municipalities),
        )

    async def know_sources() -> None:
        for name in await parts.sources.names():
            parts.metrics.know_source(name)

    app.router.routes.extend(probe_routes(parts.metrics, parts.health, know_sources))
    require_table(app)
    return app
