"""Alerts of record: one transaction each, one order per sender."""

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import asyncpg
import pytest

from dispatcher.model.alerts import AlertFilter, ReadyAlert
from dispatcher.model.vocabulary import DISPATCHED, DRILLS, Environment, Lane, Reason
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.sources import Sources
from tests.support.histories import plan, submit
from tests.support.messages import DUEREN, HEIMBACH, HOUR, JUELICH, NOW, SENDER, new_alert
from tests.support.shown import shown_at


async def test_what_was_recorded_is_read_back_as_it_was(alerts: Alerts) -> None:
    new = await submit(alerts, "A", JUELICH, DUEREN, raw=b"<alert/>")
    stored = await alerts.get("A")
    for name in (
        "sender",
        "identifier",
        "sent",
        "expires",
        "received_at",
        "sha256",
        "lane",
        "reason",
        "headline",
    ):
        assert getattr(stored, name) == getattr(new, name)
    assert (stored.state, stored.audience, stored.stopped_by, stored.planned_at) == (
        "accepted",
        0,
        None,
        None,
    )
    assert isinstance(stored.lane, Lane)
    assert isinstance(stored.reason, Reason)
    assert await alerts.raw("A") == b"<alert/>"
    assert [place.ags for place in await alerts.affected("A")] == [DUEREN, JUELICH]


async def test_what_is_not_there_is_none(alerts: Alerts) -> None:
    assert await alerts.get("none") is None
    assert await alerts.raw("none") is None
    assert await alerts.affected("none") == []


async def test_nothing_is_recorded_before_the_commit(alerts: Alerts) -> None:
    async def interrupted() -> None:
        async with alerts.submission(SENDER) as submission:
            await submission.record(new_alert("A", DUEREN))
            assert await alerts.get("A") is None
            raise LookupError

    with pytest.raises(LookupError):
        await interrupted()
    assert await alerts.get("A") is None


async def test_acceptance_and_its_audit_line_are_one(alerts: Alerts, pool: Any) -> None:
    new = await submit(alerts, "A")
    line = await pool.fetchrow(
        "SELECT actor, detail FROM audit WHERE alert_id = 'A' AND action = 'alert.accept'"
    )
    assert line["actor"] == "source:leitstelle"
    assert line["detail"] == {
        "source": "leitstelle",
        "reason": "first_notice",
        "sha256": new.sha256.hex(),
        "target_sha256": await alerts.target_sha256("A"),
        "municipalities": [DUEREN],
    }


@pytest.mark.parametrize(
    ("statement", "same"),
    [
        ("UPDATE affected SET name = 'anders', share = 0.5", True),
        ("UPDATE affected SET ags = '05358012' WHERE ags = '05358008'", False),
        ("UPDATE affected SET reason = 'geometry' WHERE ags = '05358008'", False),
        ("DELETE FROM affected WHERE ags = '05358008'", False),
        ("INSERT INTO affected VALUES ('A', '05358012', 'Heimbach', 'geocode', 1)", False),
        (r"UPDATE target SET shape = shape || '\x00'", False),
        ("DELETE FROM target", False),
    ],
)
async def test_the_hash_is_of_the_target_and_not_of_its_description(
    alerts: Alerts, pool: Any, statement: str, same: bool
) -> None:
    await submit(alerts, "A", DUEREN, JUELICH, target=b"a shape")
    accepted = await alerts.target_sha256("A")
    assert (await pool.execute(statement))[-1] != "0", "the statement changed something"
    assert (await alerts.target_sha256("A") == accepted) is same


@pytest.mark.parametrize(
    "reason", [Reason.NOT_ACTUAL, Reason.EXPIRED, Reason.SUPERSEDED, Reason.ALREADY_ENDED]
)
async def test_what_is_not_dispatched_waits_for_no_plan(alerts: Alerts, plans: Plans, reason: Any) -> None:
    await submit(alerts, "A", reason=reason)
    stored = await alerts.get("A")
    assert stored.state == "recorded"
    assert await plans.waiting_one("A") is None


async def test_an_identity_is_sender_identifier_and_instant(alerts: Alerts) -> None:
    await submit(alerts, "A", identifier="flut", sent=NOW)
    async with alerts.submission(SENDER) as submission:
        assert [found.id for found in await submission.identity(SENDER, "flut", NOW)] == ["A"]
        assert await submission.identity(SENDER, "flut", NOW + timedelta(seconds=1)) == []
        assert await submission.identity("other@example.org", "flut", NOW) == []


