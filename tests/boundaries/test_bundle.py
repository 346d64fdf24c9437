"""The bundle file, and how one is built."""

import dataclasses
import io
import json
import shutil
import zipfile

import numpy as np
import pytest
import shapely

from dispatcher.boundaries import bundle as bundles
from dispatcher.boundaries.build import BoundaryRow, build, inset, polygonal
from dispatcher.boundaries.bundle import Alias, Bundle, BundleError, Provenance
from dispatcher.boundaries.municipalities import PILOT, Boundaries
from dispatcher.boundaries.projection import EUROPE_EQUAL_AREA
from dispatcher.boundaries.succession import succession, with_aliases

HERE = Provenance("test", "", "CC0", "nobody", "2020-01-01", "")


def row(ags, x0, y0, x1, y1, **more):
    return BoundaryRow(ags, f"{ags[:5]}0000{ags[5:]}", f"place {ags}", shapely.box(x0, y0, x1, y1), **more)


def built(*rows, **more):
    return build(rows, more.pop("provenance", HERE), source_crs=EUROPE_EQUAL_AREA, **more)


def test_the_pilot_bundle_is_kreis_dueren_and_25_km(boundaries):
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


def test_a_bundle_comes_back_as_it_was_written(tmp_path):
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


def rewritten(tmp_path, change):
    """The pilot bundle with its members changed and packed again."""
    with zipfile.ZipFile(PILOT) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    target = tmp_path / "changed.bundle"
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target


def manifest_with(**changes):
    def change(members):
        members["manifest.json"] = json.dumps(json.loads(members["manifest.json"]) | changes).encode()

    return change


def test_a_truncated_file_is_refused(tmp_path):
    target = tmp_path / "cut.bundle"
    target.write_bytes(PILOT.read_bytes()[:100_000])
    with pytest.raises(BundleError, match="not a readable boundary bundle"):
        bundles.read(target)


def test_a_flipped_bit_is_refused(tmp_path):
    def flip(members):
        members["border.coords.npy"] = members["border.coords.npy"][:-1] + b"\x00"

    with pytest.raises(BundleError, match=r"border\.coords\.npy is damaged"):
        bundles.read(rewritten(tmp_path, flip))


def test_a_missing_member_is_refused(tmp_path):
    with pytest.raises(BundleError, match="lacks members"):
        bundles.read(rewritten(tmp_path, lambda members: members.pop("inset.rings.npy")))


def test_another_format_is_refused(tmp_path):
    with pytest.raises(BundleError, match="format 'boundaries/9'"):
        bundles.read(rewritten(tmp_path, manifest_with(format="boundaries/9")))


def test_counts_that_disagree_are_refused(tmp_path):
    with pytest.raises(BundleError, match="count their units differently"):
        bundles.read(rewritten(tmp_path, manifest_with(count=88)))


def test_columns_that_disagree_are_refused(tmp_path):
    import hashlib

    def shorten(members):
        units = json.loads(members["units.json"])
        units["name"].pop()
        members["units.json"] = json.dumps(units).encode()
        manifest = json.loads(members["manifest.json"])
        manifest["sha256"]["units.json"] = hashlib.sha256(members["units.json"]).hexdigest()
        members["manifest.json"] = json.dumps(manifest).encode()

    with pytest.raises(BundleError, match="differ in length"):
        bundles.read(rewritten(tmp_path, shorten))


def test_a_picture_is_no_bundle(tmp_path):
    target = tmp_path / "x.bundle"
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(BundleError):
        bundles.read(target)
    shutil.copy(__file__, target)
    with pytest.raises(BundleError):
        bundles.read(target)


def test_a_member_too_large_is_refused_before_it_is_unpacked(tmp_path, request):
    before = bundles.MAX_MEMBER_BYTES
    request.addfinalizer(lambda: setattr(bundles, "MAX_MEMBER_BYTES", before))
    bundles.MAX_MEMBER_BYTES = 1000
    with pytest.raises(BundleError, match="larger than"):
        bundles.read(PILOT)


def test_no_pickle_is_ever_unpacked(tmp_path):
    def sneak(members):
        buffer = io.BytesIO()
        np.save(buffer, np.array([{"a": 1}], dtype=object), allow_pickle=True)
        members["border.coords.npy"] = buffer.getvalue()
        import hashlib

        manifest = json.loads(members["manifest.json"])
        manifest["sha256"]["border.coords.npy"] = hashlib.sha256(buffer.getvalue()).hexdigest()
        members["manifest.json"] = json.dumps(manifest).encode()

    with pytest.raises(BundleError, match="allow_pickle"):
        bundles.read(rewritten(tmp_path, sneak))


