"""The types of the members."""

import pytest
from pydantic import TypeAdapter, ValidationError

from dispatcher.api.openapi import words

INSTANT = TypeAdapter(words.Instant)


def test_an_instant_has_date_time_and_offset() -> None:
    assert INSTANT.validate_python("2026-11-28T03:00:00+01:00").utcoffset() is not None


@pytest.mark.parametrize("text", ["0.5", "1764301234", "2026-11-28", "2026-11-28T03:00:00", "gestern", ""])
def test_a_number_or_a_day_is_no_instant(text: str) -> None:
    with pytest.raises(ValidationError):
        INSTANT.validate_python(text)
