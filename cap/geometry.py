"""Reads the text of `polygon` and `circle` (§3.2.4) into coordinates, whole or not at all.

One pair that cannot be read makes its ring unreadable: leaving the pair out would move the border of the
target.
"""

import math
from typing import Annotated, Final

import msgspec

from cap.model import Circle

Ring = tuple[tuple[float, float], ...]

_Latitude = Annotated[float, msgspec.Meta(ge=-90, le=90)]
_Longitude = Annotated[float, msgspec.Meta(ge=-360, le=360)]
_USUAL: Final = msgspec.json.Decoder(tuple[tuple[_Latitude, _Longitude], ...])

# A table for `translate`, which deletes the characters that numbers may consist of: an allowed text leaves only its
# commas.
_NUMBERS: Final = str.maketrans("", "", "0123456789+-.eE")
_FEWEST_PAIRS: Final = 4  # §3.3.1: a polygon has at least four pairs, the last equal to the first
_HALF_EARTH_KM: Final = 20_038.0  # half the circumference: a wider circle covers the earth
# Characters of a circle that are looked at: three numbers of 400 digits fit, an attack does not.
_LONGEST_CIRCLE: Final = 2_000


def ring(text: str) -> tuple[Ring | None, str | None]:
    """Returns closed (latitude, longitude) pairs in degrees, or None with the code of what makes them unusable.

    A ring together with a code was repaired. Longitudes beyond ±180 (up to ±360) stay as written: the ring crosses
    the antimeridian, and unwrapping it here would tear it apart.
    """
    if not text.strip():
        return None, "polygon-empty"
    pairs = _usual_pairs(text)
    if pairs is not None:
        return _closed(pairs)
    pairs = _pairs(text)
    if pairs is not None:
        return ring_of(pairs)
    pairs = _pairs(_joined(text))
    if pairs is None:
        return None, "polygon-syntax"
    found, code = ring_of(pairs)
    return found, code or "polygon-spacing"


def ring_of(pairs: Ring) -> tuple[Ring | None, str | None]:
    """Checks and closes pairs that were already read from another notation, as `ring` does."""
    if not pairs or not _on_earth(pairs):
        return None, "polygon-range"
    return _closed(pairs)


def _usual_pairs(text: str) -> Ring | None:
    """Reads pairs on earth in JSON's spelling of numbers, as nearly all borders have them, in a fraction of the time.
    None for all else, which `_pairs` has to look at.

    What is read is the same: JSON's numbers are some of ours, and without a bracket of its own no text is JSON but
    pairs of them.
    """
    if "[" in text or not text.isascii():
        return None
    try:
        return _USUAL.decode(f"[[{'],['.join(text.split())}]]")
    except msgspec.DecodeError:
        return None


def _pairs(text: str) -> Ring | None:
    """Reads in few passes of the interpreter's own loops, because a border has thousands of corners."""
    commas = text.translate(_NUMBERS).split()
    # Of every token nothing but one comma may be left, and no token may have vanished.
    if set(commas) != {","} or len(commas) != len(text.split()) or not text.isascii():
        return None
    try:
        numbers = list(map(float, text.replace(",", " ").split()))
    except ValueError:
        return None
    if len(numbers) != 2 * len(commas):
        return None
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _joined(text: str) -> str:
    """Returns the text without blanks beside its commas, where a line may be broken, and with plain blanks elsewhere.

    No other pair can come of it: every pair must still have one comma. Semicolons are left alone, because they separate
    pairs with some senders, and the two numbers of a pair with decimal commas with others.
    """
    return ",".join([" ".join(part.split()) for part in text.split(",")])


def _on_earth(pairs: Ring) -> bool:
    lats, lons = zip(*pairs, strict=True)
    return bool(min(lats) >= -90 and max(lats) <= 90 and min(lons) >= -360 and max(lons) <= 360)


def _closed(pairs: Ring) -> tuple[Ring | None, str | None]:
    code = None
    if pairs[0] != pairs[-1]:
        pairs, code = (*pairs, pairs[0]), "polygon-unclosed"
    if len(pairs) < _FEWEST_PAIRS:
        return None, "polygon-short"
    fewest = _FEWEST_PAIRS - 1
    if len(set(pairs[:_FEWEST_PAIRS])) < fewest and len(set(pairs)) < fewest:
        return None, "polygon-degenerate"
    return pairs, code


def crosses_antimeridian(pairs: Ring) -> bool:
    """Whether a ring leaves the usual range of longitudes, or jumps by more than half the earth."""
    lons = [lon for _, lon in pairs]
    west, east = min(lons), max(lons)
    return bool(west < -180 or east > 180 or east - west > 180)


def circle(text: str) -> tuple[Circle | None, str | None]:
    """Reads `lat,lon radius`, the radius in kilometres. Blanks around the comma are repaired and reported."""
    if not text.strip():
        return None, "circle-empty"
    numbers = _circle_numbers(text)
    loose = numbers is None
    numbers = numbers or _circle_numbers(_joined(text))
    if numbers is None:
        return None, "circle-syntax"
    lat, lon, radius = numbers
    if not (abs(lat) <= 90 and abs(lon) <= 360 and 0 <= radius <= _HALF_EARTH_KM and math.isfinite(radius)):
        return None, "circle-range"
    return Circle(lat, lon, radius), "circle-spacing" if loose else None


def _circle_numbers(text: str) -> tuple[float, float, float] | None:
    # Of the centre nothing but a comma may be left, and of the radius nothing.
    if len(text) > _LONGEST_CIRCLE or not text.isascii() or text.translate(_NUMBERS).split() != [","]:
        return None
    try:
        centre, radius = text.split()
        lat, lon = centre.split(",")
        return float(lat), float(lon), float(radius)
    except ValueError:
        return None
