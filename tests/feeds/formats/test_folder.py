"""A folder of files: each is an entry."""

import os
from pathlib import Path

import pytest

import cap
from dispatcher.feeds.formats import folder as folder_module
from dispatcher.feeds.formats.folder import MAX_FILES, Folder
from tests.support.feed_messages import (
    archive,
    dwd_id,
    nina_detail,
    warning,
)


def test_a_folder_holds_files_and_archives(tmp_path: Path) -> None:
    (tmp_path / "a.cap").write_bytes(cap.render(warning(1)))
    (tmp_path / "b.zip").write_bytes(archive(warning(2)))
    (tmp_path / "c.json").write_bytes(nina_detail("mow.x"))
    (tmp_path / "d.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "readme.txt").write_text("nothing")
    (tmp_path / "below.xml").mkdir()
    (tmp_path / "link.xml").symlink_to(tmp_path / "a.cap")
    (tmp_path / "huge.xml").write_bytes(b" " * 3_000_000)
    folder = Folder(tmp_path)
    listing = folder.scan()
    assert [one.key for one in listing.entries] == ["a.cap", f"b.zip!{dwd_id(2)}.xml", "c.json"]
    assert [(one.key, one.code) for one in listing.broken] == [
        ("d.zip", "not-xml"),
        ("huge.xml", "too-large"),
        ("link.xml", "unreadable-file"),
    ]
    read = [folder.read(one, ())[0].alert.identifier for one in listing.entries]
    assert read == [dwd_id(1), dwd_id(2), "mow.x"]
    assert MAX_FILES > 1000


def test_a_file_that_cannot_be_read_leaves_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.cap").write_bytes(cap.render(warning(1)))
    (tmp_path / ".b.xml").write_bytes(b"<alert>still being writ")
    (tmp_path / "gone.xml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.xml")
    listing = Folder(tmp_path).scan()
    assert [one.key for one in listing.entries] == ["a.cap", "pipe.xml"]
    assert [one.key for one in listing.broken] == ["gone.xml"]
    with pytest.raises(cap.CapError):
        Folder(tmp_path).read(listing.entries[1], ())


def test_files_beyond_the_limit_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_module, "MAX_FILES", 2)
    for number in range(5):
        (tmp_path / f"{number}.xml").write_bytes(cap.render(warning(number)))
    listing = Folder(tmp_path).scan()
    assert [one.key for one in listing.entries] == ["0.xml", "1.xml"]
    assert [one.detail for one in listing.broken] == ["3 files beyond the 2 that are read"]


def test_a_file_can_be_handed_to_the_folder(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    assert folder.listing(archive(warning(1)), "https://x/stat.zip").entries[0].key.startswith("stat.zip!")
    assert folder.listing(cap.render(warning(1)), "").entries[0].key == "file"


def test_a_folder_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        Folder(tmp_path / "gone").scan()


def test_what_the_files_of_a_folder_hold_together_is_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand archives, each within its own bounds, are not."""
    monkeypatch.setattr(folder_module, "MAX_TOTAL_BYTES", 2_000)
    for name in ("a.cap", "b.cap", "c.cap"):
        (tmp_path / name).write_bytes(b"<" * 1_500)
    listing = Folder(tmp_path).scan()
    assert [entry.key for entry in listing.entries] == ["a.cap", "b.cap"]
    assert [(one.key, one.code) for one in listing.broken] == [("c.cap", "too-large")]
