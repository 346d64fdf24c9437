"""The account of an alert, and how things stand."""

import json
from dataclasses import asdict
from typing import Any

from dispatcher.model.batches import Progress
from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.ledger_reader import LedgerReader
from dispatcher.store.delivery.plans import Plans
from tests.store.conftest import batch_ids
from tests.support.histories import finish, plan, planned, submit, subscription
from tests.support.messages import DUEREN, HEIMBACH, JUELICH

ACCEPTED, REJECTED, PENDING = State.ACCEPTED, State.REJECTED, State.PENDING


async def entries_of(accounts: LedgerReader) -> list[Any]:
    return [line for batch in await accounts.batches("A") for line in await accounts.lines(batch)]


async def test_every_recipient_is_in_one_state(
    pool: Any, ledger: Any, accounts: LedgerReader, ready_batches: list[Any]
) -> None:
    _, three, two = await batch_ids(pool)
    lease = await ledger.acquire(three)
    progress = Progress(
        bytes([ACCEPTED, REJECTED, PENDING]), accepted_first=lease.now, accepted_last=lease.now
    )
    await ledger.release(lease, progress)
    await finish(ledger, two, [State.EXPIRED | UNCERTAIN, ACCEPTED])
    channels = {(one.channel, one.kind): one for one in await accounts.summary("A")}
    assert set(channels) == {("app", "alert"), ("webpush", "alert")}
    push = channels["webpush", "alert"]
    assert push.states == {"accepted": 2, "rejected": 1, "pending": 1, "expired": 1}
    assert (push.first_at, push.last_at) == (lease.now, lease.now)
    assert channels["app", "alert"].states == {"pending": 1}
    assert channels["app", "alert"].first_at is None


async def test_an_alert_without_recipients_has_an_empty_account(
    accounts: LedgerReader, alerts: Alerts
) -> None:
    await submit(alerts, "A", HEIMBACH)
    assert await accounts.summary("A") == []
    assert await accounts.by_municipality("A") == {}
    assert await entries_of(accounts) == []


async def test_entries_name_each_recipient_and_no_address(
    pool: Any, ledger: Any, accounts: LedgerReader, ready_batches: list[Any]
) -> None:
    app, three, _ = await batch_ids(pool)
    await finish(ledger, app, State.DELIVERED)
    await finish(ledger, three, State.DEAD | UNCERTAIN)
    entries = await entries_of(accounts)
    assert {("alert", entry.recipient) for entry in entries} == await planned(pool, "A")
    assert {(one.channel, one.state, one.uncertain) for one in entries} == {
        ("app", "delivered", False),
        ("webpush", "dead", True),
        ("webpush", "pending", False),
    }
    assert [one.ref for one in entries if one.channel == "app"] == ["instance-1"]
    assert "push.example/" not in json.dumps([asdict(one) for one in entries])


async def test_who_follows_two_municipalities_counts_in_both(
    alerts: Alerts, ledger: Any, plans: Plans, accounts: LedgerReader, subscriptions: Subscriptions
) -> None:
    await subscriptions.add_many([subscription("anna", DUEREN, JUELICH), subscription("bernd", JUELICH)])
    await submit(alerts, "A", DUEREN, JUELICH)
    [wake_ups] = await plan(ledger, plans, "A")
    await finish(ledger, wake_ups.batch_id, ACCEPTED)
    assert await accounts.by_municipality("A") == {DUEREN: {"accepted": 1}, JUELICH: {"accepted": 2}}


async def test_what_else_somebody_follows_is_not_named(
    pool: Any, alerts: Alerts, ledger: Any, plans: Plans, accounts: LedgerReader, subscriptions: Subscriptions
) -> None:
    """Neither another municipality nor one that a place of theirs lies in: an audience of one would show it."""
    await subscriptions.add_many([subscription("anna", DUEREN, HEIMBACH)])
    await pool.execute(
        """INSERT INTO watched_area (subscription_id, lat, lon, radius_m, ags)
           SELECT id, '{50.9}', '{6.36}', 0, $1 FROM subscription""",
        [JUELICH],
    )
    await submit(alerts, "A", DUEREN)
    [wake_ups] = await plan(ledger, plans, "A")
    await finish(ledger, wake_ups.batch_id, ACCEPTED)
    assert await accounts.by_municipality("A") == {DUEREN: {"accepted": 1}}
