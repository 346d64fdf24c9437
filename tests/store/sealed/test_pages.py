"""A table is gone through piece by piece."""

from typing import Any

from dispatcher.store.sealed.pages import pieces


async def test_every_row_is_in_one_piece(pool: Any) -> None:
    await pool.execute("CREATE TABLE t AS SELECT n, repeat('x', 500) FROM generate_series(1, 100) n")
    found = []
    between = [piece async for piece in pieces(pool, "t", pages=2)]
    for first, end in between:
        rows = await pool.fetch("SELECT n FROM t WHERE ctid >= $1 AND ctid < $2", first, end)
        found.append([row["n"] for row in rows])
    assert [n for piece in found for n in piece] == list(range(1, 101))
    assert len(found) > 3


async def test_an_empty_table_has_none(pool: Any) -> None:
    assert [piece async for piece in pieces(pool, "subscription")] == []
