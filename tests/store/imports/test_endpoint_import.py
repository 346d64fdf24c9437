"""An import goes on where it was ended, and no row is there twice or lost."""

import asyncio
from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.store.imports import endpoint_import
from dispatcher.store.imports.endpoint_import import (
    PIECES,
    EndpointImport,
    ImportRunning,
    ImportState,
    Refusal,
    group_bounds,
    importing,
)
from dispatcher.store.imports.incoming import IMPORT_LOCK
from tests.store.delivery.test_ledger import blocked
from tests.support.histories import subscription
from tests.support.imports import bring_in, finish, staged
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES
from tests.support.subscribers import told

REFUSED = Refusal(3, 2, 1, "why")


def people(*names: str, **more: Any) -> list[Any]:
    return [subscription(name, legal_basis="consent", **more) for name in names]


@pytest.mark.parametrize("rows", [0, 1, 25_000, 25_001, 1_000_000, 10**9])
def test_groups_have_every_piece_once(rows: int) -> None:
    bounds = group_bounds(rows)
    assert [piece for first, end in bounds for piece in range(first, end)] == list(range(PIECES))
    assert len(bounds) == min(PIECES, max(1, -(-rows // 25_000)))


async def test_one_that_was_ended_goes_on_after_what_is_ready(pool: Any) -> None:
    async with importing(pool, ADDRESSES, b"a", UNNAMED_OPERATOR) as one:
        await one.stage(staged(people("anna", "bernd"), refused=[REFUSED]))
    async with importing(pool, ADDRESSES, b"a", UNNAMED_OPERATOR) as again:
        assert again.state == ImportState(2, 2, 2)
        await again.stage(staged(people("clara"), 3))
        assert await again.refused() == [REFUSED]
        assert (await finish(again)).lines == 3
    assert sorted(await told(pool)) == ["anna", "bernd", "clara"]
    assert not await pool.fetchval("SELECT count(*) FROM import_row"), "nothing stays"


async def test_another_file_begins_anew(pool: Any) -> None:
    async with importing(pool, ADDRESSES, b"a", UNNAMED_OPERATOR) as one:
        await one.stage(staged(people("anna"), refused=[REFUSED]))
    async with importing(pool, ADDRESSES, b"b", UNNAMED_OPERATOR) as other:
        assert (other.state, await other.refused()) == (ImportState(), [])
        await finish(other)
    assert await told(pool) == {}


async def test_groups_that_are_done_are_not_done_again(pool: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_import, "GROUP_ROWS", 2)
    names = [f"p{number}" for number in range(12)]
    said: list[tuple[int, int]] = []

    def fail(done: int, of: int) -> None:
        said.append((done, of))
        if done == 2:
            raise KeyError

    async with importing(pool, ADDRESSES, b"a", UNNAMED_OPERATOR) as one:
        await one.stage(staged(people(*names)))
        await one.all_checked()
        with pytest.raises(KeyError):
            await one.take(fail)
    before = await told(pool)
    assert 0 < len(before) < len(names)
    async with importing(pool, ADDRESSES, b"a", UNNAMED_OPERATOR) as again:
        assert (again.state.checked, len(again.state.groups_done) >= 2) == (True, True)
        put = await again.take()
    assert (put.lines, put.renewed) == (12, 0)
    assert sorted(await told(pool)) == sorted(names)
    counted = await pool.fetchval(
        "SELECT sum((detail->>'count')::int) FROM audit WHERE action = 'subscriptions.add'"
    )
    assert counted == 12, "what was done is on the audit trail once"


async def test_only_one_runs_at_a_time(pool: Any) -> None:
    async with importing(pool, ADDRESSES, b"a", UNNAMED_OPERATOR):
        with pytest.raises(ImportRunning):
            async with importing(pool, ADDRESSES, b"b", UNNAMED_OPERATOR):
                pass
    async with importing(pool, ADDRESSES, b"b", UNNAMED_OPERATOR):
        pass
    assert await pool.fetchval("SELECT pg_try_advisory_xact_lock($1)", IMPORT_LOCK)


async def test_what_a_crash_of_the_record_emptied_is_not_taken_for_done(pool: Any) -> None:
    one = EndpointImport(pool, ADDRESSES, b"a", UNNAMED_OPERATOR)
    await one.begin()
    await one.stage(staged(people("anna")))
    await pool.execute("TRUNCATE import_run, import_row")
    for step in (one.stage(staged(people("bernd"), 2)), one.all_checked()):
        with pytest.raises(ConnectionError):
            await step
    with pytest.raises(ConnectionError):
        await one.take()
    assert await told(pool) == {}


async def test_somebody_who_subscribes_at_the_same_moment_only_delays_it(pool: Any) -> None:
    """The endpoint is not there when the import looks, and there when it writes."""
    one = EndpointImport(pool, ADDRESSES, b"a", UNNAMED_OPERATOR)
    await one.begin()
    await one.stage(staged(people("anna")))
    await one.all_checked()
    sealed = ADDRESSES.seal("https://push.example/anna", {"auth": "anna"})
    async with pool.acquire() as other:
        begun = other.transaction()
        await begun.start()
        await other.execute(
            """INSERT INTO subscription (channel, gateway, sealed, address_hash, active, imported_active)
               VALUES ('webpush', 'https://push.example', $1, $2, false, false)""",
            sealed.sealed,
            sealed.address_hash,
        )
        taking = asyncio.create_task(one.take())
        await blocked(pool, taking)
        await begun.commit()
        assert (await taking).renewed == 1
    assert await told(pool) == {"anna": (True, [DUEREN])}


async def test_rows_of_one_endpoint_are_taken_together_however_far_they_are_apart(pool: Any) -> None:
    await bring_in(pool, subscription("anna", JUELICH), *people("bernd"), subscription("anna", DUEREN))
    assert (await told(pool))["anna"] == (False, sorted([DUEREN, JUELICH]))
