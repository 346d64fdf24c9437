"""What the batches of a process share."""

import contextlib
from typing import Any

from dispatcher.delivery.work.resting import RESTING_RECIPIENTS_MAX, SharedProcess
from dispatcher.model.vocabulary import Lane, State
from tests.delivery.conftest import House, hung

ACCEPTED = State.ACCEPTED
PUSH = "https://push.example"


async def test_a_batch_that_only_waits_gives_its_place_away_and_its_lane_no_precedence(house: House) -> None:
    ids = await house.subscribe("a")
    answered = await hung(house, ids)
    [batch] = await house.planned()
    resting: list[int] = []

    @contextlib.contextmanager
    def rest() -> Any:
        resting.append(1)
        assert not house.dependencies.gate.must_wait(Lane.EXERCISE)
        yield
        resting.append(-1)
        answered.set()

    await house.deliverer.deliver(batch, rest)
    assert resting[:2] == [1, -1]
    assert house.deliverer._process.resting == 0
    assert await house.outcomes(batch) == bytes([ACCEPTED])


async def test_beyond_so_many_recipients_a_batch_keeps_its_place(house: House) -> None:
    await house.subscribe("a")
    [batch] = await house.planned()
    lease = await house.dependencies.ledger.acquire(batch)
    assert lease is not None
    process, resting = SharedProcess(), []

    @contextlib.contextmanager
    def rest() -> Any:
        resting.append(process.resting)
        yield

    for taken in (0, RESTING_RECIPIENTS_MAX):
        process.resting = taken
        with house.dependencies.gate.work(lease.lane), process.rest(lease, house.dependencies.gate, rest):
            pass
        assert process.resting == taken
    assert resting == [1]
