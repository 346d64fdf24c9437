"""HPACK against the examples of RFC 7541, against a decoder written for this test, and against the library hpack."""

import random
from typing import Any

import hpack
import pytest
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hpack.huffman_table import decode_huffman
from hypothesis import example, given
from hypothesis import strategies as st

from channels.http.http2.hpack import (
    MAX_FIELDS,
    CompressionError,
    Encoder,
    _unpack_byte,
    decode,
    integer,
    lines,
    text,
    unpack,
)


@pytest.mark.parametrize(
    ("value", "bits", "written"),
    [(10, 5, "0a"), (1337, 5, "1f9a0a"), (42, 8, "2a"), (31, 5, "1f00")],
    ids=["C.1.1", "C.1.2", "C.1.3", "all-ones"],
)
def test_integers_of_appendix_c(value: int, bits: int, written: str) -> None:
    assert integer(value, bits).hex() == written


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        ("f1e3c2e5f23a6ba0ab90f4ff", b"www.example.com"),
        ("a8eb10649cbf", b"no-cache"),
        ("25a849e95ba97d7f", b"custom-key"),
        ("d07abe941054d444a8200595040b8166e082a62d1bff", b"Mon, 21 Oct 2013 20:13:21 GMT"),
        ("9d29ad171863c78f0b97c8e9ae82ae43d3", b"https://www.example.com"),
        ("", b""),
    ],
)
def test_huffman_strings_of_appendix_c(packed: str, plain: bytes) -> None:
    assert unpack(bytes.fromhex(packed)) == plain


@pytest.mark.parametrize("packed", ["ff", "00", "3fffffff", "ffffffff", "f1e3c2e5f23a6ba0ab90f4"])
def test_bad_padding_and_an_end_inside_are_refused(packed: str) -> None:
    with pytest.raises(CompressionError):
        unpack(bytes.fromhex(packed))


def test_an_answer_without_a_dynamic_table_is_read() -> None:
    block = b"\x20\x88" + b"\x08\x03201" + b"\x0f\x26" + text(b"17") + b"\x40" + text(b"x-y") + text(b"z")
    fields = decode(block)
    assert fields == [(b":status", b"200"), (b":status", b"201"), (b"retry-after", b"17"), (b"x-y", b"z")]
    assert lines(fields) == (b"retry-after: 17", b"x-y: z")


def test_a_huffman_status_is_read() -> None:
    assert decode(b"\x48\x82\x64\x02") == [(b":status", b"302")]  # of C.6.1


@pytest.mark.parametrize(
    "block",
    [b"\x80", b"\xbe", b"\x3f\x01", b"\x08\x03", b"\x08", b"\x08\x85a", b"\xff" + b"\xff" * 9, b"\x00"],
    ids=["zero", "dynamic", "table", "short-text", "no-text", "short-packed", "endless", "no-name"],
)
def test_what_cannot_be_read_is_refused(block: Any) -> None:
    with pytest.raises(CompressionError):
        decode(block)


class Table:
    """A decoder with a dynamic table, for our encoder: as an HTTP/2 server has one."""

    def __init__(self, allowed: Any) -> None:
        self.allowed, self.most, self.entries = allowed, 4096, []

    def read(self, block: Any) -> Any:
        fields, at = [], 0
        while at < len(block):
            first = block[at]
            if first & 0x80:
                index, at = self._integer(block, at, 7)
                fields.append(self._entry(index))
            elif first & 0xE0 == 0x20:
                self.most, at = self._integer(block, at, 5)
                assert self.most <= self.allowed
                assert not fields
                self._evict()
            else:
                index, at = self._integer(block, at, 6 if first & 0x40 else 4)
                name, at = (self._entry(index)[0], at) if index else self._text(block, at)
                value, at = self._text(block, at)
                fields.append((name, value))
                if first & 0x40:
                    self.entries.insert(0, (name, value))
                    self._evict()
        return fields

    def _evict(self) -> None:
        while sum(len(name) + len(value) + 32 for name, value in self.entries) > self.most:
            self.entries.pop()

    def _entry(self, index: Any) -> Any:
        return self.entries[index - 62] if index > 61 else decode(integer(index, 7, 0x80))[0]

    def _text(self, block: Any, at: Any) -> tuple[Any, ...]:
        length, at = self._integer(block, at, 7)
        return block[at : at + length], at + length

    def _integer(self, block: Any, at: Any, bits: Any) -> tuple[Any, ...]:
        value = block[at] & (1 << bits) - 1
        at, shift = at + 1, 0
        if value == (1 << bits) - 1:
            while True:
                value += (block[at] & 0x7F) << shift
                at, shift = at + 1, shift + 7
                if block[at - 1] < 0x80:
                    break
        return value, at


