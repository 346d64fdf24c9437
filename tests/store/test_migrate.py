"""Bringing a database to the schema."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import asyncpg
import pytest
from alembic import command
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from channels.sms.contract import Contract
from dispatcher.access.credentials import Bearer
from dispatcher.access.keys import digest
from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.model.feeds import part_of
from dispatcher.model.principals import CredentialState, Instance
from dispatcher.store import record
from dispatcher.store.audience.proofs import Proofs
from dispatcher.store.feeds.feeds import Feeds
from dispatcher.store.keys import Keys
from dispatcher.store.migrate import _config, upgrade
from dispatcher.store.numbers.opt_outs import OptOut, OptOuts
from dispatcher.store.sms.charges import Charges
from dispatcher.store.sources import Sources
from tests.store.conftest import PEPPER
from tests.support.messages import DUEREN, JUELICH
from tests.support.sealed import ADDRESSES

LINNICH = "05358036"
UPGRADE = """
    import asyncio, sys
    from dispatcher.store.migrate import upgrade
    asyncio.run(upgrade(sys.argv[1]))
    print("done")
"""


@asynccontextmanager
async def connection_to(url: str) -> AsyncIterator[Any]:
    """A connection that ends with the block: what a failed test left open, uvloop would wait for without end."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def tables(url: str) -> Any:
    async with connection_to(url) as connection:
        rows = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        versions = await connection.fetch("SELECT version_num FROM alembic_version")
    return {row["tablename"] for row in rows}, len(versions)


async def test_an_upgrade_can_be_run_again(database_url: str) -> None:
    before = await tables(database_url)
    await upgrade(database_url)
    assert await tables(database_url) == before
    assert {"alert", "batch", "audit", "subscription"} <= before[0]
    assert before[1] == 1


async def test_an_instances_only_key_stays_good(empty_database: str) -> None:
    """And with the record as it was before, nobody else's key is touched."""
    key, old = f"wi_05358008_{'s' * 43}", f"wk_leitstelle-1_{'s' * 43}"
    await _upgrade_to(empty_database, "0006")
    async with connection_to(empty_database) as connection:
        await connection.execute(
            "INSERT INTO source (id, name, senders, territory) VALUES ('leitstelle', '', '{}', '{}')"
        )
        await connection.execute(
            "INSERT INTO api_key (id, source_id, digest) VALUES ('leitstelle-1', 'leitstelle', $1)",
            digest(PEPPER, old),
        )
        await connection.execute(
            "INSERT INTO instance (id, name, places, digest) VALUES ('05358008', 'Düren', '{05358008}', $1)",
            digest(PEPPER, key),
        )
    await upgrade(empty_database)
    async with connected(empty_database) as pool:
        sources = Sources(pool, PEPPER)
        found = await sources.recognise(key)
        assert (found.state, found.party) == (
            CredentialState.VALID,
            Instance("05358008", "Düren", ("05358008",)),
        )
        assert (await sources.recognise(old)).state is CredentialState.VALID
        new = f"wi_05358008-0a1b2c3d_{'n' * 43}"
        await Keys(pool).rotate(Bearer.of(None, "05358008"), new, PEPPER, timedelta(hours=1))
        assert [(await sources.recognise(one)).state for one in (key, new)] == [CredentialState.VALID] * 2
        await sources.uses.written()


SECRET_URL = "https://source.example:8443/lists/x?apikey=GEHEIM&b=ü"


async def test_addresses_of_feeds_with_keys_in_them_leave_the_record(empty_database: str) -> None:
    """Each list is known again by its new name, so that nothing on it counts as missing."""
    await _upgrade_to(empty_database, "0006")
    plain = "https://source.example/list"
    async with connection_to(empty_database) as connection:
        await connection.execute(
            "INSERT INTO feed (name, validators) VALUES ('dwd', jsonb_build_object($1::text, '{\"etag\": \"x\"}'::jsonb)), ('push', '{}')",
            SECRET_URL,
        )
        for key, part in (("a", SECRET_URL), ("b", plain), ("c", "")):
            await connection.execute(
                "INSERT INTO feed_entry (feed, key, part, version, reason, first_seen) VALUES ('dwd', $1, $2, '', 'pending', now())",
                key, part,
            )  # fmt: skip
        await connection.execute(
            "INSERT INTO quarantine (feed, name, sha256, size, content, code, detail, first_at, last_at)"
            " VALUES ('dwd', $1, '', 0, '', '', '', now(), now())",
            SECRET_URL,
        )
    await upgrade(empty_database)
    async with connected(empty_database) as pool:
        store = Feeds(pool)
        parts = {key: row.part for key, row in (await store.entries("dwd")).items()}
        assert parts == {"a": part_of(SECRET_URL), "b": part_of(plain), "c": ""}
        assert (await store.state("dwd")).validators == {part_of(SECRET_URL): {"etag": "x"}}
        assert (await store.state("push")).validators == {}
        assert await pool.fetchval("SELECT name FROM quarantine") == part_of(SECRET_URL)