async def test_each_source_has_an_identity_of_its_own_with_all_its_contents(
    alerts: Alerts, pool: Any, sources: Sources
) -> None:
    """Two sources may share a CAP sender: neither takes the other's identity."""
    await pool.execute("INSERT INTO source (id, name, senders, territory) VALUES ('ort', '', '{}', '{}')")
    await submit(alerts, "A", identifier="flut")
    await submit(alerts, "B", identifier="flut", source_id="ort")
    await submit(alerts, "C", identifier="flut")
    async with alerts.submission(SENDER) as submission:
        found = await submission.identity(SENDER, "flut", NOW)
    assert [(one.id, one.source_id, one.revision) for one in found] == [
        ("A", "leitstelle", 0),
        ("C", "leitstelle", 1),
        ("B", "ort", 0),
    ]


async def test_the_record_refuses_one_revision_of_an_identity_twice(alerts: Alerts, pool: Any) -> None:
    await submit(alerts, "A", identifier="flut")
    await submit(alerts, "B", identifier="flut")
    with pytest.raises(asyncpg.UniqueViolationError):
        await pool.execute("UPDATE alert SET revision = 0 WHERE id = 'B'")


async def test_a_reference_named_twice_is_recorded_once(alerts: Alerts, pool: Any) -> None:
    reference = (SENDER, "flut", NOW)
    await submit(alerts, "B", references=(reference, reference))
    assert await pool.fetchval("SELECT count(*) FROM reference") == 1


async def test_a_chain_is_in_order_of_arrival(alerts: Alerts) -> None:
    await submit(alerts, "A", sent=NOW + HOUR)
    await submit(alerts, "B", chain="A")
    await submit(alerts, "X")
    async with alerts.submission(SENDER) as submission:
        assert [stored.id for stored in await submission.chains(["A"])] == ["A", "B"]
        assert [stored.id for stored in await submission.chains(["X", "A"])] == ["A", "B", "X"]
        assert await submission.chains([]) == []


async def test_edges_are_recorded_once_and_read_back_by_graph(alerts: Alerts) -> None:
    for one in "ABX":
        await submit(alerts, one)
    await submit(alerts, "C", chain="A", names=[])
    async with alerts.submission(SENDER) as submission:
        await submission.merge_chains("A", ["B"])
        for _ in range(2):
            await submission.link({("C", "A"), ("C", "B")})
        assert await submission.replaced(["A"]) == {"C": frozenset("AB")}
        assert await submission.replaced(["X"]) == {}


async def test_what_waits_for_a_person_is_not_stopped_and_nothing_stops_itself(alerts: Alerts) -> None:
    await submit(alerts, "A")
    await submit(alerts, "H", reason=Reason.HELD)
    await submit(alerts, "M", reason=Reason.MERGED)
    async with alerts.submission(SENDER) as submission:
        await submission.stop(["A", "H", "M"], "A")
        await submission.stop(["M"], "H")
    assert {one: (await alerts.get(one)).stopped_by for one in "AHM"} == {"A": None, "H": None, "M": "A"}


async def test_only_ends_that_were_put_off_are_planned_again(alerts: Alerts, pool: Any) -> None:
    await submit(alerts, "A")
    await submit(alerts, "B", chain="A", reason=Reason.CANCEL)
    await submit(alerts, "X", reason=Reason.CANCEL)
    await pool.execute("UPDATE alert SET plan_at = clock_timestamp() + interval '1 h' WHERE id IN ('B', 'X')")
    async with alerts.submission(SENDER) as submission:
        assert await submission.plan_again("A") == [ReadyAlert("B", Lane.PRIORITY, "leitstelle")]
    due = await pool.fetch("SELECT id FROM alert WHERE plan_at <= clock_timestamp()")
    assert [row["id"] for row in due] == ["B"]


@pytest.mark.parametrize(
    ("reason", "lasts", "state"),
    [
        (Reason.NOTHING_TO_END, HOUR, "accepted"),
        (Reason.NOTHING_TO_END, -HOUR, "accepted"),
        (Reason.UPDATE, HOUR, "planned"),
    ],
)
async def test_a_message_takes_effect_late_for_no_shorter_than_it_would_have(
    alerts: Alerts, pool: Any, plans: Plans, reason: Reason, lasts: timedelta, state: str
) -> None:
    new = await submit(alerts, "B", reason=reason)
    if reason is Reason.UPDATE:
        await pool.execute("UPDATE alert SET state = 'planned' WHERE id = 'B'")
    async with alerts.submission(SENDER) as submission:
        assert (
            await submission.take_effect_late("B", Reason.CANCEL, new.expires + lasts)
        ).lane == Lane.PRIORITY
    stored = await alerts.get("B")
    assert (stored.reason, stored.state) == (Reason.CANCEL, state)
    assert stored.expires == max(new.expires, new.expires + lasts)
    assert await plans.waiting_one("B") is not None
    line = await pool.fetchrow("SELECT actor, detail FROM audit WHERE action = 'alert.connect'")
    assert tuple(line) == ("service", {"reason": "cancel"})


