"""The API as an ASGI application."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

from fastapi import Query, Response

from dispatcher.access.keys import KEY_ID_PATTERN
from dispatcher.api import alerts, feeds, inbound, problems, reports
from dispatcher.api.approvals import routes as approvals
from dispatcher.api.approvals import withdrawing
from dispatcher.api.authentication import require_table
from dispatcher.api.canary.receiving import routes as canary_routes
from dispatcher.api.console.routes import routes as console_routes
from dispatcher.api.held import routes as held
from dispatcher.api.instances import in_force, profile, webhook
from dispatcher.api.instances.app_schema import MEDIA_TYPE, app_schema
from dispatcher.api.instances.bodies import PushKeyBody
from dispatcher.api.instances.cross_origin import CrossOrigin
from dispatcher.api.openapi.document import document
from dispatcher.api.openapi.refusals import refusals
from dispatcher.api.operator import consents, webhooks
from dispatcher.api.operator import instances as operated
from dispatcher.api.pages.routes import PREFIXES as PAGES
from dispatcher.api.pages.routes import ReadyPages
from dispatcher.api.pages.routes import routes as page_routes
from dispatcher.api.public.answering import PREFIXES as PUBLIC
from dispatcher.api.public.answering import PublicDocuments
from dispatcher.api.public.application import OpenParts, PublicApi, open_routes
from dispatcher.api.receipts.posting import ReceiptPosts
from dispatcher.api.receipts.routes import install as install_receipts
from dispatcher.api.schemas.municipalities import BoundariesBody
from dispatcher.api.shedding import ENROLMENTS_AT_ONCE, Places
from dispatcher.api.shifts import routes as shifts
from dispatcher.api.situation import routes as situation
from dispatcher.api.subscribers import backend, leaving, phones
from dispatcher.api.subscribers.newcomers import NewcomersWait
from dispatcher.api.templates import routes as templates
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.sentences.sentence import said
from dispatcher.runtime.beside_asgi.ready_answers import ReadyAnswers
from dispatcher.runtime.probes import probe_app, public_probes

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.routing import BaseRoute
    from starlette.types import Scope

    from dispatcher.api.dependencies import ApiDependencies
    from dispatcher.runtime.beside_asgi.ready_answers import ReadyAnswer


InstanceOf = Annotated[
    str | None,
    Query(
        pattern=f"^{KEY_ID_PATTERN.pattern}$",
        description="the id of the app that subscribes, where it may have a key of its own",
        examples=["dueren"],
    ),
]


ROUTERS = (
    alerts,
    situation,
    shifts,
    approvals,
    withdrawing,
    held,
    templates,
    feeds,
    in_force,
    webhook,
    backend,
    phones,
    leaving,
    profile,
    operated,
    consents,
    webhooks,
    reports,
    inbound,
)
"""Modules whose `routes` return those of one part of the API."""


class Api(PublicApi):
    """The whole application."""

    ready: ReadyAnswers
    """What the server answers by itself: pages, and what anybody may read."""


def application(dependencies: ApiDependencies, enrolments_at_once: int = ENROLMENTS_AT_ONCE) -> Api:
    """Build the application with all routes. It has no state but `dependencies`. `enrolments_at_once`: how many who
    sign up have a turn at a time. Raises `TableError` where a route and the table of permissions differ.
    """
    app = Api(
        title="cap-dispatcher",
        version=version("cap-dispatcher"),
        # The documentation pages would load their scripts from elsewhere; the description itself is here.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # A redirect would name the scheme of the request that reaches us, which behind a proxy is not TLS: a client
        # that followed it would show key and token in the clear.
        redirect_slashes=False,
    )
    app.state.dependencies = dependencies
    app.state.places = Places(dependencies.metrics.reads_shed.inc, enrolments_at_once)
    app.add_middleware(NewcomersWait, places=app.state.places)
    app.add_middleware(CrossOrigin)
    problems.install(app, dependencies.metrics)
    app.public = PublicDocuments(
        dependencies.publisher, refused=dependencies.metrics.unknown_alerts_refused.inc
    )
    app.ready = _ready(app.public, ReadyPages(dependencies.pages))
    app.router.routes.extend(_routes(dependencies, app.public))
    app.state.receipt_posts = ReceiptPosts(dependencies.receipts, dependencies.metrics)
    install_receipts(app, app.state.receipt_posts)
    app.router.routes.extend(canary_routes(dependencies.own_receivers, dependencies.receipts))
    app.router.routes.extend(page_routes(dependencies.pages))
    app.router.routes.extend(console_routes(dependencies.console))

    @app.get("/v1/boundaries", tags=["boundaries"], operation_id="getBoundaries")
    async def boundaries() -> BoundariesBody:
        """Show the boundary data in use, with its attribution and vintage."""
        return BoundariesBody(
            attribution=dependencies.boundaries.provenance.attribution,
            vintage=dependencies.boundaries.provenance.vintage,
            municipalities=len(dependencies.boundaries.municipalities),
        )

    @app.get(
        "/v1/webpush/key",
        tags=["instances"],
        operation_id="getPushKey",
        responses=refusals(ProblemType.NOT_FOUND, ProblemType.RECORD_UNAVAILABLE),
    )
    async def push_key(response: Response, instance: InstanceOf = None) -> PushKeyBody:
        """Give the VAPID public key that a browser needs to subscribe to Web Push (RFC 8292): of an app that has one of
        its own that one, else the service's, which is the same for everybody. It changes only when new subscriptions
        are to be made with another; those made before go on.
        """
        own = await dependencies.own_push_keys.get(instance) if instance else None
        key = own or await dependencies.push_key.get()
        if key is None:
            raise RequestRefused(ProblemType.NOT_FOUND, said(Phrase.NO_PUSH_KEY))
        response.headers["Cache-Control"] = "public, max-age=3600"
        return PushKeyBody(application_server_key=key)

    @cache
    def description() -> bytes:
        return json.dumps(document(app), ensure_ascii=False, separators=(",", ":")).encode()

    @app.get("/v1/openapi.json", include_in_schema=False)
    async def openapi() -> Response:
        # Made once: a stranger can ask for it as often as he likes.
        return Response(description(), media_type="application/json")

    @cache
    def schema() -> bytes:
        return json.dumps(app_schema(), ensure_ascii=False, separators=(",", ":")).encode()

    @app.get(
        "/v1/instance/schema",
        tags=["instances"],
        operation_id="getAppSchema",
        response_class=Response,
        responses={
            200: {"content": {MEDIA_TYPE: {"schema": {"type": "object", "description": "The schema."}}}}
        },
    )
    async def described_for_apps() -> Response:
        """Give the JSON Schema of what an app receives and sends. The document itself describes a notice; `$defs` has
        the bodies of the routes.
        """
        return Response(schema(), media_type=MEDIA_TYPE)

    app.router.routes.extend(public_probes(dependencies.metrics, dependencies.health))
    require_table(app)
    return app


def _ready(public: PublicDocuments, pages: ReadyPages) -> ReadyAnswers:
    def find(scope: Scope) -> ReadyAnswer | None:
        return pages.written(scope) if scope["path"].startswith(PAGES) else public.written(scope)

    return ReadyAnswers((*PUBLIC, *PAGES), find)


def _routes(dependencies: ApiDependencies, public: PublicDocuments) -> list[BaseRoute]:
    """Return the routes of all routers, as they are: `include_router` makes each of them a second time, which doubles
    what it takes to build the application.
    """
    routers = [found.routes(dependencies) for found in ROUTERS]
    own = [route for router in routers for route in router.routes]
    zone = ZoneInfo(dependencies.settings.time_zone)
    parts = OpenParts(dependencies.streams, dependencies.boundaries, dependencies.signer, zone)
    return own + open_routes(public, parts)


def metrics_application(dependencies: ApiDependencies) -> Starlette:
    """Build the application of the process' other port, which has its metrics."""

    async def know_sources() -> None:
        for name in await dependencies.sources.names():
            dependencies.metrics.know_source(name)

    return probe_app(dependencies.metrics, dependencies.health, know_sources)
