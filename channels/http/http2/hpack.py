"""Header compression of HTTP/2 (RFC 7541), as far as a client needs it that sends alike requests.

What we send: header lines equal for many requests enter the dynamic table once and cost a byte each from then on;
paths name a subscription, never enter a table, and are marked so that no intermediary puts them in one.
What we read: we allow the other side no dynamic table, so every block can be read by itself, or not at all.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Field = tuple[bytes, bytes]

ENTRY_OVERHEAD: Final = 32  # section 4.1
DEFAULT_TABLE_BYTES: Final = 4096  # RFC 9113 section 6.5.2; we use no more where more is allowed
MAX_INTEGER: Final = (
    1 << 24
)  # more than any length or index in a block that we take; ends a number without end

MAX_FIELDS: Final = 256
"""The most fields of a header block. Of a byte each, 16,384 would fit a frame, and each is a name and a value here."""

_STATIC_NAMES: Final = (
    b":authority :method :method :path :path :scheme :scheme :status :status :status :status :status :status"
    b" :status accept-charset accept-encoding accept-language accept-ranges accept access-control-allow-origin"
    b" age allow authorization cache-control content-disposition content-encoding content-language content-length"
    b" content-location content-range content-type cookie date etag expect expires from host if-match"
    b" if-modified-since if-none-match if-range if-unmodified-since last-modified link location max-forwards"
    b" proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie"
    b" strict-transport-security transfer-encoding user-agent vary via www-authenticate"
).split()
_STATIC_VALUES: Final = {
    2: b"GET",
    3: b"POST",
    4: b"/",
    5: b"/index.html",
    6: b"http",
    7: b"https",
    8: b"200",
    9: b"204",
    10: b"206",
    11: b"304",
    12: b"400",
    13: b"404",
    14: b"500",
    16: b"gzip, deflate",
}
_STATIC_SIZE: Final = len(_STATIC_NAMES)  # 61
_STATIC_INDEX: Final = {name: index for index, name in reversed(list(enumerate(_STATIC_NAMES, 1)))}
# POST and https, which are entries 3 and 7, and ":path", whose value follows: "never indexed", with the name of entry 4
# (section 6.2.3).
_POST_HTTPS_PATH: Final = b"\x83\x87\x14"

# Appendix B: the number of bits of each symbol's code, the last for the end of the string. The code is
# canonical, so the lengths determine it.
_HUFFMAN_BITS: Final = bytes.fromhex(
    "0d171c1c1c1c1c1c1c181e1c1c1e1c1c1c1c1c1c1c1c1e1c1c1c1c1c1c1c1c1c060a0a0c0d06080b0a0a080b08060606"
    "0505050606060606060607080f060c0a0d06070707070707070707070707070707070707070707070807080d130d0e06"
    "0f05060506050606060507070606060506070605050607070707070f0b0e0d1c14161414161616171617171717171817"
    "181816171817171717151617161717181615141616171715171616181516171715151615171617171416161617161617"
    "1a1a1413161716191a1a1a1b1b1a181913151a1b1b1a1b1815151a1a1c1b1b1b14181415161515171616191918181a17"
    "1a1b1a1a1b1b1b1b1b1c1b1b1b1b1b1a1e"
)
_END_OF_STRING: Final = 256


class CompressionError(ValueError):
    """A header block cannot be read. Nothing of it is quoted."""


def integer(value: int, bits: int, first: int = 0) -> bytes:
    """Return an integer with a prefix of `bits` bits; `first` is the rest of its first byte (section 5.1)."""
    most = (1 << bits) - 1
    if value < most:
        return bytes((first | value,))
    out = bytearray((first | most,))
    value -= most
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _read_integer(block: bytes, at: int, bits: int) -> tuple[int, int]:
    """Return the integer at `at` and the position behind it."""
    most = (1 << bits) - 1
    value, at, shift = block[at] & most, at + 1, 0
    if value < most:
        return value, at
    while True:
        byte = block[at]
        value, at, shift = value + ((byte & 0x7F) << shift), at + 1, shift + 7
        if value > MAX_INTEGER:
            raise CompressionError("integer")
        if byte < 0x80:
            return value, at


def text(value: bytes) -> bytes:
    """Return a string as it is (section 5.2): ours are short, or tokens that Huffman's code does not shorten."""
    return integer(len(value), 7) + value


