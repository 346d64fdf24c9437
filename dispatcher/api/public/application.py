"""The application of a process that only reads: what anybody may read, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Final

from fastapi import FastAPI

from dispatcher.api import problems
from dispatcher.api.public import embedding, exchange, routes, signed
from dispatcher.api.public.answering import PREFIXES, PublicDocuments
from dispatcher.api.public.streams import routes as stream_routes
from dispatcher.publication.places import PublicPlaces
from dispatcher.runtime.probes import public_probes

if TYPE_CHECKING:
    from datetime import tzinfo

    from fastapi.telemetry import TelemetryConfig
    from starlette.routing import BaseRoute
    from starlette.types import Message, Receive, Scope, Send

    from dispatcher.api.public.streams.telling import PublicStreams
    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.metrics import Metrics
    from dispatcher.publication.publisher import Publisher
    from dispatcher.runtime.probes import Health
    from dispatcher.signing.message_signer import MessageSigner

OPEN_ROUTERS = (routes, exchange)
"""Modules whose `routes` return those of what anybody may read."""
KEPT_BY_NOBODY = (b"cache-control", b"private, no-store")
UNOBSERVED: Final[TelemetryConfig] = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}
"""FastAPI's own OpenTelemetry, which any package or environment variable (`FASTAPI_OTEL_AUTO_CONFIGURE`) may switch on,
exports paths, queries and the texts of exceptions, so numbers of people, texts of SMS and secrets, and hands what was
sent to whoever looks at what is wrong with it."""


@dataclass(frozen=True, slots=True)
class OpenParts:
    """What the routes of what anybody may read need, besides the documents."""

    streams: PublicStreams
    boundaries: Boundaries
    signer: MessageSigner
    zone: tzinfo
    """That of the times which people read."""


@dataclass(frozen=True, slots=True)
class PublicDependencies:
    """Everything that a reading process needs."""

    publisher: Publisher
    parts: OpenParts
    metrics: Metrics
    health: Health


class PublicApi(FastAPI):
    """An application that answers what anybody may read ahead of all that it does for other requests."""

    public: PublicDocuments

    def __init__(self, **options: Any) -> None:
        super().__init__(telemetry=UNOBSERVED, **options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
        elif scope["path"].startswith(PREFIXES):
            await self.public.answer(super().__call__, scope, receive, send)
        else:
            await super().__call__(scope, receive, kept_by_nobody(send))


def kept_by_nobody(send: Send) -> Send:
    """Return what sends answers that no cache keeps, whatever they are, unless their route says otherwise: what a key
    or token opens must not be there for the next who asks without one.
    """

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = message.get("headers", ())
            if not any(name == b"cache-control" for name, _ in headers):
                message = {**message, "headers": [*headers, KEPT_BY_NOBODY]}
        await send(message)

    return sent


def public_application(dependencies: PublicDependencies) -> PublicApi:
    """Build the application of a reading process."""
    app = PublicApi(
        title="cap-dispatcher",
        version=version("cap-dispatcher"),
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
    )
    problems.install(app, dependencies.metrics)
    app.public = PublicDocuments(
        dependencies.publisher, refused=dependencies.metrics.unknown_alerts_refused.inc
    )
    app.router.routes.extend(open_routes(app.public, dependencies.parts))
    app.router.routes.extend(public_probes(dependencies.metrics, dependencies.health))
    return app


def open_routes(public: PublicDocuments, parts: OpenParts) -> list[BaseRoute]:
    """Return the routes of what anybody may read."""
    places = PublicPlaces(parts.boundaries)
    routers = [
        *(found.routes(public, places) for found in OPEN_ROUTERS),
        signed.routes(public, parts.signer),
        embedding.routes(public, places, parts.zone),
        stream_routes.routes(parts.streams, places),
    ]
    return [route for router in routers for route in router.routes]
