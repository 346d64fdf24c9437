"""The crowd of a large record lives where the benchmark's alerts go, in any order of their numbers."""

from collections import Counter

import pytest

from dispatcher.access.sealing import KeyRing
from ops.lab.bench.large_record import CITY_AGS, LargeCrowd
from ops.lab.world.population import INHABITANTS


@pytest.mark.parametrize(
    ("size", "counts"), [(22_000, [2000, 20_000, 0]), (10_000_000, [100_000, 1_000_000, 8_900_000])]
)
def test_each_alert_has_the_people_that_it_is_measured_with(size: int, counts: list[int]) -> None:
    assert LargeCrowd(size, KeyRing.new()).counts() == counts


def test_they_live_where_they_are_counted() -> None:
    places = Counter(LargeCrowd(22_000, KeyRing.new()).places())
    assert sum(places[ags] for ags in INHABITANTS) == 2000
    assert places[CITY_AGS] == 20_000


def test_their_numbers_say_nothing_of_where_they_live() -> None:
    places = list(LargeCrowd(22_000, KeyRing.new()).places())
    halves = Counter(places[:11_000]), Counter(places[11_000:])
    assert halves[0][CITY_AGS] == pytest.approx(halves[1][CITY_AGS], rel=0.05)


def test_they_are_phones_of_the_benchmarks_project() -> None:
    people = list(LargeCrowd(110, KeyRing.new()).subscriptions())
    assert len({one.address for one in people}) == 110
    assert {one.channel for one in people} == {"fcm"}
