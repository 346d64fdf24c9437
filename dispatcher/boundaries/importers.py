"""Reads boundary data sets into rows: GeoJSON by itself, GeoPackage and shape files through pyogrio."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import shape

from dispatcher.boundaries.archives import unpacked
from dispatcher.boundaries.build import BoundaryRow
from dispatcher.boundaries.bundle import BundleError
from dispatcher.boundaries.projection import WGS84

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from pathlib import Path

# How deep feature collections may be nested: some are in published files; deeper ones are damage or malice.
MAX_NESTING = 4
# BKG: 4 is land with administrative structure, 9 its counterpart in the 1:5,000,000 set; 1 to 3 are water
# and unstructured areas, which would give a coastal municipality its share of the sea.
BKG_LAND = frozenset({"4", "9"})
# What the layer or file of municipalities is called in BKG's data: `vg250_gem`, `v_vg250_gem`, `VG250_GEM`.
BKG_MUNICIPALITIES = "_gem"
# JSON takes some ten times its size in memory; all of Germany in 1:250,000 is 78 MB of it.
MAX_GEOJSON_BYTES = 512 << 20
# All municipalities of the European Union are 100,000.
MAX_ROWS = 1_000_000
# Germany in 1:250,000 has 1.9 million: what has much more is another thing, and would be worked at for hours.
MAX_VERTICES = 50_000_000


@dataclass(frozen=True, slots=True)
class Columns:
    """Which attribute of the data set means what; several names are tried in order."""

    ags: tuple[str, ...] = ("AGS",)
    ars: tuple[str, ...] = ("ARS", "RS")
    name: tuple[str, ...] = ("GEN", "name")
    kind: tuple[str, ...] = ("BEZ",)
    nuts: tuple[str, ...] = ("NUTS",)
    population: tuple[str, ...] = ("EWZ",)
    elevation_m: tuple[str, ...] = ("MAX_HOEHE",)
    land: tuple[str, ...] = ("GF",)
    """The attribute that says whether a part is land; rows without it count as land."""
    land_values: frozenset[str] = BKG_LAND
    changed: tuple[str, ...] = ("WSK",)
    """The attribute that says on which day the unit last changed by law."""


VG250 = Columns()

# GISCO's Local Administrative Units; other countries' data need columns of their own.
LAU = Columns(
    ags=("LAU_ID",),
    ars=(),
    name=("LAU_NAME",),
    kind=(),
    population=("POP_2024", "POP_2023", "POP_2022", "POP_2021", "POP_2020"),
    land=(),
    changed=(),
)
PRESETS: Mapping[str, Columns] = MappingProxyType({"lau": LAU, "vg250": VG250})


@dataclass(frozen=True, slots=True)
class DataSet:
    """The land rows of a file, and the system its coordinates are in."""

    rows: tuple[BoundaryRow, ...]
    crs: str
    names: tuple[str, ...] = ()
    """What the file is called, and in an archive the one that was read of it."""

    @property
    def newest_change(self) -> date | None:
        """Return the day on which a unit last changed by law; None where the data do not say."""
        return max((row.changed for row in self.rows if row.changed), default=None)


def read(path: Path, columns: Columns = VG250, layer: str | None = None) -> DataSet:
    """Read GeoJSON (by its suffix), anything GDAL reads, or a ZIP archive of it as BKG publishes it; raises
    `BundleError` or `OSError`.

    `layer` chooses one of several in a GeoPackage, by default `layer_of_municipalities`.
    """
    if path.suffix.lower() in {".geojson", ".json"}:
        return DataSet(read_geojson(path, columns), WGS84, (path.name,))
    with unpacked(path, BKG_MUNICIPALITIES) as (file, name):
        return _read_with_gdal(file, columns, layer, (path.name, name))


def read_geojson(path: Path, columns: Columns = VG250) -> tuple[BoundaryRow, ...]:
    """Return the land rows of a GeoJSON file: a collection, a list, or collections nested in them.

    Raises `BundleError` where the file is no GeoJSON, is cut off, lacks the columns or is not in degrees.
    """
    if path.stat().st_size > MAX_GEOJSON_BYTES:
        raise BundleError(f"{path.name} is larger than {MAX_GEOJSON_BYTES >> 20} MB: take it as a GeoPackage")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path.name} is not complete JSON: {error}") from error
    found = tuple(rows((_feature(f, path) for f in _features(content, path)), columns, path.name))
    for row in found:
        west, south, east, north = row.geometry.bounds
        if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
            raise BundleError(f"{path.name}: unit {row.ags} is not in degrees; GeoJSON must be (RFC 7946 §4)")
    return found


def layer_of_municipalities(layers: Mapping[str, Collection[str]], columns: Columns) -> str | None:
    """Return which of the layers, each with its columns, has the municipalities; None where none has the codes.

    In BKG's data states, districts and associations have a column AGS, too: there the name decides, and of two layers
    of municipalities, a table and a view, the one with inhabitants is taken.
    """
    having = [name for name, fields in layers.items() if set(columns.ags) & set(fields)]
    found = [name for name in having if name.casefold().endswith(BKG_MUNICIPALITIES)] or having
    return next(
        (name for name in found if set(columns.population) & set(layers[name])), next(iter(found), None)
    )


def _read_with_gdal(path: Path, columns: Columns, layer: str | None, names: tuple[str, ...]) -> DataSet:
    try:
        from pyogrio import errors, list_layers, raw, read_info  # noqa: PLC0415 - an extra that only imports need
    except ImportError as error:
        raise BundleError("reading this format needs the extra `geodata` (pip install .[geodata])") from error
    try:
        layers = [layer] if layer else [name for name, kind in list_layers(path) if kind is not None]
        fields = {name: list(read_info(path, layer=name)["fields"]) for name in layers}
        chosen = layer_of_municipalities(fields, columns)
        if chosen is None:
            wanted = " or ".join(columns.ags)
            raise BundleError(f"{path.name}: no layer of {', '.join(layers)} has a column {wanted}")
        meta, _, geometries, values = raw.read(path, layer=chosen, max_features=MAX_ROWS + 1)
    except (
        errors.DataSourceError,
        errors.DataLayerError,
        errors.FeatureError,
        errors.GeometryError,
    ) as error:
        raise BundleError(f"{path.name} cannot be read, or not to its end: {error}") from error
    return _data_set(path, meta, geometries, values, columns, names)


def _data_set(
    path: Path,
    meta: Mapping[str, Any],
    geometries: Any,
    values: Any,
    columns: Columns,
    names: tuple[str, ...],
) -> DataSet:
    if len(geometries) > MAX_ROWS:
        raise BundleError(f"{path.name} has more than {MAX_ROWS} rows")
    if not meta["crs"]:
        raise BundleError(f"{path.name} does not say which coordinate system it is in")
    fields = list(meta["fields"])
    attributes = (
        dict(zip(fields, (_plain(v) for v in row), strict=True)) for row in zip(*values, strict=True)
    )
    try:
        shapes = shapely.from_wkb(geometries)
    except shapely.GEOSException as error:
        raise BundleError(f"{path.name}: a geometry is damaged ({error})") from error
    if shapely.get_num_coordinates(shapes).sum() > MAX_VERTICES:
        raise BundleError(f"{path.name} has more than {MAX_VERTICES} vertices")
    found = tuple(rows(zip(attributes, shapes, strict=True), columns, path.name))
    return DataSet(found, str(meta["crs"]), names)


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def rows(
    features: Iterable[tuple[Mapping[str, Any], Any]], columns: Columns, origin: str
) -> Iterator[BoundaryRow]:
    """Yield a row for each pair of attributes and geometry, land only; raises `BundleError` for a row without code or
    area.
    """
    for attributes, geometry in features:
        if not is_land(attributes, columns):
            continue
        ags = _code(attributes, columns.ags, 8)
        if not ags:
            raise BundleError(f"{origin}: a row has none of the code columns {', '.join(columns.ags)}")
        if geometry is None or not shapely.is_geometry(geometry) or geometry.is_empty:
            raise BundleError(f"{origin}: unit {ags} has no geometry")
        yield BoundaryRow(
            ags=ags,
            ars=_code(attributes, columns.ars, 12),
            name=_text(attributes, columns.name) or ags,
            geometry=geometry,
            kind=_text(attributes, columns.kind),
            nuts=_text(attributes, columns.nuts),
            population=_whole(attributes, columns.population),
            elevation_m=_number(attributes, columns.elevation_m),
            changed=_day(_value(attributes, columns.changed)),
        )


def is_land(attributes: Mapping[str, Any], columns: Columns) -> bool:
    value = _text(attributes, columns.land)
    return not value or value in columns.land_values


def _features(content: Any, path: Path, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    if depth > MAX_NESTING:
        raise BundleError(f"{path.name} nests collections deeper than {MAX_NESTING}")
    collection = isinstance(content, dict) and content.get("type") == "FeatureCollection"
    inside = content.get("features") if collection else content
    if isinstance(inside, list):
        for item in inside:
            yield from _features(item, path, depth + 1)
    elif isinstance(content, dict) and content.get("type") == "Feature":
        yield content
    else:
        raise BundleError(
            f"{path.name} holds something that is neither a feature nor a collection of features"
        )


def _feature(feature: Mapping[str, Any], path: Path) -> tuple[Mapping[str, Any], Any]:
    try:
        return feature.get("properties") or {}, shape(feature["geometry"])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, ShapelyError) as error:
        raise BundleError(f"{path.name}: a feature's geometry cannot be read ({error})") from error


def _value(attributes: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    found = (attributes[name] for name in names if name in attributes)
    return next((value for value in found if value is not None and value == value), None)  # noqa: PLR0124 - NaN


def _text(attributes: Mapping[str, Any], names: tuple[str, ...]) -> str:
    value = _value(attributes, names)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def _code(attributes: Mapping[str, Any], names: tuple[str, ...], digits: int) -> str:
    """Return a code; only a numeric column can have lost its leading zero, and only that is put back."""
    text = _text(attributes, names)
    numeric = not isinstance(_value(attributes, names), str)
    return text.zfill(digits) if numeric and len(text) == digits - 1 and text.isdigit() else text


def _number(attributes: Mapping[str, Any], names: tuple[str, ...]) -> float | None:
    try:
        number = float(_text(attributes, names))
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _whole(attributes: Mapping[str, Any], names: tuple[str, ...]) -> int | None:
    number = _number(attributes, names)
    return None if number is None or number < 0 else round(number)


def _day(value: Any) -> date | None:
    """Return a day that is a date, or written as one: shape files have dates, older GeoJSON `2016/01/01`."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return datetime.fromisoformat(str(value).strip().replace("/", "-")).date()
    except ValueError:
        return None
