"""A backup on disk is whole or not there, and what happened to it since is found out."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatcher.backup.manifest import BackupError, BackupFile, Contents, Manifest
from dispatcher.commands.backup.directory import (
    ended_by_sigterm,
    name_at,
    publish,
    read_backup,
    synced_file,
    write_file,
    written_directory,
)

NOON = datetime(2026, 11, 30, 12, 0, tzinfo=UTC)
CONTENTS = Contents("0051", {"alert": 1}, None)


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    with written_directory(tmp_path / "backups") as draft:
        files = {name: write_file(draft / name, name.encode() * 9) for name in ("record.dump", "keys.jwe")}
        write_file(draft / "manifest.json", Manifest("one", NOON, "1.0", "18.6", CONTENTS, files).text())
        return publish(draft, name_at(NOON))


def test_it_is_for_its_owner_alone(backup: Path) -> None:
    assert backup.name == "backup-20261130T120000Z"
    assert [oct(one.stat().st_mode & 0o777) for one in (backup, *sorted(backup.iterdir()))] == [
        "0o700", "0o600", "0o600", "0o600",
    ]  # fmt: skip
    assert [one.name for one in backup.parent.iterdir()] == [backup.name], "no draft is left"
    assert read_backup(backup).contents == CONTENTS


def break_off(directory: Path, error: BaseException) -> None:
    with written_directory(directory) as draft, synced_file(draft / "record.dump") as file:
        file.write(b"half of it")
        raise error


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), SystemExit(143)])
def test_what_breaks_off_leaves_nothing(tmp_path: Path, error: BaseException) -> None:
    with pytest.raises(type(error)):
        break_off(tmp_path, error)
    assert list(tmp_path.iterdir()) == []


def make_again(directory: Path, name: str) -> None:
    with written_directory(directory) as draft:
        write_file(draft / "manifest.json", b"{}")
        publish(draft, name)


def test_one_is_never_written_over_another(backup: Path) -> None:
    with pytest.raises(BackupError, match="cannot be made"):
        make_again(backup.parent, backup.name)
    assert read_backup(backup).name == "one"
    assert [one.name for one in backup.parent.iterdir()] == [backup.name]


def cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def change(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"r", b"R").replace(b"k", b"K"))


@pytest.mark.parametrize("name", ["record.dump", "keys.jwe"])
@pytest.mark.parametrize(("damage", "said"), [(cut, "bytes and had"), (change, "is not what was saved")])
def test_damage_is_found_out(backup: Path, name: str, damage: Callable[[Path], None], said: str) -> None:
    damage(backup / name)
    with pytest.raises(BackupError, match=said):
        read_backup(backup)


def test_a_file_of_keys_that_lies_apart_is_compared_too(backup: Path, tmp_path: Path) -> None:
    apart = (backup / "keys.jwe").rename(tmp_path / "apart")
    assert read_backup(backup).name == "one", "that it is missing is said where it is needed"
    read_backup(backup, keys=apart)
    cut(apart)
    with pytest.raises(BackupError, match="bytes and had"):
        read_backup(backup, keys=apart)


def test_what_is_no_backup_is_called_so(backup: Path, tmp_path: Path) -> None:
    (backup / "record.dump").unlink()
    with pytest.raises(BackupError, match=r"record\.dump is missing"):
        read_backup(backup)
    with pytest.raises(BackupError, match="it has no manifest"):
        read_backup(tmp_path)
    for files, said in (
        ({}, "names no record"),
        ({"../../etc/passwd": BackupFile(1, "00")}, "does not know"),
    ):
        known = {"record.dump": write_file(tmp_path / f"record{len(files)}", b"")} if files else {}
        (backup / "record.dump").write_bytes(b"")
        manifest = Manifest("one", NOON, "1.0", "18.6", CONTENTS, {**known, **files})
        (backup / "manifest.json").write_bytes(manifest.text())
        with pytest.raises(BackupError, match=said):
            read_backup(backup)


def test_sigterm_ends_it_as_an_exception_does() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit), ended_by_sigterm():
        signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is before
