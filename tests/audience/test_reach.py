"""Whom a match reaches."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.audience.reach import (
    FEW,
    TOO_FEW,
    AudienceLimit,
    Excess,
    ExcessiveAudience,
    PeopleLiving,
    excessive_audience,
    people_living,
    reach,
    shown,
)
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.targeting.match import match
from tests.targeting.drawing import coded


def populated(boundaries: Any, population: Any) -> Any:
    rows = tuple(dataclasses.replace(m, population=population) for m in boundaries.municipalities)
    return dataclasses.replace(boundaries, municipalities=rows)


def test_reach_counts_by_channel_and_municipality_and_names_the_gaps(boundaries: Boundaries) -> None:
    found = match([coded(("AGS", "05358008"), ("AGS", "05358012"))], boundaries)
    counts = {
        ("05358008", "sms"): 3,
        ("05358008", "webpush"): 5,
        ("05358012", "webpush"): 2,
        ("05315000", "webpush"): 9,
    }
    result = reach(found, populated(boundaries, 1000), counts, ("sms", "webpush"))
    assert result.municipalities == 2
    assert result.population == 2000
    assert result.subscribers == 10
    assert result.by_channel == {"sms": 3, "webpush": 7}
    assert result.by_municipality["05358012"] == {"sms": 0, "webpush": 2}
    assert [(gap.channel, gap.ags) for gap in result.gaps] == [("sms", ("05358012",))]
    assert result.gaps[0].sentence().de == "1 von 2 Gemeinden hat keine Abonnenten für sms."


def test_one_municipality_is_singular(boundaries: Boundaries) -> None:
    result = reach(match([coded(("AGS", "05358008"))], boundaries), boundaries, {}, ("sms",))
    assert result.gaps[0].sentence("SMS") == (
        "1 von 1 Gemeinde hat keine Abonnenten für SMS.",
        "1 of 1 municipality has no subscribers for SMS.",
    )


def test_an_unknown_population_is_not_a_number(boundaries: Boundaries) -> None:
    assert reach(match([coded(("AGS", "05358008"))], boundaries), boundaries, {}, ()).population is None


DUEREN, HEIMBACH = "05358008", "05358012"


def affected(ags: str, share: float = 1.0, reason: str = "geometry") -> AffectedMunicipality:
    return AffectedMunicipality(ags, "", reason, share)


@pytest.mark.parametrize(
    ("places", "living"),
    [
        # Whoever is named is warned as a whole, and so is what a shape has up to its border.
        ([affected(DUEREN, 0.1, "geocode")], PeopleLiving(12_000, 12_000)),
        ([affected(DUEREN, 0.995), affected(HEIMBACH, 0.99)], PeopleLiving(25_000, 25_000)),
        # Of a part nobody knows how many live in it.
        ([affected(DUEREN, 0.5)], PeopleLiving(0, 13_000)),
        ([affected(DUEREN, reason="geocode"), affected(HEIMBACH, 0.01)], PeopleLiving(12_000, 25_000)),
        # A message of record may be of what there is no more.
        ([affected(DUEREN), affected("05358999")], None),
        ([], None),
    ],
)
def test_how_many_live_where_it_is_warned_is_said_within_bounds(
    boundaries: Boundaries, places: list[AffectedMunicipality], living: PeopleLiving | None
) -> None:
    assert people_living(places, populated(boundaries, 12_345)) == living


def test_without_inhabitants_nobody_says_how_many(boundaries: Boundaries) -> None:
    assert people_living([affected(DUEREN)], boundaries) is None
    assert people_living([affected(DUEREN)], populated(boundaries, 0)) is None


@given(st.integers(1, 90_000_000), st.floats(0, 1))
def test_the_bounds_hold_and_have_two_digits(count: int, share: float) -> None:
    boundaries = populated(Boundaries.default(), count)
    found = people_living([affected(DUEREN, share), affected(HEIMBACH, 1.0)], boundaries)
    assert found is not None
    if found.least != found.most:
        assert found.least <= count
        assert found.most >= 2 * count
    for one in (found.least, found.most):
        assert len(str(one).rstrip("0")) <= 2
        assert one % 10 == 0


@pytest.mark.parametrize(
    ("recipients", "usual", "approved", "expected"),
    [
        (10_000_000, None, None, None),
        (900, 10, None, None),
        (1_001, 100, None, ExcessiveAudience(Excess.BASELINE, 1_001, 100)),
        (1_000, 100, None, None),
        (20_001, 2_000, None, ExcessiveAudience(Excess.BASELINE, 20_001, 2_000)),
        (20_001, 2_000, 20_001, None),
        (20_002, 2_000, 20_001, ExcessiveAudience(Excess.APPROVED, 20_002, 20_001)),
        (1, None, 0, ExcessiveAudience(Excess.APPROVED, 1, 0)),
    ],
)
def test_a_dispatch_larger_than_expected_is_stopped(
    recipients: int, usual: int | None, approved: int | None, expected: ExcessiveAudience | None
) -> None:
    assert excessive_audience(recipients, baseline=usual, approved=approved) == expected


def test_the_limit_is_a_setting() -> None:
    assert excessive_audience(30, baseline=10, limit=AudienceLimit(baseline_factor=2, floor=0)) is not None


@pytest.mark.parametrize(
    ("total", "by_municipality", "expected"),
    [
        (0, 0, TOO_FEW),
        (4, 0, TOO_FEW),
        (5, 0, 5),
        (9, 0, 5),
        (10, 0, 10),
        (4, 4, TOO_FEW),
        (5, 5, 5),
        (304, 300, 300),
        (305, 300, 305),
        (8, 4, TOO_FEW),
        (9, 4, 9),
    ],
)
def test_what_a_shape_finds_is_rounded_by_itself(
    total: int, by_municipality: int, expected: int | str
) -> None:
    assert shown(total, by_municipality) == expected


COUNTS = st.integers(0, 2_000)


@given(COUNTS, COUNTS, st.integers(0, FEW - 1))
def test_no_number_that_is_known_beside_them_tells_a_few_apart(known: int, blocks: int, few: int) -> None:
    assert shown(known + FEW * blocks + few, known) == shown(known + FEW * blocks, known)


@given(COUNTS, COUNTS)
def test_never_more_is_shown_than_there_are_and_never_much_less(known: int, located: int) -> None:
    found = shown(known + located, known)
    assert found == TOO_FEW or (isinstance(found, int) and known + located - FEW < found <= known + located)
    assert (found == TOO_FEW) <= (known < FEW)
