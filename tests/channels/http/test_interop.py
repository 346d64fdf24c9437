"""Our HTTP client against HTTP/2 servers that nobody here wrote: Node's, which is nghttp2, and nginx.

Both check what we say by their own reading of RFC 9113. They come from Debian's packages `nodejs` and `nginx`.
"""

import asyncio
import hashlib
import json
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import trustme

from channels.http.client import HttpClient
from channels.http.messages import Answer, HttpError, NoAnswer, Request, header_lines
from dispatcher.embedded.parent_death import with_parent_death_signal
from tests.channels.far_side import far_side, respond
from tests.support.nginx import free_port
from tests.support.nginx import nginx as run_nginx
from tests.support.programs import program

# A TLS connection that we close stays with the loop until the other side agrees; a client's end waits for nobody.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed resource <TCPTransport:ResourceWarning"),
    pytest.mark.processes,
]

TIMEOUT_S = 20.0
STARTS_WITHIN_S = 20.0
HOST = "127.0.0.1"
MANY = 600
LINES = header_lines({"TTL": "60", "Topic": "one", "Authorization": "vapid t=" + "x" * 200})
SERVER = Path(__file__).with_name("interop_server.mjs")
NGINX = """server {{
  listen {host}:{port} ssl http2; client_body_buffer_size 64k;
  ssl_certificate {certificate}; ssl_certificate_key {certificate};
  http2_max_concurrent_streams 100; keepalive_requests {requests};
  location / {{ proxy_pass {upstream}; }}
}}"""


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> Any:
    path = tmp_path / "server.pem"
    authority.issue_cert(HOST).private_key_and_cert_chain_pem.write_to_path(path)
    return path


class Server:
    """A process, and the client that speaks to it."""

    def __init__(self, process: Any, port: Any, client_for: Any) -> None:
        self.process = process
        self.port = port
        self.origin = f"https://{HOST}:{port}"
        self.pool = client_for(self.origin, http2_after=1)
        self.libcurl = client_for(self.origin, http2_after=sys.maxsize)

    async def post(self, path: Any, body: bytes = b"", client: Any = None) -> Any:
        client = client or self.pool
        return await client.fetch(Request(self.origin + path, LINES, body, TIMEOUT_S))

    async def warm(self) -> None:
        """Until the next request goes over a connection of our own."""
        while not self.connections():
            await self.post("/echo")

    def connections(self) -> list[Any]:
        pool = self.pool._http2._pools.get(self.origin)
        return [one for one in pool._connections if one.room(100)] if pool else []

    async def end(self, number: Any) -> None:
        """Until nobody listens any more."""
        self.process.send_signal(number)
        await asyncio.to_thread(await_port, self.port, opens=False)


@pytest.fixture
def node(certificate: Any, client_for: Callable[..., HttpClient]) -> Iterator[Server]:
    command = with_parent_death_signal(
        [program("node", "nodejs"), SERVER, certificate, certificate], death_signal=signal.SIGKILL
    )
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        yield Server(process, int(process.stdout.readline()), client_for)
        process.kill()


@pytest.fixture
def nginx(certificate: Any, client_for: Callable[..., HttpClient], tmp_path: Path) -> Iterator[Any]:
    """Starts nginx before an upstream, with a GOAWAY after so many requests on a connection."""
    with ExitStack() as running:

        def start(upstream: Any, requests: Any) -> Server:
            port = free_port()
            values = {"certificate": certificate, "requests": requests, "upstream": upstream}
            servers = NGINX.format(host=HOST, port=port, **values)
            return Server(running.enter_context(run_nginx(tmp_path, servers, port)).process, port, client_for)

        yield start


def await_port(port: Any, *, opens: Any) -> None:
    """Until somebody listens, or nobody does any more."""
    give_up = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < give_up:
        with socket.socket() as probe:
            if (probe.connect_ex((HOST, port)) == 0) == opens:
                return
        time.sleep(0.01)
    pytest.fail(f"port open: {not opens}")


def bodies(seed: Any) -> list[Any]:
    """Of many lengths, more than a frame's and more than a new stream's window among them."""
    chance = random.Random(seed)
    sizes = [*range(0, 3000, 10), *(chance.randrange(20_000) for _ in range(MANY - 300))]
    return [chance.randbytes(size) for size in sizes]


def digest(body: Any) -> Any:
    return hashlib.sha256(body).hexdigest()


async def test_node_gets_hundreds_of_requests_as_we_sent_them(node: Server) -> None:
    await node.warm()
    sent = bodies(1)
    answers = await asyncio.gather(*(node.post("/echo", body) for body in sent))
    assert {answer.status for answer in answers} == {201}
    got = [json.loads(answer.body) for answer in answers]
    assert [one["digest"] for one in got] == [digest(body) for body in sent]
    first = got[0]
    assert (first[":method"], first[":scheme"], first[":path"]) == ("POST", "https", "/echo")
    assert first[":authority"] == node.origin.removeprefix("https://")
    assert (first["ttl"], first["topic"], first["authorization"]) == ("60", "one", "vapid t=" + "x" * 200)


