"""What a body may be, before anything looks at it."""

import asyncio
import gzip
import io
from typing import Any

import aiohttp
import pytest
from starlette.requests import Request

from dispatcher.api import body
from tests.api.conftest import CAP, KEY, OTHER_KEY, Service
from tests.support.histories import until
from tests.support.submissions import stored, warning


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "application/cap"])
async def test_another_media_type_is_refused(service: Service, content_type: str) -> None:
    (await service.submit(warning(), content_type=content_type)).problem(415, "unsupported-media-type")
    assert service.refusals() == {"unsupported-media-type": 1}


@pytest.mark.parametrize("content_type", [f"{CAP}; charset=utf-8", "application/xml", "Text/XML"])
async def test_the_media_types_of_cap_are_taken(service: Service, content_type: str) -> None:
    assert (await service.submit(warning(), content_type=content_type)).status == 201


async def test_a_compressed_body_is_refused_unread(service: Service) -> None:
    answer = await service.submit(gzip.compress(warning().xml()), content_encoding="gzip")
    answer.problem(415, "unsupported-media-type")


async def test_three_megabytes_are_too_large(service: Service, pool: Any) -> None:
    body = io.BytesIO(b"<alert>" + b" " * 3_000_000)
    answer = await service.request("POST", "/v1/alerts", body, content_type=CAP)
    problem = answer.problem(413, "too-large")
    assert problem["max_bytes"] == 2_000_000
    assert service.refusals() == {"too-large": 1}
    assert await stored(pool) == 0


async def test_a_body_without_a_length_is_cut_off_at_the_limit(service: Service) -> None:
    async def chunks() -> Any:
        for _ in range(40):
            yield b" " * 100_000

    try:
        answer = await service.request("POST", "/v1/alerts", chunks(), content_type=CAP)
    except aiohttp.ClientError:
        pass  # the server had answered and closed while we were still sending
    else:
        answer.problem(413, "too-large")
    assert service.refusals() == {"too-large": 1}


async def test_a_chunked_body_within_the_limit_is_taken(service: Service) -> None:
    async def chunks() -> Any:
        body = warning().xml()
        for start in range(0, len(body), 100):
            yield body[start : start + 100]

    assert (await service.request("POST", "/v1/alerts", chunks(), content_type=CAP)).status == 201


async def test_a_body_that_breaks_off_is_incomplete_and_no_fault_of_ours(service: Service) -> None:
    body = warning().xml()
    head = (
        f"POST /v1/alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: {CAP}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    _, writer = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
    writer.write(head.encode() + body[:200])
    await writer.drain()
    writer.close()

    async def counted() -> Any:
        return bool(service.refusals())

    await until(counted)
    assert service.refusals() == {"incomplete": 1}


@pytest.mark.parametrize(
    ("received", "seconds"), [(0, 10), (16_384, 11), (1_000_000, 71), (2_000_000, 132), (10**9, 150)]
)
def test_a_body_may_take_as_long_as_at_the_least_pace(received: int, seconds: int) -> None:
    assert round(body.time_for(received)) == seconds


async def begun(service: Service, first: bytes) -> Any:
    head = (
        f"POST /v1/alerts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {KEY}\r\n"
        f"Content-Type: {CAP}\r\nContent-Length: 100000\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", int(service.url.rpartition(":")[2]))
    writer.write(head.encode() + first)
    return reader, writer


async def test_a_body_that_stalls_is_not_waited_for(service: Service, env: pytest.MonkeyPatch) -> None:
    env.setattr(body, "FIRST_S", 0.1)
    env.setattr(body, "PACE_BYTES_PER_S", 1_000_000)
    reader, writer = await begun(service, b" " * 50_000)
    answer = await asyncio.wait_for(reader.read(), 30)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"connection: close" in answer
    assert service.refusals() == {"incomplete": 1}
    writer.close()


async def test_a_body_that_comes_slowly_is_waited_for(service: Service, env: pytest.MonkeyPatch) -> None:
    """Each piece earns the time for the next."""
    env.setattr(body, "FIRST_S", 0.01)
    env.setattr(body, "PACE_BYTES_PER_S", 100)
    reader, writer = await begun(service, b" " * 50_000)
    for _ in range(50):
        writer.write(b" " * 1_000)
        await asyncio.sleep(0)
        await service.request("GET", "/livez", key=None)
    assert (await asyncio.wait_for(reader.readline(), 30)).startswith(b"HTTP/1.1 400 ")
    assert service.refusals() == {"malformed": 1}
    writer.close()


async def test_what_one_key_has_in_receipt_is_bounded_and_others_have_their_own(
    service: Service, env: pytest.MonkeyPatch
) -> None:
    env.setattr(body, "RECEIPT_BYTES", 100_000)
    stalled = [await begun(service, b" " * 49_000) for _ in range(2)]
    in_receipt = service.parts.in_receipt._bytes

    async def are_here() -> bool:
        return in_receipt["source:leitstelle"] == 98_000

    await until(are_here)
    long = await service.submit(b"<alert>" + b" " * 10_000)
    long.problem(503, "overloaded")
    assert long.headers["retry-after"]
    assert (await service.submit(warning())).status == 201, "a usual one has room"
    (await service.submit(b"<alert>" + b" " * 60_000, key=OTHER_KEY)).problem(400, "malformed")
    for _, writer in stalled:
        writer.close()

    async def are_gone() -> bool:
        return not in_receipt

    await until(are_gone)


@pytest.mark.parametrize(
    ("content_type", "posted", "fields"),
    [
        (body.FORM, b"name=m.keller&code=1+2", {"name": "m.keller", "code": "1 2"}),
        (f"{body.FORM.upper()}; charset=utf-8", b"name=x", {"name": "x"}),
        (body.FORM, b"\xff", {}),
        ("application/json", b"name=x", {}),
    ],
)
def test_only_a_form_has_fields(content_type: str, posted: bytes, fields: dict[str, str]) -> None:
    request = Request({"type": "http", "headers": [(b"content-type", content_type.encode())]})
    assert body.fields_of(request, posted) == fields
