"""Verifies a long audit trail with the command, and reads and hashes the same lines without following them, in turn."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, Final

import asyncpg

from dispatcher.embedded import embedded
from dispatcher.store import record
from dispatcher.store.audit_chain.columns import ENTRY
from dispatcher.store.audit_chain.writer import ChainWriter
from dispatcher.store.migrate import upgrade
from ops.lab.bench import report

_FILL: Final = """
INSERT INTO audit (actor, action, alert_id, detail)
SELECT 'source:leitstelle', 'alert.accepted', '01K' || n, jsonb_build_object('n', n, 'why', 'some words of a person')
FROM generate_series(1, $1::bigint) n"""
_SAME: Final = f"""
SELECT c.position, c.previous, c.hash, {ENTRY}
FROM audit_chain c JOIN audit a ON a.id = c.audit_id ORDER BY c.position"""  # noqa: S608 - constant
WITHIN_S: Final = 900.0


async def filled(database_url: str, entries: int) -> float:
    """Write the trail and its chain. Returns the seconds that the chain took."""
    async with await record.connect(database_url, size=2, command_timeout_s=WITHIN_S) as pool:
        await pool.execute(_FILL, entries)
        began = time.perf_counter()
        writer = ChainWriter(pool)
        while await writer.write():
            pass
        return time.perf_counter() - began


def verified(environment: dict[str, str], entries: int) -> float:
    """Verify the trail. Returns the seconds from start to end of the command. Raises RuntimeError where it finds
    anything wrong, or not all lines.
    """
    began = time.perf_counter()
    command = [sys.executable, "-m", "dispatcher", "audit", "verify", "--json"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.perf_counter() - began
    found = json.loads(done.stdout)
    if done.returncode or found["entries"] != entries:
        raise RuntimeError(f"the trail was not found as it was written: {done.stdout[:500]}")
    return seconds


async def hashed(database_url: str) -> float:
    """Read all that is verified in one statement, and hash it as it comes. Returns the seconds."""
    connection = await asyncpg.connect(database_url)
    sha256 = hashlib.sha256()

    async def take(data: bytes) -> None:
        sha256.update(data)

    try:
        began = time.perf_counter()
        await connection.copy_from_query(_SAME, output=take, timeout=WITHIN_S)
        return time.perf_counter() - began
    finally:
        await connection.close()


def run(entries: int, rounds: int) -> dict[str, Any]:
    """Measure rounds of both."""
    with tempfile.TemporaryDirectory() as name, embedded(Path(name) / "servers") as servers:
        url = servers.database_url
        asyncio.run(upgrade(url))
        environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": servers.redis_url,
            "WARN_DATA_DIR": str(Path(name) / "var"),
        }
        chained_s = asyncio.run(filled(url, entries))
        found = [(verified(environment, entries), asyncio.run(hashed(url))) for _ in range(rounds)]
        peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return {
        "entries": entries,
        "seconds": round(median(seconds for seconds, _ in found), 1),
        "ratio_hashed": round(median(plain_s / seconds for seconds, plain_s in found), 2),
        "chained_s": round(chained_s, 1),
        "peak_mb": round(peak_mb),
        "rounds": rounds,
    }


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="ops.lab.bench audit", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(argv)
    report.show("audit", run(options.entries, options.rounds), as_json=options.json)
    return 0
