"""Messages behind the links of a list."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import structlog

from channels.http.addresses import Exemptions
from channels.http.client import HttpClient
from dispatcher.feeds.details import Details
from dispatcher.feeds.fetch import AddressForbidden, Fetched, FetchError
from ops.lab.faults.feeds.server import FeedServer
from tests.channels.far_side import far_side
from tests.support.feed_world import World


async def test_an_empty_document_behind_a_link_is_none(world: World) -> None:
    class Client:
        async def get(self, *_arguments: object, **_options: object) -> Any:
            from channels.http.messages import Answer

            return Answer(200)

    feed = await world.feed()
    with pytest.raises(FetchError, match="empty"):
        await Details(Client(), Exemptions.parse([]), world.metrics, world.clock).get(
            feed, "https://x.example/"
        )
    assert Fetched(None).requests == 1


FIRST, SECOND = "/cap/1.xml", "/cap/2.xml"


@pytest.fixture
async def in_the_net(server: FeedServer, tmp_path: Path) -> AsyncIterator[Any]:
    """A gateway inside the operator's net, the feed's own server, and the client that may reach both."""
    bundle = tmp_path / "none.pem"
    bundle.write_text("")
    async with far_side() as gateway:
        exemptions = Exemptions.parse([gateway.origin, server.origin])
        client = HttpClient(exemptions.policy(), ca_file=str(bundle))
        yield gateway, exemptions, client
        await client.aclose()


def refused(world: World, feed: str, reason: str) -> float:
    return (
        world.metrics.registry.get_sample_value(
            "warn_feed_links_refused_total", {"feed": feed, "reason": reason}
        )
        or 0.0
    )


async def test_a_link_in_a_feed_never_reaches_an_origin_meant_for_a_gateway(
    world: World, server: FeedServer, in_the_net: Any
) -> None:
    """A link in a public feed made us `GET /internal/admin?do=reboot` at the SMS gateway."""
    gateway, exemptions, client = in_the_net
    details = Details(client, exemptions, world.metrics, world.clock)
    feed = await world.feed(urls=(server.origin + "/list",))
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(AddressForbidden, match="url_purpose"):
                await details.get(feed, gateway.origin + "/internal/admin?do=reboot")
    assert gateway.seen == []
    assert refused(world, feed.name, "url_purpose") == 3
    assert [one["event"] for one in logs] == ["feed_link_refused"], "one line, whatever strangers write"


async def test_a_link_may_go_to_the_feeds_own_origin(
    world: World, server: FeedServer, in_the_net: Any
) -> None:
    _, exemptions, client = in_the_net
    server.put(FIRST, b"message")
    feed = await world.feed(urls=(server.origin + "/list",))
    details = Details(client, exemptions, world.metrics, world.clock)
    assert await details.get(feed, server.origin + FIRST) == b"message"
    elsewhere = await world.feed("other", urls=("https://source.example/list",))
    with pytest.raises(AddressForbidden, match="url_purpose"):
        await details.get(elsewhere, server.origin + FIRST)


async def test_a_redirect_goes_no_further_than_a_link(
    world: World, server: FeedServer, in_the_net: Any
) -> None:
    gateway, exemptions, client = in_the_net
    feed = await world.feed(urls=(server.origin + "/list",))
    details = Details(client, exemptions, world.metrics, world.clock)
    server.redirect(FIRST, gateway.origin + "/internal/admin")
    server.redirect(SECOND, "//[")
    for path, reason in ((FIRST, "url_purpose"), (SECOND, "url_malformed")):
        with pytest.raises(AddressForbidden, match=reason):
            await details.get(feed, server.origin + path)
    assert gateway.seen == []
