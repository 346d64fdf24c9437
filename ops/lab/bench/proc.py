"""Other processes of this machine, as /proc shows them, and a line of their metrics."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TICKS = os.sysconf("SC_CLK_TCK")
_RESET_PEAK = "5"
"""proc(5), `/proc/pid/clear_refs`: the peak of the resident set becomes its present size."""


@dataclass(frozen=True, slots=True)
class Process:
    """A process that we may look at."""

    pid: int

    def cpu_s(self) -> float:
        """Processor time since its start, of all its threads."""
        fields = self._read("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS  # utime and stime, the 14th and 15th of all

    def family_cpu_s(self) -> float:
        """As `cpu_s`, with all its children, living or dead: a server with a process for each connection."""
        own = self._read("stat").rpartition(")")[2].split()
        reaped = (int(own[13]) + int(own[14])) / _TICKS
        return self.cpu_s() + reaped + sum(child.cpu_s() for child in self._children())

    def _children(self) -> Iterator[Process]:
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                if int(stat.read_text().rpartition(")")[2].split()[1]) == self.pid:
                    yield Process(int(stat.parent.name))

    def rss_mb(self) -> float:
        """Resident memory now."""
        return self._status("VmRSS")

    def peak_mb(self) -> float:
        """Resident memory at its highest since `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self) -> None:
        with suppress(PermissionError):
            (self._folder / "clear_refs").write_text(_RESET_PEAK)

    def pin(self, processors: set[int]) -> None:
        """Let all its threads run on these processors only."""
        for task in (self._folder / "task").iterdir():
            with suppress(ProcessLookupError):
                os.sched_setaffinity(int(task.name), processors)

    def _status(self, name: str) -> float:
        [line] = [line for line in self._read("status").splitlines() if line.startswith(f"{name}:")]
        return int(line.split()[1]) / 1024

    def _read(self, name: str) -> str:
        return (self._folder / name).read_text()

    @property
    def _folder(self) -> Path:
        return Path("/proc") / str(self.pid)


def metric(text: str, series: str) -> float:
    """The value of one series in the text of a /metrics; 0 where it is not there."""
    values = [line.rpartition(" ")[2] for line in text.splitlines() if line.startswith(f"{series} ")]
    return float(values[0]) if values else 0.0
