"""Withdrawing people from an end that is on its way, when a warning comes that concerns them."""

from typing import Any

import pytest

from dispatcher.model.batches import Progress
from dispatcher.model.vocabulary import UNCERTAIN, Kind, Reason, State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from tests.support.histories import finish, let_leases_end, plan, submit, subscribe
from tests.support.messages import DUEREN, JUELICH


@pytest.fixture
async def anna_and_clara(
    alerts: Alerts, ledger: Any, plans: Plans, pool: Any, subscriptions: Subscriptions
) -> tuple[int, int]:
    """Both follow Düren, Clara also Jülich; both were warned, and their all-clear is planned."""
    (anna,) = await subscribe(pool, subscriptions, "anna")
    (clara,) = await subscribe(pool, subscriptions, "clara", places=(DUEREN, JUELICH))
    await submit(alerts, "A", DUEREN)
    for ready in await plan(ledger, plans, "A"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    await submit(alerts, "C", chain="A", reason=Reason.CANCEL)
    await plan(ledger, plans, "C")
    return anna, clara


async def end_of(pool: Any, alert_id: str = "C") -> dict[int, int]:
    """What became of each who was to hear of the end, first attempts last."""
    rows = await pool.fetch(
        "SELECT recipients, outcomes FROM batch WHERE alert_id = $1 ORDER BY id DESC", alert_id
    )
    return {
        one: outcome for row in rows for one, outcome in zip(row["recipients"], row["outcomes"], strict=True)
    }


async def test_whom_a_warning_concerns_is_withdrawn_from_the_end_on_its_way(
    alerts: Alerts, ledger: Any, plans: Plans, pool: Any, anna_and_clara: tuple[int, int]
) -> None:
    anna, clara = anna_and_clara
    await submit(alerts, "U", JUELICH, chain="A", names=())
    await plan(ledger, plans, "U")
    assert await end_of(pool) == {anna: State.PENDING, clara: State.SUPERSEDED}
    detail = await pool.fetchval(
        "SELECT detail FROM audit WHERE action = 'alert.withdraw' AND alert_id = 'C'"
    )
    assert detail == {"by": "U", "recipients": 1}
    [batch] = await pool.fetch("SELECT id, state FROM batch WHERE alert_id = 'C'")
    assert batch["state"] == "open", "Anna still hears of it"
    assert (await ledger.acquire(batch["id"])).outcomes == bytes([State.PENDING, State.SUPERSEDED])


async def test_those_who_are_withdrawn_are_counted(
    alerts: Alerts, ledger: Any, pool: Any, anna_and_clara: tuple[int, int]
) -> None:
    counted: list[Any] = []
    await submit(alerts, "U", JUELICH, chain="A", names=())
    await plan(ledger, Plans(pool, 10, count=counted.append), "U")
    assert [(one.state, one.recipients) for one in counted] == [
        (State.SUPERSEDED, {("webpush", "priority"): 1})
    ]


async def test_a_batch_of_which_everybody_is_withdrawn_is_done(
    alerts: Alerts, ledger: Any, plans: Plans, pool: Any, anna_and_clara: tuple[int, int]
) -> None:
    await submit(alerts, "U", DUEREN, chain="A", names=())
    await plan(ledger, plans, "U")
    assert await pool.fetchval("SELECT state FROM batch WHERE alert_id = 'C'") == "done"
    await ledger.settle_finished()
    assert (await alerts.get("C")).state == "settled"


async def test_who_was_withdrawn_hears_of_the_end_when_the_warning_has_run_out(
    alerts: Alerts, ledger: Any, plans: Plans, pool: Any, anna_and_clara: tuple[int, int]
) -> None:
    _, clara = anna_and_clara
    await submit(alerts, "U", JUELICH, chain="A", names=())
    for ready in await plan(ledger, plans, "U"):
        await finish(ledger, ready.batch_id, State.ACCEPTED)
    expires = (await alerts.get("U")).expires
    assert await pool.fetchval("SELECT plan_at FROM alert WHERE id = 'C'") == expires
    await pool.execute("UPDATE alert SET expires = clock_timestamp() WHERE id = 'U'")
    await pool.execute("UPDATE alert SET plan_at = clock_timestamp() WHERE id = 'C'")
    await plan(ledger, plans, "C")
    rows = await pool.fetch("SELECT kind, recipients FROM batch WHERE alert_id = 'C' ORDER BY id")
    assert [tuple(row) for row in rows][1:] == [(Kind.CANCEL, [clara])]


async def test_what_a_worker_holds_is_beyond_recall(
    alerts: Alerts, ledger: Any, plans: Plans, pool: Any, anna_and_clara: tuple[int, int]
) -> None:
    batch_id = await pool.fetchval("SELECT id FROM batch WHERE alert_id = 'C'")
    lease = await ledger.acquire(batch_id)
    await submit(alerts, "U", DUEREN, chain="A", names=())
    await plan(ledger, plans, "U")
    assert set((await end_of(pool)).values()) == {State.PENDING}
    assert await ledger.release(lease, Progress(bytes([State.ACCEPTED] * 2)))


async def test_what_a_dead_worker_may_have_sent_is_uncertain(
    alerts: Alerts, ledger: Any, plans: Plans, pool: Any, anna_and_clara: tuple[int, int]
) -> None:
    batch_id = await pool.fetchval("SELECT id FROM batch WHERE alert_id = 'C'")
    lease = await ledger.acquire(batch_id)
    await ledger.advance(lease, Progress(bytes([State.ACCEPTED, State.CLAIMED])))
    await let_leases_end(pool)
    await submit(alerts, "U", DUEREN, chain="A", names=())
    await plan(ledger, plans, "U")
    assert list((await end_of(pool)).values()) == [State.ACCEPTED, State.SUPERSEDED | UNCERTAIN]


async def test_a_warning_waits_while_an_end_is_being_planned(
    alerts: Alerts, ledger: Any, plans: Plans, pool: Any, anna_and_clara: tuple[int, int]
) -> None:
    """A moment: else neither plan would see the other's recipients."""
    await submit(alerts, "U", DUEREN, chain="A", names=())
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM alert WHERE id = 'C' FOR UPDATE")
        assert await plan(ledger, plans, "U") == []
        assert (await alerts.get("U")).state == "accepted"
    assert len(await plan(ledger, plans, "U")) == 1
