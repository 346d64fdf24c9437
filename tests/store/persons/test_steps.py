"""Steps of signing in: single use, of one browser, for some minutes."""

import asyncio
from datetime import timedelta
from typing import Any

from dispatcher.model.vocabulary import Environment
from dispatcher.store.persons.steps import SignInSteps, Step, StepPurpose

LIVE, MINUTE = Environment.LIVE, timedelta(minutes=1)
CHALLENGE = Step(StepPurpose.PASSKEY, LIVE, secret=b"challenge")


async def test_a_step_is_taken_once(pool: Any) -> None:
    steps = SignInSteps(pool)
    await steps.begin(b"a", CHALLENGE, MINUTE)
    assert await steps.under_way(b"a", StepPurpose.PASSKEY, LIVE) == CHALLENGE
    found = await asyncio.gather(*(steps.take(b"a", StepPurpose.PASSKEY, LIVE) for _ in range(3)))
    assert [one for one in found if one] == [CHALLENGE]
    assert await steps.under_way(b"a", StepPurpose.PASSKEY, LIVE) is None


async def test_a_step_is_of_its_browser_purpose_and_environment(pool: Any) -> None:
    steps = SignInSteps(pool)
    await steps.begin(b"a", CHALLENGE, MINUTE)
    assert await steps.take(b"b", StepPurpose.PASSKEY, LIVE) is None
    assert await steps.take(b"a", StepPurpose.NEW_PASSKEY, LIVE) is None
    assert await steps.take(b"a", StepPurpose.PASSKEY, Environment.EXERCISE) is None
    assert await steps.take(b"a", StepPurpose.PASSKEY, LIVE) == CHALLENGE


async def test_a_step_that_took_too_long_is_over_and_goes(pool: Any) -> None:
    steps = SignInSteps(pool)
    await steps.begin(b"a", CHALLENGE, timedelta(0))
    assert await steps.under_way(b"a", StepPurpose.PASSKEY, LIVE) is None
    assert await steps.take(b"a", StepPurpose.PASSKEY, LIVE) is None
    await steps.begin(b"b", CHALLENGE, timedelta(0))
    await steps.begin(b"c", CHALLENGE, MINUTE)
    assert await pool.fetchval("SELECT count(*) FROM sign_in_step") == 1


async def test_a_new_step_takes_the_place_of_the_old(pool: Any) -> None:
    steps = SignInSteps(pool)
    await steps.begin(b"a", CHALLENGE, MINUTE)
    await steps.begin(b"a", Step(StepPurpose.PASSKEY, LIVE, secret=b"new"), MINUTE)
    assert (await steps.take(b"a", StepPurpose.PASSKEY, LIVE)).secret == b"new"
