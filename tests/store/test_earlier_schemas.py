"""Each earlier schema with rows in all its tables becomes this version's, and nothing is lost on the way.

One database goes through all revisions. At each one rows are put into every table, made from the tables' own columns
and constraints; then the next migration runs, and what was there before is looked for. So each revision's rows go
through all later migrations, one by one. From some revisions all later ones are also run in one transaction, as
`upgrade` does, which is taken back.
"""

import json
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from dispatcher.store.migrate import MIGRATIONS, _config
from tests.support.made_rows import MadeRows
from tests.support.schema import Schema, narrowed, read_schema

RELEASED = "0044"
"""The newest migration of the version before this one, whose processes run beside ours while we take their place."""

TENTH = 10
"""From each so many revisions one from which all later migrations are run at once."""

WRITTEN_ANEW = {
    ("0014", "batch"): {"channel": "sms_http is called sms"},
    ("0028", "followed_municipality"): {"wished": "nobody has proven an endpoint for it"},
    ("0028", "watched_area"): {"wished": "nobody has proven an endpoint for it"},
}
"""Columns that a migration writes anew, and why; what is in them has tests of its own in test_migrate.py."""
MOVED = {
    ("0008", "instance"): "api_key",
    ("0047", "failing_subscription"): "absent_subscription",
}
"""Tables out of which a migration takes rows or columns, and where they are then."""
APPEND_ONLY = {"audit", "audit_chain", "audit_checkpoint"}
"""What refuses any change, also to what is there."""
NARROWER = {
    "audit has another unique index audit_shift_form": "has the lines alone in which a form is named; only we write those",
    "alert has another constraint alert_canary_is_test": "no id of before begins with a small letter",
}
"""What this version's migrations refuse of the one before, and why nothing breaks by it while both run."""

Content = dict[str, Counter[str]]
"""The rows of each table as JSON, and how often each is there."""


async def read_content(connection: Any, schema: Schema) -> Content:
    return {
        name: Counter(row[0] for row in await connection.fetch(f'SELECT to_jsonb(t)::text FROM "{name}" t'))
        for name in schema
    }


def parts(rows: Counter[str], columns: Iterable[str]) -> Counter[str]:
    """Rows without other columns than these."""
    kept = sorted(columns)
    found: Counter[str] = Counter()
    for text, times in rows.items():
        row = json.loads(text)
        found[json.dumps([row[column] for column in kept])] += times
    return found


@dataclass
class Loss:
    """What is gone of a table: `columns`, and how many `rows` are no more as they were."""

    columns: set[str] = field(default_factory=set)
    rows: int = 0


def lost(
    before: tuple[Schema, Content],
    after: tuple[Schema, Content],
    anew: Mapping[str, Iterable[str]],
) -> dict[str, Loss]:
    """Tell what was in the tables before and is not there after, by table. What is in columns that are written `anew`
    is not looked at.
    """
    found = {}
    for name, table in before[0].items():
        new = after[0].get(name)
        there = set(new.columns) if new else set()
        loss = Loss(set(table.columns) - there)
        rows = before[1][name]
        if new is None:
            loss.rows = rows.total()
        elif rows - after[1][name]:
            shared = (there & set(table.columns)) - set(anew.get(name, ()))
            loss.rows = (parts(rows, shared) - parts(after[1][name], shared)).total()
        if loss.columns or loss.rows:
            found[name] = loss
    return found


def is_found_again(
    before: tuple[Schema, Content], name: str, after: tuple[Schema, Content], other: str
) -> bool:
    """Whether all rows of a table of before are now in another, in the columns of the same name."""
    shared = set(before[0][name].columns) & set(after[0][other].columns)
    return bool(shared) and not parts(before[1][name], shared) - parts(after[1][other], shared)


def revisions() -> list[str]:
    """All, the oldest first."""
    scripts = ScriptDirectory(str(MIGRATIONS))
    return [one.revision for one in scripts.walk_revisions()][::-1]


