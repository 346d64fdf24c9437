"""Alerts as values."""

from datetime import UTC, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.model.alerts import ULID_ALPHABET, AffectedMunicipality, new_alert_id, new_identifier
from tests.support.messages import DUEREN, NOW, stored

AACHEN = "05334002"


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


def test_identifiers_of_one_instant_differ_and_say_when_and_what() -> None:
    one, other = (new_identifier("hochwasser", NOW) for _ in range(2))
    assert one != other
    assert (
        one.rpartition("-")[0] == other.rpartition("-")[0] == f"hochwasser-{NOW.astimezone(UTC):%Y%m%d%H%M%S}"
    )


@pytest.mark.parametrize(
    ("territory", "codes", "reaches"),
    [
        ((), (DUEREN, AACHEN), True),
        (("05358",), (DUEREN,), True),
        (("05358",), (DUEREN, AACHEN), False),
        (("05358", "05334"), (DUEREN, AACHEN), True),
        (("05358",), (), True),
    ],
)
def test_a_message_reaches_as_far_as_the_territory_of_its_source(
    territory: tuple[str, ...], codes: tuple[str, ...], reaches: bool
) -> None:
    places = [AffectedMunicipality(ags, "Ort", "geocode", 1.0) for ags in codes]
    assert stored(territory=territory).may_reach(places) is reaches
