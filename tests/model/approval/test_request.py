"""How many recipients an approval is for."""

import pytest

from dispatcher.model.approval.request import GROWTH_FLOOR, most_recipients


@pytest.mark.parametrize(
    ("people", "most"), [(0, GROWTH_FLOOR), (100, 150), (10_000, 10_200), (1_000_000, 1_020_000)]
)
def test_an_audience_may_grow_a_little_and_no_more(people: int, most: int) -> None:
    assert most_recipients(people) == most


def test_whoever_saw_no_number_bounds_none() -> None:
    assert most_recipients(None) is None
