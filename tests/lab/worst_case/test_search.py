"""The climber goes up, the same way for the same seed, and finds what is there."""

from itertools import islice
from random import Random

from ops.lab.worst_case.bodies import SIZE
from ops.lab.worst_case.cost import cost, read, read_and_match
from ops.lab.worst_case.search import FRAMES, LONGEST, Candidate, anywhere, changed, climb


def brackets(candidate: Candidate) -> float:
    return candidate.pieces.count("&lt;")


def test_the_climber_finds_the_worst_that_there_is() -> None:
    found = max(islice(climb(Random(3), brackets), 50), key=lambda one: one[0])
    assert found[0] >= 1
    assert found[1].pieces.count("&lt;") == found[0]


def test_a_seed_finds_the_same() -> None:
    assert list(islice(climb(Random(1), brackets), 3)) == list(islice(climb(Random(1), brackets), 3))


def test_every_candidate_is_a_body_that_can_be_measured() -> None:
    random = Random(2)
    candidate = anywhere(random)
    frames = set()
    for _ in range(1_000):
        candidate = changed(candidate, random)
        frames.add(candidate.frame)
        assert 1 <= len(candidate.pieces) <= LONGEST
        assert len(candidate.body().of(2_000)) <= 2_000
    assert frames == set(range(len(FRAMES)))
    assert cost(candidate.body().of(SIZE // 64), read_and_match).seconds < 1.0


def test_matching_is_measured_too() -> None:
    ring = "<polygon>50.8,6.4 50.8,6.5 50.9,6.4 50.8,6.4</polygon>"
    body = Candidate(7, (ring,), 3).body().of()
    assert cost(body, read_and_match).seconds > cost(body, read).seconds
