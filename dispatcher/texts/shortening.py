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


def before(mark: str) -> str:
    """Return what stands before a text that is marked as an exercise; nothing before any other."""
    return f"{mark}: " if mark else ""


def marked(text: str, mark: str, room: int) -> str:
    """Return the text, with the mark at both ends, in at most `room` bytes of JSON string: the text gives way, never
    one of the marks. A text that begins with it does not get it again there. Empty where there is no text, or not room
    for a word of it.
    """
    if not mark:
        return shorten(text, room)
    start, end = "" if text.startswith(mark) else before(mark), f" – {mark}"
    inner = shorten(text, room - json_length(start) - json_length(end))
    return f"{start}{inner}{end}" if inner else ""


def json_length(text: str) -> int:
    """Return the bytes of the text as a JSON string, without its quotes."""
    return len(as_json(text)) - 2


def as_json(value: object) -> bytes:
    """Return the value as compact JSON in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