def test_rows_of_one_code_are_dissolved_and_broken_ones_repaired():
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


def test_progress_is_told():
    steps = []
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
def test_rows_that_cannot_be_used_are_refused(rows, message):
    with pytest.raises(BundleError, match=message):
        built(*rows)


def test_data_in_the_wrong_system_is_noticed():
    with pytest.raises(BundleError, match="wrong coordinate system"):
        built(row("05001001", 1e6, 1e6, 1.01e6, 1.01e6), provenance=dataclasses.replace(HERE, country="DE"))


def test_a_narrow_part_is_inset_as_far_as_it_goes():
    wide, islet = shapely.box(0, 0, 5000, 5000), shapely.box(9000, 0, 9060, 60)
    parts = shapely.get_parts(inset(shapely.union(wide, islet), 100))
    assert sorted(round(part.area) for part in parts) == [10 * 10, 4800 * 4800]
    thread = shapely.box(0, 0, 5000, 1)
    assert inset(thread, 100).area == thread.area


def test_polygons_only():
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.LineString([(2, 2), (3, 3)])])
    assert polygonal(mixed).area == 1


def grown(bundle, drop=(), rename=()):
    """The bundle with units left out and ARS changed."""
    keep = [i for i, ags in enumerate(bundle.units.ags) if ags not in drop]
    columns = {
        f.name: tuple(getattr(bundle.units, f.name)[i] for i in keep)
        for f in dataclasses.fields(bundle.units)
        if f.name != "aliases"
    }
    renamed = dict(rename)
    columns["ars"] = tuple(renamed.get(a, s) for a, s in zip(columns["ags"], columns["ars"], strict=True))
    return dataclasses.replace(
        bundle,
        units=dataclasses.replace(bundle.units, **columns),
        border=bundle.border[keep],
        inset=bundle.inset[keep],
    )


def test_changed_keys_are_reported_and_lead_on():
    old = built(
        row("05001001", 4.00e6, 3e6, 4.01e6, 3.01e6),
        row("05001002", 4.01e6, 3e6, 4.02e6, 3.01e6),
        row("05001003", 4.02e6, 3e6, 4.03e6, 3.01e6),
        row("05001005", 4.10e6, 3e6, 4.11e6, 3.01e6),
    ).bundle
    new = built(
        row("05001001", 4.00e6, 3e6, 4.02e6, 3.01e6),
        BoundaryRow("05001003", "050019999003", "moved", shapely.box(4.02e6, 3e6, 4.03e6, 3.01e6)),
        row("05001004", 4.03e6, 3e6, 4.04e6, 3.01e6),
    ).bundle
    changes = succession(old, new)
    assert changes.ended == ("05001002", "05001005")
    assert changes.begun == ("05001004",)
    assert changes.absorbed == (("05001002", "05001001"),)
    assert changes.ars_changed == (("05001003", "050010000003", "050019999003"),)
    aliased = Boundaries.of(with_aliases(new, old, changes))
    assert aliased.units.aliases["AGS:05001002"] == Alias("05001001", "2020-01-01")
    assert aliased.units.aliases["ARS:050010000003"] == Alias("05001003", "2020-01-01")
    later = with_aliases(
        grown(new, drop=("05001003",)),
        with_aliases(new, old, changes),
        succession(new, grown(new, drop=("05001003",))),
    )
    assert "AGS:05001002" in later.units.aliases
    assert "ARS:050010000003" not in later.units.aliases


def test_bundles_in_different_systems_are_not_compared():
    one = built(row("05001001", 4e6, 3e6, 4.01e6, 3.01e6)).bundle
    with pytest.raises(BundleError, match="different systems"):
        succession(one, dataclasses.replace(one, crs="EPSG:6933"))
    assert isinstance(one, Bundle)


def test_the_order_of_parts_and_corners_does_not_matter_to_the_file(tmp_path):
    parts = [shapely.box(4e6 + x, 3e6, 4e6 + x + 500, 3.0005e6) for x in (0, 2_000, 1_000)]
    hashes = set()
    for order in (parts, [part.reverse() for part in parts[::-1]]):
        shape = shapely.MultiPolygon(order)
        one = built(BoundaryRow("05001001", "053580000001", "x", shape)).bundle
        hashes.add(bundles.write(tmp_path / "x.bundle", one))
    assert len(hashes) == 1
