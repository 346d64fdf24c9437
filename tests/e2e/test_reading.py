"""A crowd behind a real nginx, as its operator configures it by `ops/docs/reading.md`."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from dispatcher.api.public.answering import PublicDocuments
from dispatcher.api.public.application import OpenParts, PublicDependencies, public_application
from dispatcher.api.public.streams.listeners import StreamLimits
from dispatcher.api.public.streams.telling import PublicStreams
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.metrics import Metrics
from dispatcher.publication.coverage import Coverage
from dispatcher.publication.editions import Edition
from dispatcher.publication.publisher import Publisher
from dispatcher.runtime.serving import server_of
from dispatcher.store.alerts.public import PublicRead
from tests.support.conditions import comes_true
from tests.support.messages import DUEREN, JUELICH
from tests.support.nginx import HOST, free_port, nginx, of_the_page
from tests.support.publication import found, warned

pytestmark = pytest.mark.processes

LIST = f"/v1/municipalities/{DUEREN}/alerts"


class Crowd:
    """The service, nginx before it, and clients of both."""

    def __init__(self, boundaries: Boundaries, home: Path) -> None:
        self.home = home
        self.metrics = Metrics()
        self.publisher = Publisher(self.unchanged, self.covered)
        self.looking: asyncio.Task[None] | None = None
        self.streams = PublicStreams(self.publisher, self.metrics, StreamLimits())
        parts: Any = OpenParts(self.streams, boundaries, None, UTC)  # no message is signed here
        self.app = public_application(PublicDependencies(self.publisher, parts, self.metrics, None))
        self.asked: Counter[str] = Counter()
        """What has reached the service."""
        self.url = ""
        self.port = 0
        self.session: Any = None
        self.stop: Any = None

    @property
    def documents(self) -> PublicDocuments:
        return self.app.public

    async def unchanged(self, _known: Any) -> PublicRead:
        """The record at the instant of what is published: nothing new."""
        assert self.publisher.edition
        return PublicRead(self.publisher.edition.in_force.now, frozenset(), ())

    async def covered(self) -> Coverage:
        return Coverage()

    async def publish(self, *warnings: Any) -> None:
        self.publisher.edition = Edition(found(*warnings))
        if self.looking is None:
            self.looking = asyncio.create_task(self.publisher.run())
        await self.streams.tell(self.publisher.edition)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        query = scope["query_string"].decode()
        self.asked[f"{scope['path']}?{query}" if query else scope["path"]] += 1
        await self.app(scope, receive, send)

    async def get(self, path: str = LIST, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.get(self.url + path, headers=named) as answer:
            return answer.status, answer.headers, await answer.read()


@pytest.fixture
async def crowd(boundaries: Boundaries, tmp_path: Path) -> AsyncIterator[Crowd]:
    crowd = Crowd(boundaries, tmp_path)
    async with serving(crowd) as (upstream, stop):
        port = free_port()
        with nginx(tmp_path, of_the_page(f"{HOST}:{upstream}", port, tmp_path), port):
            async with aiohttp.ClientSession(auto_decompress=False) as session:
                crowd.url, crowd.port = f"http://{HOST}:{port}", port
                crowd.session, crowd.stop = session, stop
                yield crowd
    if crowd.looking is not None:
        crowd.looking.cancel()


@asynccontextmanager
async def serving(crowd: Crowd) -> AsyncIterator[Any]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = server_of(crowd, crowd.metrics)
    running = asyncio.create_task(server.serve([listener]))

    async def stop() -> None:
        server.should_exit = True
        await running
        listener.close()

    try:
        yield listener.getsockname()[1], stop
    finally:
        await stop()


async def test_all_who_ask_at_once_are_one_to_the_service(crowd: Crowd) -> None:
    await crowd.publish(warned("A"))
    loop = asyncio.get_running_loop()
    for path in (LIST, f"{LIST}.atom", "/api31/dashboard/053580000000.json"):
        began, answers = loop.time(), []
        for _ in range(10):
            junk = [f"{path}?x={number}" for number in range(10)]
            answers += await asyncio.gather(
                *(crowd.get(one, accept_encoding="gzip") for one in (path, *junk))
            )
        assert {(status, body) for status, _, body in answers} == {(200, answers[0][2])}
        most = 1 + int(loop.time() - began)
        assert 1 <= crowd.asked[path] <= most
    assert not any("x=" in one for one in crowd.asked)


CONNECTIONS = 24
ALERT = "01K0Z3P8QJ5W2M7T4R6B1C9XAV"
OLD_LINK = "/v1/public/alerts/01K0Z3NDEKTSV4RRFFQ69G5FAV"
"""Of a warning that nobody knows any more."""
MIX = (
    *(
        f"/v1/municipalities/{ags}/{name}"
        for ags in (DUEREN, JUELICH)
        for name in (
            "alerts",
            "alerts?language=en",
            "alerts.atom",
            "alerts.geojson",
            "badge.svg",
            "badge.json",
        )
    ),
    "/v1/districts/05358/alerts",
    "/v1/public/alerts",
    "/api31/dashboard/053580000000.json",
    f"/api31/warnings/{ALERT}.json",
    f"/v1/public/alerts/{ALERT}/cap",
    OLD_LINK,
)
"""What a crowd asks for."""


async def asked_in_turn(port: int, number: int, count: int, targets: tuple[str, ...]) -> Counter[int]:
    """Ask for one after the other over one connection, the first by its number. How many had which status."""
    reader, writer = await asyncio.open_connection(HOST, port)
    found: Counter[int] = Counter()
    for nth in range(count):
        target = targets[(number + nth) % len(targets)]
        writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: gzip\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        await reader.readexactly(int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0]))
        found[int(head.split()[1])] += 1
    writer.close()
    return found


async def test_a_crowds_mix_costs_the_service_one_request_for_each_address_and_second(crowd: Crowd) -> None:
    requests = 10_000
    await crowd.publish(warned(ALERT))
    began = asyncio.get_running_loop().time()
    found = await asyncio.gather(
        *(asked_in_turn(crowd.port, number, requests // CONNECTIONS, MIX) for number in range(CONNECTIONS))
    )
    seconds = asyncio.get_running_loop().time() - began
    statuses = sum(found, Counter[int]())
    assert set(statuses) == {200, 404}
    assert statuses[404] == pytest.approx(requests / len(MIX), rel=0.1), "the link that is old"
    assert set(crowd.asked) == set(MIX)
    # One more for the first, and one for what is asked for when the clock is about to strike.
    assert max(crowd.asked.values()) <= 2 + seconds, (crowd.asked, seconds)


@pytest.mark.parametrize("path", [f"/v1/municipalities/{JUELICH}/alerts", OLD_LINK])
async def test_of_a_burst_on_an_address_that_nobody_has_asked_for_one_gets_through(
    crowd: Crowd, path: str
) -> None:
    await crowd.publish(warned("A"))
    began = asyncio.get_running_loop().time()
    found = await asyncio.gather(*(asked_in_turn(crowd.port, 0, 1, (path,)) for _ in range(60)))
    seconds = int(asyncio.get_running_loop().time() - began)
    assert len({tuple(one) for one in found}) == 1
    assert 1 <= crowd.asked[path] <= 1 + seconds, "an answer is kept for a second"


async def test_whoever_takes_no_gzip_gets_the_same_unpacked_and_tags_are_heeded(crowd: Crowd) -> None:
    await crowd.publish(warned("A"))
    _, packed_headers, packed = await crowd.get(accept_encoding="gzip")
    status, headers, plain = await crowd.get(accept_encoding="identity")
    assert (status, packed_headers["content-encoding"]) == (200, "gzip")
    assert "content-encoding" not in headers
    assert json.loads(plain)["alerts"]
    assert len(packed) < len(plain)
    status, _, body = await crowd.get(accept_encoding="gzip", if_none_match=packed_headers["etag"])
    assert (status, body) == (304, b"")
    assert headers["access-control-allow-origin"] == "*"
    english = json.loads((await crowd.get(f"{LIST}?language=en", accept_encoding="identity"))[2])
    assert english["alerts"][0]["alert"] == "A"
    assert crowd.asked[f"{LIST}?language=en"] == 1


async def test_a_position_is_never_kept_and_a_key_does_not_get_through(crowd: Crowd) -> None:
    await crowd.publish(warned("A"))
    position = "/v1/public/alerts?lat=50.8044&lon=6.4822"
    for _ in range(2):
        status, headers, _ = await crowd.get(
            position, authorization="Bearer wk_x", accept_encoding="identity"
        )
        assert (status, headers["cache-control"]) == (200, "no-store")
    assert crowd.asked[position] == 2
    assert (await crowd.get("/v1/alerts"))[0] == 404, "nginx knows no such path"


async def test_what_is_new_is_seen_within_seconds_and_after_any_pause(crowd: Crowd) -> None:
    await crowd.publish()
    assert await crowd_ids(crowd) == []
    await crowd.publish(warned("A"))
    async with asyncio.timeout(10):
        while True:
            if await crowd_ids(crowd) == ["A"]:
                break
            await asyncio.sleep(0.05)
    await crowd.publish(warned("B"))
    await asyncio.sleep(2.1)  # longer than a document may be shown while the next is fetched
    assert await crowd_ids(crowd) == ["B"], "the very first who asks after a pause gets what holds now"


async def crowd_ids(crowd: Crowd) -> list[str]:
    _, _, body = await crowd.get(accept_encoding="identity")
    return [one["alert"] for one in json.loads(body)["alerts"]]


async def test_where_the_service_is_gone_the_last_is_shown(crowd: Crowd) -> None:
    await crowd.publish(warned("A"))
    assert await crowd_ids(crowd) == ["A"]
    await crowd.stop()
    await asyncio.sleep(2.1)
    assert await crowd_ids(crowd) == ["A"]
    assert (await crowd.get(f"/v1/municipalities/{JUELICH}/alerts"))[0] in {502, 504}


async def test_streams_get_through_as_they_come(crowd: Crowd) -> None:
    await crowd.publish()
    async with crowd.session.get(f"{crowd.url}{LIST}.events") as first, asyncio.timeout(30):
        second = await crowd.session.get(f"{crowd.url}{LIST}.events")
        for answer in (first, second):
            assert answer.headers["content-type"] == "text/event-stream"
            await until_event(answer, b"event: snapshot\n")
        await crowd.publish(warned("A"))
        for answer in (first, second):
            await until_event(answer, b"event: new\n")
        second.close()
    await comes_true(lambda: not crowd.streams._listeners)


async def until_event(answer: Any, wanted: bytes) -> None:
    while await answer.content.readline() != wanted:
        pass
