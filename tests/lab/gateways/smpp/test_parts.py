"""Parts of long texts: where each says that it belongs, and how they are put together."""

import pytest

from ops.lab.gateways.smpp.alphabet import Unreadable
from ops.lab.gateways.smpp.parts import ALONE, Assembly, Place, split_header


@pytest.mark.parametrize(
    ("octets", "place"),
    [
        ("050003110201", Place("udh8-17", 1, 2)),
        ("06080412670302", Place("udh16-4711", 2, 3)),
        ("00", ALONE),
    ],
)
def test_a_header_names_the_place(octets: str, place: Place) -> None:
    assert split_header(bytes.fromhex(octets) + b"text") == (place, b"text")


def test_other_elements_of_a_header_are_passed_over() -> None:
    header = bytes.fromhex("0b" + "050415820000" + "0003110202")
    assert split_header(header + b"x") == (Place("udh8-17", 2, 2), b"x")


@pytest.mark.parametrize("octets", ["", "05", "0500031102", "020003", "050003110200", "050003110203"])
def test_a_header_that_is_none_is_refused(octets: str) -> None:
    with pytest.raises(Unreadable):
        split_header(bytes.fromhex(octets))


def test_parts_in_any_order_make_the_text() -> None:
    assembly = Assembly()
    assert assembly.add("r", Place("udh8-1", 2, 3), "b") is None
    assert assembly.add("r", Place("udh8-1", 3, 3), "c") is None
    assert assembly.add("r", Place("udh8-2", 1, 3), "x") is None, "another text"
    assert assembly.add("s", Place("udh8-1", 1, 3), "y") is None, "another phone"
    assert assembly.add("r", Place("udh8-1", 3, 3), "c") is None, "one that comes again"
    assert assembly.add("r", Place("udh8-1", 1, 3), "a") == "abc"
    assert assembly.add("r", ALONE, "whole") == "whole"
    assert len(assembly.waiting) == 2
