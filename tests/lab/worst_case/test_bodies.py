"""No body costs more than a second and 200 MB to read: the worst that are known, at full size."""

import pytest

import cap
from ops.lab.worst_case.bodies import BODIES, SIZE, Body
from ops.lab.worst_case.cost import cost

SECONDS = 1.0
GROWTH = 200 * 1024 * 1024


@pytest.mark.parametrize("name", BODIES)
def test_a_body_is_read_within_a_second_and_200_megabytes(name: str) -> None:
    body = BODIES[name].of()
    assert len(body) <= SIZE == cap.Limits().max_bytes
    found = cost(body)
    assert found.seconds <= SECONDS
    assert found.growth <= GROWTH


def test_a_body_has_its_size_and_no_more_units_than_a_limit_lets_through() -> None:
    assert Body("a", "bc", "d").of(7) == b"abcbcd"
    assert Body("a", "bc", "d", most=1).of(7) == b"abcd"


def test_most_bodies_reach_the_limit_of_what_they_are_full_of() -> None:
    """A body that is refused at its beginning shows nothing."""
    full = [body for body in BODIES.values() if len(body.of()) > 0.95 * SIZE]
    assert len(full) > len(BODIES) / 2
