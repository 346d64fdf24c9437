"""The benchmark measures what it says, on the small data."""

import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from dispatcher.boundaries.municipalities import PILOT, Boundaries
from ops.lab.bench import targeting
from ops.lab.bench.fixtures import drawings
from ops.lab.bench.fixtures.drawings import Atlas, Drawing
from tests.targeting.drawing import circle

MEASURES = pytest.mark.no_cover
"""It takes times, which tracing changes; each line is covered by other tests."""


def atlas(every: int = 1) -> Atlas:
    return Atlas(Boundaries.load(PILOT), every)


def row(name: Any, every: int = 8) -> Any:
    return targeting.measure_case(name, targeting.CASES[name], atlas(every))


def test_exact_and_rounded_outlines_are_matched_without_fault() -> None:
    for name in ("own, exact", "own, 3 decimals", "own, simplified 100 m", "district, 4 decimals"):
        result = row(name, every=4)
        assert (result.false_per_alert, result.missed, result.held) == (0, 0, 0)
        assert result.alerts > 0


def test_what_is_false_and_what_is_missed_is_counted() -> None:
    board = atlas()
    dueren = board.boundaries.index_by_ags["05358008"]
    cases = [
        Drawing((circle(50.8, 6.48, 0.5),), frozenset()),
        Drawing((circle(50.8, 6.48, 0.5),), frozenset({dueren, 0})),
        Drawing((circle(10.0, 10.0, 0.5),), frozenset({dueren})),
    ]
    result = targeting.measure_case("test", lambda _: cases, board)
    assert (result.alerts, result.false_per_alert, result.missed, result.missed_deep, result.held) == (
        3,
        0.3333,
        2,
        0,
        1,
    )


def test_circles_and_bulges_have_their_truth_from_plain_geometry() -> None:
    board = atlas(30)
    for drawing in drawings.circles(board, 5000.0, 300):
        assert drawing.truth
    for drawing in drawings.bulges(board, 3000.0):
        assert drawing.truth


def test_holes_are_sent_as_excluded_polygons_and_islands_in_them_by_themselves() -> None:
    middle = shapely.Point(4.05e6, 3.1e6)
    ring = shapely.difference(middle.buffer(5000), middle.buffer(1000))
    assert [(len(a.polygons), len(a.excluded)) for a in drawings.outlines(ring, 4)] == [(1, 1)]
    with_island = shapely.union(ring, middle.buffer(500))
    assert [(len(a.polygons), len(a.excluded)) for a in drawings.outlines(with_island)] == [(1, 1), (1, 0)]


@MEASURES
def test_the_command_prints_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    assert targeting.main(["--json", "--bundle", str(PILOT), "--every", "40"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert {"case", "alerts", "false_per_alert", "missed"} <= result["rows"][0].keys()
    for key in ("ms", "ratio_intersects"):
        assert result[key].keys() == {"small", "district", "state"}
        assert all(value.keys() == {"median", "p99"} for value in result[key].values())
    assert result["points_ms"] > 0
    assert result["load_ms"] > 0
    assert result["mb_per_100000"] >= 0


@MEASURES
def test_a_table_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert targeting.main(["--bundle", str(PILOT), "--every", "80"]) == 0
    assert "own, exact" in capsys.readouterr().out


def test_without_data_it_says_how_to_get_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert targeting.main(["--bundle", str(tmp_path / "none")]) == 2
    assert "make geodata" in capsys.readouterr().err
