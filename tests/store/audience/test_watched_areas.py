"""Watched areas as they come to the record."""

from typing import Any

from dispatcher.model.subscriptions import WatchedArea
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.watched_areas import WatchedAreas
from tests.support.histories import submit, subscription

POINT = WatchedArea(((50.8, 6.48),), 200.0, ("05358008",))
FIELD = WatchedArea(((50.8, 6.48), (50.81, 6.48), (50.81, 6.5)), 0.0, ("05358008",))


def watching(name: str, *areas: WatchedArea) -> Any:
    return subscription(name, watched_areas=areas)


async def test_what_is_new_since_a_mark_is_found_with_its_subscription(
    pool: Any, subscriptions: Subscriptions
) -> None:
    areas = WatchedAreas(pool)
    assert (await areas.since("0"))[0] == []
    await subscriptions.add_many([watching("anna", POINT, FIELD)])
    rows, mark = await areas.since("0")
    [anna] = await pool.fetch("SELECT id FROM subscription")
    assert [(subscriber, area) for _, subscriber, area in rows] == [
        (anna["id"], WatchedArea(POINT.lat_lon, 200.0)),
        (anna["id"], WatchedArea(FIELD.lat_lon)),
    ]
    await subscriptions.add_many([watching("bernd", POINT)])
    known = {number for number, *_ in rows}
    fresh, _ = await areas.since(mark)
    assert len([number for number, *_ in fresh if number not in known]) == 1


async def test_what_was_being_written_at_the_last_look_is_not_missed(
    pool: Any, subscriptions: Subscriptions
) -> None:
    """Its transaction began before the mark was taken and ended after."""
    areas = WatchedAreas(pool)
    await subscriptions.add_many([watching("anna", POINT)])
    async with pool.acquire() as connection:
        slow = connection.transaction()
        await slow.start()
        await connection.execute(
            """INSERT INTO watched_area (subscription_id, lat, lon, radius_m, ags)
               SELECT subscription_id, lat, lon, 300, ags FROM watched_area"""
        )
        await subscriptions.add_many([watching("bernd", POINT)])
        seen, mark = await areas.since("0")
        await slow.commit()
    after, _ = await areas.since(mark)
    assert {area.radius_m for *_, area in seen} == {200.0}
    assert 300.0 in {area.radius_m for *_, area in after}


async def test_the_target_of_an_alert_is_its_shape_or_nothing(pool: Any, alerts: Alerts) -> None:
    await submit(alerts, "A", target=b"a shape")
    await submit(alerts, "B")
    assert [await WatchedAreas(pool).target(one) for one in ("A", "B", "none")] == [b"a shape", b"", b""]
