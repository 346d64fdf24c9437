"""The index from endpoints' ids to slots: each once, used again, small."""

import random

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


@pytest.mark.parametrize("seed", range(5))
def test_it_says_what_a_dict_says(seed: int) -> None:
    rng, slots, said = random.Random(seed), SlotIndex(), dict[int, int]()
    for _ in range(5000):
        number = rng.randrange(2000)
        if number in said:
            assert slots.pop(number) == said.pop(number)
        else:
            said[number] = slots.take(number)
            assert len(set(said.values())) == len(said), "no slot has two owners"
        assert (len(slots), number in slots) == (len(said), number in said)
    assert dict(entry for page in slots.pages() for entry in page) == said


def test_a_page_that_has_none_is_let_go() -> None:
    slots = SlotIndex()
    for number in range(1000):
        slots.take(number)
    for number in range(600):
        slots.pop(number)
    assert sum(map(len, slots.pages())) == 400
    assert len(slots._pages) == 2
    assert slots.take(5) >= 0


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
