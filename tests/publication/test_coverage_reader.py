"""The record is asked of whom the service hears."""

from typing import Any

import pytest

from dispatcher.model.principals import Source
from dispatcher.publication.coverage import Coverage, SilentFeed
from dispatcher.publication.coverage_reader import CoverageReader
from dispatcher.store import record
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.sources import Sources
from tests.publication.test_coverage import DWD
from tests.support.messages import NOW


@pytest.fixture
async def pool(database_url: str) -> Any:
    pool = await record.connect(database_url, size=1)
    yield pool
    await pool.close()


async def test_control_centres_and_feeds_count_and_a_feed_is_no_control_centre(pool: Any) -> None:
    sources, feeds = Sources(pool, b""), Feeds(pool)
    await sources.put(Source("leitstelle", "Leitstelle", frozenset(), ("05358",)))
    await feeds.register(["dwd"])  # as a source without a territory, too
    assert await CoverageReader(sources, feeds, (), lambda: NOW).read() == Coverage(("05358",))
    reader = CoverageReader(sources, feeds, (DWD,), lambda: NOW)
    assert await reader.read() == Coverage(("", "05358"), (SilentFeed("dwd", NOW),))
