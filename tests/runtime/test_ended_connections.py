"""A stranger can end any number of connections, and not write as many lines."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from dispatcher.metrics import Metrics
from dispatcher.metrics.http import Ended
from dispatcher.runtime.ended_connections import EndedConnections
from tests.metrics.test_registry import samples
from tests.support.bounded_server import serving
from tests.support.histories import until


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


async def test_refused_requests_write_one_line(caplog: pytest.LogCaptureFixture) -> None:
    with capture_logs() as lines:
        async with serving(nothing) as server:
            for _ in range(50):
                assert (await server.answered(b"no request\r\n\r\n")).startswith(b"HTTP/1.1 400 ")
            assert server.ended() == {"malformed": 50}
    assert [line for line in lines if line["event"] == "connections_ended"] == [
        {"event": "connections_ended", "log_level": "warning", "malformed": 1}
    ]
    assert not [record for record in caplog.records if record.levelname != "INFO"]


async def test_what_was_not_said_is_summed_up_later() -> None:
    ended = EndedConnections(metrics := Metrics(), every_s=0.01)
    with capture_logs() as lines:
        for reason in (Ended.MALFORMED, Ended.MALFORMED, Ended.HEAD_LATE):
            ended.note(reason)

        async def two_lines() -> bool:
            return len(lines) == 2

        await until(two_lines)
        await asyncio.wait([asyncio.create_task(quiet(ended))], timeout=30)
    assert [(line.get("malformed"), line.get("head_late")) for line in lines] == [(1, None), (1, 1)]
    assert samples(metrics)["warn_http_connections_ended_total", frozenset({("reason", "malformed")})] == 2


async def quiet(ended: Any) -> None:
    async def nothing_is_due() -> bool:
        return ended._pause is None

    await until(nothing_is_due)
