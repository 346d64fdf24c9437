"""Warnings that wait behind an equal one speak as soon as that is in force no longer."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.model.alerts import ReadyAlert
from dispatcher.model.vocabulary import Lane, Reason
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.merged import promote_unspoken
from dispatcher.store.delivery.plans import Plans
from tests.support.histories import submit
from tests.support.messages import DUEREN, HOUR

Promote = Callable[..., Awaitable[list[ReadyAlert]]]


@pytest.fixture
def promote(pool: Any) -> Promote:
    """Promote at the record's time, or so much later."""

    async def run(later: timedelta = timedelta()) -> list[ReadyAlert]:
        async with pool.acquire() as connection, connection.transaction():
            return await promote_unspoken(
                connection, await connection.fetchval("SELECT clock_timestamp() + $1::interval", later)
            )

    return run


@pytest.fixture
async def spoken(alerts: Alerts) -> Any:
    """A, which stands for M and N."""
    first = await submit(alerts, "A", DUEREN)
    for alert_id in "MN":
        await submit(
            alerts, alert_id, DUEREN, reason=Reason.MERGED, merged_into="A", expires=first.expires + HOUR
        )
    return first


async def test_as_long_as_it_is_in_force_it_stands_for_the_others(spoken: Any, promote: Promote) -> None:
    assert await promote() == []


@pytest.mark.parametrize("reason", [Reason.UPDATE, Reason.CANCEL])
async def test_after_it_is_replaced_or_ended_the_earliest_speaks_and_stands_for_the_rest(
    spoken: Any, pool: Any, alerts: Alerts, promote: Promote, reason: Reason
) -> None:
    await submit(alerts, "B", DUEREN, chain="A", reason=reason)
    assert await promote() == [ReadyAlert("M", Lane.PRIORITY, "leitstelle")]
    rows = await pool.fetch(
        "SELECT id, state, reason, merged_into FROM alert WHERE id IN ('M', 'N') ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        ("M", "accepted", "first_notice", "A"),
        ("N", "recorded", "merged", "M"),
    ]
    lines = await pool.fetch("SELECT actor, alert_id, detail FROM audit WHERE action = 'alert.promote'")
    assert [tuple(line) for line in lines] == [("service", "M", {"instead_of": "A"})]
    assert await promote() == []
    await submit(alerts, "E", DUEREN, chain="M", reason=Reason.CANCEL)
    assert await promote() == [ReadyAlert("N", Lane.PRIORITY, "leitstelle")], (
        "the next, when that one ends too"
    )


async def test_it_speaks_when_the_other_runs_out(spoken: Any, promote: Promote, plans: Plans) -> None:
    assert await plans.promote() == []
    assert await promote(6 * HOUR + timedelta(minutes=1)) == [ReadyAlert("M", Lane.PRIORITY, "leitstelle")]


async def test_a_shortened_one_speaks_no_longer_than_it_says(spoken: Any, pool: Any, plans: Plans) -> None:
    await pool.execute("UPDATE alert SET expires = clock_timestamp() WHERE id = 'A'")
    assert await plans.promote() == [ReadyAlert("M", Lane.PRIORITY, "leitstelle")]
    waiting = await plans.waiting_one("M")
    assert waiting is not None
    assert (waiting.reason, waiting.again) == (Reason.FIRST_NOTICE, False)


async def test_one_that_is_over_or_was_taken_back_does_not_speak(
    spoken: Any, pool: Any, alerts: Alerts, promote: Promote
) -> None:
    await pool.execute("UPDATE alert SET expires = clock_timestamp() WHERE id IN ('A', 'M')")
    await submit(alerts, "E", DUEREN, chain="N", reason=Reason.CANCEL)
    assert await promote() == []


async def test_one_without_a_speaker_is_left_alone(pool: Any, alerts: Alerts, promote: Promote) -> None:
    """A feed's account of another source's warning is not kept, and names none."""
    await submit(alerts, "M", DUEREN, reason=Reason.MERGED)
    assert await promote() == []


async def test_what_was_in_doubt_waits_for_a_person_and_the_next_one_speaks(
    spoken: Any, pool: Any, alerts: Alerts, promote: Promote
) -> None:
    await pool.execute("UPDATE alert SET held_for = 'severity' WHERE id = 'M'")
    await submit(alerts, "B", DUEREN, chain="A", reason=Reason.CANCEL)
    assert await promote() == [ReadyAlert("N", Lane.PRIORITY, "leitstelle")]
    rows = await pool.fetch(
        "SELECT id, state, reason, held_for FROM alert WHERE id IN ('M', 'N') ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        ("M", "held", "held", "severity"),
        ("N", "accepted", "first_notice", ""),
    ]
