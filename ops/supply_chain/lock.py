"""Read requirements.lock: every package of every extra, for every system and version of Python."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LOCK = Path(__file__).parents[2] / "requirements.lock"


@dataclass(frozen=True, slots=True, order=True)
class Pinned:
    """A package in one version. `name` is canonical (PEP 503)."""

    name: str
    version: str


def read_lock(text: str) -> list[Pinned]:
    """Return what a lock file pins, in its order. Raises ValueError for a line that pins nothing."""
    found = []
    for line in text.replace("\\\n", " ").splitlines():
        stated = line.partition(" --hash=")[0].partition("#")[0].strip()
        if not stated:
            continue
        requirement = Requirement(stated)
        (specifier,) = requirement.specifier
        if specifier.operator != "==":
            raise ValueError(f"{stated} pins no version")
        found.append(Pinned(canonicalize_name(requirement.name), specifier.version))
    return found
