"""The record goes away with gateways' answers in hand: they are known nowhere else."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from dispatcher.embedded import EmbeddedPostgres
from dispatcher.model.vocabulary import State
from dispatcher.store.migrate import upgrade
from tests.delivery.conftest import House
from tests.support.histories import until


@pytest.fixture
async def server(server_dir: Path) -> AsyncIterator[Any]:
    with EmbeddedPostgres(server_dir, durable=False) as server:
        await upgrade(server.url)
        yield server


@pytest.fixture
def database_url(server: Any) -> Any:
    """In place of the database that the tests share."""
    return server.url


async def test_an_outage_is_waited_out_and_nobody_hears_it_twice(house: House, server: Any) -> None:
    ids = await house.subscribe(*"abcdefg")
    [batch] = await house.planned()
    house.channel.open.clear()
    working = asyncio.create_task(house.deliverer.deliver(batch))
    await house.channel.entered.wait()
    with structlog.testing.capture_logs() as logs:
        await asyncio.to_thread(server.stop)
        house.channel.open.set()

        async def noticed() -> Any:
            return any(line["event"] == "record_unavailable" for line in logs)

        await until(noticed)
    server.start()
    await working
    assert house.channel.seen == [("A", one) for one in ids]
    assert await house.outcomes(batch) == bytes([State.ACCEPTED] * 7)
    assert (await house.alerts.get("A")).state == "settled"
