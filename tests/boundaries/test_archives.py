"""Archives: the one data set that is wanted, and nothing that is too much or elsewhere."""

import zipfile
from pathlib import Path
from typing import Any

import pytest

from dispatcher.boundaries import archives
from dispatcher.boundaries.archives import unpacked
from dispatcher.boundaries.bundle import BundleError


def archive(path: Path, members: dict[str, bytes], packed_as: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packed_as) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def refused(path: Path) -> str:
    with pytest.raises(BundleError) as error, unpacked(path, "_gem"):
        pass
    return str(error.value)


def test_a_geopackage_is_given_and_is_gone_afterwards(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a/DE_VG250.gpkg": b"data", "a/doc/vg250.pdf": b"%PDF"})
    with unpacked(path, "_gem") as (file, name):
        assert (file.read_bytes(), name) == (b"data", "a/DE_VG250.gpkg")
    assert not file.exists()


def test_a_shape_file_comes_with_what_belongs_to_it(tmp_path: Path) -> None:
    members = {f"a/VG250_{level}{end}": b"" for level in ("KRS", "GEM") for end in (".shp", ".dbf", ".shx")}
    path = archive(tmp_path / "x.zip", {**members, "b/VG250_GEM.prj": b"", "a/VG250_GEM.shp.xml": b""})
    with unpacked(path, "_gem") as (file, name):
        assert name == "a/VG250_GEM.shp"
        assert {one.name for one in file.parent.iterdir()} == {
            f"VG250_GEM{end}" for end in (".shp", ".dbf", ".shx")
        }


def test_the_only_shape_file_may_be_called_anything(tmp_path: Path) -> None:
    with unpacked(archive(tmp_path / "x.zip", {"LAU_RG_01M_2024_3035.shp": b""}), "_gem") as (_, name):
        assert name == "LAU_RG_01M_2024_3035.shp"


def test_a_file_that_is_no_archive_is_given_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "x.gpkg").write_bytes(b"data")
    with unpacked(tmp_path / "x.gpkg", "_gem") as (file, name):
        assert (file, name) == (tmp_path / "x.gpkg", "x.gpkg")
    assert file.exists()


def test_no_member_is_written_elsewhere(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"../../escaped.gpkg": b"data"})
    with unpacked(path, "_gem") as (file, _):
        assert file.name == "escaped.gpkg"
    assert not list(tmp_path.parent.parent.glob("escaped.gpkg"))


@pytest.mark.parametrize(
    "members",
    [{}, {"a.pdf": b""}, {"VG250_KRS.shp": b"", "VG250_LAN.shp": b""}, {"a.gpkg": b"", "b.gpkg": b""}],
    ids=["empty", "documents", "other levels", "two"],
)
def test_an_archive_without_exactly_one_data_set_is_refused(tmp_path: Path, members: Any) -> None:
    assert "has not one GeoPackage" in refused(archive(tmp_path / "x.zip", members))


def test_what_would_be_too_much_is_refused_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MAX_BYTES", 1 << 20)
    bomb = archive(tmp_path / "x.zip", {"a.gpkg": bytes((1 << 20) + 1)})
    assert bomb.stat().st_size < 1 << 12
    assert "when it is unpacked" in refused(bomb)
    with unpacked(archive(tmp_path / "y.zip", {"a.gpkg": bytes(1 << 20)}), "_gem") as (file, _):
        assert file.stat().st_size == 1 << 20
    (tmp_path / "z.gpkg").write_bytes(bytes((1 << 20) + 1))
    assert "z.gpkg is larger than" in refused(tmp_path / "z.gpkg")
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    assert "more than 2 members" in refused(archive(tmp_path / "m.zip", {f"{n}.pdf": b"" for n in range(3)}))


def test_a_list_of_too_many_members_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive(tmp_path / "m.zip", {f"{n:04}.pdf": b"" for n in range(100)})
    monkeypatch.setattr(archives, "MAX_MEMBERS", 2)
    monkeypatch.setattr(zipfile, "ZipFile", None)
    assert "more than 2 members" in refused(path)


def test_a_member_that_says_less_than_it_is_gives_no_more_than_it_says(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a.gpkg": bytes(1000)})
    content = path.read_bytes()
    path.write_bytes(content.replace((1000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    assert "no readable ZIP archive" in refused(path)


def test_what_is_packed_in_an_unusual_way_is_refused(tmp_path: Path) -> None:
    for packed_as in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        assert "unusual way" in refused(archive(tmp_path / "x.zip", {"a.gpkg": b"data"}, packed_as))
    path = archive(tmp_path / "y.zip", {"a.gpkg": b"data"})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(bytes(content))
    assert "encrypted" in refused(path)


def test_a_damaged_archive_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "x.zip", {"a.gpkg": b"data" * 1000}, zipfile.ZIP_STORED)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"data", b"DATA", 1))
    assert "no readable ZIP archive" in refused(path)
    path.write_bytes(content[:100])
    assert "no readable ZIP archive" in refused(path)
    path.write_bytes(b"")
    assert "no readable ZIP archive" in refused(path)
