"""The icon, as a browser would read it."""

import struct
import zlib
from xml.etree import ElementTree as ET

import pytest

from dispatcher.pages.icon import png, svg


def pixels(image: bytes) -> list[list[tuple[int, ...]]]:
    """Read a PNG of true colour whose lines are not filtered, checking every sum."""
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    at, chunks = 8, {}
    while at < len(image):
        size, name = struct.unpack(">I4s", image[at : at + 8])
        data = image[at + 8 : at + 8 + size]
        assert struct.unpack(">I", image[at + 8 + size : at + 12 + size])[0] == zlib.crc32(name + data)
        chunks[name], at = data, at + 12 + size
    side, height, *form = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (side, form, list(chunks)) == (height, [8, 2, 0, 0, 0], [b"IHDR", b"IDAT", b"IEND"])
    raw = zlib.decompress(chunks[b"IDAT"])
    lines = [raw[line * (3 * side + 1) : (line + 1) * (3 * side + 1)] for line in range(side)]
    assert all(line[0] == 0 for line in lines)
    return [[tuple(line[1 + 3 * x : 4 + 3 * x]) for x in range(side)] for line in lines]


@pytest.mark.parametrize("side", [180, 192, 512])
def test_a_triangle_in_the_apps_colours_lies_where_no_phone_cuts(side: int) -> None:
    found = pixels(png("#00457c", "#ffffff", side))
    ground, ink = (0, 0x45, 0x7C), (255, 255, 255)
    assert len(found) == len(found[0]) == side
    assert [found[0][0], found[side // 20][side // 2], found[-1][-1]] == [ground] * 3

    def at(x: int, y: int) -> tuple[int, ...]:
        return found[int(y / 100 * side)][int(x / 100 * side)]

    assert [at(50, 33), at(30, 69), at(70, 69)] == [ink] * 3
    assert [at(50, 48), at(50, 64)] == [ground] * 2
    radius = 0.4 * side
    outside = {
        colour
        for y, line in enumerate(found)
        for x, colour in enumerate(line)
        if (x - side / 2) ** 2 + (y - side / 2) ** 2 > radius**2
    }
    assert outside == {ground}


def test_the_drawing_is_the_same_in_svg() -> None:
    root = ET.fromstring(svg("#00457c", "#ffffff"))
    assert [one.get("fill") for one in root] == ["#00457c", "#ffffff", "#00457c", "#00457c"]
