"""Ask pip-audit for known vulnerabilities of what the lock pins, and judge its answer.

By itself it ends with 0 and says "No known vulnerabilities found" also of packages that it could not look up, and
with 1 both for a vulnerability and where it broke. So only its JSON counts, package by package: what is not answered
there was not audited.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from ops.supply_chain.lock import Pinned

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

TIMEOUT_S = 900
"""How long a whole audit may take: some hundred packages, one request each, from a slow service."""


class Status(IntEnum):
    """The exit statuses of `make audit`'s program; 2 is a mistake in how it was called."""

    CLEAN = 0
    VULNERABLE = 1
    NOT_AUDITED = 3
    """Nothing is known to be vulnerable, and not everything could be audited."""


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """One advisory about a package. `fixed_in` are the versions without it, as far as there are any."""

    package: Pinned
    names: tuple[str, ...]
    fixed_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found out. `not_audited` has a reason for each package of which nothing is known."""

    audited: tuple[Pinned, ...] = ()
    vulnerabilities: tuple[Vulnerability, ...] = ()
    not_audited: Mapping[Pinned, str] = field(default_factory=dict)

    @property
    def status(self) -> Status:
        """Return how the program ends. An audit of nothing is none."""
        if self.vulnerabilities:
            return Status.VULNERABLE
        return Status.CLEAN if self.audited and not self.not_audited else Status.NOT_AUDITED


def judge(pinned: Iterable[Pinned], answer: object, broken: str = "") -> Audit:
    """Judge pip-audit's JSON, or None where there is none; `broken` is then why."""
    entries = _entries(answer)
    skipped = {name: reason for name, version, reason, _ in entries if version is None}
    answered = {Pinned(name, version): found for name, version, _, found in entries if version is not None}
    audited, vulnerabilities, not_audited = [], [], {}
    for package in pinned:
        if package not in answered:
            not_audited[package] = skipped.get(package.name) or broken or "is not in the answer"
            continue
        audited.append(package)
        vulnerabilities += [
            Vulnerability(
                package, (str(one.get("id")), *one.get("aliases", ())), tuple(one.get("fix_versions", ()))
            )
            for one in answered[package]
        ]
    return Audit(tuple(audited), tuple(vulnerabilities), not_audited)


def _entries(answer: object) -> list[tuple[str, str | None, str, list[Any]]]:
    """Return name, version, why it was skipped, and advisories of each package of the answer, as far as it can be read:
    one without a list of advisories was not audited.
    """
    dependencies = answer.get("dependencies") if isinstance(answer, dict) else None
    found: list[tuple[str, str | None, str, list[Any]]] = []
    for entry in dependencies if isinstance(dependencies, list) else []:
        if not isinstance(entry, dict):
            continue
        name, advisories = canonicalize_name(str(entry.get("name"))), entry.get("vulns")
        if "skip_reason" in entry or "version" not in entry or not isinstance(advisories, list):
            found.append((name, None, str(entry.get("skip_reason", "has no advisories in the answer")), []))
        else:
            found.append((name, str(entry["version"]), "", advisories))
    return found


def merged(audits: Iterable[Audit]) -> Audit:
    """Put the audits of several lists together."""
    audited: list[Pinned] = []
    vulnerabilities: list[Vulnerability] = []
    not_audited: dict[Pinned, str] = {}
    for one in audits:
        audited += one.audited
        vulnerabilities += one.vulnerabilities
        not_audited |= one.not_audited
    return Audit(tuple(audited), tuple(vulnerabilities), not_audited)


def audit(pinned: Iterable[Pinned], arguments: Sequence[str] = ()) -> Audit:
    """Audit everything, whatever system it is for; `arguments` go to pip-audit. A list of requirements cannot name a
    package twice, so that each further version of one has a list of its own.
    """
    lists: dict[int, list[Pinned]] = defaultdict(list)
    seen: dict[str, int] = defaultdict(int)
    for package in pinned:
        lists[seen[package.name]].append(package)
        seen[package.name] += 1
    return merged(_asked(packages, arguments) for packages in lists.values())


def _asked(packages: Sequence[Pinned], arguments: Sequence[str]) -> Audit:
    with tempfile.TemporaryDirectory() as directory:
        requirements, answer = Path(directory) / "requirements.txt", Path(directory) / "answer.json"
        requirements.write_text("".join(f"{one.name}=={one.version}\n" for one in packages), "utf-8")
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(requirements)]
        command += ["--no-deps", "--disable-pip", "--progress-spinner", "off"]
        command += ["--cache-dir", directory, "--format", "json", "--output", str(answer), *arguments]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired:
            return judge(packages, None, f"pip-audit did not end within {TIMEOUT_S} s")
        last = next(iter(done.stderr.strip().splitlines()[-1:]), "")
        broken = f"pip-audit ended with {done.returncode}: {last}"
        try:
            return judge(packages, json.loads(answer.read_text("utf-8")), broken)
        except (OSError, ValueError):
            return judge(packages, None, broken)


def report(found: Audit) -> str:
    """Say what was found, in lines."""
    lines = [
        f"{one.package.name} {one.package.version}: {', '.join(one.names)}"
        + (f"; fixed in {', '.join(one.fixed_in)}" if one.fixed_in else "; no fixed version is named")
        for one in found.vulnerabilities
    ]
    by_reason: dict[str, list[str]] = defaultdict(list)
    for package, reason in found.not_audited.items():
        by_reason[
            reason.replace(f"{package.name} ({package.version})", "…").replace(package.name, "…")
        ].append(package.name)
    lines += [
        f"not audited: {', '.join(sorted(set(names)))} ({reason})" for reason, names in by_reason.items()
    ]
    lines.append(
        f"{len(found.audited)} packages audited, {len(found.not_audited)} not;"
        f" {len(found.vulnerabilities)} known vulnerabilities"
    )
    return "\n".join(lines)
