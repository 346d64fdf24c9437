"""Compares what a benchmark measured in two checkouts, in pairs of runs: values in, values out, no I/O.

A machine's speed drifts while a benchmark runs. Two runs that follow one another meet nearly the same machine, so each
pair gives a ratio of its own, and the median of these scatters less than the ratio of the medians."""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_SIGNIFICANT = 4
"""The digits of a ratio that are shown: runs scatter by more than the fifth."""
_FLAG = re.compile(r"(?<![\w-])--[A-Za-z][\w-]*")


class NoResultError(ValueError):
    """A benchmark's output does not end with one JSON object."""


class Side(StrEnum):
    """Says which checkout ran: this one, or the one that it is compared with."""

    OURS = "ours"
    THEIRS = "theirs"


@dataclass(frozen=True, slots=True)
class Pair:
    """Holds what both sides' benchmarks printed, one right after the other."""

    ours: Mapping[str, Any]
    theirs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ratio:
    """`ours / theirs` of one number, over all pairs that have it."""

    median: float
    min: float
    max: float
    pairs: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Holds what comparing pairs of results gave. Keys of nested values are joined by dots."""

    ratios: dict[str, Ratio]
    undefined: tuple[str, ...]
    """Numbers that both have, of which theirs was 0 in every pair."""
    differing: tuple[str, ...]
    """Other values that both have and that were not the same in every pair: a hint that not the same was measured."""
    only_ours: tuple[str, ...]
    only_theirs: tuple[str, ...]


def order(pairs: int) -> list[tuple[Side, Side]]:
    """Return the side that runs first in each pair, and the second: they alternate, so that neither side always has
    the warmer machine."""
    there, back = (Side.OURS, Side.THEIRS), (Side.THEIRS, Side.OURS)
    return [back if number % 2 else there for number in range(pairs)]


def last_object(output: str) -> dict[str, Any]:
    """Parse the JSON object in the last line that is not blank. Raises `NoResultError`."""
    lines = [line for line in output.splitlines() if line.strip()]
    if not lines:
        raise NoResultError("printed nothing")
    try:
        found = json.loads(lines[-1])
    except (ValueError, RecursionError):
        raise NoResultError("printed no JSON object as its last line") from None
    if not isinstance(found, dict):
        raise NoResultError("printed no JSON object as its last line")
    return found


def unknown_flags(arguments: Sequence[str], usage: str) -> list[str]:
    """Return those of `arguments` that are flags and that a benchmark's `--help` does not name. argparse takes every
    unambiguous beginning of a flag for it."""
    known = _FLAG.findall(usage)
    flags = [argument.partition("=")[0] for argument in arguments if argument.startswith("--")]
    return [flag for flag in flags if not any(one.startswith(flag) for one in known)]


def compare(pairs: Sequence[Pair]) -> Comparison:
    """Compute the ratio of every number that both sides have, and list the values that have none."""
    flat = [(dict(_leaves(pair.ours)), dict(_leaves(pair.theirs))) for pair in pairs]
    ours, theirs = (dict.fromkeys(key for both in flat for key in both[side]) for side in (0, 1))
    ratios: defaultdict[str, list[float]] = defaultdict(list)
    undefined: dict[str, None] = {}  # a set that keeps its order, as is the next
    differing: dict[str, None] = {}
    for mine, other in flat:
        for key in (key for key in mine if key in other):
            numerator, denominator = _number(mine[key]), _number(other[key])
            if numerator is None or denominator is None:
                if mine[key] != other[key]:
                    differing[key] = None
            elif denominator:
                ratios[key].append(numerator / denominator)
            else:
                undefined[key] = None
    return Comparison(
        ratios={key: _summary(values) for key, values in ratios.items()},
        undefined=tuple(key for key in undefined if key not in ratios),
        differing=tuple(differing),
        only_ours=tuple(key for key in ours if key not in theirs),
        only_theirs=tuple(key for key in theirs if key not in ours),
    )


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Flatten a JSON value: everything that is neither an object nor a list, with its path."""
    if isinstance(value, dict):
        inside: Any = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    else:
        yield path, value
        return
    for name, member in inside:
        yield from _leaves(member, f"{path}.{name}" if path else str(name))


def _number(value: Any) -> float | None:
    """Return a finite number as a float, else None; JSON's true and false are no numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _summary(ratios: Sequence[float]) -> Ratio:
    return Ratio(
        median=_rounded(median(ratios)),
        min=_rounded(min(ratios)),
        max=_rounded(max(ratios)),
        pairs=len(ratios),
    )


def _rounded(ratio: float) -> float:
    return float(f"{ratio:.{_SIGNIFICANT}g}")
