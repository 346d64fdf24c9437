"""What people's wishes hold back of a warning, and what no wish does."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dispatcher.model.batches import Closed
from dispatcher.model.vocabulary import Kind, Lane, Reason, State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.audience.wishes import breaks_silence, quiet_until, severity_rank, severity_rank_of
from dispatcher.store.delivery.dead_letters import DeadLetters
from dispatcher.store.delivery.ledger_reader import LedgerReader
from dispatcher.store.delivery.plans import Located, Plans
from dispatcher.store.delivery.progress import recipient_progress
from tests.support.histories import finish, plan, planned, submit, subscribe
from tests.support.messages import DUEREN, JUELICH
from tests.support.people import outcomes, person, wish

ZONE = "Europe/Berlin"


@pytest.mark.parametrize(
    ("severity", "rank"),
    [("Minor", 1), ("Moderate", 2), ("Severe", 3), ("Extreme", 4), ("Unknown", 4), ("", 4)],
)
async def test_a_severity_has_the_same_rank_in_the_record(severity: str, rank: int, pool: Any) -> None:
    assert severity_rank(severity) == rank
    assert await pool.fetchval(f"SELECT {severity_rank_of('$1::text')}", severity) == rank


@pytest.mark.parametrize(
    ("severity", "lane", "breaks"),
    [
        ("Extreme", Lane.PRIORITY, True),
        ("Severe", Lane.FLASH, True),
        ("Severe", Lane.PRIORITY, False),
        ("Moderate", Lane.ROUTINE, False),
        ("Unknown", Lane.ROUTINE, False),
    ],
)
def test_only_what_cannot_wait_is_told_in_quiet_hours(severity: str, lane: Lane, breaks: bool) -> None:
    assert breaks_silence(severity, lane) is breaks


@pytest.mark.parametrize("min_severity", range(5))
async def test_nothing_slighter_than_wanted_is_told_and_extreme_always(
    min_severity: int, alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    [anna] = await subscribe(pool, subscriptions, "anna")
    await wish(pool, anna, min_severity=min_severity)
    muted = []
    plans._muted = lambda lane, people: muted.append((lane, people))
    for rank, severity in enumerate(("Minor", "Moderate", "Severe", "Extreme"), 1):
        await submit(alerts, severity, severity=severity)
        await plan(ledger, plans, severity)
        wanted = rank >= min_severity
        assert await planned(pool, severity) == ({(Kind.ALERT, anna)} if wanted else set())
        assert await pool.fetchval("SELECT muted FROM alert WHERE id = $1", severity) == (not wanted)
        assert (await alerts.get(severity)).state == ("planned" if wanted else "settled")
    assert sum(people for _, people in muted) == max(0, min_severity - 1)


async def test_nothing_is_sent_to_an_endpoint_that_nobody_has_proven(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    anna, bernd = await subscribe(pool, subscriptions, "anna", "bernd")
    await wish(pool, anna, active=False)
    await submit(alerts, "A", severity="Extreme")
    for ready in await plan(ledger, plans, "A"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    assert await planned(pool, "A") == {(Kind.ALERT, bernd)}
    await wish(pool, bernd, active=False)
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    assert await planned(pool, "C") == set()


async def test_whoever_was_alarmed_hears_what_becomes_of_it_however_slight_it_is(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    anna, bernd = await subscribe(pool, subscriptions, "anna", "bernd", places=(DUEREN, JUELICH))
    for one in (anna, bernd):
        await wish(pool, one, min_severity=3)
    await wish(pool, bernd, min_severity=4)
    await submit(alerts, "A", severity="Severe")
    for ready in await plan(ledger, plans, "A"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    await submit(alerts, "B", chain="A", severity="Minor")
    for ready in await plan(ledger, plans, "B"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    assert await planned(pool, "B") == {(Kind.UPDATE, anna)}
    assert await pool.fetchval("SELECT muted FROM alert WHERE id = 'B'") == 1
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL, severity="Minor")
    await plan(ledger, plans, "C")
    assert await planned(pool, "C") == {(Kind.CANCEL, anna)}


async def plan_beside(ledger: Any, plans: Plans, alert_id: str) -> None:
    """Plan it beside what else is in force, and let everybody be reached."""
    located = Located(beside=frozenset(await plans.beside("A", alert_id)))
    async for ready_batches in plans.portions(alert_id, in_flight=0, located=located):
        for ready in ready_batches:
            await finish(ledger, ready.batch_id, State.ACCEPTED)


async def test_what_somebody_does_not_want_to_hear_of_keeps_no_end_from_him(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    anna, bernd = await subscribe(pool, subscriptions, "anna", "bernd")
    await wish(pool, anna, min_severity=3)
    await submit(alerts, "A", severity="Severe")
    await plan_beside(ledger, plans, "A")
    await submit(alerts, "B", chain="A", severity="Minor", names=())
    await plan_beside(ledger, plans, "B")
    assert await planned(pool, "B") == {(Kind.ALERT, bernd)}
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL, names=("A",))
    await plan_beside(ledger, plans, "C")
    assert await planned(pool, "C") == {(Kind.CANCEL, anna)}, "for Bernd another warning goes on"


def _clock(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(ZONE))


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ((time(22), time(6)), "2026-11-28 21:59", None),
        ((time(22), time(6)), "2026-11-28 22:00", "2026-11-29 06:00"),
        ((time(22), time(6)), "2026-11-29 05:59", "2026-11-29 06:00"),
        ((time(22), time(6)), "2026-11-29 06:00", None),
        ((time(13), time(15)), "2026-11-29 14:00", "2026-11-29 15:00"),
        ((time(13), time(15)), "2026-11-29 12:00", None),
        ((time(8), time(8)), "2026-11-29 08:00", None),
        ((None, None), "2026-11-29 08:00", None),
        # The clocks are put forward on 29 March 2026 at 2, and back on 25 October at 3.
        ((time(22), time(6)), "2026-03-28 23:00", "2026-03-29 06:00"),
        ((time(22), time(6)), "2026-10-24 23:00", "2026-10-25 06:00"),
        ((time(22), time(2, 30)), "2026-03-28 23:00", "2026-03-29 03:30"),
    ],
)
async def test_quiet_hours_are_those_of_the_clock_on_the_wall(
    hours: tuple[time | None, time | None], now: str, until: str | None, pool: Any
) -> None:
    expression = quiet_until("s", "false", f"'{ZONE}'").replace("statement_timestamp()", "$3::timestamptz")
    query = f"SELECT {expression} FROM (SELECT $1::time AS quiet_from, $2::time AS quiet_until) s"
    assert await pool.fetchval(query, *hours, _clock(now)) == (until and _clock(until))


def _around_now(hours: int = 1) -> dict[str, time]:
    """Quiet hours in which we are."""
    now = datetime.now(ZoneInfo(ZONE))
    return {
        "quiet_from": (now - timedelta(hours=1)).time().replace(microsecond=0),
        "quiet_until": (now + timedelta(hours=hours)).time().replace(microsecond=0),
    }


async def test_what_is_not_extreme_waits_for_the_end_of_quiet_hours_and_is_sent_then(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    anna, bernd = await subscribe(pool, subscriptions, "anna", "bernd")
    await wish(pool, anna, **_around_now())
    await submit(alerts, "A", severity="Severe")
    await plan(ledger, plans, "A")
    quiet, loud = await pool.fetch(
        "SELECT id, recipients, quiet_until FROM batch WHERE alert_id = 'A' ORDER BY quiet_until"
    )
    assert (quiet["recipients"], loud["recipients"], loud["quiet_until"]) == ([anna], [bernd], None)
    assert timedelta() < quiet["quiet_until"] - datetime.now(UTC) <= timedelta(hours=1)
    assert await ledger.acquire(quiet["id"]) is None
    assert (await alerts.get("A")).audience == 2
    await pool.execute("UPDATE batch SET not_before = now(), enqueued_at = NULL WHERE id = $1", quiet["id"])
    assert quiet["id"] in {one.batch_id for one in await ledger.due()}
    assert await ledger.acquire(quiet["id"])


async def test_what_expires_in_quiet_hours_is_never_sent_and_stays_on_record(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    [anna] = await subscribe(pool, subscriptions, "anna")
    await wish(pool, anna, **_around_now())
    await submit(alerts, "A", severity="Moderate")
    await plan(ledger, plans, "A")
    await pool.execute("UPDATE batch SET deadline = clock_timestamp() - interval '1 ms'")
    assert (await ledger.close_expired()).recipients == {("webpush", "priority"): 1}
    assert await outcomes(pool, "A") == {anna: State.EXPIRED}


async def test_quiet_hours_until_after_the_end_are_a_state_of_their_own_from_the_plan_on(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    """Status, ledger, dead letters and counters say the same, and say it before the warning is over."""
    anna, bernd = await subscribe(pool, subscriptions, "anna", "bernd")
    await wish(pool, anna, **_around_now())
    counted = []
    plans._count = counted.append
    await submit(alerts, "A", severity="Severe", expires=datetime.now(UTC) + timedelta(minutes=30))
    [ready] = await plan(ledger, plans, "A")
    assert await outcomes(pool, "A") == {anna: State.QUIET_PAST_END, bernd: State.PENDING}
    assert counted == [Closed(State.QUIET_PAST_END, 0, {("webpush", Lane.PRIORITY): 1})]
    await finish(ledger, ready.batch_id, State.ACCEPTED)
    found, progress = await alerts.get("A"), await recipient_progress(pool, "A")
    assert (found.state, found.audience) == ("settled", 2), "nothing is left to be done"
    assert (progress.accepted, progress.waiting, progress.quiet_past_end, progress.gone) == (1, (), 1, 0)
    assert [(one.reason, one.recipients, one.next_attempt_at) for one in progress.failed] == [
        ("quiet_past_end", 1, None)
    ]
    assert await LedgerReader(pool).by_municipality("A") == {DUEREN: {"accepted": 1, "quiet_past_end": 1}}
    assert await DeadLetters(pool).listed("A") == []
    assert (await ledger.close_expired()).recipients == {}


@pytest.mark.parametrize("hours", [1, 22])
async def test_no_quiet_hours_keep_extreme_from_anybody(
    hours: int, alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    [anna] = await subscribe(pool, subscriptions, "anna")
    await wish(pool, anna, min_severity=4, **_around_now(hours))
    await submit(alerts, "A", severity="Extreme", expires=datetime.now(UTC) + timedelta(minutes=10))
    await plan(ledger, plans, "A")
    assert await outcomes(pool, "A") == {anna: State.PENDING}


async def test_who_was_alarmed_and_sleeps_through_an_update_hears_of_the_end(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    [anna] = await subscribe(pool, subscriptions, "anna")
    await submit(alerts, "A")
    for ready in await plan(ledger, plans, "A"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    await wish(pool, anna, **_around_now())
    await submit(alerts, "B", chain="A", expires=datetime.now(UTC) + timedelta(minutes=30))
    assert await plan(ledger, plans, "B") == []
    assert await outcomes(pool, "B") == {anna: State.QUIET_PAST_END}
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    assert await outcomes(pool, "C") == {anna: State.PENDING}


async def test_extreme_and_what_is_immediate_wait_for_no_quiet_hours(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    [anna] = await subscribe(pool, subscriptions, "anna")
    await wish(pool, anna, **_around_now())
    await submit(alerts, "A", severity="Extreme")
    await submit(alerts, "B", severity="Severe", lane=Lane.FLASH)
    for alert_id in ("A", "B"):
        [ready] = await plan(ledger, plans, alert_id)
        assert await ledger.acquire(ready.batch_id), alert_id


async def test_an_update_waits_for_the_end_of_quiet_hours_and_the_end_of_a_warning_does_not(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    anna, bernd = await subscribe(pool, subscriptions, "anna", "bernd")
    await submit(alerts, "A")
    for ready in await plan(ledger, plans, "A"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    await wish(pool, anna, **_around_now())
    await submit(alerts, "B", chain="A")
    await plan(ledger, plans, "B")
    rows = await pool.fetch(
        "SELECT recipients, quiet_until IS NOT NULL AS quiet FROM batch WHERE alert_id = 'B'"
    )
    assert {(*row["recipients"], row["quiet"]) for row in rows} == {(anna, True), (bernd, False)}
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    [ready] = await plan(ledger, plans, "C")
    assert await planned(pool, "C") == {(Kind.CANCEL, anna), (Kind.CANCEL, bernd)}
    assert await ledger.acquire(ready.batch_id)


async def test_who_is_still_to_be_told_when_it_ends_hears_of_nothing(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    [anna] = await subscribe(pool, subscriptions, "anna")
    await wish(pool, anna, **_around_now())
    await submit(alerts, "A")
    await plan(ledger, plans, "A")
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    assert await planned(pool, "C") == set()
    assert await outcomes(pool, "A") == {anna: State.SUPERSEDED}


async def test_people_are_counted_once_and_only_who_wants_to_hear_of_it(
    pool: Any, subscriptions: Subscriptions
) -> None:
    await subscribe(pool, subscriptions, "loner")
    await person(pool, subscriptions, 1, "sms:a", "b", places=(DUEREN, JUELICH))
    await person(pool, subscriptions, 2, "c", "sms:d", min_severity=4)
    [unproven] = await subscribe(pool, subscriptions, "unproven")
    await wish(pool, unproven, active=False)
    severe = await subscriptions.reach([DUEREN, JUELICH], severity="Severe")
    assert severe.by_channel == {"webpush": 1, "sms": 1}
    assert severe.by_municipality == {DUEREN: {"webpush": 1, "sms": 1}, JUELICH: {"sms": 1}}
    assert (await subscriptions.reach([DUEREN], severity="Extreme")).by_channel == {"webpush": 2, "sms": 1}
    assert (await subscriptions.reach([DUEREN], drill=True)).by_channel == {}
    assert await subscriptions.followers([JUELICH]) == {(JUELICH, "sms"): 1, (JUELICH, "webpush"): 1}


async def test_an_end_counts_the_people_who_were_alarmed(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    await person(pool, subscriptions, 1, "sms:a", "b")
    await submit(alerts, "A", severity="Extreme")
    for ready in await plan(ledger, plans, "A"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    alarmed = await subscriptions.alarmed(["A"], ["A"])
    assert (alarmed.by_channel, alarmed.by_municipality) == ({"sms": 1}, {DUEREN: {"sms": 1}})
    assert await subscriptions.still_warned(["A"], ["A"]) == (1, ())


async def test_an_exercise_goes_to_those_who_take_part_and_waits_for_quiet_hours(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    anna, bernd, _ = await subscribe(pool, subscriptions, "anna", "bernd", "clara")
    await wish(pool, anna, drills=True)
    await wish(pool, bernd, drills=True, **_around_now())
    await submit(alerts, "A", severity="Extreme", status="Exercise", reason=Reason.DRILL, lane=Lane.EXERCISE)
    assert (await alerts.get("A")).state == "accepted"
    await plan(ledger, plans, "A")
    rows = await pool.fetch("SELECT recipients, quiet_until IS NOT NULL AS quiet FROM batch")
    assert {(*row["recipients"], row["quiet"]) for row in rows} == {(anna, False), (bernd, True)}
    assert (await subscriptions.reach([DUEREN], severity="Extreme", drill=True)).by_channel == {"webpush": 2}


async def test_an_exercise_is_never_in_force_and_takes_nothing_away(
    alerts: Alerts, pool: Any, ledger: Any, plans: Plans, subscriptions: Subscriptions
) -> None:
    [anna] = await subscribe(pool, subscriptions, "anna")
    await wish(pool, anna, drills=True)
    await submit(alerts, "A")
    for ready in await plan(ledger, plans, "A"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    await submit(alerts, "D", chain="A", status="Exercise", reason=Reason.DRILL, names=())
    await plan_beside(ledger, plans, "D")
    assert await planned(pool, "D") == {(Kind.ALERT, anna)}
    assert [one.id for one in await alerts.in_force_at(["A", "D"], datetime.now(UTC))] == ["A"]
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL, names=("A",))
    await plan_beside(ledger, plans, "C")
    assert await planned(pool, "C") == {(Kind.CANCEL, anna)}


async def test_an_audience_is_held_for_the_people_who_would_be_told(
    alerts: Alerts, pool: Any, ledger: Any, subscriptions: Subscriptions
) -> None:
    """Rows of endpoints are counted ahead, then people."""
    for number in range(3):
        await person(
            pool, subscriptions, number, f"push{number}", f"sms:{number}", min_severity=4 * (number == 2)
        )
    seen = []

    def guard(recipients: int, _baseline: int | None, _approved: int | None) -> str:
        seen.append(recipients)
        return "too many" if recipients > 2 else ""

    await submit(alerts, "A")
    await plan(ledger, Plans(pool, 10, guard), "A")
    assert seen == [6, 2]
    assert (await alerts.get("A")).audience == 2