@pytest.mark.parametrize("proved", [True, False])
async def test_whether_an_author_is_proved_and_what_came_before_it_are_on_record(
    alerts: Alerts, proved: bool
) -> None:
    await submit(alerts, "A")
    await submit(alerts, "B", reason=Reason.SUPERSEDED, stopped_by="A", proved=proved)
    stored = await alerts.get("B")
    assert (stored.proved, stored.stopped_by) == (proved, "A")


async def test_a_later_message_stops_what_is_under_way_and_nothing_else(
    alerts: Alerts, ledger: Any, plans: Plans
) -> None:
    await submit(alerts, "A")
    await submit(alerts, "X")
    await submit(alerts, "B", chain="A")
    stopped = {one: (await alerts.get(one)).stopped_by for one in "AXB"}
    assert stopped == {"A": "B", "X": None, "B": None}
    await plan(ledger, plans, "A")
    await submit(alerts, "C", chain="A")
    assert (await alerts.get("A")).stopped_by == "B", "who stopped it first stays on record"
    assert (await alerts.get("B")).stopped_by == "C"


async def test_merged_chains_are_one(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    await subscriptions.add_many([])
    await submit(alerts, "A")
    await submit(alerts, "X")
    await plan(ledger, plans, "X")
    await submit(alerts, "B", chain="A", merge=("X",))
    async with alerts.submission(SENDER) as submission:
        assert [stored.id for stored in await submission.chains(["A"])] == ["A", "X", "B"]
        assert await submission.chains(["X"]) == []
    assert await pool.fetchval("SELECT count(*) FROM batch WHERE chain_id = 'X'") == 0


async def test_messages_of_one_sender_are_decided_one_after_the_other(alerts: Alerts) -> None:
    order, entered = [], asyncio.Event()

    async def second() -> None:
        entered.set()
        async with alerts.submission(SENDER):
            order.append("second")

    async with alerts.submission(SENDER):
        waiting = asyncio.create_task(second())
        await entered.wait()
        async with alerts.submission("other@example.org"):
            order.append("somebody else")
        order.append("first")
    await waiting
    assert order == ["somebody else", "first", "second"]


async def test_a_submission_knows_the_records_clock(alerts: Alerts, pool: Any) -> None:
    before = await pool.fetchval("SELECT clock_timestamp()")
    async with alerts.submission(SENDER) as submission:
        assert before <= submission.now <= await pool.fetchval("SELECT clock_timestamp()")


async def test_a_source_sees_its_own_newest_first(alerts: Alerts, sources: Sources, pool: Any) -> None:
    await pool.execute("INSERT INTO source (id, name, senders, territory) VALUES ('other', '', '{}', '{}')")
    for one in "ABC":
        await submit(alerts, one)
    await submit(alerts, "X", source_id="other")
    assert [stored.id for stored in await alerts.listed("leitstelle", 2)] == ["C", "B"]


async def test_an_instance_gets_the_bytes_of_what_was_dispatched_for_its_places_only(alerts: Alerts) -> None:
    await submit(alerts, "A", DUEREN, raw=b"<alert/>")
    await submit(alerts, "E", DUEREN, reason=Reason.NOT_ACTUAL)
    assert await alerts.raw_for("A", [JUELICH, DUEREN]) == b"<alert/>"
    assert await alerts.raw_for("A", [JUELICH]) is None
    assert await alerts.raw_for("E", [DUEREN]) is None


async def test_in_force_is_what_was_dispatched_and_is_neither_expired_nor_replaced_nor_ended(
    alerts: Alerts, pool: Any
) -> None:
    await submit(alerts, "A", DUEREN)
    await submit(alerts, "B", DUEREN, HEIMBACH, chain="A")
    await submit(alerts, "X", DUEREN)
    await submit(alerts, "Y", DUEREN, chain="X", reason=Reason.CANCEL)
    await submit(alerts, "E", DUEREN, reason=Reason.NOT_ACTUAL)
    await submit(alerts, "O", DUEREN)
    await submit(alerts, "J", JUELICH)
    await pool.execute("UPDATE alert SET expires = clock_timestamp() WHERE id = 'O'")
    assert [stored.id for stored in await shown_at(alerts, [DUEREN])] == ["B"]
    assert [stored.id for stored in await shown_at(alerts, [HEIMBACH, JUELICH])] == ["B", "J"]


async def test_what_an_update_left_out_is_not_in_force_there_any_more(alerts: Alerts) -> None:
    await submit(alerts, "A", DUEREN, JUELICH)
    await submit(alerts, "B", JUELICH, chain="A")
    assert await shown_at(alerts, [DUEREN]) == ()


async def test_what_is_in_force_at_the_municipalities_of_alerts(alerts: Alerts, pool: Any) -> None:
    """Each with those of its municipalities that are asked for; at the time that is asked for."""
    await submit(alerts, "A", DUEREN, JUELICH)
    await submit(alerts, "B", JUELICH, HEIMBACH, severity="Extreme")
    await submit(alerts, "C", HEIMBACH)
    await submit(alerts, "D", DUEREN, reason=Reason.NOT_ACTUAL)
    await submit(alerts, "E", DUEREN)
    await submit(alerts, "E2", DUEREN, chain="E", reason=Reason.CANCEL)
    now = await pool.fetchval("SELECT clock_timestamp()")
    found = await alerts.in_force_at(["A"], now)
    assert [(one.id, one.severity, one.municipalities) for one in found] == [
        ("A", "Severe", frozenset({DUEREN, JUELICH})),
        ("B", "Extreme", frozenset({JUELICH})),
    ]
    assert [one.id for one in await alerts.in_force_at(["A", "C"], now)] == ["A", "B", "C"]
    assert await alerts.in_force_at(["A"], max(one.expires for one in found)) == []


async def test_what_replaces_a_message_has_a_higher_sequence_whatever_the_clock_said(
    alerts: Alerts, pool: Any
) -> None:
    """Set forward and back, and received at the same instant; over all ways, and in the order in which they count: H
    waited for a person while A5 was told.
    """
    hours = {"A": 0, "A2": 5, "A3": -3, "A4": -3, "H": -4, "A5": 6}
    for alert_id in hours:
        await submit(alerts, alert_id, chain=None if alert_id in {"A", "H"} else "A")
    for alert_id, moved in hours.items():
        await pool.execute(
            "UPDATE alert SET received_at = $2 WHERE id = $1", alert_id, NOW + timedelta(hours=moved)
        )
    async with alerts.submission(SENDER) as submission:
        await submission.link({("H", "A5")})
    found = [await alerts.get(alert_id) for alert_id in ("A", "A2", "A3", "A4", "A5", "H")]
    numbers = [one.sequence for one in found if one]
    assert numbers == sorted(set(numbers))
    assert numbers[-1] - 6 * 3_600_000_000 - int(NOW.timestamp() * 1_000_000) == 5
    assert max(numbers) < 1 << 53


# exercises


async def test_the_record_takes_no_exercise_as_a_warning_nor_the_other_way_round(
    alerts: Alerts, pool: Any
) -> None:
    """The last guard, whatever a process decides."""
    for number, (status, reason) in enumerate(product(("Actual", "Exercise"), (*DISPATCHED, *DRILLS))):
        fits = (status == "Exercise") == (reason in DRILLS)
        with nullcontext() if fits else pytest.raises(asyncpg.CheckViolationError):
            await submit(alerts, f"m-{number}", status=status, reason=reason)
    assert await pool.fetchval("SELECT count(*) FROM alert") == len(DISPATCHED) + len(DRILLS)


async def test_a_list_is_of_one_environment(alerts: Alerts) -> None:
    await submit(alerts, "real")
    await submit(alerts, "drill", status="Exercise", reason=Reason.DRILL)
    await submit(alerts, "recorded", status="Exercise", reason=Reason.NOT_ACTUAL)
    live, exercise = AlertFilter(), AlertFilter(environment=Environment.EXERCISE)
    assert [one.id for one in await alerts.listed("leitstelle", 9, live)] == ["real"]
    assert [one.id for one in await alerts.listed("leitstelle", 9, exercise)] == ["recorded", "drill"]
    going_on = replace(exercise, in_force=True)
    assert [one.id for one in await alerts.listed("leitstelle", 9, going_on)] == ["drill"]
