"""The model of very large sends: paper and simulation agree where nothing waits, and more of something never hurts."""

from dataclasses import replace
from typing import Any

import pytest

from ops.lab.bench.scale import (
    MANY_PROJECTS,
    MIXES,
    ONE_PROJECT,
    SIZES,
    WITHIN_S,
    Installation,
    UnitRates,
    on_paper,
    scenario,
    simulate,
    sized,
)

MEASURED = UnitRates()
MILLION = 1_000_000


@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
@pytest.mark.parametrize("workers", [1, 4, 40])
def test_nothing_is_quicker_than_its_slowest_part(mix: Any, workers: int) -> None:
    has = Installation(workers)
    paper = max(on_paper(MILLION, mix, MEASURED, has).values())
    last = simulate(MILLION, mix, MEASURED, has)[-1]
    assert paper * 0.99 <= last <= paper * 1.25


def test_every_batch_is_finished_once_and_in_order() -> None:
    finished = simulate(MILLION + 1, MANY_PROJECTS, MEASURED, Installation(3))
    assert len(finished) == 1001
    assert finished == sorted(finished)
    assert finished[0] > 0


def test_twice_the_workers_take_half_the_time_where_workers_are_what_bounds_it() -> None:
    times = [simulate(10 * MILLION, MANY_PROJECTS, MEASURED, Installation(count))[-1] for count in (1, 2, 4)]
    assert times[0] / times[1] == pytest.approx(2, rel=0.05)
    assert times[1] / times[2] == pytest.approx(2, rel=0.05)


def test_a_providers_quota_cannot_be_bought_with_workers() -> None:
    few, many = (simulate(MILLION, ONE_PROJECT, MEASURED, Installation(count))[-1] for count in (4, 40))
    assert many == pytest.approx(few, rel=0.05)


def test_a_provider_that_is_behind_holds_nobody_elses_batches() -> None:
    has = Installation(20)
    finished = simulate(MILLION, ONE_PROJECT, MEASURED, has)
    paper = on_paper(MILLION, ONE_PROJECT, MEASURED, has)
    assert finished[399] <= paper["plan"] * 1.1
    assert finished[-1] >= paper["provider"] * 0.99 >= 5 * paper["plan"]


@pytest.mark.parametrize("size", SIZES)
def test_what_is_sized_is_in_time_unless_a_provider_forbids_it(size: Any) -> None:
    found = scenario(size, "a project for each municipality", MEASURED)
    assert found["last_s"] <= WITHIN_S
    assert found["bound"] == "workers"
    assert scenario(size, "one project", MEASURED)["bound"] == "provider"


def test_slower_parts_ask_for_more_of_them() -> None:
    slow = replace(MEASURED, worker_per_s=MEASURED.worker_per_s / 4, record_us=MEASURED.record_us * 20)
    assert sized(SIZES[1], slow).workers > sized(SIZES[1], MEASURED).workers
    assert sized(SIZES[1], slow).records > sized(SIZES[1], MEASURED).records
