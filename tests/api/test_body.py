"""What a body may be, before anything looks at it."""

import asyncio
import gzip
import io
from typing import Any

import aiohttp
import pytest

from tests.api.conftest import CAP, KEY, Service
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
