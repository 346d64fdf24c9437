"""A drive of its own, as small as is told."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

WITHIN_S = 10


@contextmanager
def small_drive(folder: Path, size: str) -> Iterator[None]:
    """Mount memory of this size at the folder. Skips where nobody here may mount."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a drive")
    done = _run("mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder))
    if done.returncode:
        pytest.skip(f"no drive can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        assert _run("umount", str(folder)).returncode == 0


def enlarge(folder: Path, size: str) -> None:
    """Let the drive have this size."""
    assert _run("mount", "-o", f"remount,size={size}", str(folder)).returncode == 0


def _run(*command: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, check=False, capture_output=True, timeout=WITHIN_S)
