"""How a screen shows a line of letters in both directions: Unicode Standard Annex 9, without the marks of direction that
no text of ours has.
"""

import re
import unicodedata
from collections.abc import Sequence

_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = {closing: opening for opening, closing in _OPENING.items()}
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
"""What is shown the other way round in what runs from right to left (L4)."""
_NEUTRAL = {"B", "S", "WS", "ON"}
MARKS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"}


def base(line: str) -> int:
    """The level of a line that its first letter with a direction decides (P2, P3): 1 is from right to left."""
    strong = [one for letter in line if (one := unicodedata.bidirectional(letter)) in {"L", "R", "AL"}]
    return int(strong[:1] in (["R"], ["AL"]))


def shown(line: str, level: int | None = None) -> str:
    """The line as it stands on the screen, from its left to its right."""
    level = base(line) if level is None else level
    levels = _levels(line, level)
    order = list(range(len(line)))
    for least in range(max(levels, default=0), 0, -1):
        start = None
        for at in range(len(line) + 1):
            if at < len(line) and levels[at] >= least:
                start = at if start is None else start
            elif start is not None:
                order[start:at] = order[start:at][::-1]
                start = None
    return "".join(line[at].translate(_MIRRORED) if levels[at] % 2 else line[at] for at in order)


def torn(text: str, units: Sequence[str], level: int | None = None) -> list[str]:
    """Those of these units (dates, times, numbers, names) that a line has whole and the screen does not."""
    found = []
    for line in text.split("\n"):
        assert not MARKS & {unicodedata.bidirectional(sign) for sign in line}, line
        found += [unit for unit in units if unit in line and unit not in shown(line, level)]
    return found


def _levels(line: str, level: int) -> list[int]:
    kinds = _weak([unicodedata.bidirectional(sign) for sign in line], "R" if level else "L")
    _brackets(line, kinds, level)
    _neutral(kinds, "R" if level else "L")
    levels = []
    for kind in kinds:
        if level:
            levels.append(level + (kind in {"L", "EN", "AN"}))
        else:
            levels.append(level + {"R": 1, "AN": 2, "EN": 2}.get(kind, 0))
    trailing = len(line) - len(line.rstrip())
    return levels[: len(line) - trailing] + [level] * trailing


def _weak(kinds: list[str], start: str) -> list[str]:
    kinds = _separators(_digits(kinds, start))
    said = "".join("t" if kind == "ET" else "e" if kind == "EN" else "." for kind in kinds)
    for found in re.finditer("t*e[te]*", said):  # W5
        kinds[found.start() : found.end()] = ["EN"] * (found.end() - found.start())
    kinds = ["ON" if kind in {"ES", "ET", "CS"} else kind for kind in kinds]  # W6
    before = start
    for at, kind in enumerate(kinds):  # W7
        before = kind if kind in {"L", "R"} else before
        if (kind, before) == ("EN", "L"):
            kinds[at] = "L"
    return kinds


def _digits(given: list[str], start: str) -> list[str]:
    """W1 to W3."""
    kinds = list(given)
    before = start
    for at, kind in enumerate(given):
        if kind == "NSM":
            kinds[at] = kinds[at - 1] if at else start
        before = kind if kind in {"L", "R", "AL"} else before
        if (kind, before) == ("EN", "AL"):
            kinds[at] = "AN"
    return ["R" if kind == "AL" else kind for kind in kinds]


def _separators(kinds: list[str]) -> list[str]:
    """W4."""
    for at in range(1, len(kinds) - 1):
        around = {kinds[at - 1], kinds[at + 1]}
        if kinds[at] == "CS" and around in ({"EN"}, {"AN"}):
            kinds[at] = kinds[at - 1]
        if kinds[at] == "ES" and around == {"EN"}:
            kinds[at] = "EN"
    return kinds


def _side(kind: str) -> str:
    return "R" if kind in {"EN", "AN", "R"} else "L" if kind == "L" else ""


def _brackets(line: str, kinds: list[str], level: int) -> None:
    """N0."""
    own, other = ("R", "L") if level else ("L", "R")
    for first, last in sorted(_pairs(line)):
        inside = {_side(kind) for kind in kinds[first + 1 : last]}
        before = next((_side(kind) for kind in reversed(kinds[:first]) if _side(kind)), own)
        if own in inside:
            kinds[first] = kinds[last] = own
        elif other in inside:
            kinds[first] = kinds[last] = other if before == other else own


def _pairs(line: str) -> list[tuple[int, int]]:
    """BD16."""
    opened: list[int] = []
    pairs = []
    for at, sign in enumerate(line):
        if sign in _OPENING:
            opened.append(at)
        while sign in _CLOSING and _CLOSING[sign] in {line[one] for one in opened}:
            first = opened.pop()
            if line[first] == _CLOSING[sign]:
                pairs.append((first, at))
                break
    return pairs


def _neutral(kinds: list[str], own: str) -> None:
    """N1 and N2."""
    at = 0
    while at < len(kinds):
        end = at
        while end < len(kinds) and kinds[end] in _NEUTRAL:
            end += 1
        if end > at:
            before = _side(kinds[at - 1]) if at else own
            after = _side(kinds[end]) if end < len(kinds) else own
            kinds[at:end] = [before if before == after else own] * (end - at)
        at = max(end, at + 1)
