"""Whatever messages refer to each other, in whatever order they arrive, are planned and delivered: what people hear
keeps the promises that `tests/support/graph_history.py` names.
"""

import asyncio
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import uvloop
from hypothesis import HealthCheck, Phase
from hypothesis.stateful import run_state_machine_as_test

from dispatcher.intake import effects, related
from dispatcher.model.vocabulary import State
from dispatcher.store.delivery import plans
from tests.support.graph_history import PLACES, History, Promise, Service, Violated
from tests.support.graph_machine import GraphMachine
from tests.support.reference_graph import Act, ReferenceGraph, Sent

EXAMPLES = 40
"""The random histories of each run of the suite, some seconds."""
A, B, C, _ = PLACES


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner


@pytest.fixture
def service(runner: asyncio.Runner, database_url: str) -> Iterator[Service]:
    service = runner.run(Service.begin(database_url))
    yield service
    runner.run(service.end())


def sent(number: int, act: Act, *names: int, places: Any = (A,), hours: int = 9) -> Sent:
    return Sent(number, act, frozenset(names), frozenset(places), hours)


def test_the_reference_model_knows_branches_ancestors_and_time() -> None:
    model = ReferenceGraph(
        {
            one.number: one
            for one in (
                sent(0, Act.ALERT),
                sent(1, Act.UPDATE, 0, places=(A, B)),
                sent(2, Act.UPDATE, 0, 7, places=(C,), hours=1),
                sent(3, Act.ALERT, 1),
                sent(4, Act.CANCEL, 2),
            )
        }
    )
    assert model.in_force() == {1, 3}, "an Alert replaces nothing, and what is unknown is nothing"
    assert model.earlier(4) == {0, 2}
    assert model.connected(4) == {0, 1, 2, 4}
    assert model.concerning(frozenset({B}), 4) == {1}
    assert model.concerning(frozenset({A}), 3) == {3}
    assert model.connected(3, loosely=True) == {0, 1, 2, 3, 4, 7}
    model.hour = 9
    assert model.in_force() == set()


@pytest.mark.timeout(300)
def test_over_any_history_of_any_graph_the_promises_are_kept(runner: Any, service: Service) -> None:
    settings = hypothesis.settings(
        max_examples=EXAMPLES,
        stateful_step_count=24,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: GraphMachine(runner.run, service), settings=settings)


async def branches(history: History) -> None:
    """One of two Updates of one Alert is cancelled."""
    await history.arrive(sent(0, Act.ALERT, places=(A, B)))
    await history.settle()
    await history.arrive(sent(1, Act.UPDATE, 0, places=(A,)))
    await history.arrive(sent(2, Act.UPDATE, 0, places=(B,)))
    await history.settle()
    await history.arrive(sent(3, Act.CANCEL, 1))
    await history.settle()


async def late_link(history: History) -> None:
    """What connects a Cancel with the Alert comes last."""
    await history.arrive(sent(0, Act.ALERT))
    await history.settle()
    await history.arrive(sent(2, Act.CANCEL, 1))
    await history.arrive(sent(1, Act.UPDATE, 0))
    await history.settle()


async def withdrawn(history: History) -> None:
    """A warning comes while the all-clear is on its way, and runs out before what was ended would have."""
    await history.arrive(sent(0, Act.ALERT, places=(A, B)))
    await history.settle()
    await history.arrive(sent(1, Act.CANCEL, 0))
    for alert_id in await history.waiting():
        await history.plan(alert_id)
    await history.arrive(sent(2, Act.UPDATE, places=(A,)))
    await history.arrive(sent(3, Act.UPDATE, 0, 2, places=(A,), hours=1))
    for alert_id in await history.waiting():
        await history.plan(alert_id)
    for batch_id in await history.open_batches():
        await history.deliver(batch_id, (State.ACCEPTED,))
    await history.settle()


async def ended_again(history: History) -> None:
    """One Update ends a warning for some, and later shows to have ended one more."""
    await history.arrive(sent(0, Act.ALERT))
    await history.settle()
    await history.arrive(sent(3, Act.UPDATE, 0, 2, places=(B,)))
    await history.settle()
    await history.arrive(sent(1, Act.ALERT))
    await history.settle()
    await history.arrive(sent(2, Act.UPDATE, 1))
    await history.settle()


async def ends_later(history: History) -> None:
    """A Cancel that had nothing left to end shows to end something."""
    await history.arrive(sent(0, Act.ALERT))
    await history.arrive(sent(1, Act.ALERT))
    await history.settle()
    await history.arrive(sent(2, Act.CANCEL, 0))
    await history.arrive(sent(4, Act.CANCEL, 0, 3))
    await history.arrive(sent(3, Act.UPDATE, 1))
    await history.settle()


async def stands_behind(history: History) -> None:
    """A Cancel of what has been replaced shows to end something else."""
    await history.arrive(sent(0, Act.ALERT))
    await history.arrive(sent(1, Act.ALERT))
    await history.settle()
    await history.arrive(sent(2, Act.UPDATE, 0, places=(B,)))
    await history.arrive(sent(4, Act.CANCEL, 0, 3))
    await history.arrive(sent(3, Act.UPDATE, 1))
    await history.settle()


async def ends_from_elsewhere(history: History) -> None:
    """A Cancel that names places elsewhere comes before what it ends here."""
    await history.arrive(sent(1, Act.CANCEL, 0, places=()))
    await history.arrive(sent(0, Act.ALERT))
    await history.settle()


STORIES = [branches, late_link, withdrawn, ended_again, ends_later, stands_behind, ends_from_elsewhere]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_these_histories_keep_the_promises(runner: Any, service: Service, story: Any) -> None:
    runner.run(story(History(service)))


async def _no_links(*_arguments: Any) -> list[Any]:
    return []


async def _no_ends(*_arguments: Any) -> tuple[str, ...]:
    return ()


def _siblings_too(start: Any, edges: Any) -> set[str]:
    """As if references made a line: whatever is connected by what was replaced is replaced."""
    found = related_reachable(start, edges)
    return found | {later for later, earlier in edges.items() if set(earlier) & found}


related_reachable = related.reachable


FAULTS = {
    "siblings are replaced": (related, "reachable", _siblings_too, branches, Promise.SAME_SET),
    "a late link is lost": (effects, "_connect_late", _no_links, late_link, Promise.SAME_SET),
    "ends are not withdrawn": (plans, "lock_ends", _no_ends, withdrawn, Promise.NO_LATE_END),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_service_that_breaks_a_promise_is_noticed(
    runner: Any, service: Service, env: Any, fault: tuple[Any, ...]
) -> None:
    module, name, instead, story, broken = fault
    env.setattr(module, name, instead)
    with pytest.raises(Violated) as violated:
        runner.run(story(History(service)))
    assert violated.value.promise is broken


@pytest.mark.timeout(300)
def test_random_histories_find_that_siblings_are_replaced(runner: Any, service: Service, env: Any) -> None:
    env.setattr(related, "reachable", _siblings_too)
    settings = hypothesis.settings(
        max_examples=400,
        stateful_step_count=24,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    with pytest.raises(Violated):
        run_state_machine_as_test(lambda: GraphMachine(runner.run, service), settings=settings)
