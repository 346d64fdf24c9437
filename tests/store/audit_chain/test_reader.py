"""What somebody shows to have done to the record who may do anything in it."""

from typing import Any

import pytest

from dispatcher.audit.checkpoint import Checkpoint
from dispatcher.store.audit_chain.checkpoints import Checkpoints
from dispatcher.store.audit_chain.reader import snapshot
from tests.support.audit import chained, found, noted, tamper, verdict
from tests.support.sealed import ADDRESSES

MOVE_UP = (
    "UPDATE audit_chain SET position = -position WHERE position > 4",
    "UPDATE audit_chain SET position = -position - 1 WHERE position < 0",
)
TAMPERED = {
    "edited": (["UPDATE audit SET actor = 'nobody' WHERE id = 4"], [("edited", 4)]),
    "backdated": (["UPDATE audit SET at = at - interval '1 day' WHERE id = 4"], [("edited", 4)]),
    "dated before Christ": (["UPDATE audit SET at = '4000-01-01 BC' WHERE id = 4"], [("edited", 4)]),
    "dated never": (["UPDATE audit SET at = 'infinity' WHERE id = 4"], [("edited", 4)]),
    "detail edited": (["UPDATE audit SET detail = '{\"n\": 1}' WHERE id = 4"], [("edited", 4)]),
    "deleted": (["DELETE FROM audit WHERE id = 4"], [("deleted", 4)]),
    "deleted, with its place": (
        ["DELETE FROM audit_chain WHERE position = 4", "DELETE FROM audit WHERE id = 4"],
        [("deleted", 4)],
    ),
    "deleted, and the others moved up": (
        ["DELETE FROM audit_chain WHERE position = 4", "DELETE FROM audit WHERE id = 4", *MOVE_UP],
        [("deleted", 4), ("truncated", 8)],
    ),
    "reordered": (
        [
            "UPDATE audit_chain SET audit_id = -audit_id WHERE position IN (3, 6)",
            "UPDATE audit_chain SET audit_id = 9 + audit_id WHERE audit_id < 0",
        ],
        [("reordered", 3), ("reordered", 6)],
    ),
    "inserted": (
        [
            "ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_previous_key",
            "UPDATE audit_chain SET position = -position WHERE position > 4",
            "UPDATE audit_chain SET position = 1 - position WHERE position < 0",
            "INSERT INTO audit (actor, action) VALUES ('nobody', 'x')",
            """INSERT INTO audit_chain SELECT 5, (SELECT max(id) FROM audit), hash, sha256('x')
               FROM audit_chain WHERE position = 4""",
        ],
        [("edited", 5), ("forked", 8), ("inserted", 5)],
    ),
    "truncated": (["DELETE FROM audit_chain WHERE position > 6"], [("truncated", 8)]),
    "truncated, with its checkpoint": (
        ["DELETE FROM audit_chain WHERE position > 6", "DELETE FROM audit_checkpoint"],
        [("truncated", 6)],
    ),
    "a checkpoint edited": (["UPDATE audit_checkpoint SET hash = sha256('x')"], [("forged", 8)]),
}  # fmt: skip


@pytest.fixture
async def trail(pool: Any) -> Any:
    """Eight entries, with a checkpoint after the last one that an anchor took."""
    await chained(pool, *"abcdefgh")
    assert await Checkpoints(pool, ADDRESSES).make()
    await pool.execute("INSERT INTO audit_anchor (kind, checkpoint) VALUES ('file', 1)")
    return pool


async def test_what_nobody_touched_is_sound(trail: Any) -> None:
    await tamper(trail)  # the way in alone changes nothing
    whole = await verdict(trail)
    assert whole.sound
    assert (whole.entries, whole.checkpoints, whole.covered) == (8, 1, 8)


@pytest.mark.parametrize(("statements", "expected"), TAMPERED.values(), ids=TAMPERED)
async def test_what_a_superuser_does_is_named_with_its_position(
    trail: Any, statements: list[str], expected: Any
) -> None:
    await trail.execute("ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_position_check")
    await tamper(trail, *statements)
    assert sorted(await found(trail)) == expected


async def test_an_entry_that_is_put_in_beside_the_chain_is_named(trail: Any) -> None:
    await tamper(
        trail,
        """INSERT INTO audit (id, xid, at, actor, action) OVERRIDING SYSTEM VALUE
           SELECT -3, xid, at, 'nobody', 'x' FROM audit WHERE id = 5""",
    )
    whole = await verdict(trail)
    assert [one.sentence for one in whole.findings] == [
        "position 8: entry -3 is not in the chain and claims to be older than this: it was put in"
    ]
    await tamper(trail, "UPDATE audit SET xid = (id + 1000000000)::text::xid8 WHERE id = 8")
    assert ("inserted", 8) not in await found(trail), "as after a restore from another server"


async def test_what_waits_to_be_chained_is_not_taken_for_it(trail: Any) -> None:
    await noted(trail, "i", "j")
    assert await found(trail) == []


async def test_two_places_of_one_number_are_a_fork(trail: Any) -> None:
    await tamper(
        trail,
        "ALTER TABLE audit_checkpoint DROP CONSTRAINT audit_checkpoint_position_fkey",
        "ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_pkey",
        "INSERT INTO audit_chain SELECT 4, 99, sha256('x'), sha256('y')",
    )
    assert ("forked", 4) in await found(trail)


async def test_a_chain_that_was_written_anew_is_of_another_than_the_checkpoint_says(trail: Any) -> None:
    (signed,) = await Checkpoints(trail, ADDRESSES).after(0, 9)
    await tamper(
        trail,
        "UPDATE audit SET actor = 'nobody' WHERE id = 4",
        "DELETE FROM audit_checkpoint",
        "DELETE FROM audit_chain",
        "DELETE FROM audit_anchor",
    )
    await chained(trail)
    assert await Checkpoints(trail, ADDRESSES).make(), "by whoever has the service's keys as well"
    assert (await verdict(trail)).checkpoints == 1
    assert await found(trail, anchored=[signed]) == [("forked", 8)]


async def test_checkpoints_come_after_their_places(trail: Any) -> None:
    await chained(trail, "i")
    async with snapshot(trail) as chain:
        kinds = [isinstance(one, Checkpoint) async for chunk in chain.chunks() for one in chunk]
        assert kinds.index(True) == 8
        assert await chain.keys() == [one.key for one in await Checkpoints(trail, ADDRESSES).after(0, 9)]
        assert await chain.unchained() == 0


async def test_a_part_of_the_chain_can_be_read(trail: Any) -> None:
    async with snapshot(trail) as chain:
        assert [one.position for one in await chain.links_after(3, 2)] == [4, 5]
        assert await chain.links_after(99, 2) == []
