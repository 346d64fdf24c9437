"""How much leaves within the busiest second."""

from bisect import bisect_left
from collections.abc import Iterable


def most_in_a_second(times: Iterable[float], second: float = 1) -> int:
    """The most of `times` that lie within a second, its beginning included; `second` is how long one is."""
    left = sorted(times)
    return max(bisect_left(left, first + second) - number for number, first in enumerate(left))
