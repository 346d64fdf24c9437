"""Opens zip archives of alerts in memory: names are labels only, and every member is bounded before it is read."""

import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from cap.errors import CapError, LimitExceeded, NotXml, TooLarge
from cap.limits import Limits

MAX_ARCHIVE_BYTES = 64 * 1024 * 1024  # a national weather service's full state has about 0.3 MB
MAX_MEMBERS = 20_000  # a continent's warnings on a bad day; a national state has some hundred
MAX_TOTAL_BYTES = 256 * 1024 * 1024  # of all members, unpacked


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive, with its bytes or the error that says why they cannot be had."""

    name: str
    content: bytes | CapError


def is_zip(data: bytes) -> bool:
    return data[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def members(data: bytes, limits: Limits) -> Iterator[Member]:
    """Yields every file in the archive, in its order. A broken member does not stop the others.

    Raises TooLarge, LimitExceeded or NotXml for an archive that cannot be opened at all.
    """
    if len(data) > MAX_ARCHIVE_BYTES:
        raise TooLarge(
            f"The archive has {len(data)} bytes; at most {MAX_ARCHIVE_BYTES} are accepted.",
            f"Das Archiv hat {len(data)} Bytes; angenommen werden höchstens {MAX_ARCHIVE_BYTES}.",
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise NotXml("The archive is damaged.", "Das Archiv ist beschädigt.") from None
    files = [info for info in archive.infolist() if not info.is_dir()]
    if len(files) > MAX_MEMBERS:
        raise LimitExceeded(
            f"The archive holds {len(files)} files; at most {MAX_MEMBERS} are accepted.",
            f"Das Archiv enthält {len(files)} Dateien; angenommen werden höchstens {MAX_MEMBERS}.",
        )
    left = MAX_TOTAL_BYTES
    for info in files:
        content = _content(archive, info, min(limits.max_bytes, left))
        left -= len(content) if isinstance(content, bytes) else 0
        yield Member(info.filename[:200], content)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> bytes | CapError:
    """Unpacks at most one byte more than `most`, whatever the member says about its own size."""
    try:
        with archive.open(info) as stream:
            content = stream.read(most + 1)
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, NotImplementedError, ValueError, EOFError):
        return NotXml(
            "The member is damaged, encrypted or packed in an unknown way.",
            "Die Datei im Archiv ist beschädigt, verschlüsselt oder unbekannt gepackt.",
        )
    if len(content) > most:
        return TooLarge(
            f"The member has more than {most} bytes.", f"Die Datei im Archiv hat mehr als {most} Bytes."
        )
    return content
