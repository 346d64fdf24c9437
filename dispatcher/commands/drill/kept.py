"""Keep what came of drills in a folder, so that they can be compared: a JSON document and a page each."""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from dispatcher.commands.drill.run import VERSION

FOLDER: Final = Path("drills")
"""Where drills lie unless another folder is named: below the one that the command is given in."""
_ID: Final = re.compile(r"drill-[0-9]{8}-[0-9]{6}-[0-9a-f]{4}", re.ASCII)
LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a document that is read: a drill of hundreds of municipalities has less than one."""
_STEPS: Final = frozenset({"alarm", "correction", "all_clear"})


class NoDrillError(LookupError):
    """There is none of this id, or the file is no report of a drill; the argument is the file."""


def new_id(now: datetime) -> str:
    """Return the id of a drill that begins now, by the clock on the wall there: it begins the identifiers of its
    messages. `now` is in the desk's zone.
    """
    return f"drill-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"


def prepare(folder: Path) -> None:
    """Make the folder, and write into it what is removed at once: a drill is not to find out at its end that nothing
    can be kept. Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(prefix=".drill-", dir=folder) as probe:
        probe.write(b"?")


def keep(folder: Path, drill: dict[str, Any], page: str) -> Path:
    """Write the document and the page, and return where the page is. Each of them is there whole, or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for suffix, text in ((".json", json.dumps(drill, ensure_ascii=False, indent=1) + "\n"), (".html", page)):
        target = folder / f"{drill['id']}{suffix}"
        passing = target.with_suffix(f"{suffix}.part")
        passing.write_text(text, encoding="utf-8")
        passing.replace(target)
    return folder / f"{drill['id']}.html"


def read(folder: Path, drill_id: str) -> dict[str, Any]:
    """Return the document of a drill. Raises `NoDrillError`."""
    file = folder / f"{drill_id}.json"
    if not _ID.fullmatch(drill_id) or not file.is_file():
        raise NoDrillError(str(file))
    with file.open("rb") as opened:
        raw = opened.read(LARGEST + 1)
    try:
        drill = json.loads(raw) if len(raw) <= LARGEST else None
    except (ValueError, RecursionError):
        drill = None
    if not isinstance(drill, dict) or not _is_drill(drill):
        raise NoDrillError(str(file))
    return drill


def listed(folder: Path) -> list[dict[str, Any]]:
    """Return all drills of a folder, in order of time; what is no report of one is passed over."""
    found = []
    for file in sorted(folder.glob("drill-*.json")):
        try:
            found.append(read(folder, file.stem))
        except NoDrillError:
            continue
    return sorted(found, key=_began)


def _began(drill: dict[str, Any]) -> float:
    """Return when a drill began, in seconds; those of which that cannot be read are the oldest. The clock on the wall
    in its id goes back in autumn.
    """
    try:
        return datetime.fromisoformat(drill["began_at"]).timestamp()
    except (TypeError, ValueError, OverflowError):
        return 0.0


def _is_drill(drill: dict[str, Any]) -> bool:
    """Whether a document is one that we have written, as far as reading it relies on that."""
    return (
        drill.get("version") == VERSION
        and {"id", "name", "began_at", "ended_at", "interrupted", "left_open", "texts", "steps", "weak"}
        <= set(drill)
        and isinstance(drill["texts"], dict)
        and set(drill["texts"]) <= _STEPS
        and isinstance(drill["steps"], list)
        and all(isinstance(step, dict) and step.get("step") in _STEPS for step in drill["steps"])
    )
