"""The commands about dead letters."""

import json
from typing import Any

from dispatcher.model.batches import Progress, RecipientProblem
from dispatcher.model.vocabulary import State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from tests.store import conftest as on_record
from tests.support.histories import ledger_of, plan, submit, subscribe
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES

pool = on_record.pool


async def test_dead_letters_are_listed_without_addresses(run: Any, pool: Any) -> None:
    await pool.execute(
        "INSERT INTO source (id, name, senders, territory) VALUES ('leitstelle', '', '{}', '{}')"
    )
    subscriptions, ledger = Subscriptions(pool, ADDRESSES), ledger_of(pool)
    await subscribe(pool, subscriptions, "anna")
    await submit(Alerts(pool), "A", DUEREN)
    [wake_ups] = await plan(ledger, Plans(pool, 10), "A")
    lease = await ledger.acquire(wake_ups.batch_id)
    problem = RecipientProblem(0, lease.recipients[0], 1, 0, "permanent", "413", "too large", None)
    await ledger.release(lease, Progress(bytes([State.REJECTED]), (problem,)))
    table = (await run("dead-letters", "list")).stdout
    assert "abgelehnt" in table
    assert "push.example/" not in table
    done = await run("dead-letters", "list", "--json", "--alert", "A")
    [letter] = [json.loads(text) for text in done.stdout.splitlines()]
    assert (letter["alert_id"], letter["code"], letter["recipient"]) == ("A", "413", lease.recipients[0])
    assert "push.example/" not in done.stdout
    assert (await run("dead-letters", "list", "--alert", "B")).stdout == ""
    shown = await run("dead-letters", "show", letter["id"])
    assert (json.loads(shown.stdout)["code"], json.loads(shown.stdout)["replay"]) == ("413", "replayed")
    assert "push.example/" not in shown.stdout
    assert (await run("dead-letters", "show", "999-0")).exit_code == 1
    for wrong in (["show", "x"], ["replay", "x"], ["replay"], ["replay", "1-0", "--alert", "A"]):
        assert (await run("dead-letters", *wrong)).exit_code == 2, wrong
    replayed = await run("dead-letters", "replay", "--alert", "A")
    assert (replayed.exit_code, replayed.stdout) == (0, "1 replayed, 0 not\n")
    again = await run("dead-letters", "replay", letter["id"])
    assert (again.exit_code, again.stdout) == (1, "0 replayed, 1 not\n")
    assert f"{letter['id']}: gibt es nicht (mehr)" in again.output
