"""The program that draws diagrams is the one that is known, or there is no site."""

import hashlib
import io
import tarfile
from pathlib import Path

import pytest

from ops.site import mermaid
from ops.site.mermaid import MEMBERS, TARBALL, UnknownPackageError, fetch


def package(folder: Path, *members: str) -> str:
    """Write an archive as npm would have left it. Returns its hash."""
    with tarfile.open(folder / TARBALL, "w:gz") as tar:
        for member in members:
            info = tarfile.TarInfo(member)
            info.size = len(member)
            tar.addfile(info, io.BytesIO(member.encode()))
    return hashlib.sha256((folder / TARBALL).read_bytes()).hexdigest()


def test_another_archive_than_the_known_one_is_refused(tmp_path: Path) -> None:
    package(tmp_path, *MEMBERS)
    with pytest.raises(UnknownPackageError, match=r"has SHA-256 .*, not the"):
        fetch(tmp_path)


def test_the_program_and_its_licence_are_taken_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mermaid, "TARBALL_SHA256", package(tmp_path, *MEMBERS))
    found = fetch(tmp_path)
    assert {path.name: path.read_text() for path in found.iterdir()} == {
        name: member for member, name in MEMBERS.items()
    }
