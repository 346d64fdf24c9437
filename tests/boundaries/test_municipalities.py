"""The municipalities of a bundle, and the lookups that matching needs."""

from pathlib import Path

import numpy as np
import pytest
import shapely

from dispatcher.boundaries import bundle as bundles
from dispatcher.boundaries.build import BoundaryRow, inset
from dispatcher.boundaries.bundle import BundleError
from dispatcher.boundaries.municipalities import HEIGHT_MARGIN_M, Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, WGS84, project
from tests.boundaries.rows import built, row

BOUNDARIES = Boundaries.of(
    built(
        row("05358008", 4.02e6, 3.00e6, 4.03e6, 3.01e6, elevation_m=200.0),
        row("05358024", 4.00e6, 3.00e6, 4.01e6, 3.01e6, population=7),
        row("05366004", 4.01e6, 3.00e6, 4.02e6, 3.01e6),
        row("06411000", 4.03e6, 3.00e6, 4.04e6, 3.01e6),
    ).bundle
)


def test_units_are_sorted_by_their_key_whatever_the_order_of_the_rows() -> None:
    assert [unit.ags for unit in BOUNDARIES.municipalities] == [
        "05358008",
        "05358024",
        "05366004",
        "06411000",
    ]
    assert [BOUNDARIES.units.ags[index] for index in BOUNDARIES.index_by_ags.values()] == list(
        BOUNDARIES.index_by_ags
    )
    assert BOUNDARIES.municipalities[1].population == 7


@pytest.mark.parametrize(
    ("ags", "name"),
    [("05358008", "place 05358008"), ("05358", None), ("053580080", None), ("", None), ("99999999", None)],
)
def test_a_key_names_one_municipality_or_none(ags: str, name: str | None) -> None:
    unit = BOUNDARIES.by_ags(ags)
    assert (unit and unit.name) == name
    assert BOUNDARIES.names_of([ags]) == ({ags: name} if name else {})


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("05358", ["05358008", "05358024"]),
        ("05", ["05358008", "05358024", "05366004"]),
        ("05358024", ["05358024"]),
        ("0", ["05358008", "05358024", "05366004", "06411000"]),
        ("07", []),
        ("05359", []),
        ("053580241", []),
        ("", []),
    ],
)
def test_a_prefix_names_all_that_begin_so_and_an_empty_one_nobody(prefix: str, found: list[str]) -> None:
    assert [unit.ags for unit in BOUNDARIES.by_prefix(prefix)] == found


@pytest.mark.parametrize(
    ("prefix", "found"),
    [
        ("053580000008", ["05358008"]),
        ("05358", ["05358008", "05358024"]),
        ("053660000", ["05366004"]),
        ("99", []),
        ("", []),
    ],
)
def test_so_does_a_prefix_of_the_other_key(prefix: str, found: list[str]) -> None:
    """`row` gives each unit an ARS of twelve digits made of its AGS."""
    assert [BOUNDARIES.units.ags[index] for index in BOUNDARIES.indices_of_ars(prefix)] == found


def test_the_other_key_need_not_sort_as_the_first_does() -> None:
    """Associations are numbered for themselves."""
    crossed = built(
        BoundaryRow("07233001", "072335009001", "a", shapely.box(4.00e6, 3e6, 4.01e6, 3.01e6)),
        BoundaryRow("07233002", "072335001002", "b", shapely.box(4.01e6, 3e6, 4.02e6, 3.01e6)),
        BoundaryRow("07233003", "072335009003", "c", shapely.box(4.02e6, 3e6, 4.03e6, 3.01e6)),
    )
    found = Boundaries.of(crossed.bundle)
    assert found.indices_of_ars("072335009") == (0, 2)
    assert found.indices_of_ars("072335001") == (1,)
    assert found.indices_of_ars("07233") == (0, 1, 2)


@pytest.mark.parametrize(
    ("ags", "floor_m", "below"),
    [
        ("05358008", None, False),
        ("05358008", 200.0, False),
        ("05358008", 200.0 + HEIGHT_MARGIN_M, False),
        ("05358008", 200.1 + HEIGHT_MARGIN_M, True),
        ("05358024", 9_000.0, False),
    ],
)
def test_only_what_is_known_to_lie_wholly_below_is_left_out(
    ags: str, floor_m: float | None, below: bool
) -> None:
    assert BOUNDARIES.lies_below(BOUNDARIES.index_by_ags[ags], floor_m) is below


def test_the_insets_of_the_bundle_are_used_and_others_are_computed() -> None:
    index = np.intp(0)
    assert BOUNDARIES.inset_of(index, BOUNDARIES.inset_m) is BOUNDARIES.inset[0]
    assert BOUNDARIES.inset_of(index, 500.0).equals(inset(BOUNDARIES.border[0], 500.0))
    assert BOUNDARIES.inset_of(index, 500.0).area == pytest.approx(9_000 * 9_000)


def test_the_window_is_the_extent_in_degrees() -> None:
    west, south, east, north = BOUNDARIES.window
    whole = project(shapely.union_all(BOUNDARIES.border), WGS84, EUROPE_EQUAL_AREA)
    assert whole.bounds == pytest.approx((west, south, east, north), abs=0.01)


def test_the_index_finds_what_lies_at_a_place() -> None:
    found = BOUNDARIES.tree.query(shapely.Point(4.025e6, 3.005e6), predicate="intersects")
    assert [BOUNDARIES.units.ags[index] for index in found] == ["05358008"]
    assert BOUNDARIES.area_m2.tolist() == [1e8] * 4


def test_a_bundle_is_loaded_with_its_hash(tmp_path: Path) -> None:
    path = tmp_path / "x.bundle"
    digest = bundles.write(path, built(row("05358008", 4e6, 3e6, 4.01e6, 3.01e6)).bundle)
    assert Boundaries.load(path).sha256 == digest
    with pytest.raises(OSError, match=r"gone\.bundle"):
        Boundaries.load(tmp_path / "gone.bundle")
    path.write_bytes(b"no bundle")
    with pytest.raises(BundleError):
        Boundaries.load(path)


def test_the_default_is_read_once() -> None:
    assert Boundaries.default() is Boundaries.default()
