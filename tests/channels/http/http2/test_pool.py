"""Connections of our own beside libcurl's: that they carry a mass send, and that nothing is lost where they fail."""

import asyncio
import time

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.curl.replay_guard import Connections
from channels.http.curl.transfer import HandleSettings
from channels.http.http2.connection import OwnConnection
from channels.http.http2.pool import MAX_CONNECTIONS, OwnConnections, own_tls, target_of
from channels.http.messages import Answer, BrokenAnswer, NoAnswer, Request, header_lines
from tests.channels.far_side import Stream, answer, closed_port, deaf_port, far_side, far_side_2

TIMEOUT_S = 5.0
LINES = header_lines({"TTL": "60"})


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return "asyncio", {"use_uvloop": request.param}


async def post(client, origin, body=b"body", timeout_s=TIMEOUT_S):
    return await client._exchange(Request(origin + "/push/1", LINES, body, timeout_s))


def own_of(client, side):
    gate = client._gates.get(side.origin)
    return gate.own if gate else None


async def warm(client, side):
    """Post until the next one would go over a connection of our own; returns how often that was."""
    for count in range(1, 500):
        await post(client, side.origin)
        own = own_of(client, side)
        if own is not None and own._connections and own._connections[0].room(100):
            return count
    raise AssertionError("no connection of our own came about")


def accept(stream):
    stream.answer(201)


