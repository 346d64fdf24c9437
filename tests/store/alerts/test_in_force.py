"""What an instance shows, what it shows no more, and what of both is new."""

from typing import Any

import pytest

from dispatcher.model.vocabulary import Kind, Reason
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.alerts.in_force import InForce, InForceReader
from tests.support.histories import submit
from tests.support.messages import DUEREN, JUELICH, new_alert

OF_DUEREN = (DUEREN,)


@pytest.fixture
def reader(pool: Any) -> InForceReader:
    return InForceReader(pool)


def ids(found: InForce) -> list[str]:
    return [alert.id for alert in found.alerts]


def ends(found: InForce) -> list[tuple[str, Kind, str]]:
    return [(alert.id, alert.kind, alert.by) for alert in found.ended]


async def test_municipalities_are_the_askers_own(reader: InForceReader, alerts: Alerts) -> None:
    await submit(alerts, "A", DUEREN, JUELICH)
    found = await reader.read(OF_DUEREN)
    assert [ags for ags, _ in found.places["A"]] == [DUEREN]
    assert found.complete


@pytest.mark.parametrize(
    ("reason", "places", "kind"),
    [
        (Reason.CANCEL, (DUEREN,), Kind.CANCEL),
        (Reason.ALL_CLEAR, (DUEREN,), Kind.CANCEL),
        (Reason.NO_LONGER_LISTED, (DUEREN,), Kind.DELISTED),
        (Reason.LAPSED, (DUEREN,), Kind.NO_LONGER_AFFECTED),
        (Reason.UPDATE, (DUEREN,), Kind.UPDATE),
        (Reason.UPDATE, (JUELICH,), Kind.NO_LONGER_AFFECTED),
    ],
)
async def test_an_end_is_shown_with_what_people_were_told(
    reader: InForceReader, alerts: Alerts, reason: Reason, places: tuple[str, ...], kind: Kind
) -> None:
    await submit(alerts, "A", DUEREN)
    await submit(alerts, "B", *places, chain="A", reason=reason)
    found = await reader.read(OF_DUEREN)
    assert ends(found) == [("A", kind, "B")]
    assert ids(found) == (["B"] if kind is Kind.UPDATE else [])


async def test_an_end_is_shown_for_a_day_and_not_of_what_nobody_was_warned_of(
    reader: InForceReader, alerts: Alerts, pool: Any
) -> None:
    await submit(alerts, "E", DUEREN, reason=Reason.NOT_ACTUAL)
    await submit(alerts, "J", JUELICH)
    await submit(alerts, "A", DUEREN)
    for alert_id in ("E", "J", "A"):
        await submit(alerts, f"{alert_id}2", DUEREN, chain=alert_id, reason=Reason.CANCEL)
    assert ends(await reader.read(OF_DUEREN)) == [("A", Kind.CANCEL, "A2")]
    await pool.execute("UPDATE alert SET stopped_at = now() - interval '25 hours' WHERE id = 'A'")
    assert ends(await reader.read(OF_DUEREN)) == []


async def test_since_a_mark_only_what_has_changed_is_shown(reader: InForceReader, alerts: Alerts) -> None:
    await submit(alerts, "A", DUEREN)
    await submit(alerts, "B", DUEREN)
    first = await reader.read(OF_DUEREN)
    await submit(alerts, "C", DUEREN)
    await submit(alerts, "A2", DUEREN, chain="A", reason=Reason.CANCEL)
    found = await reader.read(OF_DUEREN, first.mark, first.history)
    assert (ids(found), ends(found), found.complete) == (["C"], [("A", Kind.CANCEL, "A2")], False)
    again = await reader.read(OF_DUEREN, found.mark, found.history)
    assert (ids(again), ends(again)) == ([], [])


async def test_whoever_was_away_for_long_learns_of_an_end_that_is_days_old(
    reader: InForceReader, alerts: Alerts, pool: Any
) -> None:
    await submit(alerts, "A", DUEREN)
    first = await reader.read(OF_DUEREN)
    await submit(alerts, "A2", DUEREN, chain="A", reason=Reason.CANCEL)
    await pool.execute(
        """UPDATE alert SET stopped_at = now() - interval '3 days', expires = now() + interval '1 day'
           WHERE id = 'A'"""
    )
    assert ends(await reader.read(OF_DUEREN)) == []
    assert ends(await reader.read(OF_DUEREN, first.mark, first.history)) == [("A", Kind.CANCEL, "A2")]


async def test_what_commits_late_is_missed_by_nobody(
    reader: InForceReader, alerts: Alerts, pool: Any
) -> None:
    """A slow transaction writes A; B comes later and commits before it, and is read with a mark. A time of the record,
    or a number, would have passed A by.
    """
    async with alerts.submission("slow") as submission:
        await submission.record(new_alert("A", DUEREN, chain_id="A", sender="slow"))
        await submit(alerts, "B", DUEREN, sender="quick")
        first = await reader.read(OF_DUEREN)
        assert ids(first) == ["B"]
    numbers = {row["id"]: row["number"] for row in await pool.fetch("SELECT id, number FROM alert")}
    assert numbers["A"] < numbers["B"]
    found = await reader.read(OF_DUEREN, first.mark, first.history)
    assert "A" in ids(found)


async def test_what_is_released_or_takes_effect_late_is_new(
    reader: InForceReader, alerts: Alerts, pool: Any
) -> None:
    await submit(alerts, "H", DUEREN, reason=Reason.HELD)
    first = await reader.read(OF_DUEREN)
    assert ids(first) == []
    await pool.execute("UPDATE alert SET state = 'accepted', reason = 'first_notice' WHERE id = 'H'")
    found = await reader.read(OF_DUEREN, first.mark, first.history)
    assert ids(found) == ["H"]


async def test_how_it_is_sent_is_no_news(reader: InForceReader, alerts: Alerts, pool: Any) -> None:
    await submit(alerts, "A", DUEREN)
    first = await reader.read(OF_DUEREN)
    await pool.execute("UPDATE alert SET state = 'settled', planned_at = now(), audience = 7")
    assert ids(await reader.read(OF_DUEREN, first.mark, first.history)) == []


async def test_a_mark_of_another_history_gets_all(reader: InForceReader, alerts: Alerts) -> None:
    """A record that was restored counts its transactions anew."""
    await submit(alerts, "A", DUEREN)
    first = await reader.read(OF_DUEREN)
    for mark, history in ((first.mark, "1-1"), ("99999999999999999999", first.history)):
        found = await reader.read(OF_DUEREN, mark, history)
        assert (ids(found), found.complete) == (["A"], True)
