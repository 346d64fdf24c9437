"""Dead letters: looked at without addresses, put back only where something may still be sent."""

from typing import Any

import pytest

from dispatcher.access.principals import Actor
from dispatcher.model.batches import Progress, RecipientProblem
from dispatcher.model.ledger import DeadLetterGroup, Fate
from dispatcher.model.retry_policy import DEFAULT_POLICY
from dispatcher.model.vocabulary import UNCERTAIN, State
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.dead_letters import DeadLetters, parse_id
from dispatcher.store.delivery.plans import Plans
from tests.support.histories import plan, submit, subscribe
from tests.support.messages import DUEREN, JUELICH

CRASHES_KEPT = DEFAULT_POLICY.suspicion.crashes_kept


@pytest.fixture
def letters(pool: Any) -> DeadLetters:
    return DeadLetters(pool)


@pytest.fixture
async def batch(pool: Any, alerts: Alerts, ledger: Any, plans: Plans, subscriptions: Subscriptions) -> Any:
    """Anna was refused, Bernd given up, Clara was reached; one batch."""
    people = await subscribe(pool, subscriptions, "anna", "bernd", "clara")
    await submit(alerts, "A", DUEREN)
    [wake_ups] = await plan(ledger, plans, "A")
    lease = await ledger.acquire(wake_ups.batch_id)
    problems = (
        RecipientProblem(0, people[0], 2, 0, "permanent", "400", "too long", None),
        RecipientProblem(1, people[1], 1, 3, "crash", "worker_died", "", None),
    )
    outcomes = bytes([State.REJECTED, State.DEAD | UNCERTAIN, State.ACCEPTED])
    await ledger.release(lease, Progress(outcomes, problems))
    return wake_ups.batch_id


async def test_they_are_what_was_refused_or_given_up_newest_first(batch: Any, letters: DeadLetters) -> None:
    found = await letters.listed("A")
    assert {(one.id, one.label, one.code, one.detail, one.attempts) for one in found} == {
        (f"{batch}-0", "permanent", "400", "too long", 2),
        (f"{batch}-1", "crash", "worker_died", "", 1),
    }
    assert len(await letters.listed(None, limit=1)) == 1
    assert await letters.listed("other") == []


async def test_one_shows_what_it_was_about_and_what_a_replay_would_come_to(
    batch: Any, letters: DeadLetters, pool: Any
) -> None:
    opened = await letters.opened(f"{batch}-1", Actor("operator:anna"))
    assert (opened.letter.label, opened.kind, opened.language, opened.crashes) == ("crash", "alert", "de", 3)
    assert opened.uncertain is True
    assert opened.replay is Fate.REPLAYED
    assert await letters.opened(f"{batch}-2") is None
    assert await letters.opened("999-0") is None
    looked = await pool.fetch("SELECT actor, detail FROM audit WHERE action = 'dead_letter.show'")
    assert [tuple(row) for row in looked] == [("operator:anna", {"letter": f"{batch}-1"})]


async def test_put_back_they_are_open_again_and_suspects_stay_suspect(
    batch: Any, letters: DeadLetters, ledger: Any, alerts: Alerts
) -> None:
    assert await letters.replay([f"{batch}-0", f"{batch}-1"], CRASHES_KEPT) == {
        f"{batch}-0": Fate.REPLAYED,
        f"{batch}-1": Fate.REPLAYED,
    }
    assert (await alerts.get("A")).state == "planned"
    lease = await ledger.acquire(batch)
    assert lease.outcomes == bytes([State.RETRY, State.RETRY | UNCERTAIN, State.ACCEPTED])
    assert (lease.problems[0].attempts, lease.problems[1].crashes) == (0, CRASHES_KEPT)
    assert await letters.listed("A") == []


@pytest.mark.parametrize(
    ("change", "fate"),
    [
        ("UPDATE batch SET deadline = clock_timestamp()", Fate.EXPIRED),
        ("UPDATE alert SET stopped_at = clock_timestamp()", Fate.SUPERSEDED),
        ("UPDATE subscription SET ended_at = clock_timestamp()", Fate.ENDED),
        ("UPDATE batch SET lease_until = clock_timestamp() + interval '1 minute'", Fate.IN_FLIGHT),
        ("UPDATE problem SET due = clock_timestamp()", Fate.UNKNOWN),
    ],
)
async def test_what_may_not_be_sent_any_more_is_not_put_back(
    batch: Any, letters: DeadLetters, pool: Any, change: str, fate: Any
) -> None:
    await pool.execute(change)
    before = await pool.fetchrow("SELECT outcomes, state, lease_token FROM batch")
    assert await letters.replay([f"{batch}-0"], CRASHES_KEPT) == {f"{batch}-0": fate}
    assert await pool.fetchrow("SELECT outcomes, state, lease_token FROM batch") == before


async def test_unknown_ones_and_those_that_were_reached_change_nothing(
    batch: Any, letters: DeadLetters, pool: Any
) -> None:
    before = await pool.fetchrow("SELECT * FROM batch")
    assert await letters.replay([f"{batch}-2", "999-0"], CRASHES_KEPT) == {
        f"{batch}-2": Fate.UNKNOWN,
        "999-0": Fate.UNKNOWN,
    }
    assert await pool.fetchrow("SELECT * FROM batch") == before


@pytest.mark.parametrize(
    "text", ["", "1", "a-1", "1-b", "-1-2", "1-", "²-1", "9" * 19 + "-0", "1-" + "9" * 10]
)
def test_an_id_is_two_numbers(text: Any) -> None:
    with pytest.raises(ValueError, match="not the id"):
        parse_id(text)


async def test_they_are_counted_by_reason_and_by_municipalities_that_the_alert_concerns(
    batch: Any, letters: DeadLetters, pool: Any
) -> None:
    await pool.execute(
        """INSERT INTO followed_municipality (subscription_id, ags)
           SELECT recipient, $1 FROM problem WHERE label = 'crash'""",
        JUELICH,
    )
    assert await letters.count("A") == 2
    assert await letters.count("other") == 0
    assert await letters.by_reason("A", 9) == [
        DeadLetterGroup("webpush", "crash", "worker_died", DUEREN, 1),
        DeadLetterGroup("webpush", "permanent", "400", DUEREN, 1),
    ]
    assert len(await letters.by_reason("A", 1)) == 1
    await pool.execute("DELETE FROM followed_municipality")
    assert {one.ags for one in await letters.by_reason("A", 9)} == {None}
