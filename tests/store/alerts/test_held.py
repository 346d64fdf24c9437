"""Messages that wait for a person, in the record."""

from datetime import timedelta
from typing import Any

from dispatcher.model.vocabulary import Reason
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.held import Held
from tests.support.histories import submit
from tests.support.messages import HOUR, NOW


async def test_only_what_is_held_waits_the_longest_waiting_first(pool: Any, alerts: Alerts) -> None:
    held = Held(pool)
    assert (await held.listed(), await held.count()) == ([], 0)
    for alert_id, reason in (("C", Reason.HELD), ("A", Reason.HELD), ("B", Reason.FIRST_NOTICE)):
        await submit(alerts, alert_id, reason=reason, held_for="severity")
    assert [one.id for one in await held.listed()] == ["C", "A"]
    assert [one.held_for for one in await held.listed()] == ["severity"] * 2
    assert await held.count() == 2


async def test_what_waits_for_a_second_person_alone_is_counted_apart(pool: Any, alerts: Alerts) -> None:
    for alert_id, held_for in (
        ("A", "approval"),
        ("B", "severity"),
        ("C", "severity, approval"),
        ("D", "approval"),
    ):
        await submit(alerts, alert_id, reason=Reason.HELD, held_for=held_for)
    await submit(alerts, "E", reason=Reason.FIRST_NOTICE)
    assert await Held(pool).counts() == (2, 2)


async def test_what_nobody_decided_in_time_ends_with_a_line_in_the_audit_trail(
    pool: Any, alerts: Alerts
) -> None:
    held = Held(pool)
    for alert_id, reason, lasts in (
        ("A", Reason.HELD, 1),
        ("B", Reason.HELD, 2),
        ("C", Reason.FIRST_NOTICE, 1),
    ):
        await submit(alerts, alert_id, reason=reason, expires=NOW + lasts * HOUR)
    assert await held.expire(NOW + HOUR - timedelta(microseconds=1)) == 0
    assert await held.expire(NOW + HOUR) == 1
    assert await held.expire(NOW + HOUR) == 0
    ended = await alerts.get("A")
    assert ended is not None
    assert (ended.state, ended.reason) == ("recorded", Reason.EXPIRED)
    assert [one.id for one in await held.listed()] == ["B"]
    rows = await pool.fetch("SELECT actor, alert_id FROM audit WHERE action = 'held.expire'")
    assert [tuple(row) for row in rows] == [("worker", "A")]


async def test_without_another_time_the_records_clock_decides(pool: Any, alerts: Alerts) -> None:
    await submit(alerts, "A", reason=Reason.HELD)
    await submit(alerts, "B", reason=Reason.HELD, expires=NOW - HOUR)
    await pool.execute("UPDATE alert SET expires = clock_timestamp() - interval '1 ms' WHERE id = 'B'")
    assert await Held(pool).expire() == 1
    assert [one.id for one in await Held(pool).listed()] == ["A"]
