"""What a rotation does next, whatever ended it before."""

import pytest

from dispatcher.access.rotation_plan import Next, RotationStep, next_step


@pytest.mark.parametrize(
    ("newest", "current", "rows", "expected"),
    [
        (1, 1, {}, RotationStep(Next.MAKE, 2)),
        (1, 1, {1: 10}, RotationStep(Next.MAKE, 2)),
        (2, 1, {1: 10}, RotationStep(Next.USE, 2)),
        (2, 2, {1: 10}, RotationStep(Next.RESEAL, 2)),
        (2, 2, {1: 4, 2: 6}, RotationStep(Next.RESEAL, 2)),
        (2, 2, {1: 0, 2: 10}, RotationStep(Next.MAKE, 3)),
        (3, 2, {1: 4, 2: 6}, RotationStep(Next.USE, 3)),
    ],
)
def test_a_rotation_goes_on_where_it_was(
    newest: int, current: int, rows: dict[int, int], expected: RotationStep
) -> None:
    assert next_step(newest, current, rows) == expected