async def test_nodes_answers_are_read_alike_by_both_of_our_ways(node: Server) -> None:
    await node.warm()
    for client in (node.pool, node.libcurl):
        answer = await node.post("/echo", b"body", client)
        assert (answer.status, answer.header("location")) == (201, "/m/1")
        assert (await node.post("/long", b"", client)).body == b"x" * 60_000
        with pytest.raises(NoAnswer) as broken:
            await node.post("/broken", b"", client)
        assert broken.value.code == "reset"


async def test_many_long_answers_do_not_exhaust_a_window(node: Server) -> None:
    """18 MB, more than the window of the whole connection."""
    await node.warm()
    for _ in range(3):
        answers = await asyncio.gather(*(node.post("/long") for _ in range(100)))
        assert {len(answer.body) for answer in answers} == {60_000}


async def test_what_node_refuses_unread_is_sent_again(node: Server) -> None:
    await node.warm()
    assert (await node.post("/refused")).status == 201


async def test_after_nodes_goaway_another_connection_is_used(node: Server) -> None:
    await node.warm()
    before = node.connections()
    assert (await node.post("/goodbye")).status == 201
    answers = await asyncio.gather(*(node.post("/echo") for _ in range(100)))
    assert {answer.status for answer in answers} == {201}
    await node.warm()
    assert not set(before) & set(node.connections())


async def test_a_node_that_ends_in_an_orderly_way_answers_what_it_has(node: Server) -> None:
    await node.warm()
    waiting = [asyncio.ensure_future(node.post("/held")) for _ in range(40)]
    while (await node.post("/holding-40")).status != 201:  # by whatever connections they go
        pass
    await node.end(signal.SIGTERM)
    assert {answer.status for answer in await asyncio.gather(*waiting)} == {201}
    with pytest.raises(HttpError):
        await node.post("/echo")


async def created(seen: Any, writer: Any) -> None:
    writer.write(respond(201, {"Location": "/m/1"}, digest(seen.body).encode()))


async def test_nginx_gets_hundreds_of_requests_as_we_sent_them(nginx: Any) -> None:
    async with far_side(created) as upstream:
        server = nginx(upstream.origin, requests=100_000)
        await server.warm()
        sent = bodies(2)
        answers = await asyncio.gather(*(server.post("/echo", body) for body in sent))
    assert {answer.status for answer in answers} == {201}
    assert [answer.body.decode() for answer in answers] == [digest(body) for body in sent]
    assert all(seen.headers["ttl"] == "60" for seen in upstream.seen)


async def test_what_nginx_no_longer_takes_on_a_connection_goes_over_another(nginx: Any) -> None:
    """The third time, a part of the requests is beyond its GOAWAY."""
    async with far_side(created) as upstream:
        server = nginx(upstream.origin, requests=130)
        await server.warm()
        upstream.seen.clear()
        [pool] = server.connections()
        for _ in range(3):
            answers = await asyncio.gather(*(server.post("/echo") for _ in range(50)))
            assert {answer.status for answer in answers} == {201}
    assert pool.retiring
    assert len(upstream.seen) == 150


async def test_nginx_goes_away_all_the_time_and_nothing_is_sent_twice(nginx: Any) -> None:
    """Of some libcurl cannot tell any more whether they were acted upon: these have no answer, and are not repeated."""
    async with far_side(created) as upstream:
        server = nginx(upstream.origin, requests=40)
        await server.warm()
        upstream.seen.clear()
        outcomes = await asyncio.gather(
            *(server.post("/echo", b"%d" % number) for number in range(MANY)), return_exceptions=True
        )
    arrived = [int(seen.body) for seen in upstream.seen]
    answered = [number for number, one in enumerate(outcomes) if isinstance(one, Answer)]
    assert len(arrived) == len(set(arrived))
    assert set(answered) <= set(arrived)
    assert all(isinstance(one, (Answer, NoAnswer)) for one in outcomes)


async def test_an_nginx_that_ends_in_an_orderly_way_answers_what_it_has(nginx: Any) -> None:
    held, all_there, release = [], asyncio.Event(), asyncio.Event()

    async def hold(seen: Any, writer: Any) -> None:
        if seen.target == "/held":
            held.append(seen)
            if len(held) == 40:
                all_there.set()
            await release.wait()
        await created(seen, writer)

    async with far_side(hold) as upstream:
        server = nginx(upstream.origin, requests=100_000)
        await server.warm()
        waiting = [asyncio.ensure_future(server.post("/held")) for _ in range(40)]
        await all_there.wait()
        await server.end(signal.SIGQUIT)
        release.set()
        assert {answer.status for answer in await asyncio.gather(*waiting)} == {201}
        with pytest.raises(HttpError):
            await server.post("/echo")
