"""Texts of single elements to values."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cap import lexical

CET = timezone(timedelta(hours=1))
NOON = datetime(2026, 11, 22, 12, tzinfo=CET)


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("2026-11-22T12:00:00+01:00", NOON, None),
        (" 2026-11-22T12:00:00+01:00\n", NOON, None),
        ("2026-11-22T11:00:00-00:00", NOON, None),
        ("2026-11-22T24:00:00+01:00", NOON + timedelta(hours=12), None),
        ("2026-11-22T11:00:00Z", NOON, "time-zulu"),
        ("2026-11-22T11:00:00z", NOON, "time-zulu"),
        ("2026-11-22T11:00:00 UTC", NOON, "time-zulu"),
        ("2026-11-22T12:00:00.999+01:00", NOON, "time-fraction"),
        ("2026-11-22T11:00:00", NOON, "time-naive"),
        ("2026-11-22T12:00+01:00", NOON, "time-format"),
        ("2026-11-22 12:00:00+01:00", NOON, "time-format"),
        ("2026-11-22t12:00:00+01:00", NOON, "time-format"),
        ("2026-11-22T12:00:00+0100", NOON, "time-format"),
        ("2026-11-22T12:00:00+01", NOON, "time-format"),
        ("2026-11-22T11:59:60+01:00", NOON, "time-format"),
        ("2026-11-22T12:00:00+15:00", None, "time-unreadable"),
        ("2026-11-22T12:00:00+14:01", None, "time-unreadable"),
        ("2026-11-22T12:00:00+01:60", None, "time-unreadable"),
        ("2026-11-22T24:00:01+01:00", None, "time-unreadable"),
        ("2026-11-22T25:00:00+01:00", None, "time-unreadable"),
        ("2026-11-22T12:60:00+01:00", None, "time-unreadable"),
        ("2026-02-29T12:00:00+01:00", None, "time-unreadable"),
        ("0000-01-01T12:00:00+01:00", None, "time-unreadable"),
        ("٢٠٢٦-11-22T12:00:00+01:00", None, "time-unreadable"),
        ("Fri, 20 Jun 2025 10:01:00 +0200", None, "time-unreadable"),
        ("", None, "time-unreadable"),
    ],
)
def test_times(text: str, value: Any, code: str | None) -> None:
    assert lexical.timestamp(text) == (value, code)


def test_an_end_without_zone_is_the_latest_it_can_mean() -> None:
    value, code = lexical.timestamp("2026-11-22T12:00:00", ends=True)
    assert value == datetime(2026, 11, 23, 0, tzinfo=UTC)
    assert code == "time-naive"


@pytest.mark.parametrize(
    ("text", "items", "code"),
    [
        ("a b", ("a", "b"), None),
        ('"Kreis A" b', ("Kreis A", "b"), None),
        ('a "" b', ("a", "b"), None),
        ('"a b', ("a", "b"), "list-quotes"),
        ("", (), None),
    ],
)
def test_quoted_lists(text: str, items: tuple[str, ...], code: str | None) -> None:
    assert lexical.quoted_list(text) == (items, code)


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1.0), ("-0.5", -0.5), (".5", 0.5), ("5.", 5.0), (" 7 ", 7.0)]
)
def test_decimals(text: str, value: Any) -> None:
    assert lexical.decimal(text) == (value, None)


@pytest.mark.parametrize("text", ["", "1e3", "inf", "nan", "1,5", "0x1", "1_0", "٣", "9" * 40])
def test_what_is_no_decimal(text: str) -> None:
    assert lexical.decimal(text) == (None, "number-invalid")


def test_integers_and_languages() -> None:
    assert lexical.integer(" -12 ") == (-12, None)
    assert lexical.integer("1.0") == (None, "number-invalid")
    assert lexical.language(" de-LS ") == ("de-LS", None)
    assert lexical.language("en_US") == ("en-US", "language-invalid")
    assert lexical.language("deutsch und mehr") == (None, "language-invalid")


@pytest.mark.parametrize(
    ("text", "value", "code"),
    [
        ("9999-12-31T23:59:59-00:00", "9998-12-31T23:59:59+00:00", "time-far"),
        ("9999-12-31T24:00:00-14:00", "9998-12-31T23:59:59-14:00", "time-far"),
        ("9998-12-31T24:00:00+14:00", "9998-12-31T23:59:59+14:00", None),
        ("9998-06-01T00:00:00+01:00", "9998-06-01T00:00:00+01:00", None),
        ("0001-01-01T00:00:00+14:00", "0002-01-01T00:00:00+14:00", "time-far"),
        ("1969-12-31T12:00:00+01:00", "1969-12-31T12:00:00+01:00", None),
    ],
)
def test_never_and_ever_are_times_that_every_zone_can_show(text: str, value: Any, code: str | None) -> None:
    found, reported = lexical.timestamp(text)
    assert found is not None
    assert (found.isoformat(), reported) == (value, code)
    for hours in (-14, 14):
        assert found.astimezone(timezone(timedelta(hours=hours))) == found
