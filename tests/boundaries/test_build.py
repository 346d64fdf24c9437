"""From the rows of a data set to a bundle."""

import dataclasses
from pathlib import Path

import pytest
import shapely

from dispatcher.boundaries import bundle as bundles
from dispatcher.boundaries.build import BoundaryRow, inset, polygonal
from dispatcher.boundaries.bundle import BundleError
from tests.boundaries.rows import HERE, built, row


def test_rows_of_one_code_are_dissolved_and_broken_ones_repaired() -> None:
    bow_tie = shapely.Polygon([(4e6, 3e6), (4.01e6, 3.01e6), (4.01e6, 3e6), (4e6, 3.01e6)])
    result = built(
        row("05001001", 4e6, 3e6, 4.01e6, 3.01e6),
        row("05001001", 4.01e6, 3e6, 4.03e6, 3.01e6, population=3),
        BoundaryRow("05001002", "", "knot", bow_tie),
    )
    assert result.rows == 3
    assert result.dissolved == ("05001001",)
    assert result.repaired == ("05001002",)
    assert result.bundle.units.population == (3, None)
    assert shapely.area(result.bundle.border).tolist() == [3e8, 5e7]


def test_inhabitants_are_those_of_the_whole_unit_whatever_part_names_them() -> None:
    result = built(
        row("05001001", 4e6, 3e6, 4.03e6, 3.01e6, population=0),
        row("05001001", 4.03e6, 3e6, 4.04e6, 3.01e6, population=700),
        row("05001002", 4.04e6, 3e6, 4.05e6, 3.01e6, population=30),
        row("05001002", 4.05e6, 3e6, 4.06e6, 3.01e6, population=30),
        row("05001003", 4.06e6, 3e6, 4.07e6, 3.01e6, population=0),
        row("05001004", 4.07e6, 3e6, 4.08e6, 3.01e6),
    )
    assert result.bundle.units.population == (700, 30, 0, None)


def test_a_column_of_inhabitants_that_nobody_filled_in_says_nothing() -> None:
    result = built(
        row("05001001", 4e6, 3e6, 4.01e6, 3.01e6, population=0),
        row("05001002", 4.01e6, 3e6, 4.02e6, 3.01e6, population=0),
    )
    assert result.bundle.units.population == (None, None)


def test_progress_is_told() -> None:
    steps: list[int] = []
    built(
        row("05001001", 4e6, 3e6, 4.01e6, 3.01e6),
        row("05001002", 4.01e6, 3e6, 4.02e6, 3.01e6),
        progress=steps.append,
    )
    assert steps == [1, 2]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no rows"),
        ([BoundaryRow("", "", "nameless", shapely.box(0, 0, 1, 1))], "a row without a code: nameless"),
        ([row("05001001", 4e6, 3e6, 4e6 + 0.1, 3e6 + 0.1)], "05001001 has no usable area"),
        ([BoundaryRow("05001001", "", "line", shapely.LineString([(0, 0), (1, 1)]))], "has no usable area"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(rows: list[BoundaryRow], message: str) -> None:
    with pytest.raises(BundleError, match=message):
        built(*rows)


def test_data_in_the_wrong_system_is_noticed() -> None:
    with pytest.raises(BundleError, match="wrong coordinate system"):
        built(row("05001001", 1e6, 1e6, 1.01e6, 1.01e6), provenance=dataclasses.replace(HERE, country="DE"))


def test_a_narrow_part_is_inset_as_far_as_it_goes() -> None:
    wide, islet = shapely.box(0, 0, 5000, 5000), shapely.box(9000, 0, 9060, 60)
    parts = shapely.get_parts(inset(shapely.union(wide, islet), 100))
    assert sorted(round(part.area) for part in parts) == [10 * 10, 4800 * 4800]
    thread = shapely.box(0, 0, 5000, 1)
    assert inset(thread, 100).area == thread.area


def test_polygons_only() -> None:
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.LineString([(2, 2), (3, 3)])])
    assert polygonal(mixed).area == 1


def test_the_order_of_parts_and_corners_does_not_matter_to_the_file(tmp_path: Path) -> None:
    parts = [shapely.box(4e6 + x, 3e6, 4e6 + x + 500, 3.0005e6) for x in (0, 2_000, 1_000)]
    hashes = set()
    for order in (parts, [part.reverse() for part in parts[::-1]]):
        shape = shapely.MultiPolygon(order)
        one = built(BoundaryRow("05001001", "053580000001", "x", shape)).bundle
        hashes.add(bundles.write(tmp_path / "x.bundle", one))
    assert len(hashes) == 1
