"""Paths into a provider's document, and what of it may be kept."""

import re

import pytest

from channels.sms.http.json_path import CODE, REFERENCE, look_up, matching

DOCUMENT = {"id": "a", "error": {"code": 7, "": "blank"}, "items": [{"id": "b"}, ["c", "d"]], "none": None}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", "a"),
        ("error.code", 7),
        ("error.", "blank"),
        ("items.0.id", "b"),
        ("items.1.1", "d"),
        ("items.2", None),
        ("items.-1", None),
        ("items.id", None),
        ("items.²", None),
        ("id.x", None),
        ("none", None),
        ("none.x", None),
        ("", None),
        ("absent.deeper", None),
    ],
)
def test_a_path_leads_to_what_stands_there_or_nowhere(path: str, value: object) -> None:
    assert look_up(DOCUMENT, path) == value


@pytest.mark.parametrize("document", [None, 7, "text", [], True])
def test_a_document_of_another_shape_has_nothing(document: object) -> None:
    assert look_up(document, "id") is None


@pytest.mark.parametrize(
    ("pattern", "value", "text"),
    [
        (REFERENCE, "a-1", "a-1"),
        (REFERENCE, 77, "77"),
        (REFERENCE, "x" * 128, "x" * 128),
        (REFERENCE, "x" * 129, ""),
        (REFERENCE, "not an id", ""),
        (REFERENCE, "ä", ""),
        (REFERENCE, "", ""),
        (REFERENCE, None, ""),
        (REFERENCE, True, ""),
        (REFERENCE, {"a": 1}, ""),
        (REFERENCE, ["a"], ""),
        (CODE, "INVALID_101", "INVALID_101"),
        (CODE, -7, "-7"),
        (CODE, "123456", "123456"),
        (CODE, "1234567", ""),
        (CODE, "INVALID_4915100000001", ""),
        (CODE, "a1b2c3d4e5f6", "a1b2c3d4e5f6"),
        (CODE, "a1b2c3d4e5f6g7", ""),
        (CODE, "x" * 33, ""),
        (CODE, "+49", ""),
        (CODE, "0x021F", "0x021F"),
        (CODE, "0x4915100000001", ""),
    ],
)
def test_only_what_matches_as_a_whole_is_kept(pattern: re.Pattern[str], value: object, text: str) -> None:
    assert matching(pattern, value) == text
