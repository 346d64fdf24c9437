"""Whose fault it is that nothing is accepted."""

from math import inf

import pytest

from dispatcher.sms.acceptance import Refusals, accepts_nothing


@pytest.mark.parametrize(
    ("found", "patience_s", "out"),
    [
        (Refusals(1, 60), 60, True),
        (Refusals(1, 59), 60, False),
        (Refusals(500, 59), 60, False),
        (Refusals(500, 6000), None, False),
        (Refusals(1, 600, 620), 60, False),  # alone, soon after others were accepted
        (Refusals(1, 600, 661), 60, True),
        (Refusals(2, 600, 620), 60, True),
        (Refusals(1, 600, inf), 60, True),
    ],
)
def test_others_take_over_from_a_gateway_however_few_it_has_and_not_from_a_sick_phone(
    found: Refusals, patience_s: float | None, *, out: bool
) -> None:
    assert accepts_nothing(found, patience_s) is out
