"""The rate that the stand-in grants."""

import pytest

from ops.lab.gateways.smpp.terms import Rate, Terms


@pytest.mark.parametrize(("rate", "burst", "taken"), [(10, 1, 101), (10, 10, 110), (1, 1, 11), (50, 1, 501)])
def test_no_more_is_taken_than_the_rate_in_ten_seconds(rate: float, burst: int, taken: int) -> None:
    bucket = Rate(Terms(rate=rate, burst=burst))
    times = [number / 1000 for number in range(10_001)]
    assert abs(sum(bucket.takes(now_s) for now_s in times) - taken) <= 1


def test_what_was_refused_costs_nothing() -> None:
    bucket = Rate(Terms(rate=1))
    assert [bucket.takes(now_s) for now_s in (100, 100.5, 100.9, 101, 101.5, 102)] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]
