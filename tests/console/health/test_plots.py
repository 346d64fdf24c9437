"""How a panel is laid out."""

import pytest

from dispatcher.console.health.picture import HealthLine, HealthPanel
from dispatcher.console.health.plots import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, plot


def panel(*values: float | None) -> HealthPanel:
    return HealthPanel("t", "u", [HealthLine(("a",), values)], 0)


def test_a_gap_parts_a_line_and_a_single_value_is_seen() -> None:
    [pieces] = plot(panel(0, 10, None, 5), 4, 2).lines
    step = (WIDTH - LEFT - RIGHT) / 3
    assert pieces[0] == f"{float(LEFT)},{float(HEIGHT - BOTTOM)} {round(LEFT + step, 1)},{float(TOP)}"
    start, end = pieces[1].split()
    assert start != end
    assert start.split(",")[1] == end.split(",")[1] == str(round((TOP + HEIGHT - BOTTOM) / 2, 1))


@pytest.mark.parametrize(
    ("highest", "top"), [(0, 1), (0.3, 1), (1.5, 2), (4, 5), (7, 10), (10, 10), (101, 200), (4999, 5000)]
)
def test_the_axis_ends_at_a_round_number(highest: float, top: float) -> None:
    assert [one.value for one in plot(panel(highest), 1, 1).marks] == [0, top / 2, top]


def test_ticks_stand_where_rows_begin() -> None:
    found = plot(panel(*[1.0] * 12), 12, 6)
    assert [step for _, step in found.ticks] == [0, 6]
    assert found.ticks[0][0] == LEFT
    assert plot(panel(), 0, 6).lines == [[]]