@pytest.mark.parametrize("allowed", [4096, 65_536, 300, 0])
def test_what_we_write_is_read_alike_by_the_other_side(allowed: int) -> None:
    chance = random.Random(7)
    encoder, table = Encoder(allowed), Table(allowed)
    alike = [
        (
            (b":authority", b"push.example"),
            (b"ttl", b"%d" % ttl),
            (b"authorization", b"v" * size),
            (b"x-own", b"o" * chance.choice([1, 5000])),
        )
        for ttl in range(4)
        for size in (30, 400, 900)
    ]
    for number in range(600):
        fields = chance.choice(alike)
        path = b"/" + b"p" * chance.randrange(300)
        expected = [(b":method", b"POST"), (b":scheme", b"https"), (b":path", path), *fields]
        assert table.read(encoder.block(path, fields)) == expected
        if number % 100 == 99:
            table.allowed = chance.choice([0, 100, 4096])
            encoder.resize(table.allowed)


def test_alike_requests_cost_a_byte_per_header_after_the_first() -> None:
    encoder = Encoder()
    fields = ((b":authority", b"push.example"), (b"authorization", b"v" * 400))
    first, second, third = (encoder.block(b"/x", fields) for _ in range(3))
    assert len(first) > 400
    assert len(second) == 2 + 2 + 1 + len(text(b"/x"))
    assert third == second


def test_a_path_never_enters_a_table() -> None:
    assert Encoder().block(b"/secret", ()) == b"\x83\x87\x14\x07/secret"


def test_many_sets_of_headers_are_forgotten_again() -> None:
    encoder = Encoder()
    for number in range(500):
        fields = ((b"a", b"b"), *([(b":method", b"GET")] * number))
        encoder.block(b"/", fields)
        encoder.block(b"/", fields)
    assert len(encoder._ready) <= 128


NAMES = st.sampled_from(
    [b":authority", b"ttl", b"topic", b"urgency", b"authorization", b"x-own"]
) | st.binary(min_size=1, max_size=40)
FIELDS = st.lists(st.tuples(NAMES, st.binary(max_size=400)), max_size=8).map(tuple)
SIZES = st.sampled_from([0, 1, 64, 100, 4096, 65_536]) | st.integers(0, 5000)


@given(
    allowed=SIZES,
    kinds=st.lists(FIELDS, min_size=1, max_size=4),
    steps=st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=200)) | SIZES, max_size=30),
)
@example(4096, [((b"a", b"b"),)], [(0, b"/"), 0, (0, b"/"), 4096, (0, b"/"), (0, b"/")])
def test_the_library_reads_what_we_write(allowed: Any, kinds: Any, steps: Any) -> None:
    """In any order of alike requests, and of sizes that the other side allows our table."""
    encoder, decoder = Encoder(allowed), hpack.Decoder()
    decoder.max_allowed_table_size = allowed
    for step in steps:
        if isinstance(step, int):
            decoder.max_allowed_table_size = step
            encoder.resize(step)
            continue
        fields, path = kinds[step[0] % len(kinds)], step[1]
        read = decoder.decode(encoder.block(path, fields), raw=True)
        expected = [(b":method", b"POST"), (b":scheme", b"https"), (b":path", path), *fields]
        assert [tuple(field) for field in read] == expected
        assert [field.indexable for field in read][2] is False


def test_the_library_refuses_what_we_must_not_write() -> None:
    """That it checks: a table larger than the other side allows is found out."""
    encoder, decoder = Encoder(4096), hpack.Decoder()
    decoder.max_allowed_table_size = 0
    with pytest.raises(hpack.InvalidTableSizeError):
        decoder.decode(encoder.block(b"/", ((b"a", b"b"),)))


@given(
    blocks=st.lists(
        st.lists(st.tuples(NAMES, st.binary(max_size=400), st.booleans()), max_size=8), min_size=1, max_size=5
    ),
    packed=st.booleans(),
)
def test_we_read_what_the_library_writes_without_a_table(blocks: Any, packed: Any) -> None:
    encoder = hpack.Encoder()
    encoder.header_table_size = 0  # what our settings allow
    for fields in blocks:
        written = encoder.encode(fields, huffman=packed)
        assert decode(written) == [(name, value) for name, value, _ in fields]


@given(st.binary(max_size=300))
def test_huffman_strings_of_the_library_are_read(plain: Any) -> None:
    packed = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode(plain)
    assert unpack(packed) == plain


@given(st.binary(max_size=40))
@example(b"\xff")
@example(b"\x1f\xff")
def test_bytes_that_are_no_huffman_string_are_refused_where_the_library_refuses_them(packed: Any) -> None:
    try:
        expected = decode_huffman(packed)
    except hpack.HPACKDecodingError:
        with pytest.raises(CompressionError):
            unpack(packed)
    else:
        assert unpack(packed) == expected


def test_the_number_of_fields_is_bounded() -> None:
    """A byte each, they are names and values here."""
    assert len(decode(b"\x90" * MAX_FIELDS)) == MAX_FIELDS
    for one in (b"\x90", b"\x20"):
        with pytest.raises(CompressionError, match="fields"):
            decode(one * (MAX_FIELDS + 1))


def test_a_byte_of_code_is_unpacked_bit_by_bit_only_once() -> None:
    """Each bit of each byte held the event loop for tens of milliseconds with a block of 16 KiB."""
    plain = b"~" * 9000
    packed = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode(plain)
    _unpack_byte.cache_clear()
    assert unpack(packed) == plain
    seen = _unpack_byte.cache_info()
    assert seen.hits + seen.misses == len(packed)
    assert seen.misses < 100
