"""Looking into a provider's document, by paths that its operator configures."""

from __future__ import annotations

import re
from typing import Any, Final

# What may stand in a receipt or a log: an identifier, or a code with too few digits to hold somebody's number.
REFERENCE: Final = re.compile(r"[!-~]{1,128}")
CODE: Final = re.compile(
    r"(?!(?:[^0-9]*[0-9]){7})(?:[A-Za-z][A-Za-z0-9_.-]{0,31}|-?[0-9]{1,6}|0x[0-9A-Fa-f]{1,8})"
)


def look_up(document: Any, path: str) -> Any:
    """Return what stands at `path`: names joined by dots, numbers in lists (`items.0.id`); None where there is
    nothing.
    """
    for step in path.split("."):
        if isinstance(document, list) and step.isdecimal() and int(step) < len(document):
            document = document[int(step)]
        elif isinstance(document, dict):
            document = document.get(step)
        else:
            return None
    return document


def matching(pattern: re.Pattern[str], value: Any) -> str:
    """Return a text or number as it is written, if all of it matches; else nothing."""
    text = "" if value is None or isinstance(value, (bool, dict, list)) else str(value)
    return text if pattern.fullmatch(text) else ""
