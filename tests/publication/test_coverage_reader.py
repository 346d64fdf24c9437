"""The record is asked of whom the service hears."""

from typing import Any

import pytest

from dispatcher.model.principals import Source
from dispatcher.publication.coverage import Coverage, SilentFeed, UncertainFeed
from dispatcher.publication.coverage_reader import CoverageReader
from dispatcher.store import record
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.feeds.quarantine import Quarantine
from dispatcher.store.feeds.unread import UnreadContents
from dispatcher.store.sources import Sources
from tests.publication.test_coverage import DWD, feed
from tests.support.messages import NOW

SECRET = "s" * 43
KEY = f"wk_leitstelle_{SECRET}"


@pytest.fixture
async def pool(database_url: str) -> Any:
    pool = await record.connect(database_url, size=1)
    yield pool
    await pool.close()


async def test_control_centres_and_feeds_count_and_a_feed_is_no_control_centre(pool: Any) -> None:
    sources, feeds, unread = Sources(pool, b""), Feeds(pool), UnreadContents(pool)
    await sources.put(Source("leitstelle", "Leitstelle", frozenset(), ("05358",)))
    await sources.add_key("leitstelle", KEY)
    await feeds.register(["dwd"])  # as a source without a territory, too
    await sources.add_key("feed-dwd", f"wk_dwd_{SECRET}")
    assert await CoverageReader(sources, feeds, unread, (), lambda: NOW).read() == Coverage(("05358",))
    reader = CoverageReader(sources, feeds, unread, (DWD,), lambda: NOW)
    assert await reader.read() == Coverage(("", "05358"), (SilentFeed("dwd", NOW),))
    await Quarantine(pool).put("dwd", "list", b"x", "not-xml", "", NOW)
    assert (await reader.read()).unread == (UncertainFeed("dwd", NOW, ("",)),)


async def test_who_is_locked_out_covers_nothing(pool: Any) -> None:
    sources, feeds = Sources(pool, b""), Feeds(pool)
    own = feed("own", adapter="push", urls=(), territory=("05334",))
    await sources.put(Source("leitstelle", "Leitstelle", frozenset(), ("05358",)))
    await feeds.register(["own"])
    await feeds.record_contact("own", NOW, changed=True)
    reader = CoverageReader(sources, feeds, UnreadContents(pool), (own,), lambda: NOW)
    locked_out = Coverage((), (SilentFeed("own", NOW),))
    assert await reader.read() == locked_out, "without a key"
    await sources.add_key("leitstelle", KEY)
    await sources.add_key("feed-own", f"wk_own_{SECRET}")
    assert await reader.read() == Coverage(("05334", "05358"))
    for change in ("revoked_at = now()", "expires_at = now()", "replaced_pepper = 'x'"):
        await pool.execute(f"UPDATE api_key SET {change}")
        assert await reader.read() == locked_out, change
        await pool.execute("UPDATE api_key SET revoked_at = NULL, expires_at = NULL, replaced_pepper = NULL")
    await pool.execute("UPDATE source SET disabled_at = now()")
    assert await reader.read() == locked_out
