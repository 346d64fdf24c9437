"""What is about to be sent is kept for its sender's eyes, and over nothing that is there."""

import stat
from pathlib import Path
from typing import Any

import pytest

from dispatcher.commands.desk.kept_file import FOLDER, kept, remove


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


@pytest.fixture(autouse=True)
def here(env: Any, tmp_path: Path) -> Path:
    """The folder in which the commands are typed."""
    place = tmp_path / "here"
    place.mkdir()
    env.chdir(place)
    return place


def test_where_nothing_may_be_written_it_is_kept_elsewhere(env: Any, here: Path, tmp_path: Path) -> None:
    assert kept("a.xml", b"x") == Path("a.xml")
    (here / "b.xml").mkdir()  # nobody writes over a folder, root neither
    env.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "b.xml").symlink_to(here / "elsewhere")
    files = [kept("b.xml", b"x"), kept("b.xml", b"x")]
    assert [file.read_bytes() for file in files] == [b"x", b"x"]
    assert files[0] != files[1], "nothing is written over"
    assert {file.parent.parent for file in files} == {tmp_path}
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert not (here / "elsewhere").exists(), "no link is followed"


def test_nothing_that_is_there_is_written_over(env: Any, here: Path, tmp_path: Path) -> None:
    env.setattr("tempfile.tempdir", str(tmp_path))
    (here / "a.xml").write_bytes(b"mine")
    (here / "c.xml").symlink_to(here / "elsewhere")
    for name in ("a.xml", "c.xml"):
        assert kept(name, b"x").parent.parent == tmp_path
    assert ((here / "a.xml").read_bytes(), (here / "elsewhere").exists()) == (b"mine", False)


def test_a_folder_that_was_made_for_it_goes_with_it(env: Any, here: Path, tmp_path: Path) -> None:
    env.setattr("tempfile.tempdir", str(tmp_path))
    (here / "a.xml").write_bytes(b"mine")
    elsewhere = kept("a.xml", b"x")
    assert elsewhere.parent.name.startswith(FOLDER)
    for file in (elsewhere, kept("b.xml", b"x")):
        remove(file)
    assert not elsewhere.parent.exists()
    assert [path.name for path in here.iterdir()] == ["a.xml"]
