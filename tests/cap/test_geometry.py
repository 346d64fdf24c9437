"""Rings and circles: read whole or not at all."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        ("0, 0 0, 1 1, 1 0, 0", "polygon-spacing"),
        ("0,\n0 0,1 1,1 0,0", "polygon-spacing"),
        ("0 ,0\t0 , 1\r\n1,  1   0\t,\t0", "polygon-spacing"),
        ("0,0\u00a00,1 1,1 0,0", "polygon-spacing"),
        ("0,\n0 0,1 1,1", "polygon-unclosed"),
        ("0,0 0,1\n\n  1,1 \t 0,0\n", None),
        ("0,0, 0,1, 1,1, 0,0", "polygon-syntax"),
        ("0,0 0,1 1,1 0,0,", "polygon-syntax"),
        ("0,0;0,1;1,1;0,0", "polygon-syntax"),
        ("0;0 0;1 1;1 0;0", "polygon-syntax"),
        ("0,0,7 0,1,7 1,1,7 0,0,7", "polygon-syntax"),
        ("0,0 0,\n1,1 0,0", "polygon-syntax"),
        ("0,0 ,0,1 1,1 0,0", "polygon-syntax"),
        ("0,0\u200b 0,1 1,1 0,0", "polygon-syntax"),
        ("1.2.3,0 0,1 1,1 0,0", "polygon-syntax"),
        ("", "polygon-empty"),
        ("0,361 0,1 1,1 0,361", "polygon-range"),
    ],
)
def test_rings(text: str, codes: str | None) -> None:
    ring, code = geometry.ring(text)
    assert code == codes
    assert (ring is not None) == (code in (None, "polygon-unclosed", "polygon-spacing"))
    assert ring is None or ring[0] == ring[-1]


CORNERS = st.lists(
    st.tuples(st.integers(-90, 90), st.integers(-180, 180)), min_size=3, max_size=9, unique=True
)
BLANKS = st.text(" \t\r\n\u00a0", max_size=3)


@given(CORNERS, st.data())
def test_no_corner_is_lost_to_blanks_or_line_breaks(
    corners: list[tuple[int, int]], data: st.DataObject
) -> None:
    def text(blank: str, around: st.SearchStrategy[str]) -> str:
        pairs = (f"{lat}{data.draw(around)},{data.draw(around)}{lon}" for lat, lon in [*corners, corners[0]])
        return blank.join(pairs)

    plain = geometry.ring(text(" ", st.just("")))[0]
    assert plain == tuple((float(lat), float(lon)) for lat, lon in [*corners, corners[0]])
    assert geometry.ring(text(data.draw(BLANKS) + "\n", BLANKS))[0] == plain


@given(st.text("0123456789,;. \n\t", max_size=40))
def test_whatever_is_read_has_a_corner_for_every_comma(text: str) -> None:
    """Nothing is left out of a ring that is used: each comma is a corner, and the closing one may be added."""
    ring, code = geometry.ring(text)
    assert ring is None or len(ring) - text.count(",") == (code == "polygon-unclosed")


NUMBERS = st.one_of(
    st.floats(-400, 400).map(repr),
    st.from_regex(r"-?[0-9]{1,3}\.[0-9]{1,30}", fullmatch=True),
    st.text("0123456789+-.eE", min_size=1, max_size=6),
)
TOKENS = st.one_of(
    st.tuples(NUMBERS, NUMBERS).map(",".join), st.text('0123456789,.-[]{}":nultre\u00a0\u0661', max_size=12)
)


@given(st.lists(TOKENS, min_size=1, max_size=5).map(" ".join))
def test_what_is_read_the_quick_way_is_what_a_closer_look_reads(text: str) -> None:
    quick = geometry._usual_pairs(text)
    assert quick is None or (repr(quick), geometry.ring_of(quick)) == (
        repr(geometry._pairs(text)),
        geometry.ring(text),
    )


@pytest.mark.parametrize(
    ("text", "quick"),
    [
        ("50.8,6.5 -33,\t-70.25 1e1,2E-1", False),
        ("50.8,6.5\n-33,-70.25 \t1e1,2E-1 -0,0", True),
        ("90,360 -90,-360", True),
        ("90.1,0", False),
        ("0,-360.1", False),
        ("+50.8,6.5", False),
        ("1,2],[3,4", False),
        ("1,2,3", False),
        ("1", False),
        ('"1",2', False),
        ("null,true", False),
    ],
)
def test_the_quick_way_is_that_of_plain_numbers_on_earth(text: str, quick: bool) -> None:
    assert (geometry._usual_pairs(text) is not None) == quick


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("50.8,6.5 1.5", None),
        ("50.8,6.5 0", None),
        ("\n50.8,6.5\t1.5 ", None),
        ("50.8 ,6.5 1.5", "circle-spacing"),
        ("50.8, 6.5 1.5", "circle-spacing"),
        ("50.8,\n6.5\n1.5", "circle-spacing"),
        ("50.8,6.5\u00a01.5", "circle-spacing"),
        ("50.8,6.5, 1.5", "circle-syntax"),
        ("50.8;6.5 1.5", "circle-syntax"),
        (",6.5 1.5", "circle-syntax"),
        ("50.8,6.5 1.5 2", "circle-syntax"),
        ("," * 400 + " " + "," * 399 + " " + "," * 399, "circle-syntax"),
        (" " * 3000 + "50.8,6.5 1.5", "circle-spacing"),
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


@pytest.mark.no_cover  # tracing would be what it measures
def test_a_circle_costs_no_more_than_its_length() -> None:
    """Three groups that may all hold commas were matched in every way to share them: 8 ms a circle."""
    text = "," * 400 + " " + "," * 399 + " " + "," * 399
    started = time.process_time()
    assert {geometry.circle(text)[1] for _ in range(1_400)} == {"circle-syntax"}
    assert time.process_time() - started <= 1.0
