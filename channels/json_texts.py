"""Measure and shorten texts by the bytes that they take in JSON."""

from __future__ import annotations

import json


def shorten(text: str, room: int) -> str:
    """Return at most `room` bytes of JSON string, cut at a word, with an ellipsis; empty if not even a word fits."""
    if json_length(text) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if json_length(text[:middle]) + 3 <= room:
            low = middle
        else:
            high = middle - 1
    words = text[:low].rsplit(None, 1)
    return f"{words[0].rstrip()}…" if words else ""


def json_length(text: str) -> int:
    """Return the bytes of the text as a JSON string, without its quotes."""
    return len(as_json(text)) - 2


def as_json(value: object) -> bytes:
    """Return the value as compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
