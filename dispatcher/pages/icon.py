"""Draw an app's icon, a warning triangle in its colours: browsers install no page without one. Pure.

It lies in the middle four fifths, as phones cut icons to a circle (W3C, Web Application Manifest, "Icon masks").
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE: Final = 100.0
"""The icon's side, in the unit of the numbers below."""
_TOP, _FOOT, _HALF = 22.0, 72.0, 29.0
"""Of the triangle: its tip and its base from above, and half of its base."""
_BAR: Final = (47.0, 40.0, 6.0, 17.0)
_DOT: Final = (47.0, 61.0, 6.0, 6.0)
"""Left, top, width and height of the two parts of the exclamation mark."""
_FINER: Final = 4
"""How many times finer it is drawn than it is shown, so that slopes are smooth."""


def svg(colour: str, text_colour: str) -> str:
    """Return the icon as SVG."""
    parts = (
        f'<path fill="{text_colour}" d="M50 {_TOP:g}L{50 + _HALF:g} {_FOOT:g}H{50 - _HALF:g}Z"/>',
        *(
            f'<path fill="{colour}" d="M{left:g} {top:g}h{width:g}v{height:g}h-{width:g}Z"/>'
            for left, top, width, height in (_BAR, _DOT)
        ),
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIDE:g} {SIDE:g}">'
        f'<path fill="{colour}" d="M0 0h{SIDE:g}v{SIDE:g}H0Z"/>{"".join(parts)}</svg>'
    )


def png(colour: str, text_colour: str, pixels: int) -> bytes:
    """Return the icon as PNG (W3C, Portable Network Graphics, third edition), a square of so many pixels."""
    fine = pixels * _FINER
    x = (np.arange(fine) + 0.5) * (SIDE / fine)
    across, down = x[np.newaxis, :], x[:, np.newaxis]
    drawn = (down <= _FOOT) & (np.abs(across - 50) <= (down - _TOP) * _HALF / (_FOOT - _TOP))
    for left, top, width, height in (_BAR, _DOT):
        drawn &= ~((across >= left) & (across < left + width) & (down >= top) & (down < top + height))
    share = drawn.reshape(pixels, _FINER, pixels, _FINER).mean(axis=(1, 3))[..., np.newaxis]
    ground, ink = _rgb(colour), _rgb(text_colour)
    image = np.rint(ground + (ink - ground) * share).astype(np.uint8)
    lines = np.concatenate([np.zeros((pixels, 1), np.uint8), image.reshape(pixels, -1)], axis=1)
    head = struct.pack(">IIBBBBB", pixels, pixels, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*one) for one in chunks)


def _rgb(colour: str) -> NDArray[np.float64]:
    return np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)], dtype=float)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
