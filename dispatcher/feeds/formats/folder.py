"""Reads a watched folder: every CAP, NINA or zip file in it is an entry."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import cap
from cap.formats.archive import is_zip
from dispatcher.feeds.entry import LIMITS, FeedEntry, Listing, UnreadablePart, fingerprint
from dispatcher.feeds.formats.document import read_document
from dispatcher.feeds.formats.dwd import Dwd
from dispatcher.intake.prepare import Incoming
from dispatcher.model.sentences.count import how_many

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SUFFIXES = frozenset({".cap", ".json", ".xml", ".zip"})
MAX_FILES = 10_000
MAX_ARCHIVE_BYTES = 16 * 1024 * 1024
MAX_TOTAL_BYTES = 128 * 1024 * 1024
"""What the files of a folder may have together, unpacked; no file is looked at beyond the one that exceeds it."""


class Folder:
    """Reads files of the folder itself, never below it, and follows no link out of it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def scan(self) -> Listing:
        """Read the folder. Raises `OSError` where the folder cannot be read: what it says is then not known."""
        entries: list[FeedEntry] = []
        broken: list[UnreadablePart] = []
        paths = sorted(path for path in self._path.iterdir() if _is_meant(path))
        left = MAX_TOTAL_BYTES
        for path in paths[:MAX_FILES]:
            if left <= 0:
                broken.append(_too_much(path))
                continue
            listing = self._file(path)
            left -= sum(len(entry.content or b"") for entry in listing.entries)
            entries += listing.entries
            broken += listing.broken
        if len(paths) > MAX_FILES:
            broken.append(_too_many(len(paths) - MAX_FILES))
        return Listing(tuple(entries), tuple(broken))

    def _file(self, path: Path) -> Listing:
        most = MAX_ARCHIVE_BYTES if path.suffix.lower() == ".zip" else LIMITS.max_bytes
        try:
            # Not through a link, also not through one put there since the folder was read; never waiting for a pipe.
            with open(path, "rb", opener=_opener) as file:
                content = file.read(most + 1)
        except FileNotFoundError:  # taken away since the folder was read
            return Listing()
        except OSError as error:
            name = errno.errorcode.get(error.errno or 0, type(error).__name__)
            return Listing(broken=(UnreadablePart(path.name, path.name.encode(), "unreadable-file", name),))
        if len(content) > most:
            return Listing(
                broken=(UnreadablePart(path.name, content[:1000], "too-large", f"more than {most} bytes"),)
            )
        if not is_zip(content):
            return Listing((FeedEntry(path.name, fingerprint(content), content=content),))
        try:
            return _within(path.name, Dwd().listing(content, ""))
        except cap.CapError as error:
            return Listing(broken=(UnreadablePart(path.name, content, error.code, str(error)),))

    def listing(self, body: bytes, url: str) -> Listing:
        """Read one file pushed or replayed instead of found."""
        name = url.rpartition("/")[2] or "file"
        if is_zip(body):
            return _within(name, Dwd().listing(body, url))
        return Listing((FeedEntry(name, fingerprint(body), content=body),))

    def read(self, entry: FeedEntry, parts: Sequence[bytes]) -> tuple[Incoming, ...]:  # noqa: ARG002 - nothing is fetched
        content = entry.content or b""
        document = read_document(content)
        alone = document.kind in ("alert", "nina")
        return tuple(Incoming(alert, content if alone else cap.render(alert)) for alert in document.alerts)


def _is_meant(path: Path) -> bool:
    """Return whether a file is to be read: names that begin with a dot are of files that are still being written."""
    return path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and not path.is_dir()


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


def _too_much(path: Path) -> UnreadablePart:
    detail = f"beyond the {MAX_TOTAL_BYTES} bytes that are read of a folder"
    return UnreadablePart(path.name, path.name.encode(), "too-large", detail)


def _too_many(more: int) -> UnreadablePart:
    detail = f"{how_many(more, 'file')} beyond the {MAX_FILES} that are read"
    return UnreadablePart("too many files", detail.encode(), "too-many-files", detail)


def _within(name: str, listing: Listing) -> Listing:
    """Return a zip's members, named after their archive too."""
    return Listing(
        tuple(
            FeedEntry(f"{name}!{entry.key}", entry.version, content=entry.content)
            for entry in listing.entries
        ),
        tuple(
            UnreadablePart(f"{name}!{one.key}", one.content, one.code, one.detail) for one in listing.broken
        ),
    )
