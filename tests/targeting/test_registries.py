"""Codes that need a table."""

from pathlib import Path

import pytest
import shapely

from dispatcher.boundaries.build import BoundaryRow
from dispatcher.boundaries.bundle import BundleError
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA, WGS84
from dispatcher.targeting.geocodes import resolve
from dispatcher.targeting.match import match
from dispatcher.targeting.registries import (
    from_polygons,
    merged,
    read_table,
    read_warncells,
    with_registries,
    write_table,
)
from tests.targeting.drawing import coded, district


def test_areas_given_as_polygons_are_matched_once(boundaries: Boundaries) -> None:
    rows = [
        BoundaryRow("DE377", "", "Kreis Düren", district(boundaries, "05358")),
        BoundaryRow("DE999", "", "elsewhere", shapely.box(0, 0, 1, 1)),
    ]
    registry = from_polygons("EMMA_ID", rows, EUROPE_EQUAL_AREA, boundaries)
    assert registry.keys("EMMA_ID", "DE377") == tuple(m.ags for m in boundaries.by_prefix("05358"))
    assert registry.keys("EMMA_ID", "DE999") == ()
    two = [
        BoundaryRow("X", "", "", shapely.Point(6.48, 50.8).buffer(0.01)),
        BoundaryRow("X", "", "", shapely.Point(6.36, 50.92).buffer(0.01)),
    ]
    assert from_polygons("UGC", two, WGS84, boundaries).keys("UGC", "X") == ("05358008", "05358024")


def test_a_table_of_codes(tmp_path: Path, boundaries: Boundaries) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("scheme,code,ags\nCLC,001,05358008\nCLC,001,05358012\n\nCLC,002,05358024\n")
    registry = read_table(path)
    assert registry.keys("CLC", "001") == ("05358008", "05358012")
    assert len(resolve("CLC", "001 002", boundaries, registry).indices) == 3


def test_city_districts_lead_to_their_city(tmp_path: Path, boundaries: Boundaries) -> None:
    path = tmp_path / "cells.csv"
    path.write_text(
        "# WARNCELLID;NAME\n".replace("# ", "")
        + "705315001;Köln-Innenstadt\n705358001;Teil eines Kreises\n905358001;Kreisteil\n801;kurz\n",
        encoding="utf-8-sig",
    )
    registry = read_warncells(path, boundaries)
    assert registry.tables == {"WARNCELLID": {"705315001": ("05315000",)}}


def test_later_registries_win(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text("scheme,code,ags\nX,1,A\nX,2,B\n")
    second.write_text("SCHEME,CODE,AGS\nX,2,C\n")
    both = merged([read_table(first), read_table(second)])
    assert both.tables == {"X": {"1": ("A",), "2": ("C",)}}


def test_a_table_without_its_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("code;ags\n")
    with pytest.raises(BundleError, match="lacks the column scheme, code, ags"):
        read_table(path)
    path.write_bytes(b"scheme,code,ags\nX,\xff,1\n")
    with pytest.raises(BundleError, match="not UTF-8"):
        read_table(path)
    path.write_text("")
    with pytest.raises(BundleError, match="lacks the column"):
        read_table(path)


def test_tables_of_both_kinds_belong_to_the_boundaries_of_an_installation(
    tmp_path: Path, boundaries: Boundaries
) -> None:
    table, cells = tmp_path / "codes.csv", tmp_path / "cells.csv"
    write_table(
        table,
        from_polygons("CLC", [BoundaryRow("1", "", "", boundaries.border[3])], EUROPE_EQUAL_AREA, boundaries),
    )
    cells.write_text("WARNCELLID;NAME\n705315001;Köln-Innenstadt\n", encoding="utf-8-sig")
    installed = with_registries(boundaries, [table, cells])
    found = match([coded(("clc", "1"), ("WARNCELLID", "705315001"))], installed)
    assert {place.ags for place in found.affected} == {boundaries.units.ags[3], "05315000"}
    assert match([coded(("clc", "1"))], boundaries).held
