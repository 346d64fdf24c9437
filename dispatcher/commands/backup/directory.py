"""A backup on disk: a directory that is there when it is whole, or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import sys
import threading
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from dispatcher.backup.manifest import KEYS, LONGEST, MANIFEST, RECORD, BackupError, Manifest, read_manifest
from dispatcher.commands.backup.programs import file_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from dispatcher.backup.manifest import BackupFile

DIRECTORY_MODE, FILE_MODE = 0o700, 0o600


def name_at(moment: datetime) -> str:
    """Return what a backup of this moment (UTC) is called: names sort as they were made."""
    return f"backup-{moment:%Y%m%dT%H%M%SZ}"


@contextmanager
def written_directory(parent: Path) -> Iterator[Path]:
    """Yield a draft for the files of a backup, which is removed again if it is not put in its place by `publish`.
    Raises OSError.
    """
    parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    draft = parent / f".backup-{secrets.token_hex(8)}.draft"
    with ended_by_sigterm():
        draft.mkdir(mode=DIRECTORY_MODE)
        try:
            yield draft
        finally:
            shutil.rmtree(draft, ignore_errors=True)


@contextmanager
def synced_file(path: Path) -> Iterator[IO[bytes]]:
    """Yield a new file for its owner's eyes only, whose content is on the disk for good at the end."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE), "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def write_file(path: Path, content: bytes) -> BackupFile:
    """Write a small new file, to the disk for good."""
    with synced_file(path) as file:
        file.write(content)
    return file_of(path)


def publish(draft: Path, name: str) -> Path:
    """Give the directory its name, once all of it is on the disk. Raises BackupError where there is one of it."""
    final = draft.parent / name
    _sync(draft)
    try:
        draft.rename(final)
    except OSError as error:
        raise BackupError(f"{final} cannot be made: {error.strerror}") from error
    _sync(draft.parent)
    return final


def read_backup(directory: Path, *, keys: Path | None = None) -> Manifest:
    """Return the manifest, when all files are as it says; `keys` is where the file of keys is, if apart. That it is
    missing is no error here. Raises BackupError, which names what is wrong.
    """
    path = directory / MANIFEST
    if not path.is_file():
        raise BackupError(f"{directory} is no backup: it has no {MANIFEST}")
    with path.open("rb") as file:
        manifest = read_manifest(file.read(LONGEST))
    if RECORD not in manifest.files:
        raise BackupError(f"{MANIFEST} names no {RECORD}")
    places = {RECORD: directory / RECORD, KEYS: keys or directory / KEYS}
    for name, expected in manifest.files.items():
        place = places.get(name)
        if place is None:
            raise BackupError(f"{MANIFEST} names {name!r}, which this program does not know")
        if place.exists():
            _require_whole(place, expected)
        elif name == RECORD:
            raise BackupError(f"{place} is missing")
    return manifest


def _require_whole(place: Path, expected: BackupFile) -> None:
    length = place.stat().st_size
    if length != expected.bytes:
        raise BackupError(f"{place} has {length:,} bytes and had {expected.bytes:,}: take another backup")
    if file_of(place).sha256 != expected.sha256:
        raise BackupError(f"{place} is not what was saved (its SHA-256 is another one): take another backup")


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the command as an exception does, so that what it made is removed."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _sync(directory: Path) -> None:
    number = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