class Encoder:
    """Our side's dynamic table on one connection."""

    def __init__(self, table_bytes: int = DEFAULT_TABLE_BYTES) -> None:
        """`table_bytes` is what the other side allows (SETTINGS_HEADER_TABLE_SIZE)."""
        self._bytes = min(table_bytes, DEFAULT_TABLE_BYTES)
        # Section 4.2: a size other than the protocol's default is announced at the start of the next block.
        self._update = integer(self._bytes, 5, 0x20) if self._bytes != DEFAULT_TABLE_BYTES else b""
        self._entries: list[Field] = []
        """The entries of the table, the oldest first."""
        self._used = 0
        self._generation = 0
        """How many entries were ever made: every new one shifts the numbers of all others."""
        self._ready: dict[tuple[Field, ...], tuple[int, bytes]] = {}
        self._last: tuple[tuple[Field, ...], int, bytes] = ((), -1, b"")

    def resize(self, table_bytes: int) -> None:
        """Take over another size that the other side allows now. What was in the table is forgotten."""
        table_bytes = min(table_bytes, DEFAULT_TABLE_BYTES)
        if table_bytes != self._bytes:
            self._bytes = table_bytes
            self._update = integer(0, 5, 0x20) + integer(table_bytes, 5, 0x20)
            self._entries.clear()
            self._used = 0
            self._generation += 1

    def block(self, path: bytes, fields: tuple[Field, ...]) -> bytes:
        """Return the header block of a POST over https: `fields` are the same tuple for alike requests.

        Pseudo fields come before all others (RFC 9113 section 8.3), so one among `fields` must be its first.
        """
        last, generation, shared = self._last
        if last is not fields or generation != self._generation:
            generation, shared = self._ready.get(fields, (-1, b""))
            if generation != self._generation:
                shared = self._shared(fields)
            else:
                self._last = fields, generation, shared
        update = self._update
        if update:
            self._update = b""
        return update + _POST_HTTPS_PATH + text(path) + shared

    def _shared(self, fields: tuple[Field, ...]) -> bytes:
        before = self._generation
        block = b"".join(map(self._field, fields))
        if self._generation == before:  # all of them are in the table
            if len(self._ready) >= DEFAULT_TABLE_BYTES // ENTRY_OVERHEAD:
                self._ready.clear()
            self._ready[fields] = before, block
        return block

    def _field(self, field: Field) -> bytes:
        if field in self._entries:
            newest_first = len(self._entries) - 1 - self._entries.index(field)
            return integer(_STATIC_SIZE + 1 + newest_first, 7, 0x80)
        name, value = field
        size = len(name) + len(value) + ENTRY_OVERHEAD
        first = 0x40 if size <= self._bytes else 0x00
        known = _STATIC_INDEX.get(name, 0)
        if first:
            self._insert(field, size)
        written = integer(known, 6 if first else 4, first)
        return written + (b"" if known else text(name)) + text(value)

    def _insert(self, field: Field, size: int) -> None:
        while self._used + size > self._bytes:
            name, value = self._entries.pop(0)
            self._used -= len(name) + len(value) + ENTRY_OVERHEAD
        self._entries.append(field)
        self._used += size
        self._generation += 1


def literal(name: bytes, value: bytes) -> bytes:
    """Return a field that enters no table (section 6.2.2): one that no other request has."""
    return b"\x00" + text(name) + text(value)


def decode(block: bytes) -> list[Field]:
    """Return the fields of a block that was made without a dynamic table. Raises `CompressionError`."""
    return list(fields_of(block))


def fields_of(block: bytes) -> Iterator[Field]:
    """Yield what `decode` returns, one field after another, so that a caller that needs only the first reads only
    that.
    """
    at = count = 0
    while at < len(block):
        count += 1
        if count > MAX_FIELDS:
            raise CompressionError("fields")
        try:
            field, at = _read_field(block, at)
        except IndexError:
            raise CompressionError("cut short") from None
        if field is not None:
            yield field


def _read_field(block: bytes, at: int) -> tuple[Field | None, int]:
    first = block[at]
    if first & 0x80:
        index, at = _read_integer(block, at, 7)
        return (_static_name(index), _STATIC_VALUES.get(index, b"")), at
    if first & 0xE0 == 0x20:
        size, at = _read_integer(block, at, 5)
        if size:
            raise CompressionError("table")  # we allow none
        return None, at
    index, at = _read_integer(block, at, 6 if first & 0x40 else 4)
    if index:
        name = _static_name(index)
    else:
        name, at = _read_text(block, at)
    value, at = _read_text(block, at)
    return (name, value), at


def _static_name(index: int) -> bytes:
    if not 0 < index <= _STATIC_SIZE:
        raise CompressionError("index")
    return _STATIC_NAMES[index - 1]


def _read_text(block: bytes, at: int) -> tuple[bytes, int]:
    packed = block[at] & 0x80
    length, at = _read_integer(block, at, 7)
    raw = block[at : at + length]
    if len(raw) < length:
        raise CompressionError("cut short")
    return (unpack(raw) if packed else raw), at + length


@cache
def _huffman() -> dict[tuple[int, int], int]:
    """Return symbols by (number of bits, code so far)."""
    symbols: dict[tuple[int, int], int] = {}
    code = bits = 0
    for symbol in sorted(range(len(_HUFFMAN_BITS)), key=lambda one: (_HUFFMAN_BITS[one], one)):
        code <<= _HUFFMAN_BITS[symbol] - bits
        bits = _HUFFMAN_BITS[symbol]
        symbols[bits, code] = symbol
        code += 1
    return symbols


def unpack(raw: bytes) -> bytes:
    """Return a string out of Huffman's code (section 5.2). Raises `CompressionError`."""
    out: list[bytes] = []
    begun = (0, 0)
    for byte in raw:
        complete, begun = _unpack_byte(begun, byte)
        out.append(complete)
    bits, code = begun
    if bits > 7 or code != (1 << bits) - 1:
        raise CompressionError("padding")
    return b"".join(out)


@cache  # 256 beginnings of codes times 256 bytes: some MB if a peer tries them all
def _unpack_byte(begun: tuple[int, int], byte: int) -> tuple[bytes, tuple[int, int]]:
    """Return the symbols that one more byte completes, and what it begins: the number of bits, and these.

    Bit by bit, a block of 16 KiB that is all code would hold the event loop for tens of milliseconds.
    """
    symbols = _huffman()
    out = bytearray()
    bits, code = begun
    for shift in range(7, -1, -1):
        bits, code = bits + 1, code << 1 | byte >> shift & 1
        symbol = symbols.get((bits, code))
        if symbol == _END_OF_STRING:
            raise CompressionError("end of string inside")
        if symbol is not None:
            out.append(symbol)
            bits = code = 0
    return bytes(out), (bits, code)


def lines(fields: Iterable[Field]) -> tuple[bytes, ...]:
    """Return fields as header lines of HTTP/1.1, without the pseudo fields."""
    return tuple(name + b": " + value for name, value in fields if not name.startswith(b":"))