async def test_a_mass_send_moves_to_a_connection_of_our_own(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
        await warm(client, side)
        answers = await asyncio.gather(*(post(client, side.origin) for _ in range(100)))
        writers = {id(stream.writer) for stream in side.streams[-100:]}
    assert [got.status for got in answers] == [201] * 100
    assert len(writers) == 1
    assert side.connections == 2
    assert {stream.body for stream in side.streams} == {b"body"}


async def test_before_many_answers_and_for_documents_libcurl_does_it(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=3)
        await post(client, side.origin)
        assert own_of(client, side) is None
        await warm(client, side)
        before = len(own_of(client, side)._connections[0]._state.streams)
        get = asyncio.create_task(client.get(side.origin + "/", {}, TIMEOUT_S, 10))
        await asyncio.sleep(0)
        assert len(own_of(client, side)._connections[0]._state.streams) == before
        assert (await get).status == 201


async def test_what_does_not_fit_goes_over_further_connections_and_libcurl(client_for, server_tls):
    held: list[Stream] = []
    all_there = asyncio.Event()

    def hold(stream):
        held.append(stream)
        if len(held) == 1100:
            all_there.set()

    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
        await warm(client, side)
        own = own_of(client, side)
        side.act = hold
        tasks = [asyncio.create_task(post(client, side.origin)) for _ in range(1100)]
        await all_there.wait()
        assert 1 < len(own._connections) <= MAX_CONNECTIONS
        for stream in held:
            stream.answer(201)
        answers = await asyncio.gather(*tasks)
    assert {got.status for got in answers} == {201}


async def test_a_refused_stream_and_one_beyond_goaway_are_sent_again_by_libcurl(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
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
    client_for, server_tls
):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
        await warm(client, side)
        side.act = lambda stream: stream.writer.transport.abort()
        with pytest.raises(NoAnswer, match="reset"):
            await post(client, side.origin)
        side.act = accept
        await warm(client, side)
        assert (await post(client, side.origin)).status == 201


async def test_nonsense_is_no_answer(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
        await warm(client, side)
        side.act = lambda stream: stream._write(1, 4, 0, b"")
        with pytest.raises(NoAnswer, match="protocol"):
            await post(client, side.origin)


async def test_what_is_not_answered_in_time_is_given_up_and_its_connection_with_it(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
        await warm(client, side)
        side.act = lambda stream: None
        patient = asyncio.create_task(post(client, side.origin))
        await asyncio.sleep(0)
        with pytest.raises(NoAnswer, match="timeout"):
            await post(client, side.origin, timeout_s=0.05)
        assert not own_of(client, side)._connections[0].room(1)
        assert not patient.done()
        side.streams[-2].answer(201)
        assert (await patient).status == 201


async def test_a_status_without_the_rest_is_a_broken_answer(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
        await warm(client, side)
        side.act = lambda stream: stream._write(1, 4, stream.number, b"\x08\x03503")
        with pytest.raises(BrokenAnswer, match="timeout") as caught:
            await post(client, side.origin, timeout_s=0.05)
    assert caught.value.answer == Answer(503)


async def test_cancelling_breaks_the_stream_off(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
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


async def test_closing_tells_who_waits(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
        await warm(client, side)
        side.act = lambda stream: None
        task = asyncio.create_task(post(client, side.origin))
        await asyncio.sleep(0)
        await client.aclose()
        with pytest.raises(NoAnswer, match="closed"):
            await task


async def test_closing_while_a_connection_is_being_made(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
        await post(client, side.origin)
        task = asyncio.create_task(post(client, side.origin))
        await asyncio.sleep(0)
        assert own_of(client, side)._connecting is not None
        await client.aclose()
        (outcome,) = await asyncio.gather(task, return_exceptions=True)
        assert isinstance(outcome, Answer) or outcome.code == "closed"
        assert own_of(client, side) is None


def connections_to(origin, ca_file, policy=None, timeout_s=TIMEOUT_S):
    settings = HandleSettings(
        policy=policy or AddressPolicy(frozenset({origin})),
        connections=Connections(),
        connect_timeout_s=timeout_s,
        ca_file=ca_file,
        user_agent="test",
    )
    return OwnConnections(origin, own_tls(ca_file), settings)


async def tried(own):
    """Ask once, and wait for what comes of it."""
    assert own.start(Request(own._origin + "/", LINES, b"", TIMEOUT_S), 0.0, print) is None
    await asyncio.wait([own._connecting])
    again = own.start(Request(own._origin + "/", LINES, b"", TIMEOUT_S), 0.0, print)
    assert again is None
    made, retried = len(own._connections), own._connecting is not None
    await own.aclose()
    return made, retried


async def test_an_address_that_the_policy_forbids_is_not_connected_to(ca_file, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        own = connections_to(side.origin, ca_file, AddressPolicy())
        assert await tried(own) == (0, False)
    assert side.connections == 0


async def test_a_server_that_cannot_be_verified_or_reached_or_speaks_otherwise_is_left_to_libcurl(
    ca_file, server_tls
):
    async with (
        far_side(tls=server_tls(name="elsewhere.example")) as stranger,
        far_side(tls=server_tls("http/1.1")) as older,
    ):
        nobody = f"https://127.0.0.1:{closed_port()}"
        nowhere = "https://nowhere.invalid"
        for origin in (stranger.origin, older.origin, nobody, nowhere):
            assert await tried(connections_to(origin, ca_file)) == (0, False)
        assert (stranger.seen, older.seen) == ([], [])


async def test_a_connection_that_takes_too_long_is_left_to_libcurl(ca_file):
    async with far_side(answer(200)) as side:  # in the clear: the handshake hangs
        origin = side.origin.replace("http:", "https:")
        assert await tried(connections_to(origin, ca_file, timeout_s=0.05)) == (0, False)


async def test_a_host_that_does_not_answer_the_connection_is_left_to_libcurl(ca_file):
    with deaf_port() as port:
        own = connections_to(f"https://127.0.0.1:{port}", ca_file, timeout_s=0.05)
        assert await tried(own) == (0, False)


async def test_a_connection_that_was_idle_for_long_is_closed(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
        await warm(client, side)
        (connection,) = own_of(client, side)._connections
        connection._sweep()
        assert not connection.retiring
        connection._used_at -= 1000
        connection._sweep()
        assert connection.retiring
        assert (await post(client, side.origin)).status == 201


async def test_headers_that_do_not_fit_a_frame_are_left_to_libcurl(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1)
        await warm(client, side)
        long = header_lines({"X-Long": "x" * 9000})
        request = Request(side.origin + "/", long, b"", TIMEOUT_S)
        assert own_of(client, side).start(request, 0.0, print) is None


async def test_headers_of_different_messages_and_lengths_are_kept_apart(ca_file):
    own = connections_to("https://127.0.0.1:8443", ca_file)
    lists = [header_lines({"TTL": str(number)}) for number in range(70)]
    seen = [own._fields_of(lines, 5) for lines in lists]
    assert seen[0] == (
        (b":authority", b"127.0.0.1:8443"),
        (b"user-agent", b"test"),
        (b"content-length", b"5"),
        (b"ttl", b"0"),
    )
    assert len(set(seen)) == 70
    assert own._fields_of(lists[-1], 5) is own._fields_of(lists[-1], 5) is seen[-1]
    assert own._fields_of(lists[-1], 6) != seen[-1]
    assert own._fields_of(lists[-1], 5) is seen[-1]
    assert len(own._fields) < 70


async def test_a_process_that_stood_still_writes_nothing_whose_time_is_over(client_for, server_tls):
    late = 0.0
    async with far_side_2(accept, server_tls("h2")) as side:
        client = client_for(side.origin, own_after=1, monotonic=lambda: time.monotonic() + late)
        await warm(client, side)
        before = len(side.streams)
        late = 2 * TIMEOUT_S
        with pytest.raises(NoAnswer, match="timeout"):
            await post(client, side.origin)
        late = 0.0
        assert (await post(client, side.origin)).status == 201
    assert len(side.streams) == before + 1


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("https://push.example/a/../b?c=/d", "/a/../b?c=/d"),
        ("https://push.example:443/a", "/a"),
        ("HTTPS://PUSH.example/A", "/A"),
        ("https://push.example", "/"),
        ("https://push.example?x=/y", "/?x=/y"),
    ],
)
def test_the_target_is_the_url_from_its_path_on(url, target):
    assert target_of(url) == target


async def test_what_is_paused_or_not_yet_open_takes_nothing():
    connection = OwnConnection(asyncio.get_running_loop(), "https://push.example")
    assert (connection.room(1), connection.retiring) == (False, True)
    connection.open = True
    connection.pause_writing()
    assert not connection.room(1)
    connection.resume_writing()
    connection.close()
    connection.connection_lost(None)
    assert connection.retiring


async def test_only_so_many_origins_get_connections_and_those_are_not_forgotten(client_for, server_tls):
    async with far_side_2(accept, server_tls("h2")) as side, far_side() as other:
        client = client_for(side.origin, other.origin, own_after=1, max_origins=1)
        await warm(client, side)
        await client.post(other.origin, {}, b"", TIMEOUT_S)
        assert own_of(client, side) is not None


def test_a_client_makes_no_tls_context_before_it_needs_one(ca_file):
    assert HttpClient(AddressPolicy(), ca_file=ca_file)._tls is None
