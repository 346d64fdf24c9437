"""The index from endpoints' ids to slots: each once, used again, small."""

import random
import tracemalloc

import pytest

from channels.webpush.keys.slot_index import SlotIndex


def test_slots_follow_one_another_and_are_taken_again() -> None:
    slots = SlotIndex()
    assert [slots.take(number) for number in (7, 300, 10**12)] == [0, 1, 2]
    assert (len(slots), slots.made, slots.get(300), 300 in slots) == (3, 3, 1, True)
    assert slots.pop(300) == 1
    assert (len(slots), slots.get(300), slots.pop(300), slots.pop(5), slots.pop(10**15)) == (
        2,
        -1,
        -1,
        -1,
        -1,
    )
    assert slots.take(8) == 1
    assert slots.made == 3


@pytest.mark.parametrize("step", [1, 7, 4096, 10**9])
@pytest.mark.parametrize("seed", range(3))
def test_it_says_what_a_dict_says(seed: int, step: int) -> None:
    rng, slots, said = random.Random(seed), SlotIndex(), dict[int, int]()
    for turn in range(5000):
        number = step * rng.randrange(2000)
        if not turn % 1000:
            list(slots.chunks())
        if number in said:
            assert slots.pop(number) == said.pop(number)
        else:
            said[number] = slots.take(number)
            assert len(set(said.values())) == len(said), "no slot has two owners"
        assert (len(slots), number in slots) == (len(said), number in said)
    assert dict(entry for chunk in slots.chunks() for entry in chunk) == said


def test_a_page_that_has_none_is_let_go() -> None:
    slots = SlotIndex()
    for number in range(1000):
        slots.take(number)
    for number in range(600):
        slots.pop(number)
    assert sum(map(len, slots.chunks())) == 400
    assert len(slots._pages) == 2
    assert not slots._loose
    for number in range(600, 760):
        slots.pop(number)
    assert sum(map(len, slots.chunks())) == 240
    assert (len(slots._pages), len(slots._loose)) == (1, 8), "few of a page take no array"
    assert slots.take(5) >= 0
    assert sum(map(len, slots.chunks())) == 241
    for number in (5, *range(760, 1000)):
        slots.pop(number)
    assert sum(map(len, slots.chunks())) == 0
    assert not {**slots._pages, **slots._loose}


def test_one_id_that_comes_and_goes_makes_no_array() -> None:
    slots = SlotIndex()
    for _ in range(1000):
        slots.take(7)
        slots.pop(7)
    slots.take(7)
    assert (len(slots._pages), len(slots._loose)) == (0, 1)


@pytest.mark.parametrize("step", [1, 4, 20, 100, 256, 1000])
def test_an_id_takes_less_than_a_dict_has_for_it_however_far_they_stand_apart(step: int) -> None:
    """Most endpoints are phones in some records, and all channels share the numbers."""
    many = 20_000
    numbers = range(10**7, 10**7 + step * many, step)
    tracemalloc.start()
    try:
        slots = SlotIndex()
        for number in numbers:
            slots.take(number)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held / many < {1: 6, 4: 20}.get(step, 135)


def test_what_was_cleared_is_free_from_the_first_on() -> None:
    slots = SlotIndex()
    for number in range(3):
        slots.take(number)
    slots.clear()
    assert (len(slots), 0 in slots, [slots.take(number) for number in (9, 8, 7, 6)]) == (
        0,
        False,
        [0, 1, 2, 3],
    )
