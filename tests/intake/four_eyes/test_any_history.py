"""Whoever decides, when, at which process and how many at once: nothing goes out that a second person has not approved
or the policy released, and nothing is decided twice. `tests/support/approval_machine.py` names the promises.
"""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import hypothesis
import pytest
import uvloop
from hypothesis import HealthCheck, Phase
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import run_state_machine_as_test

from dispatcher.intake import effects
from dispatcher.intake.four_eyes import deciding, states
from tests.support.approval_machine import ApprovalMachine, Broken
from tests.support.approval_world import ApprovalWorld, approval_world

EXAMPLES = 25
"""The random histories of each run of the suite, some seconds."""
TRIES = 5
"""How often a run is begun that a race draws otherwise than before."""


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner


@pytest.fixture
def world(runner: asyncio.Runner, database_url: str, redis_url: str) -> Iterator[ApprovalWorld]:
    stack = AsyncExitStack()
    yield runner.run(stack.enter_async_context(approval_world(database_url, redis_url)))
    runner.run(stack.aclose())


def run(runner: Any, world: ApprovalWorld, **more: Any) -> None:
    settings = hypothesis.settings(
        **{"max_examples": EXAMPLES} | more,
        stateful_step_count=10,
        deadline=None,
        database=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    for left in reversed(range(TRIES)):
        try:
            run_state_machine_as_test(lambda: ApprovalMachine(runner.run, world), settings=settings)
        except FlakyStrategyDefinition:
            # Which of two who decide at once is first differs, and with it what can be done next: that breaks no
            # promise, but Hypothesis goes no further.
            if not left:
                raise
        else:
            return


@pytest.mark.timeout(300)
def test_over_any_history_the_promises_are_kept(runner: Any, world: ApprovalWorld) -> None:
    run(runner, world)


def _own_is_allowed(refusal: Any) -> Any:
    return None if refusal is states.DecisionRefusal.OWN else refusal


def _change_is_allowed(refusal: Any) -> Any:
    return None if refusal is states.DecisionRefusal.CHANGED else refusal


def _nothing_is_over(refusal: Any) -> Any:
    return None if refusal in {states.DecisionRefusal.REJECTED, states.DecisionRefusal.APPROVED} else refusal


@pytest.mark.timeout(300)
@pytest.mark.parametrize("broken", [_own_is_allowed, _change_is_allowed, _nothing_is_over])
def test_a_check_that_is_left_out_is_found(
    broken: Any, runner: Any, world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Both say so: the one before anything is computed, the other with it.
    for name in ("refused_person", "refused_approval"):
        whole = getattr(states, name)
        monkeypatch.setattr(
            deciding, name, lambda *given, whole=whole, **named: broken(whole(*given, **named))
        )
    assert is_found(runner, world)


@pytest.mark.timeout(300)
def test_a_wait_that_is_not_ended_is_found(
    runner: Any, world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "withdrawn", lambda *_given: ())
    assert is_found(runner, world)


@pytest.mark.timeout(300)
def test_a_number_that_sends_whatever_it_is_is_found(
    runner: Any, world: ApprovalWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "waits_for_nobody", lambda _request: True)
    assert is_found(runner, world)


def is_found(runner: Any, world: ApprovalWorld) -> bool:
    """Whether a history breaks a promise."""
    try:
        run(runner, world, max_examples=300, derandomize=True, phases=[Phase.generate])
    except Broken:
        return True
    except BaseExceptionGroup as group:
        # Which of several is late differs from time to time; then it comes with a remark that it did.
        return group.subgroup(Broken) is not None
    return False
