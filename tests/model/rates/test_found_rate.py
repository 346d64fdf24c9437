"""How a rate that was found grows with its use."""

from itertools import pairwise

import pytest

from dispatcher.model.rates.found_rate import GROWS_S, FoundRate


def test_it_is_kept_for_a_while_and_then_grows_ever_faster() -> None:
    rates = [
        FoundRate(1, 100.0, spaced=True, calm_s=5.0, used_s=5.0 + over_s).rate_now for over_s in range(8)
    ]
    shares = [after / before - 1 for before, after in pairwise(rates)]
    assert shares == pytest.approx([0.02, 0.04, 0.08, 0.16, 0.32, 0.5, 0.5])
    kept = FoundRate(1, 100.0, spaced=True, calm_s=5.0, used_s=5.0)
    assert (kept.rate_now, kept.is_grown) == (100.0, False)


def test_one_that_was_found_on_a_burst_is_doubled_each_second_after_the_first() -> None:
    assert [FoundRate(1, 3.0, used_s=used_s).rate_now for used_s in (0, 1, 2, 3)] == [3, 3, 6, 12]
    assert FoundRate(1, 3.0, used_s=2.0).is_grown


@pytest.mark.parametrize("spaced", [True, False])
def test_however_long_it_is_used_it_stays_a_number(spaced: bool) -> None:
    long = FoundRate(1, 1000.0, spaced=spaced, used_s=1e9).rate_now
    assert long == FoundRate(1, 1000.0, spaced=spaced, used_s=GROWS_S + 1).rate_now < 1e25
