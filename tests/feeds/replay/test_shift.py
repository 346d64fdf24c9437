"""Old material at a new time."""

from datetime import timedelta

from dispatcher.feeds.configuration import FeedSettings, feed_of
from dispatcher.feeds.replay.shift import Shifted, shifted
from tests.support.feed_messages import archive, update, warning

SETTINGS = FeedSettings(name="x", adapter="dwd", urls=("https://x.example/",), interval_s=60, jitter=0.1)


def test_everything_in_a_message_moves_together() -> None:
    later = shifted(update(2, warning(1)), timedelta(days=1))
    assert later.references[0].sent - warning(1).sent == timedelta(days=1)
    assert later.infos[0].expires - later.sent == warning(1).infos[0].expires - warning(1).sent
    adapter = Shifted(feed_of(SETTINGS).adapter, timedelta(days=1))
    (entry,) = adapter.listing(archive(warning(1)), "").entries
    (incoming,) = adapter.read(entry, ())
    assert incoming.alert.sent - warning(1).sent == timedelta(days=1)
