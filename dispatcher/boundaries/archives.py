"""Takes the data set of municipalities out of a ZIP archive as BKG publishes it, within limits."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from dispatcher.boundaries.bundle import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# VG250 is an archive of 67 MB, and some hundred MB in it; a gigabyte of zeros is a megabyte of archive.
MAX_BYTES = 2 << 30
# BKG's archive of shape files has some hundred: seven levels, each of several files, and documents.
MAX_MEMBERS = 10_000
_MEMBER_BYTES = 1024
"""Of the list of members, for each: the shortest entry has 46, the rest is its name."""
_END = b"PK\5\6"
_END_LATEST = 22 + 0xFFFF
"""Bytes at an archive's end among which its end record begins: itself, and a comment."""
GEOPACKAGE = ".gpkg"
# A shape file is all of these; the last is not always there.
SHAPE = (".shp", ".shx", ".dbf", ".prj", ".cpg")
PACKED_AS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""How members may be packed: the standard library unpacks the other ways without a bound."""
ENCRYPTED = 0x1
"""The bit that marks a member as such (APPNOTE.TXT §4.4.4)."""


@contextmanager
def unpacked(path: Path, ending: str) -> Iterator[tuple[Path, str]]:
    """Give the GeoPackage of an archive, or its shape file, of several the one whose name ends with `ending`, whatever
    the case, and what it is called there; it is gone afterwards. A file that is no `.zip` is given as it is.

    Raises `BundleError` where the archive is none, has no such file or several, or is larger than `MAX_BYTES` unpacked,
    and `OSError`.
    """
    if path.stat().st_size > MAX_BYTES:
        raise BundleError(f"{path.name} is larger than {MAX_BYTES >> 30} GB")
    if path.suffix.lower() != ".zip":
        yield path, path.name
        return
    with tempfile.TemporaryDirectory(prefix="geodata-") as folder:
        yield _unpack(path, ending, Path(folder))


def _require_short_directory(path: Path) -> None:
    """Look at how long the archive's list of members is before it is read, which makes an object of each (APPNOTE.TXT
    4.3.16). Raises `BundleError`.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _END_LATEST))
        last = file.read()
    at = last.rfind(_END)
    directory = last[at + 12 : at + 16] if at >= 0 else b""
    if int.from_bytes(directory, "little") > MAX_MEMBERS * _MEMBER_BYTES:
        raise BundleError(f"{path.name} has more than {MAX_MEMBERS} members")


def _unpack(path: Path, ending: str, folder: Path) -> tuple[Path, str]:
    try:
        _require_short_directory(path)
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_MEMBERS:
                raise BundleError(f"{path.name} has more than {MAX_MEMBERS} members")
            chosen = _chosen(path, members, ending)
            _check(path, chosen)
            for member in chosen:
                # The name alone: a member may be called `../../etc/passwd`.
                with archive.open(member) as packed, (folder / _name(member).name).open("wb") as out:
                    shutil.copyfileobj(packed, out)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeDecodeError) as error:
        raise BundleError(f"{path.name} is no readable ZIP archive, or not to its end ({error})") from error
    return folder / _name(chosen[0]).name, chosen[0].filename


def _name(member: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(member.filename)


def _chosen(path: Path, members: Sequence[zipfile.ZipInfo], ending: str) -> list[zipfile.ZipInfo]:
    """Return the members to read, the one that GDAL is to open first."""
    by_suffix = [(member, _name(member).suffix.lower()) for member in members if not member.is_dir()]
    packages = [member for member, suffix in by_suffix if suffix == GEOPACKAGE]
    every = [member for member, suffix in by_suffix if suffix == SHAPE[0]]
    shapes = [member for member in every if _name(member).stem.casefold().endswith(ending)]
    found = packages or shapes or every
    if len(found) != 1:
        names = ", ".join(member.filename for member in found[:5]) or "none"
        raise BundleError(
            f"{path.name} has not one GeoPackage, or shape file of municipalities (…{ending.upper()}.shp): {names}"
        )
    if packages:
        return found
    stem = _name(found[0]).with_suffix("")
    return found + [
        member
        for member, suffix in by_suffix
        if suffix in SHAPE[1:] and _name(member).with_suffix("") == stem
    ]


def _check(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse what would be too much, before anything is unpacked: `ZipFile.open` gives no more than a member says."""
    if sum(member.file_size for member in members) > MAX_BYTES:
        raise BundleError(f"{path.name} is larger than {MAX_BYTES >> 30} GB when it is unpacked")
    for member in members:
        if member.compress_type not in PACKED_AS or member.flag_bits & ENCRYPTED:
            raise BundleError(f"{path.name}: {member.filename} is encrypted, or packed in an unusual way")
