"""nghttp2's `h2load`, a load generator in C, as the ceiling: `python -m ops.lab.bench.senders.h2load JOB`, one
ready-made body on one connection, as many requests under way as a slice has.

Its own count of time is taken without what it took to connect, as the connections of the others stand; its processor
time is that of the whole process, with the start and the handshake, which is some milliseconds.
"""

from __future__ import annotations

import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec

from ops.lab.bench.senders.bare import ready_made
from ops.lab.bench.senders.job import CONCURRENCY, TIMEOUT_S, Job, read_job

PROGRAM = "h2load"
"""Debian has it in `nghttp2-client`."""
_FINISHED = re.compile(r"^finished in ([\d.]+)(ms|s), ", re.MULTILINE)
_CONNECTED = re.compile(r"^time for connect: +([\d.]+)(us|ms|s) ", re.MULTILINE)
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}
_DONE = re.compile(r"^requests: .* (\d+) succeeded, 0 failed, 0 errored, 0 timeout$", re.MULTILINE)


def send(job: Job) -> dict[str, float]:
    """Send, and return the measurement. Raises `AssertionError` where something was not accepted."""
    lines, body = ready_made(job)
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(body)
        ran = subprocess.run(
            [
                PROGRAM,
                f"--requests={job.count}",
                "--clients=1",
                f"--max-concurrent-streams={CONCURRENCY}",
                f"--data={file.name}",
                *(f"--header={line}" for line in lines),
                job.subscription(0)[0],
            ],
            capture_output=True,
            text=True,
            check=True,
            timeout=TIMEOUT_S + job.count / 100,
        )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    wall_s, done = read(ran.stdout)
    assert done == job.count, "not all were accepted"
    return {"count": job.count, "wall_s": wall_s, "cpu_s": used.ru_utime + used.ru_stime}


def read(said: str) -> tuple[float, int]:
    """Return the seconds since it had connected, and the number of requests that succeeded, of what `h2load` prints."""
    finished, connected, done = _FINISHED.search(said), _CONNECTED.search(said), _DONE.search(said)
    assert finished and connected, "h2load says no time"  # noqa: PT018 - both are lines of one answer
    assert done, "h2load had failures"
    wall_s, connect_s = (float(found[1]) * _SECONDS[found[2]] for found in (finished, connected))
    return wall_s - connect_s, int(done[1])


if __name__ == "__main__":
    found = read_job(sys.argv[1], Job)
    print(msgspec.json.encode(send(found)).decode(), flush=True)
