"""Whose wake-up is next in a lane."""

import random
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.queue.turns import EXTRA_SLOTS, Turn, WaitingSource, Why, next_turns


def sources(**tags: float) -> list[WaitingSource]:
    return [WaitingSource(name, tag) for name, tag in tags.items()]


def test_one_source_has_all_slots_and_not_one_more() -> None:
    assert next_turns(sources(a=7), {}, 4) == [Turn("a", Why.ALONE)] * 4
    assert next_turns(sources(a=7), {"a": 3}, 4) == [Turn("a", Why.ALONE)]
    assert next_turns(sources(a=7), {"a": 4}, 4) == []
    assert next_turns([], {"a": 1}, 4) == []


def test_sources_take_turns_whoever_has_more_to_do() -> None:
    turns = next_turns(sources(a=0, b=0), {}, 4)
    assert [turn.source_id for turn in turns] == ["a", "b", "a", "b"]
    assert {turn.why for turn in turns} == {Why.TURN}
    assert next_turns(sources(a=5, b=3), {"a": 3}, 4) == [Turn("b", Why.TURN), *[]]


def test_a_source_that_has_none_of_the_slots_gets_one_beyond_them() -> None:
    assert next_turns(sources(a=5, b=3), {"a": 4}, 4) == [Turn("b", Why.EXTRA)]
    assert next_turns(sources(a=5, b=3), {"a": 4, "b": 1}, 4) == []
    crowd = {f"s{number}": 1 for number in range(EXTRA_SLOTS)}
    assert next_turns(sources(a=0, z=0), {"a": 4, **crowd}, 4) == [], "there is an end to it"


class Lane:
    """A lane as the queue keeps it, see `LaneQueue`, and one process that works on it."""

    def __init__(self, slots: int) -> None:
        self.slots = slots
        self.turn = 0.0
        self.tags: dict[str, float] = {}
        self.queued: Counter[str] = Counter()
        self.working: Counter[str] = Counter()
        self.overtaken: dict[str, Counter[str]] = {}

    def enqueue(self, source: str, count: int) -> None:
        if count and not self.queued[source]:
            self.overtaken[source] = Counter()
        self.queued[source] += count

    def start(self) -> None:
        while True:
            waiting = [WaitingSource(name, max(self.tags.get(name, 0.0), self.turn)) for name in +self.queued]
            turns = next_turns(waiting, +self.working, self.slots)
            started = sum(self._start(turn.source_id) for turn in turns)
            if not started:
                return

    def _start(self, source: str) -> bool:
        if not self.queued[source]:
            return False
        start = max(self.tags.get(source, 0.0), self.turn)
        self.tags[source], self.turn = start + 1, start
        self.queued[source] -= 1
        self.working[source] += 1
        for other in +self.queued:
            self.overtaken[other][source] += other != source and not self.working[other]
        self.overtaken[source] = Counter()
        assert (+self.working).total() <= self.slots + EXTRA_SLOTS
        return True

    def end_one(self, chance: random.Random) -> None:
        if +self.working:
            self.working[chance.choice(sorted((+self.working).elements()))] -= 1


@given(
    st.integers(1, 4),
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 12)), min_size=1, max_size=16),
    st.integers(0, 1 << 32),
)
def test_no_source_without_a_slot_waits_for_more_than_two_turns_of_each_other(
    slots: int, arrivals: list[Any], seed: int
) -> None:
    lane, chance = Lane(slots), random.Random(seed)
    for source, count in arrivals:
        lane.enqueue(source, count)
        lane.start()
        for name in +lane.queued:
            assert max(lane.overtaken[name].values(), default=0) <= 2
            if not lane.working[name]:  # what has a slot may wait for others that have none
                assert (+lane.working).total() >= lane.slots + EXTRA_SLOTS, (
                    "nobody waits while there is a slot"
                )
        for _ in range(chance.randrange(4)):
            lane.end_one(chance)
            lane.start()
    for _ in range((+lane.queued).total() + (+lane.working).total()):
        lane.end_one(chance)
        lane.start()
    assert not +lane.queued, "everybody is served"


@given(st.integers(1, 5), st.integers(0, 5), st.floats(0, 1e9))
def test_for_one_source_nothing_depends_on_turns(slots: int, working: int, tag: float) -> None:
    turns = next_turns([WaitingSource("a", tag)], {"a": working}, slots)
    assert len(turns) == max(0, slots - working)
