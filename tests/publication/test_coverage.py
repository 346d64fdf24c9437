"""Of whom the service hears."""

from datetime import timedelta

from dispatcher.feeds.configuration import Feed, FeedSettings, feed_of
from dispatcher.model.feeds import FeedState
from dispatcher.publication.coverage import SilentFeed, stale_feeds, territories_of
from tests.support.messages import HOUR, NOW


def feed(name: str, **settings: object) -> Feed:
    values = {"name": name, "adapter": "dwd", "urls": ("https://x.example/",), "interval_s": 60}
    return feed_of(FeedSettings(**values | settings))


DWD, PUSHED = feed("dwd"), feed("pushed", adapter="push", urls=())


def test_a_feed_that_has_said_nothing_for_long_is_stale_since_it_last_did() -> None:
    states = [FeedState("dwd", succeeded_at=NOW - HOUR), FeedState("pushed")]
    assert stale_feeds([DWD, PUSHED], states, NOW) == (SilentFeed("dwd", NOW - HOUR),)
    assert stale_feeds([DWD], [FeedState("dwd", succeeded_at=NOW)], NOW) == ()


def test_one_that_never_said_anything_is_stale_since_that_was_first_found() -> None:
    """So that the documents do not change each time that one looks."""
    first = stale_feeds([DWD], [FeedState("dwd")], NOW)
    assert first == (SilentFeed("dwd", NOW),)
    assert stale_feeds([DWD], [FeedState("dwd")], NOW + timedelta(seconds=5), first) == first


def test_territories_are_those_of_all_and_without_one_it_is_everywhere() -> None:
    assert territories_of([("05358",), ("05334", "05358")], []) == ("05334", "05358")
    assert territories_of([("05358",)], [feed("own", territory=("05358008",))]) == ("05358", "05358008")
    assert territories_of([("05358",)], [DWD]) == ("", "05358")
    assert territories_of([], []) == ()
