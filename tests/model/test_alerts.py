"""Alerts as values."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.model.alerts import ULID_ALPHABET, new_alert_id
from tests.support.messages import NOW


@given(
    st.integers(0, 10**9),
    st.integers(1, 10**9),
    st.binary(min_size=10, max_size=10),
    st.binary(min_size=10, max_size=10),
)
def test_alert_ids_sort_by_time_whatever_the_randomness(
    start_ms: int, gap_ms: int, one: bytes, other: bytes
) -> None:
    first = new_alert_id(NOW + timedelta(milliseconds=start_ms), one)
    second = new_alert_id(NOW + timedelta(milliseconds=start_ms + gap_ms), other)
    assert first < second
    assert len(first) == len(second) == 26
    assert set(first + second) <= set(ULID_ALPHABET)


def test_alert_ids_of_one_instant_differ_by_their_randomness() -> None:
    assert new_alert_id(NOW, bytes(10)) != new_alert_id(NOW, bytes(9) + b"\x01")
