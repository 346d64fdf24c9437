"""An endpoint that cannot be opened here is tried again, and nobody waits for it."""

from typing import Any

from dispatcher.model.vocabulary import State


async def test_one_that_cannot_be_read_is_tried_again_and_holds_up_nobody(house: Any) -> None:
    first, *others = await house.subscribe("a", "b", "c", "d")
    sealed = await house.pool.fetchval("SELECT sealed FROM subscription WHERE id = $1", first)
    await house.pool.execute("UPDATE subscription SET sealed = sealed || '\\x00' WHERE id = $1", first)
    [batch] = await house.planned()
    await house.deliverer.deliver(batch)
    assert sorted(number for _, number in house.channel.seen) == others
    assert sorted(await house.outcomes(batch)) == sorted([State.RETRY, *3 * [State.ACCEPTED]])
    assert await house.problems() == [(first, "fault", "illegible", 1, 0)]
    assert await house.pool.fetchval("SELECT count(*) FROM subscription WHERE ended_at IS NOT NULL") == 0
    assert await house.pool.fetchval("SELECT count(*) FROM gateway") == 0, "its gateway goes on"
    await house.pool.execute("UPDATE subscription SET sealed = $2 WHERE id = $1", first, sealed)
    await house.all_due_now()
    await house.deliverer.deliver(batch)
    assert list(await house.outcomes(batch)) == 4 * [State.ACCEPTED]
