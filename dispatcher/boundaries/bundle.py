"""The boundary bundle: one file with everything matching needs, read with numpy and shapely alone.

A bundle is a ZIP archive of five kinds of member, so that any tool can open it:

    manifest.json              provenance, licence, attribution, vintage, CRS, SHA-256 of every other member
    units.json                 one column per attribute: ags, ars, name, kind, nuts, population, aliases
    <layer>.coords.npy         int32, rows of (x, y): centimetres in the bundle's CRS
    <layer>.rings.npy          int64 offsets: ring -> first coordinate
    <layer>.polygons.npy       int64 offsets: polygon -> first ring
    <layer>.units.npy          int64 offsets: unit -> first polygon

with the layers `border` (the unit itself) and `inset` (what lies at least `inset_m` inside it). Arrays are
stored as they are: deflating them saves a third of the file and doubles the time to load it.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FORMAT = "boundaries/1"
CENTIMETRES = 100.0
LAYERS = ("border", "inset")
# All municipalities of the European Union are 100,000 units and about 300 MB; ten times that is no bundle.
MAX_MEMBER_BYTES = 4 << 30


class BundleError(ValueError):
    """The file is not a boundary bundle, is damaged, or contradicts itself."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where the boundaries come from, and what must be said about them wherever they are shown."""

    source: str
    url: str
    licence: str
    attribution: str
    vintage: str
    """ISO date on which the boundaries were in force."""
    country: str
    """ISO 3166-1 alpha-2; `DE` switches the German code schemes on."""
    changes: tuple[str, ...] = ()
    """What was done to the original, as licences that allow change ask to state."""
    source_sha256: str = ""

    @property
    def as_of(self) -> datetime:
        """Return the beginning of the day of the vintage, in UTC."""
        return datetime.fromisoformat(self.vintage).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Alias:
    """The unit a former code belongs to, and the vintage of the data in which it was last in force."""

    ags: str
    vintage: str


