"""Of whom the service hears."""

from datetime import timedelta

from dispatcher.feeds.configuration import Feed, FeedSettings, feed_of
from dispatcher.model.feeds import FeedState, UnreadContent
from dispatcher.publication.coverage import (
    SilentFeed,
    UncertainFeed,
    stale_feeds,
    territories_of,
    unread_feeds,
)
from tests.support.messages import HOUR, NOW


def feed(name: str, **settings: object) -> Feed:
    values = {"name": name, "adapter": "dwd", "urls": ("https://x.example/",), "interval_s": 60}
    return feed_of(FeedSettings(**values | settings))


DWD, PUSHED = feed("dwd"), feed("pushed", adapter="push", urls=())


def test_a_feed_that_has_said_nothing_for_long_is_stale_since_it_last_did() -> None:
    states = [FeedState("dwd", succeeded_at=NOW - HOUR), FeedState("pushed", succeeded_at=NOW - 24 * HOUR)]
    assert stale_feeds([DWD, PUSHED], states, NOW) == (SilentFeed("dwd", NOW - HOUR),)
    assert stale_feeds([DWD], [FeedState("dwd", succeeded_at=NOW)], NOW) == ()


def test_one_that_never_said_anything_is_stale_since_that_was_first_found() -> None:
    """So that the documents do not change each time that one looks."""
    first = stale_feeds([DWD], [FeedState("dwd")], NOW)
    assert first == (SilentFeed("dwd", NOW),)
    assert stale_feeds([DWD], [FeedState("dwd")], NOW + timedelta(seconds=5), first) == first


def test_one_that_pushes_is_known_from_its_first_delivery_on_and_while_it_may_deliver() -> None:
    assert stale_feeds([PUSHED], [FeedState("pushed")], NOW) == (SilentFeed("pushed", NOW),)
    delivered = [FeedState("pushed", succeeded_at=NOW - HOUR)]
    assert stale_feeds([PUSHED], delivered, NOW) == ()
    assert stale_feeds([PUSHED], delivered, NOW, shut={"pushed"}) == (SilentFeed("pushed", NOW - HOUR),)
    watched = feed("pushed", adapter="push", urls=(), stale_after_s=600)
    assert stale_feeds([watched], delivered, NOW) == (SilentFeed("pushed", NOW - HOUR),)


def test_something_unread_is_where_it_says_or_anywhere_in_the_feeds_territory() -> None:
    here = feed("here", territory=("05334", "05358"))
    held, aside = UnreadContent("here", NOW, ("05358008", "09162000")), UnreadContent("here", NOW - HOUR)
    assert unread_feeds([DWD, here], [held]) == (UncertainFeed("here", NOW, ("05358008",)),)
    (both,) = unread_feeds([DWD, here], [held, aside])
    assert (both.since, both.where) == (NOW - HOUR, ("05334", "05358", "05358008"))
    assert unread_feeds([here], [UnreadContent("here", NOW, ("09162000",))]) == (), "beyond the territory"
    (anywhere,) = unread_feeds([DWD], [UnreadContent("dwd", NOW)])
    assert anywhere.may_concern(["09162000"])
    assert not UncertainFeed("here", NOW, ("05334",)).may_concern(["05358008"])
    assert unread_feeds([DWD], [UnreadContent("gone", NOW)]) == ()


def test_territories_are_those_of_all_and_without_one_it_is_everywhere() -> None:
    assert territories_of([("05358",), ("05334", "05358")], []) == ("05334", "05358")
    assert territories_of([("05358",)], [feed("own", territory=("05358008",))]) == ("05358", "05358008")
    assert territories_of([("05358",)], [DWD]) == ("", "05358")
    assert territories_of([], []) == ()
