"""What a worker learns of subscriptions' VAPID keys reaches the record, also after an outage."""

from typing import Any

from channels.webpush.learnt_keys import LearntKeys
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.worker.vapid_key_notes import VapidKeyNotes
from tests.support.histories import subscribe


class Away:
    """A record that cannot be reached."""

    async def note_vapid_keys(self, names: Any) -> None:
        raise ConnectionRefusedError


async def test_what_was_learnt_is_kept_with_the_subscription(pool: Any, subscriptions: Subscriptions) -> None:
    first, second = await subscribe(pool, subscriptions, "first", "second")
    learnt = LearntKeys()
    learnt.note(first, "BKey")
    learnt.note(999_999, "BKey")
    await VapidKeyNotes(learnt, Away()).write()
    await VapidKeyNotes(learnt, subscriptions).write()
    found = await subscriptions.endpoints([first, second])
    assert (dict(found[first].keys), dict(found[second].keys)) == (
        {"auth": "first", "vapid": "BKey"},
        {"auth": "second"},
    )
    assert not learnt.take()
