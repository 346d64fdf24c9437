"""Opens zip archives of alerts in memory: names are labels only, and what they hold is bounded before any is unpacked.

What an archive says of itself comes first: a directory of too many members is not even read, and nothing is unpacked of
one whose members are too large together or share bytes. Then, because headers lie, no member is unpacked beyond the
size that counted.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cap.errors import CapError, LimitExceeded, NotXml, TooLarge
from cap.limits import Limits

MAX_ARCHIVE_BYTES: Final = 64 * 1024 * 1024  # a national weather service's full state has about 0.3 MB
MAX_MEMBERS: Final = 20_000  # a continent's warnings on a bad day; a national state has some hundred
MAX_TOTAL_BYTES: Final = (
    64 * 1024 * 1024
)  # of all members, unpacked; twice what a list of so many warnings may have
# APPNOTE.TXT (PKWARE) 4.3.12, 4.3.15, 4.3.16: an entry of the directory, the locator of a directory of 64 bits, and the
# end of the directory; their fixed parts, and how long the comment at the very end may be.
_ENTRY: Final = b"PK\x01\x02"
_LOCATOR: Final = b"PK\x06\x07"
_END: Final = b"PK\x05\x06"
_ENTRY_BYTES, _LOCATOR_BYTES, _END_BYTES, _COMMENT_MAX = 46, 20, 22, 65_535
_LOCAL_BYTES: Final = 30  # of the header before a member's bytes, which its name follows
_ENCRYPTED: Final = 0x1  # of a member's flags
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive, with its bytes or the error that says why they cannot be had."""

    name: str
    content: bytes | CapError


def is_zip(data: bytes) -> bool:
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def members(data: bytes, limits: Limits) -> Iterator[Member]:
    """Yields every file in the archive, in its order. A broken member does not stop the others.

    Raises TooLarge, LimitExceeded or NotXml for an archive that cannot be opened at all, or not within bounds.
    """
    if len(data) > MAX_ARCHIVE_BYTES:
        raise TooLarge(
            f"The archive has {len(data)} bytes; at most {MAX_ARCHIVE_BYTES} are accepted.",
            f"Das Archiv hat {len(data)} Bytes; angenommen werden höchstens {MAX_ARCHIVE_BYTES}.",
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(_with_bounded_directory(data)))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        if isinstance(error, CapError):
            raise
        raise _damaged() from None
    _require_apart(archive)
    files = [info for info in archive.infolist() if not info.is_dir()]
    _require_total(files, limits)
    for info in files:
        yield Member(info.filename[:200], _obstacle(info, limits) or _content(archive, info))


def _damaged() -> NotXml:
    return NotXml("The archive is damaged.", "Das Archiv ist beschädigt.")


def _with_bounded_directory(data: bytes) -> bytes:
    """Returns the archive without its comment, so that its last bytes are the end that was looked at here.

    The number of members that it states is not trusted: the entries of the directory are counted.
    """
    end = data.rfind(_END, max(0, len(data) - _END_BYTES - _COMMENT_MAX))
    if (
        end < 0
        or len(data) < end + _END_BYTES
        or data[max(0, end - _LOCATOR_BYTES) : end].startswith(_LOCATOR)
    ):
        raise _damaged()
    (size,) = struct.unpack_from("<I", data, end + 12)
    at, count = end - size, 0
    if at < 0:
        raise _damaged()
    while at < end:
        if not data.startswith(_ENTRY, at) or at + _ENTRY_BYTES > end:
            raise _damaged()
        at += _ENTRY_BYTES + sum(struct.unpack_from("<HHH", data, at + 28))
        count += 1
        if count > MAX_MEMBERS:
            raise LimitExceeded(
                f"The archive holds more than {MAX_MEMBERS} files.",
                f"Das Archiv enthält mehr als {MAX_MEMBERS} Dateien.",
            )
    return data if len(data) == end + _END_BYTES else data[: end + _END_BYTES - 2] + b"\0\0"


def _require_apart(archive: zipfile.ZipFile) -> None:
    """Raises NotXml where members share bytes: a few bytes could be unpacked as often as there are members."""
    end = 0
    for info in sorted(archive.infolist(), key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise NotXml("Members of the archive share bytes.", "Dateien im Archiv teilen sich Bytes.")
        end = info.header_offset + _LOCAL_BYTES + len(info.orig_filename) + info.compress_size
    if end > archive.start_dir:
        raise NotXml(
            "Members of the archive share bytes with its directory.",
            "Dateien im Archiv teilen sich Bytes mit seinem Verzeichnis.",
        )


def _require_total(files: Sequence[zipfile.ZipInfo], limits: Limits) -> None:
    """Raises LimitExceeded where the files that may be unpacked are too large together, by their own word."""
    total = sum(info.file_size for info in files if info.file_size <= limits.max_bytes)
    if total > MAX_TOTAL_BYTES:
        raise LimitExceeded(
            f"The archive unpacks to {total} bytes; at most {MAX_TOTAL_BYTES} are accepted.",
            f"Das Archiv ergibt entpackt {total} Bytes; angenommen werden höchstens {MAX_TOTAL_BYTES}.",
        )


def _obstacle(info: zipfile.ZipInfo, limits: Limits) -> CapError | None:
    """Returns why a file is not unpacked at all."""
    if info.flag_bits & _ENCRYPTED:
        return NotXml("The member is encrypted.", "Die Datei im Archiv ist verschlüsselt.")
    if info.compress_type not in _METHODS:
        return NotXml(
            "The member is neither stored nor deflated.",
            "Die Datei im Archiv ist weder gespeichert noch mit Deflate gepackt.",
        )
    if info.file_size > limits.max_bytes:
        return TooLarge(
            f"The member has {info.file_size} bytes; at most {limits.max_bytes} are accepted.",
            f"Die Datei im Archiv hat {info.file_size} Bytes; angenommen werden höchstens {limits.max_bytes}.",
        )
    return None


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | CapError:
    """Unpacks no more than the member says that it has: that is what was counted."""
    try:
        with archive.open(info) as stream:
            content = stream.read(info.file_size)
            if len(content) == info.file_size and not stream.read(1):
                return content
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, ValueError, EOFError):
        pass
    return NotXml("The member is damaged.", "Die Datei im Archiv ist beschädigt.")
