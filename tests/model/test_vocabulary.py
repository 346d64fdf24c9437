"""The service's vocabulary."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.model.alerts import ULID_ALPHABET, new_alert_id
from dispatcher.model.principals import Source
from dispatcher.model.vocabulary import Lane, State
from tests.support.messages import NOW


@given(
    st.integers(0, 10**9),
    st.integers(1, 10**9),
    st.binary(min_size=10, max_size=10),
    st.binary(min_size=10, max_size=10),
)
def test_alert_ids_sort_by_time_whatever_the_randomness(start_ms, gap_ms, one, other):
    first = new_alert_id(NOW + timedelta(milliseconds=start_ms), one)
    second = new_alert_id(NOW + timedelta(milliseconds=start_ms + gap_ms), other)
    assert first < second
    assert len(first) == len(second) == 26
    assert set(first + second) <= set(ULID_ALPHABET)


def test_alert_ids_of_one_instant_differ_by_their_randomness():
    assert new_alert_id(NOW, bytes(10)) != new_alert_id(NOW, bytes(9) + b"\x01")


def test_lanes_overtake_in_their_order():
    assert [lane.rank for lane in (Lane.FLASH, Lane.PRIORITY, Lane.ROUTINE, Lane.EXERCISE)] == [0, 1, 2, 3]


def test_terminal_states_are_those_in_which_nothing_more_is_owed():
    assert {state for state in State if not state.terminal} == {State.PENDING, State.CLAIMED, State.RETRY}


@pytest.mark.parametrize(
    ("territory", "ags", "allowed"),
    [
        (("05358",), "05358008", True),
        (("05358",), "05334002", False),
        (("05334002", "05358"), "05334002", True),
        ((), "05358008", False),
    ],
)
def test_a_source_may_warn_within_its_territory_only(territory, ags, allowed):
    assert Source("s", "S", frozenset(), territory).may_warn(ags) is allowed
