"""Looking through the chain a little at once."""

from typing import Any

from dispatcher.audit.verification import ChainVerdict
from dispatcher.store.audit_chain.checkpoints import Checkpoints
from dispatcher.worker.audit.patrol import ChainPatrol
from tests.support.audit import chained, tamper
from tests.support.sealed import ADDRESSES


async def test_the_whole_chain_is_gone_through_page_by_page_again_and_again(pool: Any) -> None:
    await chained(pool, *"abcde")
    await Checkpoints(pool, ADDRESSES).make()
    patrol = ChainPatrol(pool, page=2)
    for _ in range(2):
        verdicts = [await patrol.step() for _ in range(3)]
        assert verdicts[:2] == [None, None]
        whole = verdicts[2]
        assert whole is not None
        assert (whole.sound, whole.entries, whole.checkpoints) == (True, 5, 1)
    await tamper(pool, "DELETE FROM audit_chain WHERE position > 3")
    assert await patrol.step() is None
    whole = await patrol.step()
    assert whole is not None
    assert [(one.fault.value, one.position) for one in whole.findings] == [("truncated", 5)]


async def test_a_checkpoint_for_a_place_that_was_read_before_is_not_missed(pool: Any) -> None:
    await chained(pool, "a", "b")
    patrol = ChainPatrol(pool, page=2)
    assert await patrol.step() is None
    await Checkpoints(pool, ADDRESSES).make()
    await pool.execute("INSERT INTO audit_anchor (kind, checkpoint) VALUES ('file', 1)")
    found = await patrol.step()
    assert found is not None
    assert found.sound


async def whole(patrol: ChainPatrol) -> ChainVerdict:
    while True:
        if found := await patrol.step():
            return found


async def test_one_for_the_last_place_that_was_read_is_compared_before_the_next_place(pool: Any) -> None:
    await chained(pool, "a", "b")
    patrol = ChainPatrol(pool, page=2)
    assert await patrol.step() is None
    await Checkpoints(pool, ADDRESSES).make()
    await chained(pool, "c")
    found = await whole(patrol)
    assert (found.sound, found.checkpoints) == (True, 1)


async def test_one_that_was_committed_after_later_places_were_read_is_no_fault(pool: Any) -> None:
    await chained(pool, "a")
    made = await Checkpoints(pool, ADDRESSES).make()
    assert made is not None
    await tamper(pool, "DELETE FROM audit_checkpoint")
    await chained(pool, "b")
    patrol = ChainPatrol(pool, page=2)
    assert await patrol.step() is None
    await pool.execute(
        "INSERT INTO audit_checkpoint (number, position, hash, at, key, signature) VALUES ($1, $2, $3, $4, $5, $6)",
        *(made.number, made.position, made.hash, made.at, made.key, made.signature),
    )
    found = await whole(patrol)
    assert (found.sound, found.checkpoints) == (True, 1)


async def test_checkpoints_that_were_put_at_an_anchor_and_are_gone_are_missed(pool: Any) -> None:
    await chained(pool, *"abc")
    await pool.execute("INSERT INTO audit_anchor (kind, checkpoint) VALUES ('file', 2)")
    found = await ChainPatrol(pool).step()
    assert found is not None
    assert [one.fault.value for one in found.findings] == ["truncated"]


async def test_there_may_be_nothing_yet(pool: Any) -> None:
    found = await ChainPatrol(pool).step()
    assert found is not None
    assert found.sound
