"""A message is one process' business at a time, and each attempt is written down."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.roles import Role, RoleGrant
from dispatcher.on_duty.messages import GAP, DutyResult, Following
from dispatcher.store.on_duty.endpoints import DutyEndpoints
from dispatcher.store.on_duty.messages import DutyMessages
from dispatcher.store.persons.persons import Persons
from tests.support.histories import submit
from tests.support.messages import NOW
from tests.support.on_duty import messages_of, on_duty

TOOK = timedelta(milliseconds=40)
AGAIN = Following(DutyResult.AGAIN, timedelta(seconds=5))


@pytest.fixture
async def number(pool: Any, alerts: Any) -> int:
    """The endpoint of a person to whom two messages are due."""
    found = await on_duty(pool, "m.keller", RoleGrant(Role.APPROVER))
    await submit(alerts, "A")
    for occasion in ("due", "reminder"):
        await pool.execute(
            "INSERT INTO duty_message (endpoint_id, alert_id, asked_at, occasion) VALUES ($1, 'A', $2, $3)",
            found,
            NOW,
            occasion,
        )
    return found


async def rows(pool: Any) -> list[tuple[Any, ...]]:
    found = await pool.fetch(
        """SELECT occasion, attempts, answer, due_at IS NOT NULL AS waits, accepted_at IS NOT NULL AS accepted
           FROM duty_message WHERE occasion <> 'code' ORDER BY id"""
    )
    return [tuple(row) for row in found]


async def test_one_process_has_an_endpoint_with_all_that_is_due_to_it(
    pool: Any, number: int, messages: DutyMessages
) -> None:
    others = [messages_of(pool) for _ in range(4)]
    claims = await asyncio.gather(messages.claim(9), *(one.claim(9) for one in others))
    ((due,),) = [one for one in claims if one]
    assert (due.endpoint.id, len(due.messages), due.attempt) == (number, 2, 1)
    assert (due.endpoint.address, due.code) == ("+491700000001", "")


@pytest.mark.usefixtures("number")
async def test_what_a_dead_worker_had_is_taken_over_and_its_late_answer_frees_nothing(
    pool: Any, messages: DutyMessages
) -> None:
    (dead,) = await messages.claim(9)
    await pool.execute("UPDATE person_endpoint SET busy_until = '-infinity'")
    (heir,) = await messages.claim(9)
    assert [one.id for one in heir.messages] == [one.id for one in dead.messages]
    await messages.answered(dead, "503", AGAIN, TOOK)
    assert await messages.claim(9) == []
    await messages.answered(heir, "accepted", Following(DutyResult.ACCEPTED, pause=GAP), TOOK)
    assert [row[2:] for row in await rows(pool)] == [("accepted", False, True)] * 2
    assert await pool.fetchval("SELECT count(*) FROM duty_attempt WHERE took_ms = 40") == 4


@pytest.mark.usefixtures("number")
async def test_a_failure_is_tried_again_and_a_pause_keeps_other_messages_back(
    pool: Any, messages: DutyMessages
) -> None:
    (due,) = await messages.claim(9)
    await messages.answered(due, "503", AGAIN, TOOK)
    assert await rows(pool) == [("due", 1, "503", True, False), ("reminder", 1, "503", True, False)]
    assert await messages.claim(9) == []
    await pool.execute("UPDATE duty_message SET due_at = now() WHERE due_at IS NOT NULL")
    (again,) = await messages.claim(9)
    assert again.attempt == 2
    await messages.answered(again, "accepted", Following(DutyResult.ACCEPTED, pause=GAP), TOOK)
    await pool.execute("UPDATE duty_message SET due_at = now()")
    assert await messages.claim(9) == [], "what comes within the pause is said together"


async def test_of_what_was_erased_while_it_was_sent_nothing_is_noted(
    pool: Any, number: int, messages: DutyMessages, endpoints: DutyEndpoints
) -> None:
    (due,) = await messages.claim(9)
    assert await endpoints.remove(number, UNNAMED_OPERATOR)
    await messages.answered(due, "accepted", Following(DutyResult.ACCEPTED), TOOK)
    assert await pool.fetchval("SELECT count(*) FROM duty_attempt") == 0


async def test_an_endpoint_that_is_gone_counts_no_more(
    pool: Any, number: int, messages: DutyMessages, endpoints: DutyEndpoints
) -> None:
    (due,) = await messages.claim(9)
    await messages.answered(due, "410", Following(DutyResult.GONE), TOOK)
    (listed,) = await endpoints.listed()
    assert (listed.id, listed.works, listed.last_answer) == (number, False, "410")
    assert await endpoints.reachable() == frozenset()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("disable", "person_disabled"),
        ("UPDATE person_endpoint SET gone_at = now()", "endpoint_gone"),
        ("UPDATE person_endpoint SET proven_at = NULL", "endpoint_unproven"),
    ],
)
@pytest.mark.usefixtures("number")
async def test_what_would_reach_nobody_is_dropped_with_its_reason(
    pool: Any, messages: DutyMessages, change: str, why: str
) -> None:
    if change == "disable":
        await Persons(pool).disable("m.keller", UNNAMED_OPERATOR)
    else:
        await pool.execute(change)
    assert await messages.drop_needless() == {"sms": 2}
    assert await messages.claim(9) == []
    assert {row[2] for row in await rows(pool)} == {why}


async def test_a_code_goes_alone_and_first(
    pool: Any, number: int, messages: DutyMessages, endpoints: DutyEndpoints
) -> None:
    await pool.execute("UPDATE duty_message SET created_at = created_at - interval '1 hour'")
    await endpoints.ask_code(number, UNNAMED_OPERATOR)
    (first,) = await messages.claim(9)
    assert (first.code, len(first.messages)) == ("012345", 1)
    assert "012345" not in repr(first)
    await messages.answered(first, "accepted", Following(DutyResult.ACCEPTED), TOOK)
    (then,) = await messages.claim(9)
    assert (then.code, len(then.messages)) == ("", 2)
