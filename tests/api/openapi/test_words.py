"""The types of the members."""

import pytest
from pydantic import TypeAdapter, ValidationError

from dispatcher.api.openapi import words

INSTANT = TypeAdapter(words.Instant)


def test_an_instant_has_date_time_and_offset() -> None:
    assert INSTANT.validate_python("2026-11-28T03:00:00+01:00").utcoffset() is not None


def test_an_instant_stands_in_a_strict_body() -> None:
    """As the bodies of apps are read."""
    for end in ("Z", "+01:00"):
        assert INSTANT.validate_json(f'"9999-12-31T11:59:59{end}"', strict=True).year == 9999
    with pytest.raises(ValidationError):
        INSTANT.validate_json("1764301234", strict=True)


@pytest.mark.parametrize(
    "text",
    ["0.5", "1764301234", "2026-11-28", "2026-11-28T03:00:00", "2026-13-28T03:00:00Z", "gestern", ""],
)
def test_a_number_or_a_day_is_no_instant(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        INSTANT.validate_python(text)
    assert not text or text not in refused.value.errors(include_input=False)[0]["msg"], (
        "not a word of what was sent"
    )


DAY = TypeAdapter(words.Day)


def test_a_day_is_a_full_date_and_no_number() -> None:
    assert DAY.validate_python("2026-11-28").day == 28
    for text in ("1764301234", "2026-11-28T00:00:00Z", "2026-02-30", "gestern", ""):
        with pytest.raises(ValidationError):
            DAY.validate_python(text)
