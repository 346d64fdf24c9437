"""Boundary files of every sort, good and bad."""

import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import pytest
import shapely

from dispatcher.boundaries import importers
from dispatcher.boundaries.build import build
from dispatcher.boundaries.bundle import BundleError
from dispatcher.boundaries.importers import (
    LAU,
    PRESETS,
    VG250,
    Columns,
    layer_of_municipalities,
    read,
    read_geojson,
)
from dispatcher.boundaries.projection import WGS84
from ops.geodata.build import PROVENANCE
from tests.boundaries import bkg

SHARED = Path(__file__).parents[2] / "../shared/geodata/VG5000_GEM.shp"
SHAPE = shapely.box(6, 50, 7, 51)
SQUARE = [[[6.0, 50.0], [7.0, 50.0], [7.0, 51.0], [6.0, 51.0], [6.0, 50.0]]]


def feature(geometry: str = "Polygon", coordinates: Any = SQUARE, **properties: Any) -> dict[Any, Any]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": geometry, "coordinates": coordinates},
    }


def written(tmp_path: Path, content: Any, name: str = "x.geojson") -> Any:
    target = tmp_path / name
    target.write_text(content if isinstance(content, str) else json.dumps(content))
    return target


def test_features_are_found_in_lists_and_nested_collections(tmp_path: Path) -> None:
    water = feature(AGS="05358008", GF=2)
    nested = {
        "type": "FeatureCollection",
        "features": [feature(AGS="05358008", RS="053580008008", GEN="Düren", GF=4), water],
    }
    rows = read_geojson(
        written(
            tmp_path,
            [nested, feature(AGS="05358012", GF=9, EWZ=12000, MAX_HOEHE=400.5, NUTS="DEA26", BEZ="Gemeinde")],
        )
    )
    assert [(row.ags, row.ars, row.name) for row in rows] == [
        ("05358008", "053580008008", "Düren"),
        ("05358012", "", "05358012"),
    ]
    assert (rows[1].population, rows[1].elevation_m, rows[1].nuts, rows[1].kind) == (
        12000,
        400.5,
        "DEA26",
        "Gemeinde",
    )
    assert rows[0].population is None


def test_a_number_gets_back_the_zero_it_lost_and_a_text_does_not(tmp_path: Path) -> None:
    rows = read_geojson(
        written(
            tmp_path, [feature(AGS=5358008, ARS=53580008008), feature(AGS="5358008"), feature(AGS=5358009.0)]
        )
    )
    assert [(row.ags, row.ars) for row in rows] == [
        ("05358008", "053580008008"),
        ("5358008", ""),
        ("05358009", ""),
    ]


def test_odd_numbers_are_none(tmp_path: Path) -> None:
    odd = [
        feature(AGS="a", EWZ=-9999, MAX_HOEHE="n/a"),
        feature(AGS="b", EWZ="Infinity"),
        feature(AGS="c", EWZ=None),
    ]
    assert [(row.population, row.elevation_m) for row in read_geojson(written(tmp_path, odd))] == [
        (None, None)
    ] * 3


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"type": "FeatureCollection", "features": [', "not complete JSON"),
        ("[" * 200_000, "not complete JSON"),
        (json.dumps([[[[[[feature(AGS="1")]]]]]]), "deeper than 4"),
        (json.dumps({"type": "Topology"}), "neither a feature nor a collection"),
        (json.dumps([3]), "neither a feature nor a collection"),
        (json.dumps([feature(GEN="x")]), "none of the code columns AGS"),
        (json.dumps([{"type": "Feature", "properties": {"AGS": "1"}, "geometry": None}]), "cannot be read"),
        (json.dumps([{"type": "Feature", "properties": {"AGS": "1"}}]), "cannot be read"),
        (json.dumps([feature(AGS="1", geometry="Blob")]), "cannot be read"),
        (json.dumps([feature(AGS="1", coordinates=[])]), "has no geometry"),
        (
            json.dumps([feature(AGS="1", coordinates=[[["a", "b"], [1, 2], [3, 4], ["a", "b"]]])]),
            "cannot be read",
        ),
        (
            json.dumps(
                [feature(AGS="1", coordinates=[[[4e6, 3e6], [4.1e6, 3e6], [4e6, 3.1e6], [4e6, 3e6]]])]
            ),
            "not in degrees",
        ),
    ],
)
def test_bad_geojson_is_refused_with_a_reason(tmp_path: Path, content: Any, message: str) -> None:
    with pytest.raises(BundleError, match=message):
        read_geojson(written(tmp_path, content))


