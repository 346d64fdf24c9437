"""Environments of their own for tools whose dependencies the lock of the project shall not have.

Each is made once below `var/described`, by the digest of what pins it; half made ones are made anew.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CACHE = Path(__file__).parents[2] / "var" / "described"
INSTALL_S = 300.0
"""How long an installation may take; a cold one took 6 s."""
DONE = ".complete"


class NotInstalledError(Exception):
    """A tool could not be had: no registry, or no program that installs it."""


def made_of(pins: Path, *commands: list[str], below: Path = CACHE) -> Path:
    """Return the folder in which `commands` were run; `{folder}` in them is its path. What is pinned says its name."""
    name = f"{pins.parent.name}-{pins.stem}" if pins.suffix == ".json" else pins.stem
    folder = below / f"{name}-{hashlib.sha256(pins.read_bytes()).hexdigest()[:12]}"
    if (folder / DONE).exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for command in commands:
        _run([part.format(folder=folder) for part in command], folder)
    (folder / DONE).touch()
    return folder


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S, check=False
        )
    except FileNotFoundError as error:
        raise NotInstalledError(f"{command[0]} is missing") from error
    if done.returncode:
        raise NotInstalledError(f"{command}: {done.stdout}{done.stderr}")


def python_tool(name: str) -> Path:
    """Return the `bin` of a virtual environment that has what `<name>.lock` pins."""
    pins = HERE / f"{name}.lock"
    uv = str(Path(sys.executable).with_name("uv"))
    python = "{folder}/bin/python"
    folder = made_of(
        pins,
        [uv, "venv", "--quiet", "--clear", "--python", sys.executable, "{folder}"],
        [uv, "pip", "sync", "--quiet", "--python", python, "--require-hashes", str(pins)],
    )
    return folder / "bin"


def node_packages(room: Path) -> Path:
    """Return a folder with the package's files and its `node_modules`."""
    copied = [str(room / name) for name in ("package.json", "package-lock.json")]
    return made_of(
        room / "package-lock.json",
        ["cp", *copied, "{folder}"],
        ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--silent"],
    )


def or_skip(missing: NotInstalledError) -> None:
    """Skip the test, or fail it in continuous integration, where nothing may be missing."""
    if os.environ.get("CI"):
        pytest.fail(str(missing))
    pytest.skip(str(missing)[:500])
