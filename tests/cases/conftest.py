"""A town for each test, and the feeds that it reads."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatcher.model.retry_policy import BackoffPolicy, DeliveryPolicy
from dispatcher.queue.address import parse
from dispatcher.queue.wakeups import open_queue
from dispatcher.settings import Settings
from dispatcher.wiring.worker import worker_dependencies
from ops.lab.faults.feeds.server import FeedServer
from tests.api.conftest import serving
from tests.cases.town import CENTRE, OFFICE, Town
from tests.channels.far_side import answer, far_side
from tests.support.feed_world import key_pair

FEEDS = f"""
[[feed]]
name = "office"
adapter = "index"
urls = ["{{origin}}/office"]
senders = ["{OFFICE}", "{CENTRE}"]

[[feed]]
name = "open"
adapter = "index"
urls = ["{{origin}}/open"]

[[feed]]
name = "signed"
adapter = "index"
urls = ["{{origin}}/signed"]
signature = "required"
certificates = {{"{OFFICE}" = ["{{pin}}"]}}

[[feed]]
name = "complete"
adapter = "index"
urls = ["{{origin}}/complete"]
senders = ["{OFFICE}"]
absence = "end"

[[feed]]
name = "german"
adapter = "index"
urls = ["{{origin}}/german"]
country = "DE"
"""


NO_RETRY_BY_ITSELF = DeliveryPolicy(backoff=BackoffPolicy(base_s=60))


def longest() -> float:
    """No draw of the back-off is short: what is tried again is so when a test says that its time has come, and not when
    a busy machine lets enough of it pass.
    """
    return 1.0


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture(scope="session")
def keys() -> tuple[bytes, bytes]:
    """The office's key and its certificate."""
    return key_pair(datetime.now(UTC) - timedelta(days=800), datetime.now(UTC) + timedelta(days=2))


TownOf = Callable[..., AbstractAsyncContextManager[Town]]


@pytest.fixture
def town_of(
    database_url: str, redis_url: str, tmp_path: Path, server: FeedServer, keys: tuple[bytes, bytes]
) -> TownOf:
    """What opens a town with settings of its own: of the SMS gateway, but for its name and address, origins that are
    exempt beside the town's, and any others.
    """
    feeds, pin = tmp_path / "feeds.toml", tmp_path / "pin.pem"
    pin.write_bytes(keys[1])
    feeds.write_text(FEEDS.replace("{origin}", server.origin).replace("{pin}", str(pin)))

    @asynccontextmanager
    async def opened(sms: Any = None, exempt: tuple[str, ...] = (), **others: Any) -> AsyncIterator[Town]:
        async with (
            far_side(answer(201, {"Content-Type": "application/json"}, b'{"id": "1"}')) as gateways,
            far_side(answer(204)) as first,
            far_side(answer(204)) as second,
        ):
            own = {f"push={gateways.origin}", *(f"callback={app.origin}" for app in (first, second))}
            settings = Settings(
                database_url=database_url,
                redis_url=redis_url,
                data_dir=tmp_path,
                key_pepper="pepper of the tests",
                feeds=feeds,
                allowed_origins=frozenset({server.origin, gateways.origin, *own, *exempt}),
                sms_gateways=[(sms or {}) | {"name": "sms", "url": f"{gateways.origin}/sms"}],
                ready_keys=0,
                delivery=NO_RETRY_BY_ITSELF,
                **others,
            )
            async with serving(settings) as service, worker_dependencies(settings, chance=longest) as worker:
                queue = open_queue(parse(redis_url))
                pool = service.parts.health.pool
                town = Town(service, worker, gateways, server, queue, pool, keys, (first, second))
                await town.open()
                yield town
                await queue.aclose()

    return opened


@pytest.fixture
async def town(request: pytest.FixtureRequest, town_of: TownOf) -> AsyncIterator[Town]:
    """With a parameter: the settings of the SMS gateway, but for its name and address."""
    async with town_of(getattr(request, "param", {})) as town:
        yield town