async def test_the_channel_of_sms_gets_its_name_whatever_holds_it(empty_database: str) -> None:
    await _upgrade_to(empty_database, "0013")
    async with connection_to(empty_database) as connection:
        await connection.execute("SET session_replication_role = replica")  # no alert is needed for a batch
        for channel in ("sms_http", "webpush"):
            await connection.execute(
                "INSERT INTO subscription (channel, gateway, address, address_hash) VALUES ($1, 'a', 'x', 'x')",
                channel,
            )
            await connection.execute(
                "INSERT INTO gateway (channel, name, paused_until, reason) VALUES ($1, 'a', now(), 'down')",
                channel,
            )
            await connection.execute(
                "INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients,"
                " outcomes) VALUES ('a', 'a', 'alert', $1, 'a', 'de', 'flash', now(), '{}', '')",
                channel,
            )
    await upgrade(empty_database)
    async with connection_to(empty_database) as connection:
        for table in ("subscription", "batch", "gateway"):
            rows = await connection.fetch(f"SELECT channel FROM {table} ORDER BY channel")
            assert [row["channel"] for row in rows] == ["sms", "webpush"]
        columns = await connection.fetch(
            "SELECT table_name FROM information_schema.columns WHERE column_name = 'channel' AND table_schema = 'public'"
        )
        younger = {"instance_credential", "import_row", "person_endpoint"}  # than the name
        assert {row["table_name"] for row in columns} - younger == {"subscription", "batch", "gateway"}
        index = await connection.fetchval(
            "SELECT indexdef FROM pg_indexes WHERE indexname = 'batch_reported'"
        )
        assert index.endswith("WHERE (channel = 'sms'::text)")


async def instance(connection: Any, name: str, *places: str) -> None:
    await connection.execute(
        "INSERT INTO instance (id, name, places) VALUES ($1, $1, $2)", name, list(places)
    )


async def endpoint(connection: Any, address: str, **columns: Any) -> int:
    """An endpoint as older versions left it, sealed."""
    sealed = ADDRESSES.seal(address, {"p256dh": "x", "auth": "y"})
    values = {"channel": "webpush", "gateway": "g", "sealed": sealed.sealed, "keys": json.dumps(sealed.keys)}
    values |= {"address_hash": sealed.address_hash, **columns}
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    number: int = await connection.fetchval(
        f"INSERT INTO subscription ({', '.join(values)}) VALUES ({places}) RETURNING id", *values.values()
    )
    return number


async def subscriber(
    connection: Any, name: str, app: str, *endpoints: int, proven: bool = True, **columns: Any
) -> int:
    """Somebody who subscribed in an app with these endpoints."""
    values = {"instance_id": app, "installation_hash": name.encode(), **columns}
    places = ", ".join(f"${n}" for n in range(1, len(values) + 1))
    number: int = await connection.fetchval(
        f"INSERT INTO subscriber ({', '.join(values)}) VALUES ({places}) RETURNING id", *values.values()
    )
    for position, one in enumerate(endpoints):
        await connection.execute(
            """INSERT INTO subscriber_endpoint (subscriber_id, subscription_id, position, proven_at)
               VALUES ($1, $2, $3, CASE WHEN $4 THEN now() END)""",
            number,
            one,
            position,
            proven,
        )
    return number


async def test_a_number_of_before_stops_and_is_told_until_then(empty_database: str) -> None:
    """Nobody was asked for a code, and none has said STOP, before there were either (0026, 0027)."""
    await _upgrade_to(empty_database, "0025")
    async with connection_to(empty_database) as connection:
        anna, bernd = [
            await endpoint(connection, address, channel="sms")
            for address in ("+4915112345678", "+4915112345679")
        ]
    await upgrade(empty_database)
    async with connected(empty_database) as pool:
        for table in ("import_run", "import_row", "import_refusal", "sms_code", "sms_opt_out", "leave_code"):
            assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0
        told = "SELECT array_agg(id ORDER BY id) FROM subscription WHERE active AND ended_at IS NULL"
        assert await pool.fetchval(told) == [anna, bernd]
        opt_outs = OptOuts(pool, ADDRESSES)
        assert await opt_outs.end_revived(9, UNNAMED_OPERATOR) == 0
        assert await opt_outs.stop("+4915112345678", UNNAMED_OPERATOR) is OptOut.ENDED
        assert await pool.fetchval(told) == [bernd]


