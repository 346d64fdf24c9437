"""A process for citizens serves what has no key, as the API does, and nothing else."""

import asyncio
import json
import os
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dispatcher.access.permissions import Permission
from dispatcher.access.table import OPEN_ROUTES, REQUIRED_BY_ROUTE
from dispatcher.api.authentication import wired_routes
from dispatcher.api.citizens.application import (
    PROBES,
    citizens_application,
    is_for_citizens,
    turns_at_once,
)
from dispatcher.runtime.serving import server_of
from tests.api.conftest import KEY, Service
from tests.support.documents import blocks, page
from tests.support.messages import DUEREN
from tests.support.nginx import HOST, free_port, nginx
from tests.support.submissions import warning

SUBSCRIBER = "/v1/instances/dueren/subscribers/0123456789abcdef"
OPEN_AND_NOT_FOR_CITIZENS = {
    "GET /v1/boundaries",
    "GET /v1/instance/schema",
    "GET /v1/openapi.json",
    "GET /livez",
    "GET /readyz",
    "POST /v1/canary/{name}/{proof}",
}
"""For those who write programs, what each process answers for itself, and where the service posts to itself."""


def path_of(entrance: str) -> str:
    return entrance.partition(" ")[2]


def test_of_what_needs_a_key_or_a_role_nothing_is_for_citizens() -> None:
    for entrance, permission in REQUIRED_BY_ROUTE.items():
        is_own = permission is Permission.MANAGE_OWN_SUBSCRIPTION
        assert is_for_citizens(path_of(entrance)) is is_own, entrance


def test_of_what_is_open_all_is_for_citizens_but_the_console_and_what_programmers_read() -> None:
    left = {one for one in OPEN_ROUTES if not is_for_citizens(path_of(one))}
    console = {one for one in left if path_of(one).startswith("/console/")}
    assert console
    assert left - console == OPEN_AND_NOT_FOR_CITIZENS


@asynccontextmanager
async def beside(service: Service) -> AsyncIterator[str]:
    """Where a process for citizens serves the same record."""
    app = citizens_application(service.parts)
    listener = socket.create_server((HOST, 0))
    server = server_of(app, service.parts.metrics, brief=app.state.receipt_posts.brief, ready=app.ready)
    running = asyncio.create_task(server.serve([listener]))
    try:
        yield f"http://{HOST}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await running
        listener.close()


@pytest.mark.parametrize(("processors", "turns"), [(1, 1), (2, 1), (4, 2), (6, 3), (64, 3)])
def test_sign_ups_keep_no_more_than_every_second_processor_busy_in_the_record(
    processors: int, turns: int
) -> None:
    assert turns_at_once(processors) == turns


async def test_so_many_have_a_turn_at_once_and_none_is_lost(service: Service) -> None:
    gate = citizens_application(service.parts).state.places.enrolments
    turns = turns_at_once(len(os.sched_getaffinity(0)))
    assert all([await gate.enter(str(number)) for number in range(turns)])
    waiting = asyncio.create_task(gate.enter("one more"))
    assert not (await asyncio.wait([waiting], timeout=0.01))[0]
    gate.leave("0")
    assert await waiting


async def test_people_subscribe_read_and_leave_there_and_nobody_submits(service: Service) -> None:
    await service.submit(warning(DUEREN))
    await service.parts.publisher.look(afresh=True)
    wish = {"endpoints": [], "places": [DUEREN]}
    async with beside(service) as url:

        async def ask(method: str, path: str, **more: Any) -> Any:
            async with service.session.request(method, url + path, **more) as answer:
                return answer.status, await answer.read()

        status, body = await ask("PUT", SUBSCRIBER, json=wish)
        assert status == 200
        own = {"Authorization": f"Bearer {json.loads(body)['token']}"}
        assert (await service.request("GET", SUBSCRIBER, key=json.loads(body)["token"])).status == 200, (
            "the API serves the same"
        )
        for path in (
            f"/v1/municipalities/{DUEREN}/alerts",
            "/app/dueren/",
            "/livez",
            "/readyz",
            "/v1/leave-number",
        ):
            assert (await ask("GET", path))[0] == 200, path
        assert (await ask("POST", "/v1/receipts", json={"receipt": "x", "state": "displayed"}))[0] == 204
        assert (await ask("DELETE", SUBSCRIBER, headers=own))[0] == 204
        signed = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/cap+xml"}
        assert (await ask("POST", "/v1/alerts", data=warning(DUEREN).xml(), headers=signed))[0] == 404
        for path in ("/v1/alerts", "/v1/instance", "/v1/openapi.json", "/console/live/sign-in", "/metrics"):
            assert (await ask("GET", path, headers=signed))[0] == 404, path


async def test_its_routes_are_those_of_the_table(service: Service) -> None:
    served = {str(one.entrance) for one in wired_routes(citizens_application(service.parts))}
    everything = {*OPEN_ROUTES, *REQUIRED_BY_ROUTE}
    wanted = {one for one in everything if is_for_citizens(path_of(one)) or path_of(one) in PROBES}
    assert served == wanted


LINES = "citizens-page.md"


def lines_of_the_page(addresses: dict[str, str]) -> str:
    """The lines for nginx, with the addresses of a test."""
    (lines,) = blocks(page(LINES), "nginx")
    for written, here in addresses.items():
        assert lines.count(written) == 1, written
        lines = lines.replace(written, here)
    return lines


@asynccontextmanager
async def upstream(name: str, asked: dict[str, str]) -> AsyncIterator[str]:
    """A server that says who it is, and notes what it was asked."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with ExitStack() as stack:
            stack.callback(writer.close)
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                method, target = head.split(" ")[:2]
                asked[f"{method} {target}"] = name
                assert "x-forwarded-for: 127.0.0.1" in head.lower()
                writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return

    server = await asyncio.start_server(served, HOST, 0)
    try:
        yield f"{HOST}:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def targets() -> Iterator[str]:
    """Every route, with something for what is in braces."""
    for entrance in sorted({*OPEN_ROUTES, *REQUIRED_BY_ROUTE}):
        yield re.sub(r"{\w+}", "05358008", entrance)


@pytest.mark.processes
async def test_a_proxy_with_the_lines_of_the_page_leads_each_route_to_its_process(tmp_path: Path) -> None:
    asked: dict[str, str] = {}
    port = free_port()
    async with upstream("api", asked) as api, upstream("citizens", asked) as citizens:
        lines = lines_of_the_page(
            {
                "127.0.0.1:8080": api,
                "127.0.0.1:8082": citizens,
                "server {\n": f"server {{ listen {HOST}:{port};\n",
            }
        )
        with nginx(tmp_path, lines, port):
            async with aiohttp.ClientSession() as session:
                for target in targets():
                    method, path = target.split(" ")
                    async with session.request(method, f"http://{HOST}:{port}{path}") as answer:
                        assert answer.status == 204, target
    assert set(asked) == set(targets())
    wrong = {
        one: name for one, name in asked.items() if is_for_citizens(path_of(one)) is not (name == "citizens")
    }
    assert not wrong
