"""Headers, to servers and from them."""

from typing import Any

import pytest

from channels.http.messages import Answer, HttpError, header_lines


@pytest.mark.parametrize("value", ["", "a\r\nX-Evil: 1", "ä", "a\x00"])
def test_headers_cannot_be_smuggled(value: str) -> None:
    with pytest.raises(ValueError, match="X-Test"):
        header_lines({"X-Test": value})


def test_a_header_is_found_whatever_its_case_and_the_last_one_counts() -> None:
    answer = Answer(200, (b"HTTP/1.1 200 OK\r\n", b"Retry-After: 1\r\n", b"retry-after:2 \r\n", b"\r\n"))
    assert (answer.header("RETRY-AFTER"), answer.header("ETag")) == ("2", None)


@pytest.mark.parametrize(
    ("body", "members"),
    [
        (b'{"error": {"code": 1}}', {"error": {"code": 1}}),
        (b"", {}),
        (b"<html>", {}),
        (b"[1]", {}),
        (b"null", {}),
        (b'{"a": "\xff"}', {}),
        (b'{"a": ' + b"9" * 5000 + b"}", {}),
        (b"[" * 9000, {}),
        (b'{"a": 1}'.ljust(10_001), {}),
    ],
)
def test_an_answer_that_is_no_object_has_no_members(body: bytes, members: Any) -> None:
    assert Answer(200, (), body).members(10_000) == members


def test_an_error_names_the_origin_where_there_is_one() -> None:
    assert [str(HttpError("dns", origin)) for origin in ("", "https://push.example")] == [
        "dns",
        "dns https://push.example",
    ]