async def test_people_of_before_follow_what_their_app_shows_and_what_was_imported_stays(
    empty_database: str,
) -> None:
    """What they wish for is not touched (0028)."""
    await _upgrade_to(empty_database, "0027")
    async with connection_to(empty_database) as connection:
        await instance(connection, "dueren", DUEREN)
        one, other = [await endpoint(connection, address) for address in ("a", "b")]
        anna = await subscriber(connection, "anna", "dueren", one)
        bernd = await subscriber(connection, "bernd", "dueren", other, proven=False)
        for number in (anna, bernd):
            for ags in (DUEREN, JUELICH):
                await connection.execute("INSERT INTO subscriber_municipality VALUES ($1, $2)", number, ags)
        for number, ags, imported, wished in (
            (one, DUEREN, False, True),
            (one, JUELICH, False, True),
            (one, LINNICH, True, True),
            (other, JUELICH, True, False),
        ):
            await connection.execute(
                "INSERT INTO followed_municipality (subscription_id, ags, imported, wished) VALUES ($1, $2, $3, $4)",
                number, ags, imported, wished,
            )  # fmt: skip
        await connection.execute("SET session_replication_role = replica")  # no alert is needed for a batch
        batch = """INSERT INTO batch (alert_id, chain_id, kind, channel, gateway, language, lane, deadline, recipients,
          outcomes) VALUES ('a', 'a', 'alert', 'webpush', 'g', 'de', 'flash', now(), '{}', '') RETURNING id"""
        before = await connection.fetchval(batch)
    await upgrade(empty_database)
    async with connected(empty_database) as pool:
        rows = await pool.fetch("SELECT subscription_id, ags, imported, wished FROM followed_municipality")
        assert {tuple(row) for row in rows} == {
            (one, DUEREN, False, True),
            (one, LINNICH, True, False),
            (other, JUELICH, True, False),
        }
        assert await pool.fetchval("SELECT count(*) FROM subscriber_municipality") == 4
        # Its app shows the place later: who has proven the endpoint is told of it, as wished for.
        await pool.execute("UPDATE instance SET places = $1", [DUEREN, JUELICH])
        followers = "SELECT subscription_id FROM followed_municipality WHERE ags = $1 AND wished"
        assert [row["subscription_id"] for row in await pool.fetch(followers, JUELICH)] == [one]
        assert await pool.fetchval("SELECT noted FROM batch WHERE id = $1", before), "not gone through again"
        async with pool.acquire() as kept, kept.transaction():
            await kept.execute("SET LOCAL session_replication_role = replica")
            assert not await kept.fetchval(batch.replace("RETURNING id", "RETURNING noted"))


async def test_a_key_of_before_opens_what_it_did_also_where_two_have_one_name(empty_database: str) -> None:
    """What a key is of was made anew, as operators have keys, too (0029)."""
    await _upgrade_to(empty_database, "0028")
    async with connection_to(empty_database) as connection:
        await instance(connection, "dueren", DUEREN)
        await connection.execute(
            "INSERT INTO source (id, name, senders, territory) VALUES ('dueren', '', '{}', '{}')"
        )
        keys = {"source": f"wk_dueren_{'s' * 43}", "instance": f"wi_dueren_{'s' * 43}"}
        for kind, key in keys.items():
            await connection.execute(
                f"INSERT INTO api_key (id, {kind}_id, digest) VALUES ('dueren', 'dueren', $1)",
                digest(PEPPER, key),
            )
    await upgrade(empty_database)
    async with connected(empty_database) as pool:
        sources = Sources(pool, PEPPER)
        for kind, key in keys.items():
            found = await sources.recognise(key)
            assert (found.state, type(found.party).__name__.lower()) == (CredentialState.VALID, kind)
        await sources.uses.written()


