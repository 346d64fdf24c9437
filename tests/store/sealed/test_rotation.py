"""What an older key has sealed is sealed anew, whatever ends it half-way; a key that is needed is not dropped."""

from typing import Any

import asyncpg
import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.access.sealing import Sealing
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.message_locations import MessageLocations
from dispatcher.store.sealed import pages
from dispatcher.store.sealed.addresses import Addresses
from dispatcher.store.sealed.keys import SealingKeys
from dispatcher.store.sealed.rotation import KeyNeeded, Resealed, Rotation
from tests.store import conftest as on_record
from tests.support.histories import submit, subscription
from tests.support.sealed import ADDRESSES, RING, endpoints

alerts, sources = on_record.alerts, on_record.sources
ROTATED = RING.with_new_key()
NEW = Sealing(ROTATED)


async def test_all_tables_get_the_new_key_and_nothing_else_changes(
    pool: Any, subscriptions: Subscriptions, alerts: Any
) -> None:
    await subscriptions.add_many([subscription(name) for name in "abc"])
    await submit(alerts, "A")
    await MessageLocations(pool, ADDRESSES).keep("A", "https://push.example", [(1, "https://push.example/m")])
    before = await endpoints(pool)
    rotation = Rotation(pool)
    assert await rotation.rows_by_key() == {1: 4}
    assert await rotation.reseal(NEW) == Resealed(4, 4, 0)
    assert await rotation.rows_by_key() == {2: 4}
    only_new = Addresses(Sealing(ROTATED.without_keys_before(2)))
    found = await Subscriptions(pool, only_new).endpoints_after("webpush", 0, 10)
    assert sorted(found) == sorted(before)
    row = await pool.fetchrow("SELECT * FROM message_location")
    assert MessageLocations(pool, only_new)._entries(row) == [(1, "https://push.example/m")]
    assert (await rotation.reseal(NEW)).rows == 0


async def test_killed_half_way_it_goes_on_and_all_are_told_meanwhile(
    pool: Any, subscriptions: Subscriptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages.pieces, "__defaults__", (1,))
    await subscriptions.add_many([subscription(f"p{number}") for number in range(150)])
    rotation, done = Rotation(pool), []

    def killed(at: Resealed) -> None:
        done.append(at.rows)
        if at.rows > 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rotation.reseal(NEW, killed)
    counts = await rotation.rows_by_key()
    assert counts == {1: 150 - done[-1], 2: done[-1]}
    both = Subscriptions(pool, Addresses(NEW))
    assert all(one.is_legible for one in await both.endpoints_after("webpush", 0, 1000))
    assert (await rotation.reseal(NEW)).rows == counts[1]
    assert await rotation.rows_by_key() == {2: 150}


async def test_what_is_locked_or_written_with_the_older_key_meanwhile_is_found_in_the_end(
    pool: Any, subscriptions: Subscriptions
) -> None:
    await subscriptions.add_many([subscription("a"), subscription("b")])
    late: list[bool] = []
    connection = await pool.acquire()
    transaction = connection.transaction()
    await transaction.start()
    await connection.execute(
        "UPDATE subscription SET language = 'en' WHERE id = (SELECT min(id) FROM subscription)"
    )

    async def commit() -> None:
        await subscriptions.add_many([subscription("c")])
        await transaction.commit()
        await pool.release(connection)

    class Interrupted(Rotation):
        async def _left(self, *arguments: Any) -> int:
            if not late:
                late.append(True)
                await commit()
            return await super()._left(*arguments)

    rotation = Interrupted(pool)
    assert (await rotation.reseal(NEW)).rows == 3
    assert await rotation.rows_by_key() == {2: 3}


async def test_a_key_that_rows_need_is_not_dropped_and_one_that_was_seals_nothing_more(
    pool: Any, subscriptions: Subscriptions
) -> None:
    await SealingKeys(pool).note(ROTATED.key_fingerprints())
    await subscriptions.add_many([subscription("a")])
    rotation = Rotation(pool)
    with pytest.raises(KeyNeeded, match="subscription"):
        await rotation.drop_before(2, UNNAMED_OPERATOR)
    assert list(await SealingKeys(pool).noted()) == [1, 2], "nothing was changed"
    await subscriptions.add_many([subscription("b")])
    await rotation.reseal(NEW)
    assert await rotation.drop_before(2, UNNAMED_OPERATOR) == [1]
    assert list(await SealingKeys(pool).noted()) == [2]
    with pytest.raises(asyncpg.CheckViolationError):
        await subscriptions.add_many([subscription("c")])
    await Subscriptions(pool, Addresses(NEW)).add_many([subscription("c")])
    assert await rotation.drop_before(2, UNNAMED_OPERATOR) == []
    detail = await pool.fetchval("SELECT detail FROM audit WHERE action = 'secret.drop' ORDER BY id LIMIT 1")
    assert detail == {"secret": "addresses", "keys": [1]}


async def test_what_cannot_be_opened_is_counted_and_kept(pool: Any, subscriptions: Subscriptions) -> None:
    await subscriptions.add_many([subscription("a"), subscription("b")])
    await pool.execute(
        "UPDATE subscription SET sealed = sealed || '\\x00' WHERE id = (SELECT min(id) FROM subscription)"
    )
    assert await Rotation(pool).reseal(NEW) == Resealed(1, 2, 1)
    with pytest.raises(KeyNeeded):
        await Rotation(pool).drop_before(2, UNNAMED_OPERATOR)


async def test_a_table_in_use_keeps_its_keys(
    pool: Any, subscriptions: Subscriptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatcher.store.sealed.rotation.LOCK_WAIT", "10ms")
    async with pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE subscription IN ACCESS SHARE MODE")
        with pytest.raises(KeyNeeded, match="in use"):
            await Rotation(pool).drop_before(1, UNNAMED_OPERATOR)
