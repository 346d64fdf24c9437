#!/usr/bin/env bash
# uvicorn: what stands after "await server.serve()" does not run when SIGTERM ends the server, not even a finally.
#
# Packages: PyPI: uvicorn==0.54.0
# Guess:    serve() returns after its graceful shutdown; then the caller closes pools and queues and the process
#           ends with status 0.
# Seen:     As its last act serve() raises the caught signal anew with the default action back in place: the
#           process dies of it inside serve(), before any finally of the caller, with status -15.
# So:       A program that has more to put away than the lifespan of the app replaces Server.capture_signals and
#           handles signals itself.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(uvicorn==0.54.0)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import subprocess
import sys

PROGRAM = """
import asyncio, contextlib, os, signal, sys
import uvicorn

async def app(scope, receive, send): ...

async def main():
    server = uvicorn.Server(uvicorn.Config(app, port=0, lifespan="off", log_level="critical"))
    if sys.argv[1] == "own":
        server.capture_signals = contextlib.nullcontext
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.handle_exit, signal.SIGTERM, None)
    asyncio.get_running_loop().call_later(1, os.kill, os.getpid(), signal.SIGTERM)
    try:
        await server.serve()
    finally:
        print("put away", end="", flush=True)

asyncio.run(main())
"""
for handling in ("uvicorn", "own"):
    ended = subprocess.run([sys.executable, "-c", PROGRAM, handling], capture_output=True, text=True, timeout=60)
    print(f"signals handled by {handling}: status {ended.returncode}, printed [{ended.stdout}]")
PY
)
expected='signals handled by uvicorn: status -15, printed []
signals handled by own: status 0, printed [put away]'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