@dataclass(frozen=True, slots=True)
class Units:
    """The attributes of the units, one entry per unit in every column, sorted by `ags`."""

    ags: tuple[str, ...]
    ars: tuple[str, ...]
    name: tuple[str, ...]
    kind: tuple[str, ...]
    nuts: tuple[str, ...]
    population: tuple[int | None, ...]
    elevation_m: tuple[float | None, ...]
    """Highest point above mean sea level, where the source gives it."""
    aliases: Mapping[str, Alias] = field(default_factory=dict)
    """Codes no longer in force, as `ARS:053580004004` or `AGS:05358004`, and what they mean now."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """What a bundle file holds, with geometry as arrays of shapely (multi)polygons in `crs`, in metres."""

    provenance: Provenance
    crs: str
    inset_m: float
    units: Units
    border: NDArray[np.object_]
    inset: NDArray[np.object_]
    sha256: str = ""
    """The hash of the manifest, which in turn names the hash of every member."""


def write(path: Path, bundle: Bundle) -> str:
    """Write the bundle, byte for byte the same for the same content; returns its SHA-256. Where that fails, of which
    `OSError` tells, what was there before stays as it was.
    """
    members = {"units.json": _json(asdict(bundle.units))}
    for layer in LAYERS:
        members |= _pack(layer, getattr(bundle, layer))
    manifest = _json(
        {
            "format": FORMAT,
            "crs": bundle.crs,
            "inset_m": bundle.inset_m,
            "count": len(bundle.units.ags),
            "provenance": asdict(bundle.provenance),
            "sha256": {name: hashlib.sha256(content).hexdigest() for name, content in members.items()},
        }
    )
    partial = path.with_name(path.name + ".partial")
    try:
        with zipfile.ZipFile(partial, "w") as archive:
            for name, content in {"manifest.json": manifest, **members}.items():
                info = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
                info.compress_type = zipfile.ZIP_STORED if name.endswith(".npy") else zipfile.ZIP_DEFLATED
                archive.writestr(info, content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return hashlib.sha256(manifest).hexdigest()


def read(path: Path) -> Bundle:
    """Read a bundle and check it against its own hashes; raises `BundleError`, or `OSError`."""
    with _opened(path) as archive:
        return _unpack({info.filename: _member(archive, info) for info in archive.infolist()})


def read_units(path: Path) -> Units:
    """Read the attributes of a bundle's units alone, without their geometry, which is large; raises as `read`."""
    with _opened(path) as archive:
        manifest = _manifest(_member(archive, archive.getinfo("manifest.json")))
        raw = _member(archive, archive.getinfo("units.json"))
        _verify_member("units.json", raw, manifest["sha256"])
        return _units(json.loads(raw))


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a bundle; whatever shows that it is none is a `BundleError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        KeyError,
        TypeError,
        IndexError,
        RecursionError,
    ) as error:
        raise BundleError(f"{path.name} is not a readable boundary bundle ({error})") from error
    except ValueError as error:
        raise BundleError(f"{path.name}: {error}") from error


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.file_size > MAX_MEMBER_BYTES:
        raise BundleError(f"member {info.filename} is larger than {MAX_MEMBER_BYTES} bytes")
    return archive.read(info)


def _unpack(members: dict[str, bytes]) -> Bundle:
    raw = members.pop("manifest.json")
    manifest = _manifest(raw)
    _verify(members, manifest["sha256"])
    units = _units(json.loads(members["units.json"]))
    layers = {layer: _geometry(layer, members) for layer in LAYERS}
    lengths = {len(units.ags), manifest["count"], *map(len, layers.values())}
    if len(lengths) != 1:
        raise BundleError(f"the parts of the bundle count their units differently: {sorted(lengths)}")
    provenance = manifest["provenance"]
    date.fromisoformat(provenance["vintage"])  # who counts its age has it as a day
    return Bundle(
        provenance=Provenance(**{**provenance, "changes": tuple(provenance["changes"])}),
        crs=manifest["crs"],
        inset_m=float(manifest["inset_m"]),
        units=units,
        border=layers["border"],
        inset=layers["inset"],
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def _manifest(raw: bytes) -> dict[str, Any]:
    manifest: dict[str, Any] = json.loads(raw)
    if manifest.get("format") != FORMAT:
        raise BundleError(f"format {manifest.get('format')!r} is not {FORMAT!r}")
    return manifest


def _verify(members: Mapping[str, bytes], expected: Mapping[str, str]) -> None:
    if members.keys() != expected.keys():
        raise BundleError("the bundle lacks members that its manifest names, or has others")
    for name, content in members.items():
        _verify_member(name, content, expected)


def _verify_member(name: str, content: bytes, expected: Mapping[str, str]) -> None:
    if hashlib.sha256(content).hexdigest() != expected[name]:
        raise BundleError(f"member {name} is damaged: its SHA-256 is not the one in the manifest")


def _units(columns: dict[str, Any]) -> Units:
    names = {item.name for item in fields(Units)} - {"aliases"}
    if len({len(columns[name]) for name in names}) != 1:
        raise BundleError("the columns of units.json differ in length")
    aliases = {code: Alias(**alias) for code, alias in columns["aliases"].items()}
    return Units(aliases=aliases, **{name: tuple(columns[name]) for name in names})


def _pack(layer: str, geometries: NDArray[np.object_]) -> dict[str, bytes]:
    multi = np.array([shapely.MultiPolygon([g]) if g.geom_type == "Polygon" else g for g in geometries])
    _, coords, offsets = shapely.to_ragged_array(multi, include_z=False)
    arrays = {"coords": np.rint(coords * CENTIMETRES).astype(np.int32)}
    arrays |= dict(
        zip(("rings", "polygons", "units"), (np.asarray(o, np.int64) for o in offsets), strict=True)
    )
    return {f"{layer}.{name}.npy": _npy(array) for name, array in arrays.items()}


def _geometry(layer: str, members: Mapping[str, bytes]) -> NDArray[np.object_]:
    centimetres, *offsets = (
        np.load(io.BytesIO(members[f"{layer}.{name}.npy"]), allow_pickle=False)
        for name in ("coords", "rings", "polygons", "units")
    )
    multi = shapely.GeometryType.MULTIPOLYGON
    geometries: NDArray[np.object_] = np.asarray(
        shapely.from_ragged_array(multi, centimetres / CENTIMETRES, tuple(offsets))
    )
    return geometries


def _npy(array: NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, allow_pickle=False)
    return buffer.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
