"""The HTTP client against servers that behave and servers that do not, on both event loops."""

import asyncio
import gc
import os
import resource
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from channels.http.addresses import AddressPolicy
from channels.http.client import HttpClient
from channels.http.messages import (
    MAX_ANSWER_BYTES,
    Answer,
    BrokenAnswer,
    NoAnswer,
    NotSent,
    Refused,
    Request,
    header_lines,
)
from channels.http.transport import Exchange
from tests.channels.far_side import (
    answer,
    by_target,
    closed_port,
    deaf_port,
    drip,
    far_side,
    far_side_2,
    hang,
    raw,
    reset,
    reset_after,
    respond,
)
from tests.channels.standstill import Clock

HEADERS = {"Content-Type": "application/octet-stream", "TTL": "60"}
TIMEOUT_S = 20.0
SOON_S = 0.4
"""For an answer that does not come; any other may be late on a busy machine."""
SHORT_S = 0.05


@pytest.fixture(params=[False, True], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[Any, ...]:
    return "asyncio", {"use_uvloop": request.param}


async def post(client: Any, origin: Any, target: str = "/", timeout_s: Any = TIMEOUT_S) -> Any:
    return await client.post(origin + target, HEADERS, b"body", timeout_s)


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/prüf", "https://prüf.example/", "https://ü:p@push.example/"]
)
async def test_a_url_outside_of_ascii_is_refused_before_anything_takes_it(
    client_for: Callable[..., HttpClient], url: str
) -> None:
    with pytest.raises(Refused, match="url_malformed"):
        await client_for("https://127.0.0.1").post(url, HEADERS, b"body", TIMEOUT_S)


async def test_a_header_outside_of_ascii_is_refused_before_anything_takes_it(
    client_for: Callable[..., HttpClient],
) -> None:
    with pytest.raises(ValueError, match="'Sender'"):
        await client_for("https://127.0.0.1").post("https://127.0.0.1/", {"Sender": "Düren"}, b"", TIMEOUT_S)


