"""What a client says that it has, and takes."""

import pytest

from dispatcher.api.public.preconditions import status_for, takes_gzip

TAG = b'"abc"'


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ([], 200),
        ([("if-none-match", '"abc"')], 304),
        ([("if-none-match", 'W/"abc"')], 304),
        ([("if-none-match", '"x", W/"abc" , "y"')], 304),
        ([("if-none-match", '"x,abc"'), ("if-none-match", '"abc"')], 304),
        ([("if-none-match", "*")], 304),
        ([("if-none-match", " * ")], 304),
        ([("if-none-match", '"abc-gzip"')], 200),
        ([("if-none-match", "abc")], 200),
        ([("if-none-match", '"abc')], 200),
        ([("if-none-match", '"*"')], 200),
        ([("if-none-match", "")], 200),
        ([("if-none-match", "W/*")], 200),
        ([("if-modified-since", "Sun, 29 Nov 2026 03:00:00 GMT")], 200),
        ([("if-unmodified-since", "Sun, 29 Nov 2020 03:00:00 GMT")], 200),
        ([("if-match", '"abc"')], 200),
        ([("if-match", "*")], 200),
        ([("if-match", 'W/"abc"')], 412),
        ([("if-match", '"x"')], 412),
        ([("if-match", '"abc"'), ("if-none-match", '"abc"')], 304),
        ([("if-match", '"x"'), ("if-none-match", '"abc"')], 412),
    ],
)
def test_tags_are_compared_by_rfc_9110_and_dates_are_passed_over(
    headers: list[tuple[str, str]], status: int
) -> None:
    assert status_for([(name.encode(), value.encode()) for name, value in headers], TAG) == status


def test_a_long_list_of_tags_is_read_in_time_that_grows_with_it() -> None:
    assert status_for([(b"if-none-match", b'"' * 16_000 + b", " + TAG)], TAG) in {200, 304}
    assert status_for([(b"if-none-match", b'"x", ' * 3_000 + TAG)], TAG) == 304


@pytest.mark.parametrize(
    ("said", "takes"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", True),
        ("GZIP", True),
        ("x-gzip", True),
        ("*", True),
        ("gzip ; q = 0.001", True),
        ("", False),
        ("identity", False),
        ("br", False),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("*;q=0", False),
        ("gzip;q=0, *", False),
        ("gzip;q=much", False),
        ("gzip;level=9", False),
        (",,;;=", False),
    ],
)
def test_gzip_is_sent_to_whoever_takes_it(said: str, takes: bool) -> None:
    assert takes_gzip(said) is takes
