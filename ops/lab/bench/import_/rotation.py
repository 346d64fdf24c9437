"""Seals what was imported with a new key, by the command, and measures time and memory of that."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

COMMAND = ("-m", "dispatcher", "secrets", "rotate", "addresses", "--yes")


def rotated(environment: Mapping[str, str], rows: int) -> dict[str, float]:
    """Make a key, which is the first call of two on a shared record, and measure the second, which seals all rows with
    it. Raises RuntimeError where not so many are sealed, CalledProcessError.
    """
    subprocess.run([sys.executable, *COMMAND], env=environment, stdout=subprocess.PIPE, check=True)
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *COMMAND], env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode or f"sealed {rows:,} anew" not in said:
        raise RuntimeError(f"status {process.returncode}: {said}")
    return {
        "rotation_seconds": round(seconds, 1),
        "rotation_rows_per_s": round(rows / seconds),
        "rotation_cpu_s": round(used.ru_utime + used.ru_stime, 1),
        "rotation_peak_mb": round(used.ru_maxrss / 1024),
    }
