"""Addresses of feeds: what of them anybody may see, and by which name the record knows their lists."""

import pytest

from dispatcher.model.feeds import origin_of, part_of, redacted

SECRET = "GEHEIM"


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (f"https://source.example/list?apikey={SECRET}", "https://source.example"),
        (f"https://source.example:8443/{SECRET}/list", "https://source.example:8443"),
        (f"http://user:{SECRET}@source.example?x", "http://source.example"),
        (f"https://source.example#{SECRET}", "https://source.example"),
        (f"https://[2001:db8::1]:1/{SECRET}", "https://[2001:db8::1]:1"),
        (f"https://a@b:{SECRET}@source.example", "https://source.example"),
        (SECRET, ""),
        ("", ""),
    ],
)
def test_of_an_address_only_the_origin_is_shown(url: str, origin: str) -> None:
    assert origin_of(url) == origin
    assert SECRET not in part_of(url)


def test_two_addresses_of_one_origin_are_two_lists() -> None:
    one, other = (part_of(f"https://source.example/list?key={key}") for key in "ab")
    assert one != other
    assert one == part_of("https://source.example/list?key=a")
    assert part_of("") == "", "what is in no list"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http 403", "http 403"),
        (
            f"see https://source.example/x?k={SECRET} and http://b/{SECRET}.",
            "see https://source.example/… and http://b/…",
        ),
        (f"HTTPS://u:{SECRET}@source.example", "HTTPS://source.example/…"),
        ("entry 2", "entry 2"),
    ],
)
def test_addresses_in_a_text_are_cut(text: str, shown: str) -> None:
    assert redacted(text) == shown
