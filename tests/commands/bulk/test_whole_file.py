"""A file is there whole or not at all, for its owner alone."""

from pathlib import Path

import pytest

from dispatcher.commands.bulk.whole_file import require_new, written_whole


def test_a_file_is_there_when_all_is_written_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "people.csv"
    with written_whole(file) as opened:
        opened.write(b"a")
        assert not file.exists()
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"a", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_after_an_error_there_is_none(tmp_path: Path) -> None:
    def fail() -> None:
        with written_whole(tmp_path / "people.csv") as opened:
            opened.write(b"a")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("meanwhile", [False, True])
def test_what_is_there_is_not_written_over_nor_a_link_followed(tmp_path: Path, meanwhile: bool) -> None:
    file, other = tmp_path / "people.csv", tmp_path / "other"
    if not meanwhile:
        file.symlink_to(other)

    def write() -> None:
        with written_whole(file):
            file.symlink_to(other)

    with pytest.raises(FileExistsError):
        write()
    assert not other.exists()
    assert {one.name for one in tmp_path.iterdir()} == {"people.csv"}


def test_a_folder_that_is_not_there_is_noticed_before(tmp_path: Path) -> None:
    with pytest.raises(PermissionError):
        require_new(tmp_path / "nowhere" / "people.csv")
