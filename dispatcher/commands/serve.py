"""The commands that run the service. Each loads what it needs when it runs: a client starts quickly."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog
import typer

from dispatcher.access.permissions import Permission
from dispatcher.commands.operator import requires
from dispatcher.commands.shell.now_and_then import NowAndThen
from dispatcher.commands.shell.service_manager import SOCKET, say_ready
from dispatcher.model.sentences.count import how_many
from dispatcher.runtime import gc_tuning, logs
from dispatcher.settings import Settings

if TYPE_CHECKING:
    import socket

    import uvicorn
    from starlette.types import ASGIApp

    from dispatcher.embedded import Servers
    from dispatcher.metrics import Metrics
    from dispatcher.store.sealed.clear_rows import SealedSoFar

PRELOADED: Final = (
    "dispatcher.api.application",
    "dispatcher.api.citizens.application",
    "dispatcher.api.public.application",
    "dispatcher.runtime.http_transport",
    "dispatcher.runtime.listening",
    "dispatcher.runtime.loop_watchdog",
    "dispatcher.runtime.probes",
    "dispatcher.runtime.serving",
    "dispatcher.wiring.api",
    "dispatcher.wiring.connections",
    "dispatcher.wiring.reading",
    "dispatcher.wiring.worker",
    "dispatcher.worker.process",
    "uvloop",
)
"""What the processes that `up` starts import: most of the time that each of them would take to start."""
OF_THE_SUPERVISOR: Final = frozenset(
    {"DATABASE_URL_FILE", "REDIS_URL_FILE", "WARN_DATABASE_OWNER_URL", "WARN_DATABASE_OWNER_URL_FILE", SOCKET}
)
"""Settings that the processes which `up` starts do not get, and the service manager's socket: `up` says that all are
ready."""
MAKE_ROLE: Final = (
    "For whoever may make roles in this database; then DATABASE_URL names the new one, and WARN_DATABASE_OWNER_URL the "
    "one that owns the tables, for `dispatcher migrate` alone:"
)

log = structlog.get_logger()


@requires(Permission.RUN_SERVICE)
def up() -> None:
    """Run everything on this machine: servers for record and queue unless given, API, workers."""
    from dispatcher.embedded import EmbeddedError, embedded
    from dispatcher.runtime.listening import require_free, require_own_ports
    from dispatcher.wiring.boundaries import load_boundaries
    from dispatcher.wiring.check import check_settings
    from dispatcher.wiring.sms.smpp import require_allowed_sessions

    settings = _settings("up")
    require_own_ports(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    # Or the processes, which it starts, would end again and again.
    check_settings(settings, load_boundaries(settings))
    require_allowed_sessions(settings)
    try:
        # To make a data directory and start its servers takes others as long as the imports take here.
        with (
            _preloading() as preloaded,
            embedded(
                settings.data_dir, database_url=settings.database_url, redis_url=settings.redis_url
            ) as servers,
        ):
            preloaded()
            require_free(settings)
            code = _supervise(settings, servers)
    except EmbeddedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(error.exit_status) from error
    raise typer.Exit(code)


def _supervise(settings: Settings, servers: Servers) -> int:
    """Bring the record to this version, start the processes and keep them running. Returns the exit status."""
    from dispatcher.embedded.readiness import said_when_ready
    from dispatcher.embedded.supervisor import Command, Supervisor
    from dispatcher.metrics.process import RESTARTS_FILE
    from dispatcher.runtime.listening import ADDRESSES, written_in
    from dispatcher.store.migrate import upgrade
    from dispatcher.wiring.secrets import agree_on_secrets, require_own_record, seal_clear_rows

    owner = settings.database_owner_url or servers.database_url
    asyncio.run(require_own_record(settings, owner))
    asyncio.run(upgrade(owner))
    asyncio.run(_make_role(owner, servers.service_url))
    asyncio.run(agree_on_secrets(settings, owner))
    if settings.database_url is None:
        asyncio.run(seal_clear_rows(settings, owner, _log_sealed()))
    environment = {
        # Given as files, two are in these by now; what serves is not to be the owner.
        **{name: value for name, value in os.environ.items() if name not in OF_THE_SUPERVISOR},
        "DATABASE_URL": servers.service_url,
        "REDIS_URL": servers.redis_url,
    }
    names = [
        "api",
        *(f"worker-{n + 1}" for n in range(settings.workers)),
        *(f"reading-{n + 1}" for n in range(settings.reading_processes)),
        *(f"citizens-{n + 1}" for n in range(settings.citizens_processes)),
    ]
    supervisor = Supervisor(
        [
            Command(name, _argv(name), {**environment, "WARN_PROCESS_NAME": name}, forked=True)
            for name in names
        ],
        servers=servers.started,
        state_file=settings.data_dir / "state.json",
        restarts_file=settings.data_dir / RESTARTS_FILE,
    )
    log.info("starting", programs=names)
    probes = [written_in(settings.data_dir, name) for name in names]
    # The processes share each page of memory that is never written to.
    gc.collect()
    gc.freeze()
    api_file = written_in(settings.data_dir, names[0], ADDRESSES)
    with said_when_ready(probes, api_file, servers.leave, say_ready):
        return supervisor.run()


async def _make_role(owner_url: str, service_url: str) -> None:
    """Make the service's role. Where that may not be done, and the audit trail is not protected, the statements for it
    are logged.
    """
    from dispatcher.wiring.audit.roles import protect_audit

    found = await protect_audit(owner_url, service_url)
    if found.statements:
        log.warning("audit_role_not_made", statements=found.statements)


def _log_sealed() -> Callable[[SealedSoFar], None]:
    said = NowAndThen(lambda done, of: log.info("endpoints_sealed", rows=done, of=of))
    return lambda at: said(at.rows, at.of)


def _argv(name: str) -> list[str]:
    return [sys.executable, "-m", "dispatcher", name.partition("-")[0]]


@contextmanager
def _preloading() -> Iterator[Callable[[], None]]:
    """Import what the processes need, once for all of them, while the block does something else. Yields what waits for
    it, before anything else is imported, and before a process is forked: the thread has ended then. Whatever ends the
    block waits for it, too.
    """
    import_module("redis")  # the start of Valkey does so as well: not half of it here and half of it there
    with ThreadPoolExecutor(1) as importing:
        preloaded = importing.submit(_preload)

        def wait() -> None:
            preloaded.result()
            importing.shutdown()

        yield wait


def _preload() -> None:
    with gc_tuning.paused():
        for module in PRELOADED:
            import_module(module)


@requires(Permission.RUN_SERVICE)
def api() -> None:
    """Run one API process; needs DATABASE_URL and REDIS_URL."""
    import uvloop

    settings = _settings("api")
    uvloop.run(_api(settings))


async def _api(settings: Settings) -> None:
    from dispatcher.api.application import application, metrics_application
    from dispatcher.runtime.http_transport import DEFAULT_LIMITS
    from dispatcher.runtime.listening import listen_for_api
    from dispatcher.runtime.loop_watchdog import LoopWatchdog
    from dispatcher.runtime.serving import server_of
    from dispatcher.wiring.api import api_dependencies
    from dispatcher.wiring.connections import client_connections

    async with api_dependencies(settings) as dependencies:
        limits = replace(DEFAULT_LIMITS, connections=client_connections(settings))
        app = application(dependencies)
        server = server_of(app, dependencies.metrics, limits, app.state.receipt_posts.brief, app.ready)
        serving = Serving("api", server, listen_for_api(settings), limits.connections)
        watching = asyncio.create_task(LoopWatchdog(dependencies.metrics).watch())
        try:
            await _serve(settings, serving, metrics_application(dependencies), dependencies.metrics)
        finally:
            watching.cancel()


class Serving(NamedTuple):
    """What serves clients, the socket for it, and how many connections they may have; `kind` names the process unless
    the settings do.
    """

    kind: str
    server: uvicorn.Server
    listener: socket.socket
    connections: int


async def _serve(settings: Settings, serving: Serving, probes: ASGIApp, metrics: Metrics) -> None:
    """Serve clients, and metrics with `probes` at a port of their own, until a signal ends it."""
    from dispatcher.runtime.http_transport import METRICS_LIMITS
    from dispatcher.runtime.listening import addressed, announced, listen_for_metrics
    from dispatcher.runtime.serving import serve_both, server_of, stop_on_signals

    stop_on_signals(serving.server)
    beside = server_of(probes, metrics, METRICS_LIMITS)
    listener, metrics_listener = serving.listener, listen_for_metrics(settings)
    host, port = listener.getsockname()[:2]
    event = f"{serving.kind}_serving"
    log.info(event, host=host, port=port, connections=serving.connections)
    name = settings.process_name or serving.kind
    with (
        announced(settings.data_dir, name, metrics_listener),
        addressed(settings.data_dir, name, listener),
    ):
        say_ready()
        await serve_both(serving.server, listener, beside, metrics_listener)


@requires(Permission.RUN_SERVICE)
def reading() -> None:
    """Run one process that serves what anybody may read, and nothing else; needs DATABASE_URL and REDIS_URL."""
    import uvloop

    settings = _settings("reading")
    uvloop.run(_reading(settings))


async def _reading(settings: Settings) -> None:
    from dispatcher.api.public.application import public_application
    from dispatcher.runtime.http_transport import DEFAULT_LIMITS
    from dispatcher.runtime.listening import listen_for_reading
    from dispatcher.runtime.probes import probe_app
    from dispatcher.runtime.serving import server_of
    from dispatcher.wiring.connections import reading_connections
    from dispatcher.wiring.reading import reading_dependencies, yield_to_others

    await yield_to_others()
    async with reading_dependencies(settings) as dependencies:
        gc_tuning.configure()
        limits = replace(DEFAULT_LIMITS, connections=reading_connections(settings))
        app = public_application(dependencies)
        server = server_of(app, dependencies.metrics, limits, ready=app.public.ready)
        serving = Serving("reading", server, listen_for_reading(settings), limits.connections)
        probes = probe_app(dependencies.metrics, dependencies.health)
        await _serve(settings, serving, probes, dependencies.metrics)


@requires(Permission.RUN_SERVICE)
def citizens() -> None:
    """Run one process that serves citizens, their page, sign-ups, receipts and what anybody may read, and nothing else;
    needs DATABASE_URL and REDIS_URL.
    """
    import uvloop

    settings = _settings("citizens")
    uvloop.run(_citizens(settings))


async def _citizens(settings: Settings) -> None:
    from dispatcher.api.application import metrics_application
    from dispatcher.api.citizens.application import citizens_application
    from dispatcher.runtime.http_transport import DEFAULT_LIMITS
    from dispatcher.runtime.listening import listen_for_citizens
    from dispatcher.runtime.serving import server_of
    from dispatcher.wiring.api import api_dependencies
    from dispatcher.wiring.connections import citizens_connections
    from dispatcher.wiring.reading import yield_to_others

    await yield_to_others()
    most = citizens_connections(settings)
    async with api_dependencies(settings, in_process=True, connections=most) as dependencies:
        gc_tuning.configure()
        app = citizens_application(dependencies)
        limits = replace(DEFAULT_LIMITS, connections=most)
        server = server_of(app, dependencies.metrics, limits, app.state.receipt_posts.brief, app.ready)
        serving = Serving("citizens", server, listen_for_citizens(settings), most)
        await _serve(settings, serving, metrics_application(dependencies), dependencies.metrics)


@requires(Permission.RUN_SERVICE)
def worker() -> None:
    """Run one worker process; needs DATABASE_URL and REDIS_URL."""
    import uvloop

    settings = _settings("worker")
    uvloop.run(_worker(settings))


async def _worker(settings: Settings) -> None:
    from dispatcher.wiring.connections import require_urls
    from dispatcher.wiring.worker import worker_dependencies
    from dispatcher.worker import process

    _, queue = require_urls(settings)
    async with worker_dependencies(settings) as dependencies:
        gc_tuning.configure()
        log.info("worker_serving")
        say_ready()
        await process.run(settings, dependencies, queue)


@requires(Permission.MIGRATE_RECORD)
def migrate() -> None:
    """Bring the database to this version's schema: the one at DATABASE_URL, or of `dispatcher up` that runs here. The
    record of a service with other secrets than this machine's is left as it is.

    With WARN_DATABASE_OWNER_URL the role of DATABASE_URL is made, which can change nothing on the audit trail. Where
    that may not be done the statements for it are printed, and the trail is not protected against the service itself.

    Endpoints that an older version has left in the clear are sealed. That may be ended at any time, and goes on when
    the command is given again.
    """
    from dispatcher.commands.admin import database_url, owner_url
    from dispatcher.store.migrate import upgrade
    from dispatcher.wiring.audit.roles import protect_audit
    from dispatcher.wiring.secrets import require_own_record, seal_clear_rows

    settings = _settings("migrate")
    url = owner_url(settings)
    asyncio.run(require_own_record(settings, url))
    asyncio.run(upgrade(url))
    typer.echo("the record is at this version's schema")
    found = asyncio.run(protect_audit(url, database_url(settings)))
    typer.echo(f"audit trail: {found.protection.sentence()}", err=not found.protection.protected)
    if found.statements:
        typer.echo(f"{MAKE_ROLE}\n\n{found.statements}", err=True)
    said = NowAndThen(lambda done, of: typer.echo(f"sealed {done:,} of {how_many(of, 'endpoint')}", err=True))
    sealed = asyncio.run(seal_clear_rows(settings, url, lambda at: said(at.rows, at.of)))
    if sealed is None:
        return
    typer.echo(f"sealed {how_many(sealed.rows, 'row')} that an older version had left in the clear")
    if not sealed.wiped:
        typer.echo(
            "the table is in use and was not written anew: until `VACUUM FULL subscription` pages of its file may hold "
            "what was in the clear",
            err=True,
        )


def _settings(name: str) -> Settings:
    settings = Settings()
    logs.configure(as_json=settings.log_json, process=settings.process_name or name)
    return settings
