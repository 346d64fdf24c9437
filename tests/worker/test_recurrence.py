"""What is done every so many seconds is done so however long a round takes."""

import pytest

from dispatcher.worker.recurrence import Recurrence


@pytest.mark.parametrize(
    ("looked_at", "due"),
    [
        ([0.0, 0.5, 1.0, 1.5, 2.0], [0.0, 1.0, 2.0]),
        ([7.0, 7.1, 17.0, 27.0, 27.5], [7.0, 17.0, 27.0]),
        ([5.0, 5.0, 5.999, 6.0], [5.0, 6.0]),
    ],
    ids=["quick rounds", "slow rounds", "at the edge"],
)
def test_it_is_due_at_first_and_after_its_time(looked_at: list[float], due: list[float]) -> None:
    times = iter(looked_at)
    recurrence = Recurrence(1.0, lambda: next(times))
    assert [at for at in looked_at if recurrence.falls_due()] == due
