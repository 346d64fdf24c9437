"""What an older version left in the clear is read as it is, and sealed bit by bit."""

from typing import Any

import asyncpg
import pytest

from channels.base import Endpoint
from dispatcher.model.batches import Progress
from dispatcher.model.vocabulary import State
from dispatcher.store.delivery.message_locations import MessageLocations
from dispatcher.store.sealed import pages
from dispatcher.store.sealed.clear_rows import ClearRows, SealedSoFar
from tests.store import conftest as on_record
from tests.store.sealed.clear import add_clear, of_an_older_version
from tests.support.histories import subscription
from tests.support.messages import JUELICH
from tests.support.sealed import ADDRESSES, endpoints

alerts, ledger, plans = on_record.alerts, on_record.ledger, on_record.plans
ready_batches, sources = on_record.ready_batches, on_record.sources
ADDRESS, KEYS = "https://push.example/anna", {"p256dh": "B" * 87, "auth": "a", "vapid": "BEx"}


async def test_it_is_sent_to_before_it_is_sealed_and_after(pool: Any, subscriptions: Any) -> None:
    await subscriptions.add_many([subscription("bernd")])
    anna = await add_clear(pool, ADDRESS, KEYS)
    expected = Endpoint(anna, ADDRESS, KEYS)
    before = await subscriptions.endpoints_after("webpush", 0, 10)
    assert (await subscriptions.endpoints([anna]))[anna] == expected == before[-1]
    assert [one.address.rpartition("/")[2] for one in before] == ["bernd", "anna"]
    assert await ClearRows(pool).seal(ADDRESSES) == 1
    assert await subscriptions.endpoints_after("webpush", 0, 10) == before
    row = await pool.fetchrow("SELECT * FROM subscription WHERE id = $1", anna)
    assert (row["address"], row["keys"], row["address_hash"]) == (
        None,
        {"vapid": "BEx"},
        ADDRESSES.hash(ADDRESS),
    )


async def test_whatever_ends_it_what_is_done_stays_done_and_the_rest_follows(
    pool: Any, subscriptions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages.pieces, "__defaults__", (1,))
    for number in range(120):
        await add_clear(pool, f"{ADDRESS}/{number}", KEYS)
    told: list[SealedSoFar] = []

    def killed(at: SealedSoFar) -> None:
        told.append(at)
        if at.rows > 40:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await ClearRows(pool).seal(ADDRESSES, killed)
    left = await ClearRows(pool).count()
    assert left == 120 - told[-1].rows
    assert len(await subscriptions.endpoints_after("webpush", 0, 1000)) == 120, "nobody is lost meanwhile"
    assert await ClearRows(pool).seal(ADDRESSES) == left
    assert await ClearRows(pool).seal(ADDRESSES) == 0
    found = await endpoints(pool)
    assert len({one.address for one in found}) == 120
    assert all(one.keys == KEYS for one in found)


async def test_an_older_program_writes_nothing_in_the_clear(pool: Any) -> None:
    insert = """INSERT INTO subscription (channel, gateway, address, address_hash, keys)
                VALUES ('sms', 'a', $1, 'x', $2)"""
    for address, keys in (("+4915100000001", {}), ("+4915100000001", {"secret": "x"})):
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="older than the record"):
            await pool.execute(insert, address, keys)
    anna = await add_clear(pool, ADDRESS, KEYS)
    for change in ("address = 'https://other.example'", """keys = keys || '{"auth": "b"}'"""):
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError):
            await pool.execute(f"UPDATE subscription SET {change}")
    await pool.execute("""UPDATE subscription SET ended_at = now(), keys = keys || '{"vapid": "BNew"}'""")
    [found] = await endpoints(pool)
    assert (found.id, found.keys) == (anna, KEYS | {"vapid": "BNew"}), "what is no secret may change"


