"""The record knows keys by number and fingerprint."""

from typing import Any

from dispatcher.store.sealed.keys import SealingKeys


async def test_keys_are_noted_once_and_dropped_ones_are_not_used_again(pool: Any) -> None:
    keys = SealingKeys(pool)
    assert (await keys.noted(), await keys.last_number()) == ({}, 0)
    await keys.note({2: "two", 1: "one"})
    await keys.note({2: "another", 3: "three"})
    assert await keys.noted() == {1: "one", 2: "two", 3: "three"}
    await pool.execute("UPDATE sealing_key SET dropped_at = now() WHERE id IN (1, 3)")
    assert (await keys.noted(), await keys.last_number()) == ({2: "two"}, 3)
