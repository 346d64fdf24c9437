"""What the API says of itself."""

import asyncio
import re

import pytest

from dispatcher.runtime.http_transport import HttpLimits
from dispatcher.settings import Settings
from tests.api.conftest import Service, introduce, serving
from tests.support.submissions import warning


async def test_the_boundaries_in_use_are_named_with_their_attribution(service: Service) -> None:
    boundaries = (await service.get("/v1/boundaries", key="")).json
    assert boundaries["municipalities"] > 80
    assert "BKG" in boundaries["attribution"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", boundaries["vintage"])


async def test_the_description_of_the_api_is_complete_and_loads_nothing_from_elsewhere(
    service: Service,
) -> None:
    description = (await service.get("/v1/openapi.json", key="")).json
    submission = description["paths"]["/v1/alerts"]["post"]
    assert "application/cap+xml" in submission["requestBody"]["content"]
    for status in ("201", "200", "400", "401", "403", "409", "413", "415", "422", "503"):
        assert status in submission["responses"]
    assert (await service.get("/docs", key="")).status == 404


async def test_sources_known_at_the_start_show_their_counters(settings: Settings) -> None:
    async with serving(settings) as service:
        await introduce(service.parts)
    async with serving(settings) as service:
        text = (await service.operator("/metrics")).body.decode()
        assert 'warn_alerts_repeated_total{source="leitstelle"} 0.0' in text


@pytest.mark.parametrize("sent", [b"", b"POST /v1/alerts HTTP/1.1\r\nX: "], ids=["nothing", "half a head"])
async def test_a_stranger_with_all_connections_keeps_no_centre_from_submitting(
    settings: Settings, sent: bytes
) -> None:
    most = 10
    async with serving(settings, HttpLimits(connections=most)) as service:
        await introduce(service.parts)
        port = int(service.url.rpartition(":")[2])
        opened = []
        for _ in range(3 * most):
            opened.append(await asyncio.open_connection("127.0.0.1", port))
            opened[-1][1].write(sent)
        for _ in range(5):
            assert (await service.submit(warning())).status == 201
            opened.append(await asyncio.open_connection("127.0.0.1", port))
        assert service.count("warn_http_connections_ended_total", reason="gave_way") >= 2 * most
        assert service.count("warn_http_connections_ended_total", reason="no_place") == 0
        assert service.count("warn_http_connections") <= most
        for _, writer in opened:
            writer.close()
