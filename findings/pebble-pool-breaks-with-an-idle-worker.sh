#!/usr/bin/env bash
# Pebble: a worker that is killed at work is replaced; one that is killed at rest takes the whole pool with it, for good.
#
# Packages: PyPI: pebble==5.2.3
# Guess:    A pool whose purpose is to survive its workers replaces one that the kernel ended, whatever it was doing.
# Seen:     Killed while it works, a worker costs its own task (ProcessExpired), and the next task gets another worker.
#           Killed while no worker of the pool works, it breaks the pool: schedule() raises RuntimeError, now and ever.
# So:       A service that lives longer than its workers makes a new pool when schedule() raises RuntimeError, or a task
#           ends with BrokenProcessPool. A health check that looks at the process sees nothing of it.
set -euo pipefail
sed -n '2,/^set /s/^# \{0,1\}//p' "$0"

packages=(pebble==5.2.3)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check "${packages[@]}"

cd "$work"
cat >seen.py <<'PY'
import multiprocessing
import os
import signal
import time

from pebble import ProcessPool


def is_alive(process):
    try:
        with open(f"/proc/{process}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def outcome(work):
    try:
        work()
        return "done"
    except Exception as error:
        return type(error).__name__


def main():
    pool = ProcessPool(max_workers=2, context=multiprocessing.get_context("spawn"))
    print("killed at work:", outcome(lambda: pool.schedule(os._exit, args=(9,)).result()))
    print("the next task:", outcome(lambda: pool.schedule(os.getpid).result()))
    resting = pool.schedule(os.getpid).result()
    os.kill(resting, signal.SIGKILL)
    while is_alive(resting):
        time.sleep(0.01)
    time.sleep(2)  # Pebble looks at its workers ten times a second
    for _ in range(2):
        print("after one was killed at rest:", outcome(lambda: pool.schedule(os.getpid).result()))
    pool.stop()
    pool.join()


if __name__ == "__main__":
    main()
PY
seen=$(venv/bin/python seen.py 2>/dev/null)
expected="killed at work: ProcessExpired
the next task: done
after one was killed at rest: RuntimeError
after one was killed at rest: RuntimeError"

printf '\n%s\n' "$seen"
if ! diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen"); then
    echo "changed: no longer as recorded" >&2
    exit 1
fi
echo "as recorded"
