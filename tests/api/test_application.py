"""What the API says of itself."""

import re

from dispatcher.settings import Settings
from tests.api.conftest import Service, introduce, serving


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
