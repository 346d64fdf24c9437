"""The libraries of others that send, installed into `var/` for a benchmark alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ops.lab.bench.senders.measurement import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FOLDER = ROOT / "var" / "bench"
INSTALLED_WITHIN_S = 180
NPM = "npm "
_STAMP = ".versions"


@dataclass(frozen=True, slots=True)
class Peers:
    """Where they are, by the language that they are for; None where there are none."""

    python: Path | None = None
    npm: Path | None = None

    def has(self, language: str) -> bool:
        """Return whether the ways of a language (`python`, `npm`) can be measured."""
        return (self.python if language == "python" else self.npm) is not None


def install(name: str, versions: Mapping[str, str], folder: Path = FOLDER) -> Peers:
    """Install what can be installed here for the benchmark `name`: nothing without the package registries, npm's only
    with Node. `versions` are by package, those of npm with `npm ` before.
    """
    python, npm = folder / name / "python", folder / name / "npm"
    pins = [f"{one}=={version}" for one, version in versions.items() if not one.startswith(NPM)]
    of_npm = [f"{one.removeprefix(NPM)}@{versions[one]}" for one in versions if one.startswith(NPM)]
    by_uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--python"]
    has_python = _installed(python, [*by_uv, sys.executable, "--target", str(python), *pins], pins)
    by_npm = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(npm), *of_npm]
    has_npm = bool(of_npm) and shutil.which("node") is not None and _installed(npm, by_npm, of_npm)
    return Peers(python if has_python else None, npm / "node_modules" if has_npm else None)


def _installed(folder: Path, command: Sequence[str], pins: Sequence[str]) -> bool:
    """Return whether these versions are there, once the command that installs them has been run where they were not."""
    stamp, wanted = folder / _STAMP, "\n".join(pins)
    if stamp.exists() and stamp.read_text() == wanted:
        return True
    if shutil.which(command[0]) is None:
        return False
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with suppress(subprocess.TimeoutExpired):
        ran = subprocess.run(command, check=False, capture_output=True, timeout=INSTALLED_WITHIN_S)
        if ran.returncode == 0:
            stamp.write_text(wanted)
    return stamp.exists()
