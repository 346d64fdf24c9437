"""Detects the encoding of a body where its declaration and its bytes disagree or expat needs help."""

import re
from typing import Final

from cap.errors import NotXml

_UTF8_MARK: Final = b"\xef\xbb\xbf"
# XML 1.0's white space. Only a byte order mark may stand before the declaration, but real feeds begin with blank
# lines.
_BLANK: Final = b" \t\r\n"
_ENCODING: Final = re.compile(rb"""<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION: Final = 600  # bytes within which a declaration has ended, in characters of two bytes too
# The first two bytes of UTF-16 with and without a byte order mark, and expat's name for it.
_UTF16: Final = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"<\0", "utf-16le"), (b"\0<", "utf-16be"))
_TWO_BYTES: Final = frozenset({"utf-16", "utf-16le", "utf-16be", "ucs-2", "iso-10646-ucs-2", "unicode"})
# Multi-byte encodings that feeds of East Asia declare and expat does not know. In all of them ASCII stays ASCII.
_MULTIBYTE: Final = frozenset(
    {"shift_jis", "windows-31j", "euc-jp", "gb2312", "gbk", "gb18030", "big5", "euc-kr"}
)
# Bytes that printable Latin-1 does not have, or that are a deliberately broken UTF-8 sequence: not an
# honest mistake.
_NOT_LATIN1: Final = re.compile(rb"[\x80-\x9f]|[\xc0\xc1\xf5-\xff][\x80-\xbf]")
# The same for Windows-1252, whose quotation marks and dashes stand where Latin-1 has none: its five gaps, and
# anything that may be a sequence of UTF-8.
_NOT_WINDOWS: Final = re.compile(rb"[\x81\x8d\x8f\x90\x9d]|[\xc0-\xff][\x80-\xbf]")


def lines_before(data: bytes) -> int:
    """Counts the lines that stand before the document."""
    body = data.removeprefix(_UTF8_MARK)
    return body[: len(body) - len(body.lstrip(_BLANK))].count(b"\n")


def detect(data: bytes) -> tuple[bytes, str | None, list[str]]:
    """Returns the body to parse, the encoding to impose on it if any, and the codes of what was repaired.

    Raises NotXml for bytes that are not of the encoding they declare.
    """
    body, repairs = _trimmed(data)
    for mark, name in _UTF16:
        if body[:2] == mark:
            declared = _declared(body[:_DECLARATION].replace(b"\0", b"").removeprefix(mark))
            return (
                (body, None, repairs)
                if declared in _TWO_BYTES | {""}
                else (body, name, [*repairs, "encoding-label"])
            )
    declared = _declared(body.removeprefix(_UTF8_MARK))
    if declared in _TWO_BYTES:
        return body, "utf-8", [*repairs, "encoding-label"]
    if declared in _MULTIBYTE:
        return _transcoded(body, declared), "utf-8", repairs
    legacy = _legacy_encoding(body) if declared in ("", "utf-8", "utf8") else None
    return body, legacy, [*repairs, "encoding-wrong"] if legacy else repairs


def _trimmed(data: bytes) -> tuple[bytes, list[str]]:
    body = data.removeprefix(_UTF8_MARK)
    if body[:1] not in (b" ", b"\t", b"\r", b"\n"):
        return data, []
    return body.lstrip(_BLANK), ["leading-whitespace"]


def _declared(start: bytes) -> str:
    match = _ENCODING.match(start)
    return match.group(1).decode("ascii").lower() if match else ""


def _transcoded(body: bytes, declared: str) -> bytes:
    codec = {"windows-31j": "cp932", "shift_jis": "cp932", "gb2312": "gbk", "euc-kr": "cp949"}.get(
        declared, declared
    )
    try:
        return body.decode(codec).encode()
    except UnicodeDecodeError:
        raise NotXml(
            f"The bytes are not the {declared} they claim to be.",
            f"Die Bytes sind nicht das angegebene {declared}.",
            1,
        ) from None


def _legacy_encoding(body: bytes) -> str | None:
    """Returns the encoding that bytes other than UTF-8 are evidently in, Latin-1 or Windows-1252; None for neither."""
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        if not _NOT_LATIN1.search(body):
            return "iso-8859-1"
        return None if _NOT_WINDOWS.search(body) else "windows-1252"
    return None
