"""Every sealed column of the record is known to what changes keys."""

from typing import Any

from dispatcher.store.sealed.columns import SEALED_COLUMNS


async def test_all_sealed_columns_are_listed(pool: Any) -> None:
    rows = await pool.fetch(
        """SELECT table_name, column_name FROM information_schema.columns
           WHERE table_schema = 'public' AND (column_name = 'sealed' OR column_name LIKE '%\\_sealed')"""
    )
    assert {tuple(row) for row in rows} == {(one.table, one.column) for one in SEALED_COLUMNS}