async def test_who_was_first_on_a_device_keeps_its_place_and_nobody_unproven_ends_at_once(
    empty_database: str,
) -> None:
    """Two apps on a device, the younger with the lower endpoint's number; and others whom it does not concern (0031)."""
    await _upgrade_to(empty_database, "0029")
    async with connection_to(empty_database) as connection:
        for app in ("dueren", "juelich"):
            await instance(connection, app, DUEREN)
        young, old, old_too, alone, unproven, ended = [
            await endpoint(connection, address, person=person)
            for address, person in (("a", 7), ("b", 7), ("c", 7), ("d", None), ("e", None), ("f", None))
        ]
        device = {"device_hash": b"device"}
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        first = await subscriber(connection, "first", "dueren", old, old_too, **device, created_at=long_ago)
        second = await subscriber(connection, "second", "juelich", young, **device)
        loner = await subscriber(connection, "loner", "dueren", alone)
        waiting = await subscriber(
            connection, "waiting", "dueren", unproven, proven=False, created_at=long_ago
        )
        gone = await subscriber(connection, "gone", "dueren", ended, **device, ended_at=long_ago)
    await upgrade(empty_database)
    async with connected(empty_database) as pool:
        claims = dict(await pool.fetch("SELECT id, claim FROM subscription"))
        assert [claims[one] for one in (old, old_too, young)] == [0, 0, 1]
        assert {claims[one] for one in (alone, unproven, ended)} == {0}
        since = dict(await pool.fetch("SELECT id, device_claimed_at FROM subscriber"))
        assert since[first] == long_ago < since[second]
        assert {since[one] for one in (loner, waiting, gone)} == {None}
        store = Proofs(pool, ADDRESSES)
        assert await store.end_unproven(9) == 0, "a day begins for them with the upgrade"
        await pool.execute("UPDATE subscriber_endpoint SET named_at = now() - interval '2 days'")
        assert await store.end_unproven(9) == 1
        left = await pool.fetch("SELECT subscription_id FROM subscriber_endpoint")
        assert {row["subscription_id"] for row in left} == {young, old, old_too, alone, ended}


async def test_what_codes_cost_before_is_not_counted(empty_database: str) -> None:
    await _upgrade_to(empty_database, "0031")
    async with connection_to(empty_database) as connection:
        await connection.execute("INSERT INTO sms_code (number_hash, block_hash) VALUES ('n', 'b')")
    await upgrade(empty_database)
    async with connected(empty_database) as pool:
        assert await Charges([Contract("a")]).spent(pool) == {}
        assert await pool.fetchval("SELECT count(*) FROM sms_code") == 1, "the bounds hold on"


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Any]:
    pool = await record.connect(url)
    try:
        yield pool
    finally:
        await pool.close()


async def _upgrade_to(url: str, revision: str) -> None:
    """Make a record as an older version left it."""
    engine = create_async_engine(make_url(url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.run_sync(lambda bare: command.upgrade(_config(bare), revision))
    await engine.dispose()


async def test_two_processes_may_upgrade_an_empty_database_at_once(empty_database: str, python: Any) -> None:
    processes = [python(UPGRADE, empty_database) for _ in range(2)]
    answers = [await asyncio.to_thread(process.communicate, timeout=60) for process in processes]
    assert [out for out, _ in answers] == ["done\n"] * 2
    assert (await tables(empty_database))[1] == 1


async def test_a_migration_lets_others_go_first_and_comes_again(empty_database: str) -> None:
    """Somebody reads a table for long, such as a backup: who wants it next does not wait for the migration's turn."""
    await _upgrade_to(empty_database, "0047")
    async with connection_to(empty_database) as backup, connection_to(empty_database) as sender:
        reading = backup.transaction()
        await reading.start()
        await backup.fetch("SELECT FROM alert")
        seen = []

        async def pause() -> None:
            seen.append(await sender.fetchval("SELECT count(*) FROM alert", timeout=5))
            if len(seen) == 3:  # it does not get through at once
                await reading.rollback()

        await upgrade(empty_database, lock_wait_s=0.01, pause=pause)
    assert seen == [0, 0, 0]
    assert "canary" in (await tables(empty_database))[0]


async def test_a_table_that_stays_in_use_ends_the_upgrade_and_leaves_all_as_it_was(
    empty_database: str,
) -> None:
    await _upgrade_to(empty_database, "0045")
    before = await tables(empty_database)
    async with connection_to(empty_database) as backup, backup.transaction():
        await backup.fetch("SELECT FROM alert")
        with pytest.raises(asyncpg.LockNotAvailableError):
            await upgrade(empty_database, lock_wait_s=0.01, pause=partial(asyncio.sleep, 0))
    assert await tables(empty_database) == before, "0047 could have run, and did not"
