"""What feeds hold undecided counts until it is dealt with, and no longer than it may matter."""

from datetime import datetime
from typing import Any

import pytest

from dispatcher.access.principals import of_operator
from dispatcher.model.feeds import EntryState, FeedState, UnreadContent
from dispatcher.model.vocabulary import Reason, Unresolved
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.feeds.quarantine import Quarantine
from dispatcher.store.feeds.unread import LISTED_MOST, ONCE_MOST, UnreadContents
from tests.support.histories import submit
from tests.support.messages import DUEREN, HOUR, JUELICH, NOW

ANNA = of_operator("anna").actor


class World:
    """A polled feed and one that pushes."""

    def __init__(self, pool: Any) -> None:
        self.pool = pool
        self.feeds, self.quarantine, self.contents = Feeds(pool), Quarantine(pool), UnreadContents(pool)

    async def unread(self, now: datetime = NOW) -> tuple[UnreadContent, ...]:
        return await self.contents.read(["folder", "mowas"], ["folder"], now)

    async def aside(self, name: str, feed: str = "folder", at: datetime = NOW) -> None:
        await self.quarantine.put(feed, name, f"{name}{at}".encode(), "not-xml", "", at)

    async def entry(self, key: str, reason: Reason | Unresolved, **changes: Any) -> None:
        await self.feeds.put([EntryState("folder", key, "", "1", reason, NOW, **changes)])


@pytest.fixture
async def world(pool: Any) -> World:
    found = World(pool)
    await found.feeds.register(["folder", "mowas"])
    return found


async def test_what_is_listed_and_unreadable_counts_until_somebody_dealt_with_it(world: World) -> None:
    assert await world.unread() == ()
    await world.aside("a.xml")
    await world.entry("a.xml", Unresolved.QUARANTINED)
    await world.feeds.save(FeedState("folder", succeeded_at=NOW + HOUR, changed_at=NOW + HOUR))
    found = (UnreadContent("folder", NOW),)
    assert await world.unread(NOW + 2 * ONCE_MOST) == found
    assert await world.unread(NOW + LISTED_MOST) == (), "not for ever"
    (item,) = await world.quarantine.listed("folder")
    await world.quarantine.deal_with("folder", item.id, ANNA, "feed.discard")
    assert await world.unread() == ()


async def test_what_the_source_drops_or_mends_counts_no_longer(world: World) -> None:
    await world.aside("a.xml")
    await world.entry("a.xml", Unresolved.QUARANTINED, ended_at=NOW)
    assert await world.unread() == ()
    await world.entry("a.xml", Reason.FIRST_NOTICE)
    assert await world.unread() == (UnreadContent("folder", NOW),), "what it says anew nobody can read"
    await world.feeds.save(FeedState("folder", changed_at=NOW + HOUR))
    assert await world.unread() == ()


async def test_a_list_as_a_whole_counts_until_one_can_be_read(world: World) -> None:
    await world.aside("https://x.example")
    assert await world.unread() == (UnreadContent("folder", NOW),)
    await world.feeds.save(FeedState("folder", succeeded_at=NOW + HOUR))
    assert await world.unread() == ()


async def test_what_was_pushed_counts_for_a_day(world: World) -> None:
    await world.aside("handed in", "mowas")
    await world.feeds.record_contact("mowas", NOW + HOUR, changed=True)
    assert await world.unread() == (UnreadContent("mowas", NOW),)
    assert await world.unread(NOW + ONCE_MOST) == ()


async def test_what_cannot_be_fetched_counts_until_it_has_run_out(world: World) -> None:
    await world.entry("link", Unresolved.PENDING, expires=NOW + HOUR)
    assert await world.unread() == (UnreadContent("folder", NOW),)
    assert await world.unread(NOW + HOUR) == ()
    await world.entry("link", Unresolved.PENDING, expires=None)
    assert await world.unread(NOW + HOUR) == (UnreadContent("folder", NOW),)
    assert await world.unread(NOW + ONCE_MOST) == ()


async def held(world: World, alert_id: str, *areas: str, **changes: Any) -> None:
    values = {"source_id": "feed-folder", "reason": Reason.HELD, "identifier": alert_id, "received_at": NOW}
    await submit(Alerts(world.pool), alert_id, *areas, **values | changes)


async def test_what_waits_for_a_person_counts_where_it_says_until_it_runs_out(world: World) -> None:
    await held(world, "A", DUEREN, expires=NOW + HOUR)
    await held(world, "B", JUELICH, expires=NOW + 2 * LISTED_MOST)
    assert await world.unread() == (UnreadContent("folder", NOW, (DUEREN, JUELICH)),)
    assert await world.unread(NOW + HOUR) == (UnreadContent("folder", NOW, (JUELICH,)),)
    assert await world.unread(NOW + LISTED_MOST) == (), "whatever its sender writes"
    await world.pool.execute("DELETE FROM affected")
    assert await world.unread() == (UnreadContent("folder", NOW),), "nobody can tell where"
    await world.pool.execute("UPDATE alert SET state = 'recorded', reason = 'discarded'")
    assert await world.unread() == ()


@pytest.mark.parametrize(
    "changes", [{"status": "Exercise"}, {"status": "Test"}, {"scope": "Private"}, {"msg_type": "Cancel"}]
)
async def test_what_would_warn_nobody_says_nothing(world: World, changes: Any) -> None:
    await held(world, "A", DUEREN, expires=NOW + HOUR, **changes)
    assert await world.unread() == ()
