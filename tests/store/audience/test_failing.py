"""Which subscriptions end because they fail at one alert after another."""

from typing import Any

import pytest

from dispatcher.model.principals import Instance
from dispatcher.model.retry_policy import LastingPolicy
from dispatcher.store.audience.failing import ABSENT, FAILING, note_failing
from tests.store import conftest as on_record
from tests.support.histories import subscribe
from tests.support.messages import DUEREN
from tests.support.subscribers import enrol, named

pool, sources, subscriptions = on_record.pool, on_record.sources, on_record.subscriptions
POLICY = LastingPolicy()


async def noted(pool: Any, alert_id: str, *ids: int, absent: bool = False) -> int:
    return await note_failing(pool, alert_id, dict.fromkeys(ids, "507"), POLICY, absent=absent)


async def a_day_later(pool: Any, days: int = 1) -> None:
    for table in (FAILING, ABSENT):
        await pool.execute(f"UPDATE {table} SET first_at = first_at - make_interval(days => $1)", days)


async def test_three_alerts_over_a_day_end_a_subscription(pool: Any, subscriptions: Any) -> None:
    one, two = await subscribe(pool, subscriptions, "a", "b")
    assert [await noted(pool, alert, one) for alert in "AB"] == [0, 0]
    await a_day_later(pool)
    assert await noted(pool, "C", one, two) == 1
    rows = await pool.fetch("SELECT id, end_reason FROM subscription WHERE ended_at IS NOT NULL")
    assert [tuple(row) for row in rows] == [(one, "lasting")]
    assert [row["subscription_id"] for row in await pool.fetch("SELECT * FROM failing_subscription")] == [two]


async def test_three_alerts_of_one_storm_end_nothing(pool: Any, subscriptions: Any) -> None:
    [one] = await subscribe(pool, subscriptions, "a")
    assert [await noted(pool, alert, one) for alert in "ABCDE"] == [0] * 5


async def test_who_was_away_is_waited_for_whatever_fails_beside(pool: Any, subscriptions: Any) -> None:
    [one] = await subscribe(pool, subscriptions, "a")
    assert [await noted(pool, alert, one, absent=True) for alert in "AB"] == [0, 0]
    await a_day_later(pool)
    assert [await noted(pool, "C", one), await noted(pool, "D", one, absent=True)] == [0, 0]
    await a_day_later(pool, 14)
    assert [await noted(pool, "E", one), await noted(pool, "F", one, absent=True)] == [0, 1], "two, and four"
    for table in (FAILING, ABSENT):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_whoever_took_a_message_with_a_code_meanwhile_begins_anew(pool: Any, sources: Any) -> None:
    await sources.put_instance(Instance("dueren", "Düren", (DUEREN,)), f"wi_dueren_{'s' * 43}")
    await enrol(pool, "one")
    one = (await named(pool))["one"]
    await pool.execute("UPDATE subscriber_endpoint SET last_accepted_at = now() - interval '9 days'")
    assert [await noted(pool, alert, one) for alert in "AB"] == [0, 0]
    await a_day_later(pool)
    await pool.execute("UPDATE subscriber_endpoint SET last_accepted_at = now()")
    assert await noted(pool, "C", one) == 0
    assert await pool.fetchval("SELECT alerts FROM failing_subscription") == 1


async def test_one_alert_counts_once(pool: Any, subscriptions: Any) -> None:
    [one] = await subscribe(pool, subscriptions, "a")
    await noted(pool, "A", one)
    await a_day_later(pool)
    assert [await noted(pool, "A", one) for _ in range(3)] == [0] * 3


@pytest.mark.parametrize("ids", [[], [7]])
async def test_whoever_is_not_there_any_more_is_not_noted(
    pool: Any, subscriptions: Any, ids: list[int]
) -> None:
    assert await noted(pool, "A", *ids) == 0
    assert await pool.fetchval("SELECT count(*) FROM failing_subscription") == 0
