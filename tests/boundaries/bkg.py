"""Files in the layout of BKG's VG250 and VG250-EW: their layers, columns and types, with squares for municipalities.

Layout: the columns that the 1:5,000,000 set of 2021 and the sets since have, the names of archives and layers as they
are published (ops/docs/decisions/0116-current-boundaries.md says what of it could not be checked against BKG).
"""

import sqlite3
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely

CRS = "EPSG:25832"
WEST, SOUTH, SIDE = 3.1e5, 5.62e6, 1e4
"""Near Düren, in metres of UTM zone 32."""
LAND, WATER = 4, 2
LEVELS = ("sta", "lan", "rbz", "krs", "vwg", "gem")
KEY_LENGTHS = dict(zip(LEVELS, (0, 2, 3, 5, 5, 8), strict=True))
"""Digits of the AGS at each level: of an association it is the one of its district."""


@dataclass(frozen=True)
class Unit:
    """A part of a municipality, a square at a column of a row of squares."""

    ars: str
    name: str
    column: int
    gf: int = LAND
    population: int | None = None
    changed: str = "2009-10-21"

    @property
    def ags(self) -> str:
        return self.ars[:5] + self.ars[9:]


UNITS = (
    Unit("053580008008", "Düren, Stadt", 0, population=93_000, changed="2024-01-01"),
    Unit("053580012012", "Heimbach", 1, population=4_321),
    Unit("053580012012", "Heimbach", 2, gf=WATER, population=4_321),
    Unit("053580016016", "Hürtgenwald", 3, population=8_765),
)


def square(unit: Unit) -> Any:
    x = WEST + unit.column * SIDE
    return shapely.box(x, SOUTH, x + SIDE, SOUTH + SIDE)


def columns(units: tuple[Unit, ...], digits: int, *, people: bool) -> dict[str, Any]:
    """The columns of one level, in BKG's order."""
    count = len(units)

    def text(*values: str) -> Any:
        return np.array(values, object)

    def same(value: str) -> Any:
        return text(*[value] * count)

    found = {
        "OBJID": text(*(f"DEBKGVG500000{n:03}" for n in range(count))),
        "BEGINN": np.array([one.changed for one in units], "datetime64[D]"),
        "ADE": np.array([6] * count, np.int32),
        "GF": np.array([one.gf for one in units], np.int32),
        "BSG": np.array([1] * count, np.int32),
        "ARS": text(*(one.ars for one in units)),
        "AGS": text(*(one.ags[:digits] for one in units)),
        "SDV_ARS": text(*(one.ars for one in units)),
        "GEN": text(*(one.name for one in units)),
        "BEZ": same("Gemeinde"),
        "IBZ": np.array([64] * count, np.int32),
        "BEM": same("--"),
        "NBD": same("ja"),
        "SN_L": text(*(one.ars[:2] for one in units)),
        "SN_R": text(*(one.ars[2] for one in units)),
        "SN_K": text(*(one.ars[3:5] for one in units)),
        "SN_V1": text(*(one.ars[5:7] for one in units)),
        "SN_V2": text(*(one.ars[7:9] for one in units)),
        "SN_G": text(*(one.ars[9:] for one in units)),
        "FK_S3": same("R"),
        "NUTS": same("DEA26"),
        "ARS_0": text(*(one.ars for one in units)),
        "AGS_0": text(*(one.ags for one in units)),
        "WSK": np.array([one.changed for one in units], "datetime64[D]"),
    }
    if people:
        found["EWZ"] = np.array([one.population or 0 for one in units], np.int32)
        found["KFL"] = np.array([100.0] * count, np.float64)
    return found


def write(path: Path, layer: str, data: dict[str, Any], units: tuple[Unit, ...], driver: str) -> None:
    shapes = np.array([shapely.to_wkb(shapely.MultiPolygon([square(one)])) for one in units], object)
    pyogrio.raw.write(
        path, shapes, list(data.values()), list(data), layer=layer, driver=driver,
        geometry_type="MultiPolygon", crs=CRS, append=path.exists(),
    )  # fmt: skip


def geopackage(path: Path, units: tuple[Unit, ...] = UNITS, *, people: bool = True) -> Path:
    """`DE_VG250.gpkg`, with a layer for each level, of which the states' comes first."""
    for level in LEVELS:
        write(path, f"vg250_{level}", columns(units, KEY_LENGTHS[level], people=people), units, "GPKG")
    return path


def with_view(path: Path) -> Path:
    """Add inhabitants as a view `v_vg250_gem` beside a table that has none."""
    with sqlite3.connect(path) as database:
        database.executescript("""
            CREATE VIEW v_vg250_gem AS SELECT *, 1000 + fid AS EWZ FROM vg250_gem;
            INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id)
            SELECT 'v_vg250_gem', data_type, 'v_vg250_gem', srs_id FROM gpkg_contents WHERE table_name = 'vg250_gem';
            INSERT INTO gpkg_geometry_columns
            SELECT 'v_vg250_gem', column_name, geometry_type_name, srs_id, z, m FROM gpkg_geometry_columns
            WHERE table_name = 'vg250_gem';
        """)
    database.close()
    return path


def shapes(folder: Path, units: tuple[Unit, ...] = UNITS, *, people: bool = True) -> list[Path]:
    """`VG250_GEM.shp` and its like, each level of several files."""
    folder.mkdir()
    for level in ("KRS", "GEM"):
        data = columns(units, KEY_LENGTHS[level.lower()], people=people)
        write(folder / f"VG250_{level}.shp", f"VG250_{level}", data, units, "ESRI Shapefile")
    return sorted(folder.iterdir())


def archive(path: Path, files: list[Path], inside: str) -> Path:
    """A ZIP archive with the files in BKG's folders, and its documents."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(f"{inside}/../dokumentation/vg250.pdf", b"%PDF")
        for file in files:
            packed.write(file, f"{inside}/{file.name}")
    return path


def published(
    folder: Path, units: tuple[Unit, ...] = UNITS, *, day: str = "01-01", people: bool = True
) -> Path:
    """The archive of the GeoPackage as it is downloaded."""
    name = f"vg250-ew_{day}.utm32s.gpkg.ebenen" if people else f"vg250_{day}.utm32s.gpkg.ebenen"
    product = "vg250-ew" if people else "vg250"
    inside = f"{name}/{product}_ebenen_{day.replace('-', '')}"
    package = geopackage(folder / "DE_VG250.gpkg", units, people=people)
    return archive(folder / f"{name}.zip", [package], inside)


def published_shapes(folder: Path, *, day: str = "12-31") -> Path:
    """The archive of the shape files as it is downloaded."""
    name = f"vg250-ew_{day}.utm32s.shape.ebenen"
    inside = f"{name}/vg250-ew_ebenen_{day.replace('-', '')}"
    return archive(folder / f"{name}.zip", shapes(folder / "shapes"), inside)
