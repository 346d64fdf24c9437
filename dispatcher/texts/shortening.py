"""Mark texts as an exercise, and shorten them by the bytes that they take in JSON."""

from __future__ import annotations

from channels.json_texts import as_json, json_length, shorten

__all__ = ["as_json", "before", "json_length", "marked", "shorten"]


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