def geopackage(path: Any, crs: str = "EPSG:25832", columns: Any = None, layer: str = "vg250_gem") -> Any:
    boxes = shapely.to_wkb(
        [shapely.box(3.1e5, 5.62e6, 3.2e5, 5.63e6), shapely.box(3.2e5, 5.62e6, 3.3e5, 5.63e6)]
    )
    columns = columns or {
        "ARS": ["053580008008", "053580012012"],
        "AGS": ["05358008", "05358012"],
        "GEN": ["A", "B"],
        "GF": [4, 4],
    }
    pyogrio.raw.write(
        path, np.array(boxes, object), [np.array(v) for v in columns.values()], list(columns),
        layer=layer, driver="GPKG", geometry_type="Polygon", crs=crs, append=path.exists(),
    )  # fmt: skip
    return path


def test_a_geopackage_in_another_system_is_projected(tmp_path: Path) -> None:
    geopackage(tmp_path / "x.gpkg", columns={"NAME": ["a", "b"]}, layer="other")
    data = read(geopackage(tmp_path / "x.gpkg"))
    assert data.crs == "EPSG:25832"
    assert [row.ars for row in data.rows] == ["053580008008", "053580012012"]
    bundle = build(data.rows, PROVENANCE, source_crs=data.crs).bundle
    assert shapely.area(bundle.border) / 1e8 == pytest.approx([1, 1], abs=2e-3)


def test_a_layer_can_be_chosen(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "x.gpkg")
    assert len(read(path, layer="vg250_gem").rows) == 2
    with pytest.raises(BundleError, match="cannot be read"):
        read(path, layer="vg250_krs")


def test_columns_can_be_mapped(tmp_path: Path) -> None:
    path = geopackage(
        tmp_path / "x.gpkg",
        columns={"LAU_ID": ["05358008", "05358012"], "LAU_NAME": ["A", "B"], "POP_2021": [5, 6]},
    )
    assert [(row.ags, row.name, row.population) for row in read(path, LAU).rows] == [
        ("05358008", "A", 5),
        ("05358012", "B", 6),
    ]
    assert PRESETS["lau"] is LAU
    with pytest.raises(BundleError, match="no layer of vg250_gem has a column AGS"):
        read(path)
    with pytest.raises(BundleError, match="has a column ID"):
        read(path, Columns(ags=("ID",)))


def test_a_truncated_geopackage_is_refused(tmp_path: Path) -> None:
    path = geopackage(tmp_path / "x.gpkg")
    path.write_bytes(path.read_bytes()[:20_000])
    with pytest.raises(BundleError, match="cannot be read"):
        read(path)


def test_a_file_without_a_coordinate_system_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.shp"
    pyogrio.raw.write(
        path, np.array([shapely.to_wkb(shapely.box(0, 0, 1, 1))], object), [np.array(["05358008"])], ["AGS"],
        driver="ESRI Shapefile", geometry_type="Polygon", crs="EPSG:25832",
    )  # fmt: skip
    path.with_suffix(".prj").unlink()
    with pytest.raises(BundleError, match="does not say which coordinate system"):
        read(path)


def test_a_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "no.gpkg")
    with pytest.raises(BundleError):
        read(written(tmp_path, "hello", "x.gpkg"))


def test_the_federal_agencys_own_shape_file_is_read() -> None:
    if not SHARED.exists():
        if os.environ.get("CI"):
            pytest.fail(f"the official file is missing: {SHARED}")
        pytest.skip("the official file is not here")
    data = read(SHARED)
    assert len(data.rows) == 10_997
    assert "31467" in data.crs
    dueren = [row for row in data.rows if row.ags.startswith("05358")]
    assert len(dueren) == 15
    bundle = build(dueren, PROVENANCE, source_crs=data.crs).bundle
    assert shapely.area(bundle.border).sum() / 1e6 == pytest.approx(940, rel=0.02)
    assert dueren[0].ars.startswith("05358000")


def test_geojson_is_in_degrees(tmp_path: Path) -> None:
    assert read(written(tmp_path, [feature(AGS="1")])).crs == WGS84


DUEREN, HEIMBACH, HUERTGENWALD = "05358008", "05358012", "05358016"
PEOPLE = [(DUEREN, 93_000), (HEIMBACH, 4_321), (HUERTGENWALD, 8_765)]


