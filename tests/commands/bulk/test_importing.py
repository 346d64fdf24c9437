"""An import of a file is ended at any moment, and goes on."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.principals import UNNAMED_OPERATOR
from dispatcher.commands.bulk import checker
from dispatcher.commands.bulk.exporting import export_to
from dispatcher.commands.bulk.importing import ImportResult, Wanted, import_file
from dispatcher.settings import Settings
from dispatcher.store.audience.subscriptions import Subscriptions
from dispatcher.store.imports.imported import imported
from tests.commands.test_subscriptions import line
from tests.store import conftest as on_record
from tests.support.messages import JUELICH
from tests.support.sealed import ADDRESSES, endpoints

pool = on_record.pool
TABLES = {
    "subscription": "id, channel, gateway, address_hash, keys, language, instance, ref, legal_basis, active, told",
    "followed_municipality": "subscription_id, ags, imported, wished",
    "watched_area": "id, subscription_id, lat, lon, radius_m, ags, imported, wished",
}


async def bring(pool: Any, wanted: Wanted, told: Any = lambda what, count: None) -> ImportResult:
    return await import_file(pool, Settings(), wanted, UNNAMED_OPERATOR, told)


def address(number: int) -> str:
    return f"https://app.dueren.example/{number}"


async def addresses(pool: Any) -> list[str]:
    return [one.address for one in await endpoints(pool)]


async def test_what_ends_while_rows_are_checked_goes_on_there(
    surroundings: pytest.MonkeyPatch, pool: Any, tmp_path: Path
) -> None:
    surroundings.setattr(checker, "CHUNK_ROWS", 2)
    file = tmp_path / "people.ndjson"
    lines = [line(address=address(number)) for number in range(7)]
    lines[1] = "{"
    file.write_text("\n".join(lines) + "\n")

    def fail(what: str, count: int) -> None:
        if count == 4:
            raise KeyError

    with pytest.raises(KeyError):
        await bring(pool, Wanted(file, "consent"), fail)
    assert await addresses(pool) == []
    done = await bring(pool, Wanted(file, "consent"))
    assert (done.resumed, done.put.lines, [one.line for one in done.refused]) == (4, 6, [2])
    assert await addresses(pool) == [address(number) for number in (0, 2, 3, 4, 5, 6)]
    assert (await bring(pool, Wanted(file, "consent"))).resumed == 0, "it has ended"


async def test_an_import_that_is_killed_goes_on_and_no_row_is_lost_or_there_twice(
    surroundings: pytest.MonkeyPatch, pool: Any, tmp_path: Path
) -> None:
    file = tmp_path / "people.ndjson"
    file.write_text("".join(line(address=address(number % 20)) + "\n" for number in range(30)))
    command = [
        sys.executable,
        "-m",
        "dispatcher",
        "subscriptions",
        "import",
        str(file),
        "--legal-basis",
        "consent",
    ]
    async with pool.acquire() as other, other.transaction():
        await other.execute("LOCK subscription IN SHARE MODE")
        process = await asyncio.create_subprocess_exec(*command, env=dict(os.environ))
        while process.returncode is None and not await other.fetchval(
            "SELECT count(*) FROM pg_locks WHERE NOT granted"
        ):
            pass
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
    while not await pool.fetchval("SELECT pg_try_advisory_lock(7207116112)"):
        pass  # the record has not noticed yet
    await pool.execute("SELECT pg_advisory_unlock_all()")
    done = await bring(pool, Wanted(file, "consent"))
    assert (done.resumed, done.put.lines, done.refused) == (30, 30, [])
    assert await addresses(pool) == sorted(address(number) for number in range(20))


async def test_to_import_an_export_changes_nothing(
    surroundings: pytest.MonkeyPatch, pool: Any, tmp_path: Path
) -> None:
    file, to = tmp_path / "people.ndjson", tmp_path / "people.csv"
    area = {"lat": 50.803456, "lon": 6.482789, "radius_m": 200}
    rows = [
        line(address=address(1), places=["05358", area], language="uk,ru", ref='a "b"', legal_basis=None),
        line(address=address(2), legal_basis="contract"),
        line(address=address(3), places=[area, JUELICH]),
    ]
    file.write_text("\n".join(rows))
    await bring(pool, Wanted(file))

    async def content() -> dict[str, Any]:
        return {
            name: [dict(row) for row in await pool.fetch(f"SELECT {columns} FROM {name} ORDER BY 1, 2")]
            for name, columns in TABLES.items()
        }

    async def note(count: int) -> None:
        assert count == 3

    before = await content()
    await export_to(to, imported(pool, ADDRESSES), lambda what, count: None, note)
    done = await bring(pool, Wanted(to))
    assert (done.put.renewed, done.put.places_changed, done.refused) == (3, 0, [])
    assert await content() == before
    assert await Subscriptions(pool, ADDRESSES).counts() == {"app": 2}