async def test_posts_and_reads_status_headers_and_body(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(answer(201, {"Retry-After": "7"}, b"taken")) as side:
        got = await post(client_for(side.origin), side.origin, "/push/%2Fone?a=b")
    assert (got.status, got.body, got.header("retry-after"), got.header("x")) == (201, b"taken", "7", None)
    (seen,) = side.seen
    assert (seen.target, seen.body, seen.headers["ttl"]) == ("/push/%2Fone?a=b", b"body", "60")
    assert seen.headers["content-type"] == "application/octet-stream"


async def test_the_path_goes_out_as_it_stands(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        await post(client_for(side.origin), side.origin, "/a/../b/./c")
    assert side.seen[0].target == "/a/../b/./c"


async def test_reuses_connections(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        client = client_for(side.origin)
        for _ in range(3):
            await post(client, side.origin)
    assert [seen.connection for seen in side.seen] == [1, 1, 1]


async def test_leaves_no_trace_of_one_request_in_the_next(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(answer(200, {"Retry-After": "7"}, b"first")) as side:
        client = client_for(side.origin)
        await post(client, side.origin)
        side.react = answer(204)
        got = await client.post(side.origin + "/x", {"Content-Type": "text/plain"}, b"", TIMEOUT_S)
    assert (got.status, got.body, got.header("retry-after")) == (204, b"", None)
    assert "ttl" not in side.seen[1].headers
    assert side.seen[1].body == b""


async def test_tls_is_verified_against_the_given_authority(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side(tls=server_tls()) as side:
        assert (await post(client_for(side.origin), side.origin)).status == 201


async def test_tls_with_a_foreign_authority_sends_nothing(server_tls: Callable[..., ssl.SSLContext]) -> None:
    async with far_side(tls=server_tls()) as side:
        client = HttpClient(AddressPolicy(frozenset({side.origin})))
        with pytest.raises(NotSent, match="tls"):
            await post(client, side.origin)
        await client.aclose()
    assert side.seen == []


async def test_tls_with_a_certificate_for_another_name_sends_nothing(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side(tls=server_tls(name="elsewhere.example")) as side:
        with pytest.raises(NotSent, match="tls"):
            await post(client_for(side.origin), side.origin)
    assert side.seen == []


async def test_something_else_than_tls_on_the_port_sends_nothing(
    client_for: Callable[..., HttpClient],
) -> None:
    async def greet(_reader: Any, writer: Any) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        origin = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(NotSent, match="tls"):
            await post(client_for(origin), origin)


async def test_http_2_shares_one_connection(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(lambda stream: stream.answer(201), server_tls("h2")) as side:
        client = client_for(side.origin)
        answers = await asyncio.gather(*(post(client, side.origin, f"/{n}") for n in range(50)))
    assert [got.status for got in answers] == [201] * 50
    assert side.connections == 1
    assert {stream.body for stream in side.streams} == {b"body"}


async def test_http_2_shares_the_next_connection_too_when_the_first_is_ended(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    """And a request that hangs on it holds nobody up."""

    def act(stream: Any) -> None:
        if stream.body != b"hang":
            stream.answer(201)
        if len(stream.side.streams) == 1:
            stream.go_away(stream.number)

    async with far_side_2(act, server_tls("h2")) as side:
        client = client_for(side.origin)
        await post(client, side.origin)
        hanging = asyncio.create_task(client.post(side.origin, HEADERS, b"hang", TIMEOUT_S))
        await asyncio.sleep(0)
        answers = await asyncio.gather(*(post(client, side.origin) for _ in range(50)))
        assert not hanging.done()
        hanging.cancel()
        await asyncio.wait([hanging])
    assert [got.status for got in answers] == [201] * 50
    assert side.connections == 2


@pytest.mark.parametrize("protocols", [None, (), ("http/1.1",)], ids=["clear", "tls", "tls-alpn"])
async def test_without_http_2_a_slow_request_holds_no_other_back(
    client_for: Callable[..., HttpClient],
    server_tls: Callable[..., ssl.SSLContext],
    protocols: tuple[Any, ...] | None,
) -> None:
    tls = None if protocols is None else server_tls(*protocols)
    async with far_side(by_target({"/slow": hang}, answer(201)), tls) as side:
        client = client_for(side.origin)
        slow = asyncio.create_task(post(client, side.origin, "/slow"))
        await asyncio.sleep(0)
        answers = await asyncio.gather(*(post(client, side.origin) for _ in range(5)))
        assert not slow.done()
        slow.cancel()
        await asyncio.wait([slow])
    assert [got.status for got in answers] == [201] * 5


async def test_http_2_connection_that_ends_unanswered_is_not_asked_again(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    """libcurl would repeat the request on a fresh connection; whether to do so is not for the client."""

    def act(stream: Any) -> None:
        if len(stream.side.streams) == 1:
            stream.answer(201)
        else:
            stream.writer.transport.abort()

    async with far_side_2(act, server_tls("h2")) as side:
        client = client_for(side.origin)
        await post(client, side.origin)
        with pytest.raises(NoAnswer):
            await post(client, side.origin)
    assert len(side.streams) == 2


async def test_http_2_stream_that_the_server_refused_is_asked_again(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    """REFUSED_STREAM says that nothing was done (RFC 9113 section 8.7); libcurl repeats it on a new connection."""

    def act(stream: Any) -> None:
        if len(stream.side.streams) == 2:
            stream.refuse()
        else:
            stream.answer(201)

    async with far_side_2(act, server_tls("h2")) as side:
        client = client_for(side.origin)
        answers = [await post(client, side.origin) for _ in range(2)]
    assert [got.status for got in answers] == [201, 201]
    assert len(side.streams) == 3


async def test_http_2_first_stream_refused_is_not_answered(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(lambda stream: stream.refuse(), server_tls("h2")) as side:
        with pytest.raises(NoAnswer):
            await post(client_for(side.origin), side.origin, timeout_s=SOON_S)


async def test_kept_alive_connection_that_breaks_is_not_asked_again(
    client_for: Callable[..., HttpClient],
) -> None:
    async with far_side() as side:
        client = client_for(side.origin)
        await post(client, side.origin)
        side.react = reset
        with pytest.raises(NoAnswer, match="reset"):
            await post(client, side.origin)
    assert len(side.seen) == 2


@pytest.mark.parametrize("protocols", [None, ("h2",)], ids=["clear", "h2"])
async def test_a_process_that_stood_still_sends_nothing_whose_time_is_over(
    client_for: Callable[..., HttpClient],
    server_tls: Callable[..., ssl.SSLContext],
    protocols: tuple[Any, ...] | None,
) -> None:
    async with (
        far_side_2(lambda stream: stream.answer(201), server_tls("h2"))
        if protocols
        else far_side(answer(201)) as side
    ):
        clock = Clock()
        client = client_for(side.origin, monotonic=clock)
        posted = asyncio.create_task(post(client, side.origin))
        await asyncio.sleep(0)
        clock.ahead = 2 * TIMEOUT_S
        with pytest.raises(NotSent, match="timeout_connect"):
            await posted
    assert not (side.streams if protocols else side.seen)


async def test_unresolvable_name_sends_nothing(client_for: Callable[..., HttpClient]) -> None:
    with pytest.raises(NotSent, match=r"dns https://nowhere\.invalid$"):
        await client_for().post("https://nowhere.invalid/secret", HEADERS, b"", TIMEOUT_S)


async def test_closed_port_sends_nothing(client_for: Callable[..., HttpClient]) -> None:
    origin = f"http://127.0.0.1:{closed_port()}"
    with pytest.raises(NotSent) as caught:
        await post(client_for(origin), origin, "/secret")
    assert (caught.value.code, caught.value.origin) == ("connect", origin)


async def test_host_that_does_not_answer_the_connection(client_for: Callable[..., HttpClient]) -> None:
    with deaf_port() as port:
        origin = f"http://127.0.0.1:{port}"
        with pytest.raises(NotSent, match="timeout_connect"):
            await post(client_for(origin, connect_timeout_s=SHORT_S), origin)


async def test_tls_handshake_that_hangs_sends_nothing(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(hang) as side:
        with deaf_port() as port:
            origin = f"https://127.0.0.1:{port}"
            with pytest.raises(NotSent, match="timeout_connect"):
                await post(client_for(origin), origin, timeout_s=SHORT_S)
    assert side.seen == []


async def test_no_file_descriptor_left_sends_nothing(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side, far_side() as other:
        warm, cold = client_for(side.origin, other.origin), client_for(side.origin)
        await post(warm, other.origin)
        limit = _exhaust_descriptors()
        try:
            with pytest.raises(NotSent, match="connect"):
                await post(warm, side.origin)
            with pytest.raises(NotSent, match="no_resources"):
                await post(cold, side.origin)
            outcomes = []
            cold.abort(cold.submit(Request(side.origin + "/", [], b"", TIMEOUT_S), outcomes.append))
        finally:
            _restore_descriptors(limit)
        assert side.seen == []
        assert (await post(cold, side.origin)).status == 201
        assert outcomes == []


def _exhaust_descriptors() -> tuple[Any, ...]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    probe = os.dup(0)  # the lowest free number: everything above is out of bounds from now on
    os.close(probe)
    resource.setrlimit(resource.RLIMIT_NOFILE, (probe, hard))
    return soft, hard


def _restore_descriptors(limit: Any) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def patience(code: str) -> float:
    return SOON_S if code == "timeout" else TIMEOUT_S


@pytest.mark.parametrize(
    ("react", "code"),
    [
        (hang, "timeout"),
        (reset, "reset"),
        (raw(b"", close=True), "reset"),
        (raw(b"220 mail.example ESMTP\r\n\r\n", close=True), "protocol"),
        (raw(b"HTTP/1.1 20", close=True), "reset"),
        (raw(b"HTTP/1.1 20x X\r\n\r\n", close=True), "protocol"),
        (reset_after(b"HTTP/1.1 201 Created\r\nContent-"), "reset"),
        (raw(b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n", close=True), "reset"),
        (drip(b"x", head=b"HTTP/1.1 201 Created\r\nX: "), "timeout"),
    ],
    ids=["hang", "reset", "close", "smtp", "half-status", "odd-status", "half-header", "only-103", "loris"],
)
async def test_sent_but_no_status(client_for: Callable[..., HttpClient], react: Any, code: str) -> None:
    async with far_side(react) as side:
        with pytest.raises(NoAnswer) as caught:
            await post(client_for(side.origin), side.origin, "/secret", timeout_s=patience(code))
    assert (caught.value.code, caught.value.origin) == (code, side.origin)
    assert len(side.seen) == 1


@pytest.mark.parametrize(
    ("react", "code"),
    [
        (answer(201, {"Retry-After": "3"}, b"x" * (MAX_ANSWER_BYTES + 1)), "oversized"),
        (raw(respond(201, {"Retry-After": "3"}, b"x" * 100)[:-1], close=True), "truncated"),
        (reset_after(respond(201, {"Retry-After": "3"}, b"x" * 100)[:-1]), "truncated"),
        (drip(b"x", head=respond(201, {"Retry-After": "3"}, b"x" * 9999)[:-9999]), "timeout"),
    ],
    ids=["oversized", "cut", "reset", "loris"],
)
async def test_status_but_no_whole_body(client_for: Callable[..., HttpClient], react: Any, code: str) -> None:
    async with far_side(react) as side:
        with pytest.raises(BrokenAnswer, match=code) as caught:
            await post(client_for(side.origin), side.origin, timeout_s=patience(code))
    got = caught.value.answer
    assert (got.status, got.header("Retry-After"), got.body) == (201, "3", b"")


async def test_body_of_exactly_the_limit_is_read(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(answer(200, {}, b"x" * MAX_ANSWER_BYTES)) as side:
        assert len((await post(client_for(side.origin), side.origin)).body) == MAX_ANSWER_BYTES


async def test_early_hints_are_skipped(client_for: Callable[..., HttpClient]) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nRetry-After: 9\r\n\r\n"
    async with far_side(raw(hints + respond(429, {"Retry-After": "4"}))) as side:
        got = await post(client_for(side.origin), side.origin)
    assert (got.status, got.header("retry-after")) == (429, "4")


async def test_fetches_documents_larger_than_answers(client_for: Callable[..., HttpClient]) -> None:
    document = b"x" * (MAX_ANSWER_BYTES + 1)
    async with far_side(answer(200, {"ETag": "e"}, document)) as side:
        client = client_for(side.origin)
        got = await client.get(side.origin + "/feed", {"Accept": "application/xml"}, TIMEOUT_S, len(document))
        with pytest.raises(BrokenAnswer, match="oversized"):
            await client.get(side.origin + "/feed", {}, TIMEOUT_S, len(document) - 1)
        side.react = answer(201)
        assert (await post(client, side.origin)).status == 201
    assert (got.body, got.header("etag")) == (document, "e")
    assert [(seen.method, seen.body) for seen in side.seen] == [("GET", b""), ("GET", b""), ("POST", b"body")]


async def test_many_origins_are_forgotten_but_not_who_waits_for_one(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side_2(lambda stream: stream.answer(201), server_tls("h2")) as side, far_side() as other:
        client = client_for(side.origin, other.origin, max_origins=1)
        first = asyncio.create_task(post(client, side.origin))
        second = asyncio.create_task(post(client, side.origin))
        await asyncio.sleep(0)
        answers = await asyncio.gather(post(client, other.origin), first, second)
        assert (await post(client, side.origin)).status == 201
    assert [got.status for got in answers] == [201] * 3


async def test_closing_tells_who_waits_for_the_first_connection(
    client_for: Callable[..., HttpClient],
) -> None:
    with deaf_port() as port:
        origin = f"https://127.0.0.1:{port}"
        client = client_for(origin)
        tasks = [asyncio.create_task(post(client, origin)) for _ in range(3)]
        await asyncio.sleep(0)
        await client.aclose()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [(type(error), error.code) for error in outcomes] == [(NotSent, "closed")] * 3


async def test_who_waits_for_the_first_connection_has_a_timeout(
    client_for: Callable[..., HttpClient],
) -> None:
    with deaf_port() as port:
        origin = f"https://127.0.0.1:{port}"
        client = client_for(origin)
        first = asyncio.create_task(post(client, origin))
        await asyncio.sleep(0)
        with pytest.raises(NotSent, match="timeout_queue"):
            await post(client, origin, timeout_s=SHORT_S)
        first.cancel()
        await asyncio.wait([first])


async def test_who_waited_and_was_started_is_not_given_up(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(by_target({"/slow": hang}, answer(201))) as side:
        client = client_for(side.origin, max_in_flight=1)
        first, second = (asyncio.create_task(post(client, side.origin, timeout_s=SOON_S)) for _ in range(2))
        assert [(await one).status for one in (first, second)] == [201, 201]
        with pytest.raises(NoAnswer):
            await post(client, side.origin, "/slow", timeout_s=2 * SOON_S)


async def test_who_waited_for_the_first_connection_and_was_started_is_not_given_up(
    client_for: Callable[..., HttpClient], server_tls: Callable[..., ssl.SSLContext]
) -> None:
    async with far_side(tls=server_tls("http/1.1")) as side:
        client = client_for(side.origin)
        over = asyncio.Event()
        outcomes = []

        def done(outcome: Any) -> None:
            outcomes.append(outcome)
            if len(outcomes) == 2:
                over.set()

        request = Request(side.origin + "/", [], b"", TIMEOUT_S)
        _, second = client.submit(request, done), client.submit(request, done)
        assert list(client._origins[side.origin].followers) == [second]
        await over.wait()
        client._give_up(second)  # as its timer will
        assert [outcome.status for outcome in outcomes] == [201, 201]


async def test_who_waits_for_the_first_connection_may_be_cancelled(
    client_for: Callable[..., HttpClient],
) -> None:
    with deaf_port() as port:
        origin = f"https://127.0.0.1:{port}"
        client = client_for(origin)
        first, second = (asyncio.create_task(post(client, origin)) for _ in range(2))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        assert not client._origins[origin].followers
        assert not first.done()
        await client.aclose()
        assert isinstance((await asyncio.gather(first, return_exceptions=True))[0], NotSent)


async def test_redirects_are_answers(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as inner:
        async with far_side(answer(302, {"Location": inner.origin + "/steal"})) as side:
            got = await post(client_for(side.origin, inner.origin), side.origin)
        assert (got.status, inner.seen) == (302, [])


async def test_cookies_are_not_kept(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(answer(201, {"Set-Cookie": "a=b"})) as side:
        client = client_for(side.origin)
        await post(client, side.origin)
        await post(client, side.origin)
    assert "cookie" not in side.seen[1].headers


async def test_proxies_and_passwords_of_the_environment_are_ignored(
    client_for: Callable[..., HttpClient], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with far_side() as proxy, far_side() as side:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        await post(client_for(side.origin), side.origin)
    assert (len(side.seen), proxy.seen) == (1, [])
    assert "authorization" not in side.seen[0].headers


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://127.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0177.0.0.1/",
        "https://0.0.0.0/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fd00:ec2::254]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://100.64.0.1/",
        "https://192.168.0.1/",
    ],
)
async def test_private_addresses_are_refused_when_the_socket_is_opened(
    client_for: Callable[..., HttpClient], url: str
) -> None:
    with pytest.raises(Refused, match="private_address"):
        await client_for().post(url, HEADERS, b"", TIMEOUT_S)


async def test_a_name_that_leads_to_an_inner_address_is_refused_by_the_address(
    client_for: Callable[..., HttpClient],
) -> None:
    """As with DNS rebinding: what the name was before does not matter."""
    async with far_side() as side:
        port = side.origin.rpartition(":")[2]
        client = client_for(f"https://localhost:{port}")  # another scheme is another origin
        with pytest.raises(Refused, match="url_not_https"):
            await client.post(f"http://localhost:{port}/", HEADERS, b"", TIMEOUT_S)
    with pytest.raises(Refused, match="private_address"):
        await client_for(side.origin).post("https://localhost/", HEADERS, b"", TIMEOUT_S)
    assert side.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/steal",
        "https://localhost/steal",
        "{origin}.evil.invalid/steal",
        "{origin}@evil.invalid/steal",
        "{origin}9/steal",
        "{origin}\\\\@evil.invalid/steal",
    ],
)
async def test_the_origin_that_a_sender_names_is_not_believed_where_the_url_is_another(
    client_for: Callable[..., HttpClient], url: str
) -> None:
    async with far_side() as side:
        client = client_for(side.origin)
        await post(client, side.origin)
        request = Request(url.format(origin=side.origin), [], b"", TIMEOUT_S, origin=side.origin)
        with pytest.raises((Refused, NotSent)):
            await client.fetch(request)
    assert len(side.seen) == 1


async def test_the_origin_that_a_sender_names_spares_asking_again(
    client_for: Callable[..., HttpClient],
) -> None:
    async with far_side() as side:
        client = client_for(side.origin)
        request = Request(side.origin + "/", [], b"", TIMEOUT_S, origin=side.origin)
        for _ in range(2):
            assert (await client.fetch(request)).status == 201
    assert list(client._origins) == [side.origin]


@pytest.mark.parametrize("protocols", [None, ("h2",)], ids=["clear", "h2"])
async def test_a_message_leaves_nothing_to_the_garbage_collector(
    client_for: Callable[..., HttpClient],
    server_tls: Callable[..., ssl.SSLContext],
    protocols: tuple[Any, ...] | None,
) -> None:
    async with (
        far_side_2(lambda stream: stream.answer(201), server_tls("h2"))
        if protocols
        else far_side(answer(201)) as side
    ):
        client = client_for(side.origin, http2_after=1)
        gc.collect()
        gc.disable()
        try:
            for _ in range(20):  # over libcurl and, in the end, over our own HTTP/2 where it is spoken
                await post(client, side.origin)
            assert [one for one in gc.get_objects() if isinstance(one, Exchange)] == []
        finally:
            gc.enable()
    assert client._http2.holds(side.origin) == bool(protocols)


async def test_refused_urls_are_not_quoted(client_for: Callable[..., HttpClient]) -> None:
    with pytest.raises(Refused) as caught:
        await client_for().post("https://user:secret@push.example/token", HEADERS, b"", TIMEOUT_S)
    assert str(caught.value) == "url_malformed"


async def test_cancelling_breaks_the_transfer_off(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(hang) as side:
        client = client_for(side.origin)
        task = asyncio.create_task(post(client, side.origin))
        await side.arrived.wait()
        (connection,) = side.open
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await connection.wait_closed()
        side.react = answer(200)
        assert (await post(client, side.origin)).status == 200


async def test_cancelling_while_the_answer_is_already_there_is_harmless(
    client_for: Callable[..., HttpClient],
) -> None:
    async with far_side() as side:
        client = client_for(side.origin)
        for _ in range(20):
            task = asyncio.create_task(post(client, side.origin))
            await side.arrived.wait()
            side.arrived.clear()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert (await post(client, side.origin)).status == 201


async def test_requests_beyond_the_cap_wait_for_their_turn(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        client = client_for(side.origin, max_in_flight=2)
        answers = await asyncio.gather(*(post(client, side.origin, f"/{n}") for n in range(10)))
    assert [got.status for got in answers] == [201] * 10
    assert side.connections <= 2


async def test_waiting_for_a_turn_counts_towards_the_timeout(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(hang) as side:
        client = client_for(side.origin, max_in_flight=1)
        first = asyncio.create_task(post(client, side.origin))
        await side.arrived.wait()
        with pytest.raises(NotSent, match="timeout_queue"):
            await post(client, side.origin, timeout_s=SHORT_S)
        first.cancel()
        await asyncio.wait([first])
    assert len(side.seen) == 1


async def test_cancelling_who_waits_frees_the_place(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(hang) as side:
        client = client_for(side.origin, max_in_flight=1)
        first = asyncio.create_task(post(client, side.origin))
        await side.arrived.wait()
        second = asyncio.create_task(post(client, side.origin))
        third = asyncio.create_task(post(client, side.origin, "/third"))
        await asyncio.sleep(0)
        second.cancel()
        await asyncio.wait([second])
        side.react = answer(200)
        first.cancel()
        assert (await third).status == 200
    assert [seen.target for seen in side.seen] == ["/", "/third"]


async def test_closing_tells_everybody_who_waits(client_for: Callable[..., HttpClient]) -> None:
    async with far_side(hang) as side:
        client = client_for(side.origin, max_in_flight=1)
        first = asyncio.create_task(post(client, side.origin))
        await side.arrived.wait()
        second = asyncio.create_task(post(client, side.origin))
        await asyncio.sleep(0)
        await client.aclose()
        outcomes = await asyncio.gather(first, second, return_exceptions=True)
    assert [(type(error), error.code) for error in outcomes] == [(NoAnswer, "closed"), (NotSent, "closed")]


async def test_closing_before_anything_was_sent_says_so(client_for: Callable[..., HttpClient]) -> None:
    client = client_for("http://127.0.0.1:9")
    outcomes = []
    client.submit(Request("http://127.0.0.1:9/", [], b"", TIMEOUT_S), outcomes.append)
    await client.aclose()
    assert [type(outcome) for outcome in outcomes] == [NotSent]


async def test_a_finished_transfer_cannot_be_aborted_any_more(client_for: Callable[..., HttpClient]) -> None:
    async with far_side() as side:
        client = client_for(side.origin)
        done = asyncio.get_running_loop().create_future()
        transfer = client.submit(Request(side.origin + "/", header_lines(HEADERS), b"", 5), done.set_result)
        assert isinstance(await done, Answer)
        client.abort(transfer)
        assert (await post(client, side.origin)).status == 201


async def test_equal_headers_of_the_same_list_are_set_once_and_sent_each_time(
    client_for: Callable[..., HttpClient],
) -> None:
    async with far_side() as side:
        client = client_for(side.origin)
        lines = header_lines(HEADERS)
        for _ in range(2):
            done = asyncio.get_running_loop().create_future()
            client.submit(Request(side.origin + "/", lines, b"", TIMEOUT_S), done.set_result)
            await done
    assert [seen.headers["ttl"] for seen in side.seen] == ["60", "60"]


async def test_different_paths_may_fare_differently(client_for: Callable[..., HttpClient]) -> None:
    react = by_target({"/bad": reset, "/slow": hang}, answer(201))
    async with far_side(react) as side:
        client = client_for(side.origin)
        targets = ["/a", "/bad", "/b", "/slow", "/c"]
        waited = {"/slow": SOON_S}
        outcomes = await asyncio.gather(
            *(post(client, side.origin, target, waited.get(target, TIMEOUT_S)) for target in targets),
            return_exceptions=True,
        )
    assert [getattr(outcome, "status", 0) for outcome in outcomes] == [201, 0, 201, 0, 201]


def test_the_wrong_authority_file_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")
    with pytest.raises(FileNotFoundError):
        HttpClient(AddressPolicy())