class Database:
    """A database on its way through the revisions."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool
        )

    @asynccontextmanager
    async def at(self, revision: str, *, is_kept: bool = True) -> AsyncIterator[Any]:
        """A connection of asyncpg with the schema of a revision, which stays or is taken back."""
        async with self._engine.connect() as connection:
            transaction = await connection.begin()
            await connection.run_sync(lambda bare: command.upgrade(_config(bare), revision))
            raw = await connection.get_raw_connection()
            yield raw.driver_connection
            await (transaction.commit() if is_kept else transaction.rollback())

    async def seen(self, revision: str, *, is_kept: bool = True) -> tuple[Schema, Content]:
        async with self.at(revision, is_kept=is_kept) as connection:
            schema = await read_schema(connection)
            return schema, await read_content(connection, schema)

    async def close(self) -> None:
        await self._engine.dispose()


@asynccontextmanager
async def connection_to(url: str) -> AsyncIterator[Any]:
    """A connection that ends with the block: what a failed test left open, uvloop would wait for without end."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.fixture
async def database(empty_database: str) -> AsyncIterator[Database]:
    database = Database(empty_database)
    yield database
    await database.close()


def unexplained(
    revisions: Iterable[str], before: tuple[Schema, Content], after: tuple[Schema, Content]
) -> tuple[dict[str, Loss], set[tuple[str, str]]]:
    """What migrations lose that is neither written anew nor moved; and which explanations were needed."""
    known = set(revisions)
    anew = {table: columns for (one, table), columns in WRITTEN_ANEW.items() if one in known}
    moved = {table: (one, other) for (one, table), other in MOVED.items() if one in known}
    found = lost(before, after, {})
    needed = {(one, table) for one, table in WRITTEN_ANEW if one in known and table in found}
    found = lost(before, after, anew)
    for name, (one, other) in moved.items():
        if name in found and is_found_again(before, name, after, other):
            needed.add((one, name))
            del found[name]
    return found, needed


@pytest.mark.timeout(300)  # some twenty seconds of a processor's time
async def test_nothing_is_lost_from_any_earlier_schema(
    database: Database, empty_database: str, database_url: str
) -> None:
    chain, made = revisions(), MadeRows()
    needed: set[tuple[str, str]] = set()
    async with connection_to(empty_database) as connection:
        await database.seen(chain[0])
        for n, revision in enumerate(chain):
            schema = await read_schema(connection)
            put = await made.put(connection, schema)
            assert not put.refused, revision
            before = schema, await read_content(connection, schema)
            assert all(before[1].values()), "each table has rows"
            if later := chain[n + 1 :]:
                at_once = await database.seen(later[-1], is_kept=False)
                assert unexplained(later, before, at_once)[0] == {}, f"all from {revision} on"
                found, why = unexplained(later[:1], before, await database.seen(later[0]))
                assert found == {}, f"{later[0]} after {revision}"
                needed |= why
        assert needed == set(WRITTEN_ANEW) | set(MOVED), "each explanation is of something"
        await assert_all_rules_hold(connection)
        async with connection_to(database_url) as new:
            assert schema == await read_schema(new), "as if it had been made today"


async def assert_all_rules_hold(connection: Any) -> None:
    """What came from older schemas meets every constraint, also those that were not held against what was there, and
    can still be written to.
    """
    late = await connection.fetch(
        "SELECT conrelid::regclass::text AS name, conname FROM pg_constraint WHERE NOT convalidated"
    )
    assert late
    for row in late:
        await connection.execute(f'ALTER TABLE {row["name"]} VALIDATE CONSTRAINT "{row["conname"]}"')
    assert await untouchable(connection) == APPEND_ONLY


async def untouchable(connection: Any) -> set[str]:
    """Tables with a row that can be written no more, even if nothing of it changes."""
    found = set()
    for name, table in (await read_schema(connection)).items():
        column = next(one.name for one in table.columns.values() if not one.made)
        try:
            async with taken_back(connection):
                await connection.execute(f'UPDATE "{name}" SET "{column}" = "{column}"')
        except asyncpg.PostgresError:
            found.add(name)
    return found


async def test_what_the_version_before_writes_is_still_taken(database: Database) -> None:
    """While the processes are replaced one after the other its code runs on our schema."""
    before, _ = await database.seen(RELEASED)
    after, _ = await database.seen(revisions()[-1])
    assert narrowed(before, after) == set(NARROWER)


# that these tests can fail


@pytest.fixture
async def filled(database_url: str) -> AsyncIterator[Any]:
    """A connection to a record of this version with rows in all tables."""
    async with connection_to(database_url) as connection:
        put = await MadeRows().put(connection, await read_schema(connection))
        assert put.refused == {}
        yield connection