def test_the_archive_of_the_federal_agency_is_read_as_it_is_downloaded(tmp_path: Path) -> None:
    data = read(bkg.published(tmp_path))
    assert [(row.ags, row.population) for row in data.rows] == PEOPLE
    assert [row.ars for row in data.rows] == ["053580008008", "053580012012", "053580016016"]
    assert (data.rows[0].name, data.rows[0].nuts, data.crs) == ("Düren, Stadt", "DEA26", "EPSG:25832")
    assert data.newest_change == date(2024, 1, 1)
    assert data.names == (
        "vg250-ew_01-01.utm32s.gpkg.ebenen.zip",
        "vg250-ew_01-01.utm32s.gpkg.ebenen/vg250-ew_ebenen_0101/DE_VG250.gpkg",
    )


def test_so_is_the_archive_of_shape_files(tmp_path: Path) -> None:
    data = read(bkg.published_shapes(tmp_path))
    assert [(row.ags, row.population) for row in data.rows] == PEOPLE
    assert (data.rows[0].name, data.newest_change) == ("Düren, Stadt", date(2024, 1, 1))
    bundle = build(data.rows, PROVENANCE, source_crs=data.crs).bundle
    assert shapely.area(bundle.border) / 1e8 == pytest.approx([1, 1, 1], abs=2e-3)


def test_without_inhabitants_nobody_is_counted(tmp_path: Path) -> None:
    data = read(bkg.published(tmp_path, people=False))
    assert [row.population for row in data.rows] == [None, None, None]


def test_a_view_with_inhabitants_is_taken_before_the_table_without(tmp_path: Path) -> None:
    path = bkg.with_view(bkg.geopackage(tmp_path / "DE_VG250.gpkg", people=False))
    assert [row.population for row in read(path).rows] == [1001, 1002, 1004]
    assert [row.population for row in read(path, layer="vg250_gem").rows] == [None, None, None]


def test_the_layer_of_municipalities_goes_by_name_then_by_inhabitants() -> None:
    with_people = ["AGS", "EWZ"]
    assert layer_of_municipalities({"vg250_lan": with_people, "vg250_gem": ["AGS"]}, VG250) == "vg250_gem"
    views = {"vg250_gem": ["AGS"], "v_vg250_gem": with_people}
    assert layer_of_municipalities(views, VG250) == "v_vg250_gem"
    assert layer_of_municipalities({"a": ["NAME"], "b": ["AGS"], "c": ["AGS"]}, VG250) == "b"
    assert layer_of_municipalities({"vg250_gem": ["NAME"]}, VG250) is None


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "DE_VG250.gpkg").write_bytes(b"no database")
    path = bkg.archive(tmp_path / "x.zip", [tmp_path / "DE_VG250.gpkg"], "vg250")
    with pytest.raises(BundleError, match=r"DE_VG250\.gpkg cannot be read"):
        read(path)


def test_what_is_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bkg.geopackage(tmp_path / "DE_VG250.gpkg")
    monkeypatch.setattr(importers, "MAX_VERTICES", 19)
    with pytest.raises(BundleError, match="more than 19 vertices"):
        read(path)
    monkeypatch.setattr(importers, "MAX_VERTICES", 20)
    assert len(read(path).rows) == 3
    monkeypatch.setattr(importers, "MAX_ROWS", 3)
    with pytest.raises(BundleError, match="more than 3 rows"):
        read(path)
    monkeypatch.setattr(importers, "MAX_GEOJSON_BYTES", 10)
    with pytest.raises(BundleError, match="take it as a GeoPackage"):
        read_geojson(written(tmp_path, [feature(AGS="1")]))


def test_a_day_may_be_written_in_several_ways(tmp_path: Path) -> None:
    days = ["2016-01-01", "2016/01/02", "20160103", "2016-01-04T00:00:00", "soon", None]
    rows = read_geojson(written(tmp_path, [feature(AGS="1", WSK=day) for day in days]))
    assert [row.changed for row in rows] == [*(date(2016, 1, day) for day in (1, 2, 3, 4)), None, None]
    of_gdal = [({"AGS": "1", "WSK": day}, SHAPE) for day in (datetime(2016, 1, 5), date(2016, 1, 6))]  # noqa: DTZ001
    found = importers.rows(of_gdal, VG250, "x")
    assert [row.changed for row in found] == [date(2016, 1, 5), date(2016, 1, 6)]
