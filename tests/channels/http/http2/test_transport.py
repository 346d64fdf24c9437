"""Our own HTTP/2 beside libcurl: that it carries a mass send, and that nothing is lost where it fails."""

import asyncio
import shutil
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.http2.pool import MAX_CONNECTIONS
from channels.http.messages import Answer, BrokenAnswer, NoAnswer, Request, header_lines
from tests.channels.far_side import Stream, far_side, far_side_2
from tests.channels.standstill import Clock
from tests.support.limited_loop import LimitedLoop, LimitedSelectorLoop

TIMEOUT_S = 5.0
LINES = header_lines({"TTL": "60"})


@pytest.fixture(params=[LimitedSelectorLoop, LimitedLoop], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    return "asyncio", {"loop_factory": request.param}


async def post(client: Any, origin: Any, body: bytes = b"body", timeout_s: Any = TIMEOUT_S) -> Any:
    return await client.fetch(Request(origin + "/push/1", LINES, body, timeout_s))


def pool_of(client: Any, side: Any) -> Any:
    return client._http2._pools.get(side.origin)


async def warm(client: Any, side: Any) -> Any:
    """Post until the next one would go over a connection of our own; returns how often that was."""
    for count in range(1, 500):
        await post(client, side.origin)
        pool = pool_of(client, side)
        if pool is not None and pool._connections and pool._connections[0].room(100):
            return count
    raise AssertionError("no connection of our own came about")


def accept(stream: Any) -> None:
    stream.answer(201)


async def test_a_mass_send_moves_to_a_connection_of_our_own(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        answers = await asyncio.gather(*(post(client, side.origin) for _ in range(100)))
        writers = {id(stream.writer) for stream in side.streams[-100:]}
    assert [got.status for got in answers] == [201] * 100
    assert len(writers) == 1
    assert side.connections == 2
    assert {stream.body for stream in side.streams} == {b"body"}


async def test_before_many_answers_and_for_documents_libcurl_does_it(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=3)
        await post(client, side.origin)
        assert pool_of(client, side) is None
        await warm(client, side)
        before = len(pool_of(client, side)._connections[0]._state.streams)
        get = asyncio.create_task(client.get(side.origin + "/", {}, TIMEOUT_S, 10))
        await asyncio.sleep(0)
        assert len(pool_of(client, side)._connections[0]._state.streams) == before
        assert (await get).status == 201


async def test_what_does_not_fit_goes_over_further_connections_and_libcurl(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    held: list[Stream] = []
    all_there = asyncio.Event()

    def hold(stream: Any) -> None:
        held.append(stream)
        if len(held) == 1100:
            all_there.set()

    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        pool = pool_of(client, side)
        side.act = hold
        tasks = [asyncio.create_task(post(client, side.origin)) for _ in range(1100)]
        await all_there.wait()
        assert 1 < len(pool._connections) <= MAX_CONNECTIONS
        for stream in held:
            stream.answer(201)
        answers = await asyncio.gather(*tasks)
    assert {got.status for got in answers} == {201}


async def test_a_refused_stream_and_one_beyond_goaway_are_sent_again_by_libcurl(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        count = len(side.streams)
        side.act = lambda stream: stream.refuse() if len(side.streams) == count + 1 else stream.answer(201)
        assert (await post(client, side.origin)).status == 201
        assert len(side.streams) == count + 2

        await warm(client, side)
        count = len(side.streams)
        side.act = lambda stream: stream.go_away(0) if len(side.streams) == count + 1 else stream.answer(201)
        assert (await post(client, side.origin)).status == 201
        assert len(side.streams) == count + 2


async def test_a_connection_that_breaks_leaves_everything_on_it_unanswered_and_is_replaced(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        side.act = lambda stream: stream.writer.transport.abort()
        with pytest.raises(NoAnswer, match="reset"):
            await post(client, side.origin)
        side.act = accept
        await warm(client, side)
        assert (await post(client, side.origin)).status == 201


async def test_nonsense_is_no_answer(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        side.act = lambda stream: stream._write(1, 4, 0, b"")
        with pytest.raises(NoAnswer, match="protocol"):
            await post(client, side.origin)


async def test_what_is_not_answered_in_time_is_given_up_and_its_connection_with_it(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        side.act = lambda stream: None
        patient = asyncio.create_task(post(client, side.origin))
        await asyncio.sleep(0)
        with pytest.raises(NoAnswer, match="timeout"):
            await post(client, side.origin, timeout_s=0.05)
        assert not pool_of(client, side)._connections[0].room(1)
        assert not patient.done()
        side.streams[-2].answer(201)
        assert (await patient).status == 201


async def test_a_status_without_the_rest_is_a_broken_answer(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        side.act = lambda stream: stream._write(1, 4, stream.number, b"\x08\x03503")
        with pytest.raises(BrokenAnswer, match="timeout") as caught:
            await post(client, side.origin, timeout_s=0.5)
    assert caught.value.answer == Answer(503)


async def test_cancelling_breaks_the_stream_off(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        arrived = asyncio.Event()
        side.act = lambda _: arrived.set()
        task = asyncio.create_task(post(client, side.origin))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        side.act = accept
        assert (await post(client, side.origin)).status == 201


async def test_closing_tells_who_waits(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        side.act = lambda stream: None
        task = asyncio.create_task(post(client, side.origin))
        await asyncio.sleep(0)
        await client.aclose()
        with pytest.raises(NoAnswer, match="closed"):
            await task


async def test_closing_while_a_connection_is_being_made(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await post(client, side.origin)
        task = asyncio.create_task(post(client, side.origin))
        await asyncio.sleep(0)
        assert pool_of(client, side)._connecting is not None
        await client.aclose()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(outcome, Answer) or outcome.code == "closed"
        assert pool_of(client, side) is None


async def test_a_connection_that_was_idle_for_long_is_closed(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        (connection,) = pool_of(client, side)._connections
        connection._sweep()
        assert not connection.retiring
        connection._used_at -= 1000
        connection._sweep()
        assert connection.retiring
        assert (await post(client, side.origin)).status == 201


async def test_headers_that_do_not_fit_a_frame_are_left_to_libcurl(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1)
        await warm(client, side)
        long = header_lines({"X-Long": "x" * 9000})
        request = Request(side.origin + "/", long, b"", TIMEOUT_S)
        assert pool_of(client, side).start(request, 0.0, print) is None


async def test_a_process_that_stood_still_writes_nothing_whose_time_is_over(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    clock = Clock()
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1, monotonic=clock)
        await warm(client, side)
        before = len(side.streams)
        posted = asyncio.create_task(post(client, side.origin))
        await asyncio.sleep(0)
        clock.ahead = 2 * TIMEOUT_S
        with pytest.raises(NoAnswer, match="timeout"):
            await posted
        assert (await post(client, side.origin)).status == 201
    assert len(side.streams) == before + 1


async def test_only_so_many_origins_get_connections_and_those_are_not_forgotten(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side, far_side() as other:
        client = client_for(side.origin, other.origin, http2_after=1, max_origins=1)
        await warm(client, side)
        await client.post(other.origin, {}, b"", TIMEOUT_S)
        assert pool_of(client, side) is not None


async def test_without_its_authorities_a_mass_send_stays_with_libcurl(
    client_for: Callable[..., HttpClient],
    server_tls: Callable[..., ssl.SSLContext],
    ca_file: str,
    tmp_path: Path,
) -> None:
    """As when no file descriptor is left to read them."""
    copy = tmp_path / "ca.pem"
    shutil.copy(ca_file, copy)
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, http2_after=1, ca_file=str(copy))
        assert (await post(client, side.origin)).status == 201
        copy.unlink()
        assert (await post(client, side.origin)).status == 201
        assert pool_of(client, side) is None
        shutil.copy(ca_file, copy)
        await warm(client, side)


async def test_beyond_the_bound_no_further_origin_gets_connections(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(accept, server_tls("h2")) as side, far_side_2(accept, server_tls("h2")) as other:
        client = client_for(side.origin, other.origin, http2_after=1, max_in_flight=2 * MAX_CONNECTIONS)
        await warm(client, side)
        for _ in range(3):
            assert (await post(client, other.origin)).status == 201
        assert pool_of(client, other) is None


def test_a_client_makes_no_tls_context_before_it_needs_one(ca_file: str) -> None:
    assert HttpClient(AddressPolicy(), ca_file=ca_file)._http2._tls is None
