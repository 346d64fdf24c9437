"""The schema, and the connection to it."""

import asyncio
import datetime as dt
import itertools
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import asyncpg
import pytest

from dispatcher.store import record
from dispatcher.store.alerts.alerts import Alerts
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.delivery.plans import Plans
from dispatcher.store.sources import Sources
from ops.lab.world.certificate import HOST, write_certificate
from tests.support.histories import plan, submit, subscribe


async def test_both_spellings_of_the_url_are_understood(database_url: str) -> None:
    pool = await record.connect(database_url.replace("postgresql://", "postgresql+asyncpg://"), size=1)
    assert await pool.fetchval("SELECT 1") == 1
    await pool.close()


async def test_json_goes_in_and_comes_out_as_values(pool: Any) -> None:
    value = {"größe": [1, None, "ü"]}
    assert await pool.fetchval("SELECT $1::jsonb", value) == value


async def test_a_record_that_is_not_there_looks_unavailable(tmp_path: Path) -> None:
    with pytest.raises(record.UNAVAILABLE):
        await record.connect(f"postgresql://postgres@/x?host={tmp_path}", size=1)


async def test_a_certificate_that_does_not_hold_is_no_fault_of_the_url(tmp_path: Path) -> None:
    """What the standard library raises of it is a ValueError as well."""
    [certificate, key] = write_certificate(
        tmp_path, dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
    )  # it has expired
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)

    async def negotiate(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(8)  # SSLRequest
        writer.write(b"S")
        with suppress(OSError):
            await writer.start_tls(context)
        writer.close()

    async with await asyncio.start_server(negotiate, HOST, 0) as server:
        port = server.sockets[0].getsockname()[1]
        url = f"postgresql://u@{HOST}:{port}/x?sslmode=verify-full&sslrootcert={quote(str(certificate))}"
        with pytest.raises(OSError, match="certificate has expired"):
            await record.connect(url, size=1)


@pytest.fixture
async def batch(pool: Any, alerts: Alerts, ledger: Any, plans: Plans, subscriptions: Subscriptions) -> Any:
    await subscribe(pool, subscriptions, "a")
    await submit(alerts, "A")
    [wake_ups] = await plan(ledger, plans, "A")
    return wake_ups.batch_id


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE batch SET outcomes = ''",
        "UPDATE batch SET recipients = '{1,2}'",
        "UPDATE batch SET state = 'lost'",
        "UPDATE alert SET state = 'lost'",
        "UPDATE alert SET source_id = 'nobody'",
        "UPDATE alert SET stopped_by = 'nobody'",
        "DELETE FROM alert",
        "DELETE FROM source",
        "INSERT INTO problem SELECT id + 1, 0, 1, 1, 0, '', '', '' FROM batch",
        "INSERT INTO followed_municipality VALUES (-1, '05358008')",
        """INSERT INTO subscription (channel, gateway, sealed, address_hash)
           SELECT channel, gateway, sealed, address_hash FROM subscription""",
        "INSERT INTO api_key (id, source_id, digest) VALUES ('k', 'nobody', '')",
    ],
)
async def test_the_record_refuses_what_contradicts_it(pool: Any, batch: Any, statement: str) -> None:
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await pool.execute(statement)


async def test_the_victim_of_a_deadlock_is_told_to_try_again(pool: Any, sources: Sources) -> None:
    """Whoever has to give way has written nothing: for a submitter that is "not now", for a worker "once more"."""
    await pool.execute("INSERT INTO source (id, name, senders, territory) VALUES ('other', '', '{}', '{}')")
    lock = "UPDATE source SET name = name WHERE id = $1"
    async with pool.acquire() as one, pool.acquire() as two:
        transactions = [connection.transaction() for connection in (one, two)]
        for transaction in transactions:
            await transaction.start()
        await one.execute(lock, "leitstelle")
        await two.execute(lock, "other")
        results = await asyncio.gather(
            one.execute(lock, "other"), two.execute(lock, "leitstelle"), return_exceptions=True
        )
        for transaction in transactions:
            await transaction.rollback()
    assert sum(isinstance(result, record.UNAVAILABLE) for result in results) == 1


@pytest.fixture
async def small(database_url: str) -> AsyncIterator[Any]:
    pool = await record.connect(database_url, size=1)
    yield pool
    await pool.close()


async def isolated(pool: Any) -> int:
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        return int(await connection.fetchval("SELECT 1"))


async def locks(pool: Any) -> int:
    return int(
        await pool.fetchval(
            "SELECT count(*) FROM pg_locks WHERE relation = 'alert'::regclass AND pid <> pg_backend_pid()"
        )
    )


async def test_a_value_that_fits_no_parameter_leaves_no_transaction_behind(
    small: Any, pool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = "SELECT {} FROM alert WHERE id = $1"  # each is prepared anew
    with pytest.raises(asyncpg.DataError):
        await small.fetchval(refused.format(1), 1)
    with pytest.raises(asyncpg.DataError):
        await small.executemany(refused.format(2), [(1,)])
    assert await locks(pool) == 0, "nobody who changes the table waits for it"
    assert await isolated(small) == 1
    monkeypatch.setattr(record.RecordConnection, "unfinished", property(lambda _: False, lambda *_: None))
    with pytest.raises(asyncpg.DataError):
        await small.fetchval(refused.format(3), 1)
    assert await locks(pool) == 1
    with pytest.raises(asyncpg.ActiveSQLTransactionError):
        await isolated(small)


async def test_whatever_is_cancelled_leaves_no_transaction_behind(small: Any) -> None:
    """A task is cancelled after one step, after two and so on, until it ends by itself: somewhere on the way it has
    prepared its statement and not run it.
    """
    for steps in itertools.count():
        query = f"SELECT count(*) + {steps} FROM alert WHERE id = $1"
        task = asyncio.ensure_future(small.fetchval(query, "x"))
        for _ in range(steps):
            await asyncio.sleep(0)
        is_cancelled = task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await isolated(small) == 1
        if not is_cancelled:
            break


async def test_what_is_not_known_in_time_is_not_known(pool: Any) -> None:
    async def unavailable() -> int:
        raise asyncpg.AdminShutdownError

    async def wrong() -> int:
        raise LookupError

    assert await record.known_within(5.0, pool.fetchval("SELECT 1")) == 1
    assert await record.known_within(0.0, pool.fetchval("SELECT 1")) is None
    assert await record.known_within(5.0, unavailable()) is None
    with pytest.raises(LookupError):
        await record.known_within(5.0, wrong())


async def test_a_record_that_cannot_be_used_is_not_one_that_takes_too_long(pool: Any) -> None:
    async def fails(error: Exception) -> int:
        raise error

    assert await record.answered_within(5.0, pool.fetchval("SELECT 1")) == 1
    assert await record.answered_within(0.0, pool.fetchval("SELECT 1")) is None
    for error in (asyncpg.AdminShutdownError(), TimeoutError()):
        with pytest.raises(type(error)):
            await record.answered_within(5.0, fails(error))
