"""Understand municipalities as people write them: by name, AGS or ARS, one a line, as a list or a sheet has them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from channels.characters import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dispatcher.boundaries.municipalities import Boundaries, Municipality

LINES_MAX: Final = 2_000
"""Lines of a list: more than a Land has districts and towns. What is beyond is said not to be understood."""
PARTS_MAX: Final = 20_000
"""Parts of its lines that are looked at, between commas and in columns: 2,000 lines of a sheet of ten."""
UNRESOLVED_MAX: Final = 200
"""What is not understood of a list and said of each: nobody reads more, and a page of it would hold up others."""
LINE_MAX: Final = 100
"""Characters of a line that are looked at: no name of a municipality is longer."""
GUESSED_MAX: Final = 20
"""Lines for which similar names are looked up: each takes some 10 ms among all names of Germany."""
CANDIDATES_MAX: Final = 8
"""Municipalities of one name that are offered: Germany has no more of any."""
_SIMILAR: Final = 3
_AGS, _ARS, _DISTRICT = 8, 12, 5
_KEY: Final = re.compile(r"(?:A[GR]S)?[\s:]*([0-9][0-9\s/.-]{3,30})", re.ASCII | re.IGNORECASE)
_WITH_NAME: Final = re.compile(r"(?<=[0-9]) +[^0-9]+$")
"""A name behind a key."""
_BETWEEN: Final = re.compile(r"[;,\t|]")
_KINDS: Final = re.compile(
    r"(?:die |der )?(?:kreisfreie stadt|hansestadt|universitaetsstadt|stadt|gemeinde|markt|samtgemeinde|flecken) "
)
_SPELT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "-": " ", "(": " ", ")": " "})


@dataclass(frozen=True, slots=True)
class UnresolvedLine:
    """A line that names no municipality, or more than one. `candidates` are what may have been meant."""

    number: int
    """Of the line, from 1."""
    text: str
    candidates: tuple[Municipality, ...]
    is_ambiguous: bool
    """Whether there are several of this name; else there is none, and the candidates are only similar."""


@dataclass(frozen=True, slots=True)
class ReadPlaces:
    """What a list came to: AGS in the order in which they were named, each once."""

    ags: tuple[str, ...] = ()
    unresolved: tuple[UnresolvedLine, ...] = ()


def read_places(text: str, boundaries: Boundaries, picked: Iterable[str] = ()) -> ReadPlaces:
    """Return the municipalities of a list. A line that several have the name of is settled by one of these among
    `picked`.
    """
    found: dict[str, None] = {}
    unresolved: list[UnresolvedLine] = []
    chosen, guesses, looked_at = frozenset(picked), 0, 0
    for number, line in enumerate(text.splitlines()[: LINES_MAX + 1], 1):
        looked_at += len(_BETWEEN.findall(line[: LINE_MAX * 10])) + 1
        if number > LINES_MAX or looked_at > PARTS_MAX or len(unresolved) >= UNRESOLVED_MAX:
            unresolved.append(UnresolvedLine(number, one_line(line)[:LINE_MAX], (), is_ambiguous=False))
            break
        for part, places in _parts(line[: LINE_MAX * 10], boundaries):
            if len(places) == 1 or (places and _digits(part)):
                found.update(dict.fromkeys(place.ags for place in places))
            elif not chosen.isdisjoint(place.ags for place in places):
                continue
            elif places:
                unresolved.append(UnresolvedLine(number, part, places[:CANDIDATES_MAX], is_ambiguous=True))
            else:
                guesses += 1
                near = _similar(part, boundaries) if guesses <= GUESSED_MAX else ()
                if chosen.isdisjoint(place.ags for place in near):
                    unresolved.append(UnresolvedLine(number, part, near, is_ambiguous=False))
    return ReadPlaces(tuple(found), tuple(unresolved))


def _parts(line: str, boundaries: Boundaries) -> Iterator[tuple[str, tuple[Municipality, ...]]]:
    """Yield what a line names: the whole line if that is known, else what stands between its commas or in its columns.
    What stands beside a key says the same as that, whatever it is.
    """
    if places := _named(one_line(line), boundaries):
        yield one_line(line)[:LINE_MAX], places
        return
    parts = [shown[:LINE_MAX] for part in _BETWEEN.split(line) if (shown := one_line(part))]
    read = [(part, _named(part, boundaries)) for part in parts]
    yield from [(part, places) for part, places in read if places and _digits(part)] or read


def _named(text: str, boundaries: Boundaries) -> tuple[Municipality, ...]:
    if digits := _digits(text):
        return _by_key(digits, boundaries)
    folded = _folded(text)
    by_name = _by_name(boundaries)
    return by_name.get(folded) or by_name.get(_KINDS.sub("", folded, count=1), ())


def _digits(text: str) -> str:
    """Return the digits of a key that somebody wrote, also with a name behind it; nothing where that is none."""
    found = _KEY.fullmatch(text) or _KEY.fullmatch(_WITH_NAME.sub("", text))
    return re.sub(r"[^0-9]", "", found[1]) if found else ""


def _by_key(digits: str, boundaries: Boundaries) -> tuple[Municipality, ...]:
    """Return whom an AGS or an ARS names, of a district all. Sheets drop a zero in front, which is put back."""
    for key in (digits, f"0{digits}"):
        if len(key) == _ARS:
            found = [boundaries.municipalities[at] for at in boundaries.indices_of_ars(key)]
            unit = boundaries.by_ags(key[:5] + key[9:])
            if found or unit:
                return tuple(found) or ((unit,) if unit else ())
        elif len(key) in {_AGS, _DISTRICT} and (places := boundaries.by_prefix(key)):
            return places
    return ()


def _similar(text: str, boundaries: Boundaries) -> tuple[Municipality, ...]:
    if _digits(text):
        return ()
    names = _by_name(boundaries)
    folded = _folded(text)
    longer = [name for name in names if name.startswith(f"{folded} ")]
    near = longer or get_close_matches(folded, names, n=_SIMILAR, cutoff=0.75)
    return tuple(place for name in near for place in names[name])[:CANDIDATES_MAX]


def _folded(name: str) -> str:
    """Return a name as it is compared: without case, umlauts, hyphens and double blanks."""
    return " ".join(name.casefold().translate(_SPELT).split())


@lru_cache(maxsize=2)
def _by_name(boundaries: Boundaries) -> Mapping[str, tuple[Municipality, ...]]:
    found: dict[str, list[Municipality]] = {}
    for place in boundaries.municipalities:
        found.setdefault(_folded(place.name), []).append(place)
    return {name: tuple(places) for name, places in found.items()}
