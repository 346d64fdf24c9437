"""Imports a file with the command, and copies the rows that it made into the same tables again, in turn."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg

from dispatcher.embedded import embedded
from dispatcher.store.migrate import upgrade
from ops.lab.bench import report
from ops.lab.bench.fixtures.processes import Process
from ops.lab.bench.import_.people import write
from ops.lab.bench.import_.rotation import rotated

TABLES = ("subscription", "followed_municipality", "watched_area")
"""What an import writes, in the order in which they refer to one another."""


def imported(file: Path, environment: dict[str, str], count: int) -> float:
    """Import the file. Returns the seconds from start to end of the command. Raises RuntimeError where it fails."""
    began = time.perf_counter()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "dispatcher",
            "subscriptions",
            "import",
            str(file),
            "--legal-basis",
            "consent",
            "--json",
        ],
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seconds = time.perf_counter() - began
    added = json.loads(done.stdout)["added"]
    if added != count:
        raise RuntimeError(f"{added} of {count} rows were imported")
    return seconds


async def emptied(database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    try:
        await connection.execute(f"TRUNCATE {', '.join(TABLES)} CASCADE")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()


async def copied(database_url: str, folder: Path, record: Process) -> tuple[float, float]:
    """Copy what the tables have out, empty them, and copy it in, one table after another, each in one statement.
    Returns the seconds of copying it in, and the record's processor seconds.
    """
    connection = await asyncpg.connect(database_url)
    try:
        for table in TABLES:
            await connection.copy_from_table(table, output=str(folder / table), format="binary")
        await emptied(database_url)
        began, used = time.perf_counter(), record.family_cpu_s()
        for table in TABLES:
            await connection.copy_to_table(table, source=str(folder / table), format="binary")
        # While the connection is there: of one that has just ended the time may not be known yet.
        return time.perf_counter() - began, record.family_cpu_s() - used
    finally:
        await connection.close()


def run(rows: int, rounds: int, *, rotate: bool = False) -> dict[str, Any]:
    """Measure rounds of both; then, if wanted, a rotation of the key that the rows are sealed with."""
    with tempfile.TemporaryDirectory() as name, embedded(Path(name) / "servers") as servers:
        folder, url = Path(name), servers.database_url
        asyncio.run(upgrade(url))
        write(folder / "people.ndjson", rows)
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": servers.redis_url,
            "WARN_DATA_DIR": str(folder / "var"),
        }
        record = Process(int((folder / "servers/postgres/data/postmaster.pid").read_text().split()[0]))
        found = []
        for _ in range(rounds):
            asyncio.run(emptied(url))
            command_s, record_s = _children_s(), record.family_cpu_s()
            seconds = imported(folder / "people.ndjson", environment, rows)
            command_s, record_s = _children_s() - command_s, record.family_cpu_s() - record_s
            copy_s, copy_record_s = asyncio.run(copied(url, folder, record))
            found.append((seconds, copy_s, command_s, record_s, copy_record_s))
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        rotation = rotated(environment, rows) if rotate else {}
    seconds, copy_s, command_s, record_s, copy_record_s = (median(one) for one in zip(*found, strict=True))
    return {
        "rows": rows,
        "seconds": round(seconds, 1),
        "ratio_copy": round(median(one[1] / one[0] for one in found), 2),
        "copy_seconds": round(copy_s, 1),
        "rows_per_s": round(rows / seconds),
        "command_cpu_s": round(command_s, 1),
        "record_cpu_s": round(record_s, 1),
        "copy_record_cpu_s": round(copy_record_s, 1),
        "peak_mb": round(peak_mb),
        "rounds": rounds,
        **rotation,
    }


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench import", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rotate", action="store_true", help="seal all rows with a new key afterwards")
    options = parser.parse_args(argv)
    found = run(options.rows, options.rounds, rotate=options.rotate)
    report.show("import", found, as_json=options.json)
    return 0
