"""Feeds over one record, and a server that has every fault of real sources."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from channels.http.addresses import AddressPolicy, Exemptions
from channels.http.client import HttpClient
from dispatcher.feeds.configuration import Feed
from dispatcher.feeds.details import Details
from dispatcher.feeds.poller import Poller
from dispatcher.feeds.sync import FeedSync
from ops.lab.faults.feeds.server import FeedServer
from tests.support import feed_world
from tests.support.feed_world import BOARD, LIST, World

pair = feed_world.pair
world = feed_world.world


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as running:
        yield running


@pytest.fixture
async def client(server: FeedServer, tmp_path: Path) -> AsyncIterator[HttpClient]:
    bundle = tmp_path / "none.pem"
    bundle.write_text("")
    http = HttpClient(AddressPolicy(reserved=frozenset({server.origin})), ca_file=str(bundle))
    yield http
    await http.aclose()


@pytest.fixture
def poller(world: World, client: HttpClient, server: FeedServer) -> Poller:
    exemptions = Exemptions.parse([server.origin])
    sync = FeedSync(
        store=world.feeds,
        quarantine=world.quarantine,
        ingest=world.ingest,
        get=Details(client, exemptions, world.metrics, world.clock).get,
        metrics=world.metrics,
        readers=world.readers,
    )
    return Poller(
        client=client,
        exemptions=exemptions,
        store=world.feeds,
        sync=sync,
        metrics=world.metrics,
        clock=world.clock,
        random=lambda: 0.5,
        readers=world.readers,
    )


@pytest.fixture
async def dwd(world: World, server: FeedServer) -> Feed:
    return await world.feed(urls=(server.origin + LIST,), max_bytes=1_000_000)


@pytest.fixture
async def nina(world: World, server: FeedServer) -> Feed:
    return await world.feed("nina", "nina", urls=(server.origin + BOARD,))
