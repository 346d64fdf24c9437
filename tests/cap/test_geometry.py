"""Rings and circles: read whole or not at all."""

import pytest

from cap import geometry


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("0,0\t0,1\n1,1 0,0", None),
        ("0,0 0,1 1,1 0,0 ", None),
        ("0,0 0,1 1,1", "polygon-unclosed"),
        ("0,0 0,1 0,0", "polygon-short"),
        ("0,0 0,1", "polygon-short"),
        ("1,1 1,1 1,1 1,1", "polygon-degenerate"),
        ("(0,0) 0,1 1,1 (0,0)", "polygon-syntax"),
        ("0, 0 0, 1 1, 1 0, 0", "polygon-syntax"),
        ("1.2.3,0 0,1 1,1 0,0", "polygon-syntax"),
        ("", "polygon-empty"),
        ("0,361 0,1 1,1 0,361", "polygon-range"),
    ],
)
def test_rings(text: str, codes: str | None) -> None:
    ring, code = geometry.ring(text)
    assert code == codes
    assert (ring is not None) == (code in (None, "polygon-unclosed"))
    assert ring is None or ring[0] == ring[-1]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("50.8,6.5 1.5", None),
        ("50.8,6.5 0", None),
        ("\n50.8,6.5\t1.5 ", None),
        ("50.8 ,6.5 1.5", "circle-spacing"),
        ("50.8, 6.5 1.5", "circle-spacing"),
        ("50.8,6.5", "circle-syntax"),
        ("50.8 6.5 1.5", "circle-syntax"),
        ("50.8,6.5 1.5 km", "circle-syntax"),
        ("5.0.8,6.5 1", "circle-syntax"),
        ("nan,6.5 1", "circle-syntax"),
        ("91,6.5 1", "circle-range"),
        ("50,6.5 -1", "circle-range"),
        ("50,6.5 1e999", "circle-range"),
        ("", "circle-empty"),
    ],
)
def test_circles(text: str, code: str | None) -> None:
    circle, found = geometry.circle(text)
    assert found == code
    assert (circle is not None) == (code in (None, "circle-spacing"))
