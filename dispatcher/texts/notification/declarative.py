"""Write what a phone shows of a notice by itself: the members of Declarative Web Push, which a browser that knows them
shows without any code of the app, and which a service worker reads everywhere else.

Source: Push API, W3C Working Draft of 2025-09-10, section "Declarative push message": recognised by the number 8030
alone; `title` and `navigate` are required, and `navigate` is absolute here, as there may be no page to resolve it
against. `mutable` is left out: a message that waits for a service worker is lost where that hangs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from channels.base import Cut
from dispatcher.texts.languages import is_right_to_left
from dispatcher.texts.lines import beneath_title, title
from dispatcher.texts.shortening import json_length, shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from channels.base import Line
    from dispatcher.texts.content import Content
    from dispatcher.texts.notification.in_force import InForceSummary
    from dispatcher.texts.times import Present

DECLARATIVE: Final = 8030
"""The number by which a browser knows a declarative message."""
_FLOOR: Final = 1 / 3
"""What share of the room what to do has at least, before other lines get their next shorter wording."""

_GIVE_WAY: Final = frozenset({Cut.SENTENCES, Cut.SPARE})


@dataclass(frozen=True, slots=True)
class Screen:
    """What it takes to write a notification, beside what the notice says."""

    present: Present
    link: str = ""
    """The absolute URL that a tap leads to; without one, only a service worker or an app shows the notification."""
    in_force: InForceSummary | None = None


def link_to(page: str, alert_id: str) -> str:
    """Return the URL to which a tap on the notice leads: of a page that is told which one. A fragment changes no page
    into one that does not exist.
    """
    return f"{page}#{alert_id}" if page else ""


def notification(
    said: Content, screen: Screen, chain: str, language: str, title_room: int, body_room: int
) -> dict[str, object]:
    """Return the members of a document by which a phone shows it. The rooms are bytes of JSON."""
    shown: dict[str, object] = {"title": shorten(title(said), title_room)}
    if screen.link:
        shown["navigate"] = screen.link
    shown |= {
        "body": fitted(beneath_title(said, screen.present), body_room),
        "lang": language,
        "tag": chain,
        "silent": False,
    }
    if is_right_to_left(language):
        shown["dir"] = "rtl"
    return ({"web_push": DECLARATIVE} if screen.link else {}) | {"notification": shown}


def fitted(lines: Sequence[Line], room: int) -> str:
    """Return the lines in at most `room` bytes of JSON: what to do is shortened first, to a third of the room; then the
    other lines take shorter wordings; and only then those at the end are left out.
    """
    if end := "\n".join(line.text for line in lines if line.cut is Cut.END):
        others = [line for line in lines if line.cut is not Cut.END]
        said = fitted(others, max(0, room - json_length(f"\n{end}")))
        return f"{said}\n{end}" if said else shorten(end, room)
    deepest = max((len(line.shorter) for line in lines), default=0)
    asked = sum(json_length(line.text) for line in lines if line.cut is Cut.SENTENCES)
    for level in range(deepest + 1):
        left = room - json_length("\n".join(_worded(line, level) for line in lines))
        if left >= min(asked, int(room * _FLOOR)) or (level == deepest and left >= 0):
            return "\n".join(text for text in _filled(lines, level, left) if text)
    return _beginning([text for line in lines if (text := _worded(line, deepest))], room)


def _worded(line: Line, level: int) -> str:
    """Return the line's wording of a level, 0 for the full one; nothing of a line that gets the room there is left."""
    if line.cut in _GIVE_WAY:
        return ""
    return (line.text, *line.shorter)[min(level, len(line.shorter))]


def _filled(lines: Sequence[Line], level: int, left: int) -> Iterator[str]:
    """Yield the lines, with as much of those that give way as has room in what is `left`."""
    for line in lines:
        if line.cut in _GIVE_WAY:
            text = shorten(line.text, left)
            left -= json_length(text)
            yield text
        else:
            yield _worded(line, level)


def _beginning(texts: Sequence[str], room: int) -> str:
    """Return as many of the first texts as fit whole; of a first one that does not fit, its beginning."""
    for count in range(len(texts), 0, -1):
        joined = "\n".join(texts[:count])
        if json_length(joined) <= room:
            return joined
    return shorten(texts[0], room) if texts else ""
