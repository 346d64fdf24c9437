"""What the sweep does for SMS, and what it shows."""

from typing import Any

from prometheus_client import generate_latest

from channels.sms.contract import Contract
from channels.sms.delivery_reports import SentPart
from dispatcher.metrics import Metrics
from dispatcher.store.delivery.reports import Reports
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sms.failover import Failover
from dispatcher.store.sms.upkeep import FORGET_EVERY_S, SHOW_EVERY_S, SmsUpkeep
from tests.store.sms.phones import phones
from tests.store.sms.test_failover import go_out, warn


async def test_a_sweep_hands_over_counts_shows_and_forgets(
    pool: Any, alerts: Any, ledger: Any, subscriptions: Any
) -> None:
    await phones(pool, subscriptions, 20)
    contracts = [Contract("a", parts_per_month=80), Contract("b", weight=0)]
    charges, now, metrics, reports = Charges(contracts), [0.0], Metrics(), Reports(pool)
    metrics.know_sms_gateways(one.gateway for one in contracts)
    upkeep = SmsUpkeep(pool, charges, Failover(pool, charges), reports, lambda: now[0])
    batch = await warn(pool, alerts, ledger, contracts=contracts)
    await pool.execute("UPDATE batch SET text_parts = 2")
    await reports.remember("smsc", [SentPart("1", ("A", 1), 1)])
    await pool.execute("UPDATE message_reference SET at = at - interval '15 days'")
    assert await upkeep.sweep(metrics) == []
    assert await pool.fetchval("SELECT count(*) FROM message_reference") == 0
    shown = generate_latest(metrics.registry).decode()
    for line in (
        'warn_sms_parts_month{gateway="a"} 40.0',
        'warn_sms_budget_used_ratio{gateway="a"} 0.5',
        'warn_sms_handed_over_total{gateway="a",to_gateway="b"} 0.0',
        'warn_sms_doubles_total{gateway="a"} 0.0',
        "warn_sms_held_recipients 0.0",
    ):
        assert line in shown
    await go_out(pool, ledger)
    [ready] = await upkeep.sweep(metrics)
    assert ready.batch_id == batch, "where all move the batch does"
    shown = generate_latest(metrics.registry).decode()
    assert 'warn_sms_handed_over_total{gateway="a",to_gateway="b"} 20.0' in shown
    assert 'warn_sms_parts_month{gateway="a"} 40.0' in shown, "that is looked at now and then"
    now[0] = max(SHOW_EVERY_S, FORGET_EVERY_S)
    await upkeep.sweep(metrics)
    assert 'warn_sms_parts_month{gateway="b"} 40.0' in generate_latest(metrics.registry).decode()
