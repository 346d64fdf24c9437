"""Findings: what makes an alert invalid."""

import pytest

from cap.findings import Finding, Level, is_valid


@pytest.mark.parametrize(
    ("levels", "valid"),
    [
        ([], True),
        ([Level.INFO, Level.WARNING], True),
        ([Level.ERROR], False),
        ([Level.INFO, Level.ERROR, Level.WARNING], False),
    ],
)
def test_an_error_alone_makes_an_alert_invalid(levels: list[Level], valid: bool) -> None:
    assert is_valid([Finding("code", level, "/alert", 1, "sentence") for level in levels]) is valid
    assert is_valid(Finding("code", level, "/alert", 1, "sentence") for level in levels) is valid
