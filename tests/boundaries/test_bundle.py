"""The bundle file, and how one is built."""

import dataclasses
import io
import json
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely

from dispatcher.boundaries import bundle as bundles
from dispatcher.boundaries.bundle import Alias, BundleError
from dispatcher.boundaries.municipalities import PILOT, Boundaries, names_in
from tests.boundaries.rows import HERE, built, row


def test_the_pilot_bundle_is_kreis_dueren_and_25_km(boundaries: Boundaries) -> None:
    assert PILOT.stat().st_size < 1_000_000
    assert len(boundaries.municipalities) == 89
    assert boundaries.provenance.attribution == "© GeoBasis-DE / BKG 2016 (Daten verändert)"
    assert boundaries.provenance.vintage == "2016-01-01"
    assert boundaries.area_m2[list(boundaries.indices_of_ags("05358"))].sum() / 1e6 == pytest.approx(
        940.4, abs=1
    )
    assert shapely.is_valid(boundaries.border).all()
    assert shapely.is_valid(boundaries.inset).all()
    assert shapely.covers(boundaries.border, boundaries.inset).all()


def test_a_bundle_comes_back_as_it_was_written(tmp_path: Path) -> None:
    original = built(
        row("05001001", 4e6, 3e6, 4.01e6, 3.01e6, population=7, elevation_m=12.5),
        row("05001002", 4.01e6, 3e6, 4.02e6, 3.01e6),
    ).bundle
    aliased = dataclasses.replace(
        original,
        units=dataclasses.replace(original.units, aliases={"AGS:05001009": Alias("05001001", "2010-01-01")}),
    )
    digest = bundles.write(tmp_path / "a.bundle", aliased)
    again = bundles.read(tmp_path / "a.bundle")
    assert again.sha256 == digest
    assert again.units == aliased.units
    assert again.provenance == HERE
    assert shapely.equals(again.border, aliased.border).all()
    assert shapely.equals_exact(again.inset, aliased.inset, tolerance=0.01).all()
    assert bundles.write(tmp_path / "b.bundle", again) == digest
    assert (tmp_path / "a.bundle").read_bytes() == (tmp_path / "b.bundle").read_bytes()


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path) -> None:
    good = built(row("05001001", 4e6, 3e6, 4.01e6, 3.01e6)).bundle
    target = tmp_path / "a.bundle"
    bundles.write(target, good)
    before = target.read_bytes()
    target.with_name("b").mkdir()
    with pytest.raises(OSError):  # a folder is no file to replace
        bundles.write(target.with_name("b"), good)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.bundle", "b"]
    assert target.read_bytes() == before


def test_the_vintage_is_a_day_from_its_beginning_on(tmp_path: Path) -> None:
    assert HERE.as_of == datetime(2020, 1, 1, tzinfo=UTC)
    good = built(row("05001001", 4e6, 3e6, 4.01e6, 3.01e6)).bundle
    bundles.write(
        tmp_path / "a.bundle", dataclasses.replace(good, provenance=dataclasses.replace(HERE, vintage="2020"))
    )
    with pytest.raises(BundleError, match="Invalid isoformat"):
        bundles.read(tmp_path / "a.bundle")


def rewritten(tmp_path: Path, change: Any) -> Any:
    """The pilot bundle with its members changed and packed again."""
    with zipfile.ZipFile(PILOT) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    target = tmp_path / "changed.bundle"
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def manifest_with(**changes: Any) -> Any:
    def change(members: Any) -> None:
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | changes).encode()

    return change


def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "cut.bundle"
    target.write_bytes(PILOT.read_bytes()[:100_000])
    with pytest.raises(BundleError, match="not a readable boundary bundle"):
        bundles.read(target)


def test_a_flipped_bit_is_refused(tmp_path: Path) -> None:
    def flip(members: Any) -> None:
        members["border.coords.npy"] = members["border.coords.npy"][:-1] + b"\x00"

    with pytest.raises(BundleError, match=r"border\.coords\.npy is damaged"):
        bundles.read(rewritten(tmp_path, flip))


def test_a_missing_member_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="lacks members"):
        bundles.read(rewritten(tmp_path, lambda members: members.pop("inset.rings.npy")))


def test_another_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="format 'boundaries/9'"):
        bundles.read(rewritten(tmp_path, manifest_with(format="boundaries/9")))


def test_counts_that_disagree_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="count their units differently"):
        bundles.read(rewritten(tmp_path, manifest_with(count=88)))


def test_columns_that_disagree_are_refused(tmp_path: Path) -> None:
    import hashlib

    def shorten(members: Any) -> None:
        units = json.loads(members["units.json"])
        units["name"].pop()
        members["units.json"] = json.dumps(units).encode()
        manifest = json.loads(members["manifest.json"])
        manifest["sha256"]["units.json"] = hashlib.sha256(members["units.json"]).hexdigest()
        members["manifest.json"] = json.dumps(manifest).encode()

    with pytest.raises(BundleError, match="differ in length"):
        bundles.read(rewritten(tmp_path, shorten))


def test_a_picture_is_no_bundle(tmp_path: Path) -> None:
    target = tmp_path / "x.bundle"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(BundleError):
        bundles.read(target)
    shutil.copy(__file__, target)
    with pytest.raises(BundleError):
        bundles.read(target)


def test_a_member_too_large_is_refused_before_it_is_unpacked(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    before = bundles.MAX_MEMBER_BYTES
    request.addfinalizer(lambda: setattr(bundles, "MAX_MEMBER_BYTES", before))
    bundles.MAX_MEMBER_BYTES = 1000
    with pytest.raises(BundleError, match="larger than"):
        bundles.read(PILOT)


def test_no_pickle_is_ever_unpacked(tmp_path: Path) -> None:
    def sneak(members: Any) -> None:
        buffer = io.BytesIO()
        np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        members["border.coords.npy"] = buffer.getvalue()
        import hashlib

        manifest = json.loads(members["manifest.json"])
        manifest["sha256"]["border.coords.npy"] = hashlib.sha256(buffer.getvalue()).hexdigest()
        members["manifest.json"] = json.dumps(manifest).encode()

    with pytest.raises(BundleError, match="allow_pickle"):
        bundles.read(rewritten(tmp_path, sneak))


def test_the_names_alone_are_those_of_the_whole(boundaries: Boundaries) -> None:
    assert names_in(None) == names_in(PILOT) == boundaries.names()
    assert "düren" in names_in(None)


def test_names_of_what_is_no_bundle_or_damaged_are_refused(tmp_path: Path) -> None:
    def rename(members: Any) -> None:
        members["units.json"] = members["units.json"].replace(b"Aldenhoven", b"Aldenhofen")

    with pytest.raises(BundleError, match=r"units\.json is damaged"):
        names_in(rewritten(tmp_path, rename))
    with pytest.raises(BundleError, match="format 'boundaries/9'"):
        names_in(rewritten(tmp_path, manifest_with(format="boundaries/9")))
    target = tmp_path / "cut.bundle"
    target.write_bytes(PILOT.read_bytes()[:100_000])
    with pytest.raises(BundleError, match="not a readable boundary bundle"):
        names_in(target)