@asynccontextmanager
async def taken_back(connection: Any) -> AsyncIterator[None]:
    """What is done in the block is undone after it."""
    transaction = connection.transaction()
    await transaction.start()
    try:
        yield
    finally:
        await transaction.rollback()


LOSING = {
    "DELETE FROM absent_subscription WHERE alerts = 1": {"absent_subscription": Loss(rows=1)},
    "UPDATE source SET territory = '{}'": {"source": Loss(rows=2)},
    "ALTER TABLE canary DROP COLUMN turn": {"canary": Loss({"turn"})},
    "ALTER TABLE subscription RENAME COLUMN language TO tongue": {"subscription": Loss({"language"})},
    "DROP TABLE code_parts": {"code_parts": Loss({"gateway", "month", "parts"}, 2)},
}


async def test_a_migration_that_loses_something_is_found(filled: Any) -> None:
    schema = await read_schema(filled)
    before = schema, await read_content(filled, schema)
    for migration, loss in LOSING.items():
        async with taken_back(filled):
            await filled.execute(migration)
            schema = await read_schema(filled)
            assert lost(before, (schema, await read_content(filled, schema)), {}) == loss, migration


FAILING = (
    "ALTER TABLE alert ADD COLUMN weight int NOT NULL",
    "ALTER TABLE batch ADD CHECK (text_parts > 1000000)",
    "CREATE UNIQUE INDEX batch_lane ON batch ((lane = ''))",
    "ALTER TABLE webhook ALTER COLUMN places SET NOT NULL",
)


async def test_a_migration_that_fails_on_rows_alone_is_found(filled: Any) -> None:
    for migration in FAILING:
        async with taken_back(filled):
            with pytest.raises(asyncpg.IntegrityConstraintViolationError):
                async with filled.transaction():
                    await filled.execute(migration)
            await filled.execute("TRUNCATE alert, batch, webhook CASCADE")
            await filled.execute(migration)  # on an empty database all is well


async def test_a_row_that_can_be_written_no_more_is_found(filled: Any) -> None:
    await filled.execute("ALTER TABLE code_parts ADD CHECK (parts > 1000000) NOT VALID")
    assert await untouchable(filled) == APPEND_ONLY | {"code_parts"}


NARROWING = {
    "DROP TABLE code_parts": "code_parts is gone",
    "ALTER TABLE alert RENAME TO message": "alert is gone",
    "ALTER TABLE batch DROP COLUMN noted": "batch.noted is gone",
    "ALTER TABLE batch ADD COLUMN weight int NOT NULL": "batch.weight is required, and has no default",
    "ALTER TABLE api_key ALTER COLUMN person SET NOT NULL": "api_key.person is required",
    "ALTER TABLE batch ALTER COLUMN state DROP DEFAULT": "batch.state has lost its default",
    "ALTER TABLE batch ALTER COLUMN parts_sent TYPE bigint": "batch.parts_sent is of another type",
    "ALTER TABLE batch ADD CONSTRAINT few CHECK (parts_sent < 9)": "batch has another constraint few",
    "CREATE UNIQUE INDEX one ON batch (alert_id)": "batch has another unique index one",
    "CREATE TRIGGER one BEFORE INSERT ON batch FOR EACH ROW EXECUTE FUNCTION leave_out()": "batch has another trigger one",
}
ADDING = (
    "ALTER TABLE batch ADD COLUMN weight int",
    "ALTER TABLE batch ADD COLUMN weight int NOT NULL DEFAULT 0 CHECK (weight >= 0)",
    "CREATE TABLE weight (batch_id bigint NOT NULL REFERENCES batch)",
    "CREATE INDEX batch_weight ON batch (parts_sent)",
    "ALTER TABLE api_key ALTER COLUMN digest DROP NOT NULL",
    "ALTER TABLE batch DROP CONSTRAINT batch_state_check",
)


async def test_what_the_version_before_cannot_work_with_is_found_and_nothing_else(database_url: str) -> None:
    async with connection_to(database_url) as connection:
        before = await read_schema(connection)
        for migration, said in (NARROWING | dict.fromkeys(ADDING, "")).items():
            async with taken_back(connection):
                await connection.execute(migration)
                found = narrowed(before, await read_schema(connection))
            assert said in found if said else not found, migration
