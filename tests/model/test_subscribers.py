"""What an endpoint is told that several want told: the most generous of each."""

from datetime import UTC, datetime, time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.model.subscribers import (
    LANGUAGES_MAX,
    EndpointState,
    Preferences,
    Quiet,
    SubscribedEndpoint,
    Subscriber,
    unite,
)

minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: time(*divmod(minute, 60)))
quiet_hours = st.builds(Quiet, minutes, minutes).filter(lambda quiet: quiet.begins != quiet.ends)
wants = st.builds(
    Preferences,
    languages=st.lists(st.sampled_from(["de", "en", "uk", "de-simple", "tr", "ar"]), max_size=5).map(tuple),
    min_severity=st.integers(0, 4),
    quiet=st.none() | quiet_hours,
    drills=st.booleans(),
    escalate_after_s=st.none() | st.integers(1, 600),
)


def is_quiet(quiet: Quiet | None, minute: int) -> bool:
    if quiet is None:
        return False
    begins, ends = (moment.hour * 60 + moment.minute for moment in (quiet.begins, quiet.ends))
    return begins <= minute < ends if begins <= ends else minute >= begins or minute < ends


@settings(max_examples=30)
@given(st.lists(wants, min_size=1, max_size=4))
def test_nobody_misses_what_another_does_not_want(ones: list[Preferences]) -> None:
    united = unite(ones)
    for one in ones:
        assert united.min_severity <= one.min_severity
        assert united.drills or not one.drills
        if united.escalate_after_s is not None:
            assert one.escalate_after_s is not None
            assert united.escalate_after_s <= one.escalate_after_s
        for minute in range(0, 24 * 60, 7):
            assert is_quiet(one.quiet, minute) or not is_quiet(united.quiet, minute)
    everything = dict.fromkeys(language for one in ones for language in one.languages)
    assert united.languages == tuple(everything)[:LANGUAGES_MAX]


@settings(max_examples=30)
@given(wants)
def test_of_one_it_is_what_that_one_wants(one: Preferences) -> None:
    assert unite([one, one]).quiet == unite([one]).quiet == one.quiet
    assert unite([one]).min_severity == one.min_severity


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (("22:00", "06:00"), ("23:00", "07:00"), ("23:00", "06:00")),
        (("22:00", "06:00"), ("12:00", "14:00"), None),
        (("22:00", "08:00"), ("07:00", "23:00"), ("07:00", "08:00")),
        (("00:00", "08:00"), ("20:00", "06:00"), ("00:00", "06:00")),
    ],
)
def test_what_is_quiet_for_all_is_quiet(
    first: tuple[str, str], second: tuple[str, str], both: tuple[str, str] | None
) -> None:
    one, other = (Preferences(quiet=Quiet(*map(time.fromisoformat, hours))) for hours in (first, second))
    expected = both and Quiet(*map(time.fromisoformat, both))
    assert unite([one, other]).quiet == unite([other, one]).quiet == expected
    assert unite([one, Preferences()]).quiet is None


@pytest.mark.parametrize(
    ("states", "proven"),
    [
        ([EndpointState.WAITING, EndpointState.GONE], False),
        ([EndpointState.WAITING, EndpointState.ACTIVE], True),
        ([EndpointState.REPLACED], True),
        ([], False),
    ],
)
def test_a_subscriber_is_proven_by_any_round_trip(states: list[EndpointState], proven: bool) -> None:
    now = datetime(2026, 11, 29, tzinfo=UTC)
    endpoints = tuple(SubscribedEndpoint("webpush", 0, state) for state in states)
    assert Subscriber(1, "dueren", b"", endpoints, (), (), Preferences(), now, now, now).is_proven is proven
