"""Judge keys of municipalities that people type: whether there are such, and which were meant."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from dispatcher.model.sentences.count import how_many

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dispatcher.boundaries.municipalities import Boundaries

_AGS: Final = re.compile(r"[0-9]{8}")
_PREFIX: Final = re.compile(r"[0-9]{2,8}")
_ARS_DIGITS: Final = 12
_NAMESAKES: Final = 3
"""Municipalities of one name that a sentence names."""


def wrong_territory(prefixes: Iterable[str], boundaries: Boundaries) -> str:
    """Return a sentence for the first of these that is neither an AGS nor a prefix of one; nothing if all are."""
    return _first_wrong(prefixes, boundaries, _PREFIX, "an AGS or a prefix of one (2 to 8 digits)")


def wrong_municipality(keys: Iterable[str], boundaries: Boundaries) -> str:
    """Return a sentence for the first of these that is no municipality's AGS; nothing if all are."""
    return _first_wrong(keys, boundaries, _AGS, "an AGS of 8 digits")


def _first_wrong(keys: Iterable[str], boundaries: Boundaries, form: re.Pattern[str], what: str) -> str:
    for key in keys:
        if not form.fullmatch(key):
            whole = form is _AGS and boundaries.by_prefix(key) if key.isascii() and key.isdigit() else ()
            hint = (
                f"that is the beginning of {how_many(len(whole), 'municipality', 'municipalities')}, such as "
                f"{whole[0].ags} ({whole[0].name}): "
                "name each by its own"
                if whole
                else meant(key, boundaries)
            )
            return _with(f"not {what}: {key}", hint)
        if not boundaries.by_prefix(key):
            return _with(
                f"no municipality of the boundary data has an AGS that begins with {key}",
                meant(key, boundaries),
            )
    return ""


def _with(sentence: str, hint: str) -> str:
    return f"{sentence}; {hint}" if hint else sentence


def meant(text: str, boundaries: Boundaries) -> str:
    """Return which key was probably meant, as a clause: by an ARS, by digits without their zero, by a name, or by a
    key that is similar. The text itself is not repeated. Nothing where nothing is near.
    """
    return _by_digits(text, boundaries) if text.isascii() and text.isdigit() else _by_name(text, boundaries)


def _by_digits(text: str, boundaries: Boundaries) -> str:
    if len(text) == _ARS_DIGITS and (unit := boundaries.by_ags(text[:5] + text[9:])):
        return f"this is an ARS, the AGS of {unit.name} is {unit.ags}"
    if not text.startswith("0") and boundaries.by_prefix(f"0{text}"):
        return f"with its zero it is 0{text}"
    known = sorted({ags[: len(text)] for ags in boundaries.units.ags})
    nearest = [one for one in _swapped(text) if one in known] or get_close_matches(text, known, n=1)
    if not nearest:
        return f"its keys begin with {' or '.join(sorted({ags[:2] for ags in boundaries.units.ags}))}"
    unit = boundaries.by_ags(nearest[0])
    return f"the nearest is {nearest[0]}" + (f" ({unit.name})" if unit else "")


def _swapped(text: str) -> list[str]:
    """Return the text with each two neighbouring digits in the other order, as fingers swap them."""
    return [text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1)]


def _by_name(text: str, boundaries: Boundaries) -> str:
    names: dict[str, list[str]] = {}
    for unit in boundaries.municipalities:
        names.setdefault(unit.name.casefold(), []).append(f"{unit.name} is {unit.ags}")
    nearest = (
        [text.casefold()] if text.casefold() in names else get_close_matches(text.casefold(), names, n=1)
    )
    return "; ".join(names[nearest[0]][:_NAMESAKES]) if nearest else ""


def widened(before: Sequence[str], after: Sequence[str]) -> tuple[str, ...]:
    """Return the prefixes of a territory that were no part of it before."""
    return tuple(prefix for prefix in after if not prefix.startswith(tuple(before)))


def size(prefixes: Iterable[str], boundaries: Boundaries) -> int:
    """Return how many municipalities of the data lie in a territory."""
    return len({index for prefix in prefixes for index in boundaries.indices_of_ags(prefix)})