async def test_one_that_is_imported_again_before_it_is_sealed_is_the_same_recipient(
    pool: Any, subscriptions: Any
) -> None:
    anna = await add_clear(pool, ADDRESS, KEYS)
    await add_clear(pool, "https://push.example/bernd", KEYS)
    await subscriptions.add_many([subscription("anna", JUELICH)])
    found = {one.id: one for one in await endpoints(pool)}
    assert len(found) == 2
    assert found[anna] == Endpoint(anna, ADDRESS, {"auth": "anna", "vapid": "BEx"})
    assert await ClearRows(pool).count() == 1


async def test_one_that_is_gone_is_ended_though_it_is_not_sealed(
    pool: Any, ledger: Any, ready_batches: Any
) -> None:
    batch = ready_batches[0]
    lease = await ledger.acquire(batch.batch_id)
    one, *others = lease.recipients
    address = "https://push.example/clear"
    async with of_an_older_version(pool):
        await pool.execute(
            """UPDATE subscription SET sealed = NULL, address = $2::text,
                 address_hash = sha256(convert_to($2::text, 'UTF8')) WHERE id = $1""",
            one,
            address,
        )
    asked = {one: Endpoint(one, address, {})} | {each: Endpoint(each, "elsewhere", {}) for each in others}
    gone = Progress(
        bytes([State.GONE] * len(lease.recipients)), remove=lease.recipients, remove_reason="gone"
    )
    await ledger.release(lease, gone, None, asked)
    ended = await pool.fetch("SELECT id FROM subscription WHERE ended_at IS NOT NULL")
    assert [row["id"] for row in ended] == [one]


async def test_where_messages_lie_is_sealed_too(pool: Any, ready_batches: Any) -> None:
    store = MessageLocations(pool, ADDRESSES)
    await store.keep("A", "https://push.example", [(1, "https://push.example/m/1")])
    async with of_an_older_version(pool):
        await pool.execute(
            """INSERT INTO message_location (alert_id, gateway, until, entries)
               SELECT alert_id, gateway, until, '\\x91920aa162' FROM message_location"""
        )
    await pool.execute(
        """INSERT INTO message_location (alert_id, gateway, until, entries)
           SELECT alert_id, gateway, until, '\\x90' FROM message_location"""
    )
    assert await pool.fetchval("SELECT count(*) FROM message_location") == 2, "an older worker's are left out"
    rows = await pool.fetch("SELECT * FROM message_location ORDER BY id")
    before = [store._entries(row) for row in rows]
    assert before == [[(1, "https://push.example/m/1")], [(10, "b")]]
    assert await ClearRows(pool).seal(ADDRESSES) == 1
    rows = await pool.fetch("SELECT * FROM message_location ORDER BY id")
    assert [store._entries(row) for row in rows] == before
    assert all(row["entries"] is None for row in rows)


async def test_no_page_holds_what_was_in_the_clear(pool: Any, subscriptions: Any) -> None:
    secret = "+4915155555555"
    await add_clear(pool, secret, {"secret": "whsec_inTheClear"}, channel="sms")
    await pool.execute("ANALYZE subscription")
    await ClearRows(pool).seal(ADDRESSES)
    await pool.execute("CHECKPOINT")
    assert secret in await _pages(pool), "the page still has what it had"
    assert await ClearRows(pool).wipe()
    await pool.execute("CHECKPOINT")
    assert secret not in await _pages(pool)
    statistics = await pool.fetch(
        """SELECT most_common_vals::text, histogram_bounds::text, most_common_elems::text FROM pg_stats
           WHERE tablename = 'subscription'"""
    )
    assert secret not in str(statistics)
    assert "inTheClear" not in str(statistics)
    assert [one.address for one in await endpoints(pool)] == [secret]


async def _pages(pool: Any) -> str:
    """What lies in the table's file, of which a superuser may read what is visible as bytes."""
    content: bytes = await pool.fetchval("SELECT pg_read_binary_file(pg_relation_filepath('subscription'))")
    return content.decode("latin-1")


async def test_a_table_in_use_is_left_as_it_is(pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatcher.store.sealed.clear_rows.LOCK_WAIT", "10ms")
    async with pool.acquire() as other, other.transaction():
        await other.execute("LOCK TABLE subscription IN SHARE MODE")
        assert not await ClearRows(pool).wipe()
    assert await ClearRows(pool).wipe()
