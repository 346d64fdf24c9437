"""Messages behind the links of a list."""

from typing import Any

import pytest

from dispatcher.feeds.details import Details
from dispatcher.feeds.fetch import Fetched, FetchError
from tests.support.feed_world import World


async def test_an_empty_document_behind_a_link_is_none(world: World) -> None:
    class Client:
        async def get(self, *_arguments: object) -> Any:
            from channels.http.messages import Answer

            return Answer(200)

    feed = await world.feed()
    with pytest.raises(FetchError, match="empty"):
        await Details(Client(), world.metrics, world.clock).get(feed, "https://x.example/")
    assert Fetched(None).requests == 1
