"""Programs and packages of others, against which our own is tried."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
MODULES = ROOT / "var" / "npm"
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin"
"""Where programs are looked for: Debian puts servers where the path of most users does not lead."""
NPM_TIMEOUT_S = 180


def program(name: str, package: str) -> str:
    """Where it is. Elsewhere than in continuous integration, the test is skipped where it is missing."""
    found = shutil.which(name, path=PATH)
    return found if found is not None else _missing(f"{name} (Debian: apt-get install {package})")


def npm_packages(*packages: str) -> Path:
    """The folder that holds these packages, each with its exact version, as `node_modules`; installed once."""
    folder = MODULES / "+".join(sorted(packages)).replace("/", "-")
    if folder.exists():
        return folder
    npm = program("npm", "npm")
    MODULES.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=MODULES))
    command = [npm, "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", *packages]
    done = subprocess.run(command, cwd=made, check=False, capture_output=True, timeout=NPM_TIMEOUT_S)
    if done.returncode:
        shutil.rmtree(made)
        _missing(f"{' '.join(packages)} (npm)")
    try:
        made.rename(folder)
    except OSError:  # another worker was faster
        shutil.rmtree(made)
    return folder


def run(command: Sequence[Any], *, timeout: float = 60, **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The program's end and what it printed; a failure is no error here."""
    return subprocess.run(
        [str(part) for part in command], check=False, capture_output=True, timeout=timeout, **options
    )


def _missing(what: str) -> Any:
    if os.environ.get("CI"):
        pytest.fail(f"not installed: {what}")
    pytest.skip(f"not installed: {what}")
