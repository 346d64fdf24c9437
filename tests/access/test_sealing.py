"""What is sealed is opened by its key alone, where it belongs; equal values are found by a keyed hash."""

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatcher.access.sealing import (
    MAX_KEY_ID,
    KeyRing,
    Sealing,
    UnknownKey,
    Unsealable,
    key_of,
    key_prefix,
)

RING = KeyRing(b"l" * 32, {1: b"1" * 32, 2: b"2" * 32})
SEALING = Sealing(RING)
WHERE = b"where it belongs"


@given(st.binary(max_size=300), st.binary(max_size=40))
def test_what_was_sealed_is_opened_where_it_belongs(plain: bytes, bound_to: bytes) -> None:
    sealed = SEALING.seal(plain, bound_to)
    assert SEALING.open(sealed, bound_to) == plain
    with pytest.raises(Unsealable):
        SEALING.open(sealed, bound_to + b"!")


def test_no_two_are_alike_and_none_shows_what_it_holds() -> None:
    plain = b"+4915100000001 at a push service"
    one, other = SEALING.seal(plain, WHERE), SEALING.seal(plain, WHERE)
    assert one != other
    assert len(one) == len(plain) + 2 + 12 + 16
    assert plain[:8] not in one


@pytest.mark.parametrize("position", range(2, 40))
def test_a_changed_byte_is_noticed(position: int) -> None:
    sealed = bytearray(SEALING.seal(b"a number", WHERE))
    sealed[position % len(sealed)] ^= 1
    with pytest.raises(Unsealable):
        SEALING.open(bytes(sealed), WHERE)


@pytest.mark.parametrize("sealed", [b"", b"\0", b"\0\1", b"\0\1" + 12 * b"n", b"\0\1" + 27 * b"n"])
def test_what_is_cut_off_is_unsealable(sealed: bytes) -> None:
    with pytest.raises(Unsealable):
        SEALING.open(sealed, WHERE)


def test_a_ring_seals_with_its_newest_key_and_opens_with_all() -> None:
    first = Sealing(RING, current=1).seal(b"old", WHERE)
    second = SEALING.seal(b"new", WHERE)
    assert (key_of(first), key_of(second)) == (1, 2)
    assert first < key_prefix(2) <= second, "ranges of keys are ranges of bytes"
    assert [SEALING.open(one, WHERE) for one in (first, second)] == [b"old", b"new"]


def test_a_key_that_is_not_there_is_named() -> None:
    other = Sealing(RING.without_keys_before(2))
    with pytest.raises(UnknownKey, match="no key 1") as unknown:
        other.open(Sealing(RING, current=1).seal(b"old", WHERE), WHERE)
    assert unknown.value.key_id == 1
    with pytest.raises(UnknownKey):
        Sealing(RING, current=3)


def test_another_key_of_the_same_number_opens_nothing() -> None:
    stranger = Sealing(KeyRing(RING.lookup, {2: b"x" * 32}))
    with pytest.raises(Unsealable) as refused:
        stranger.open(SEALING.seal(b"new", WHERE), WHERE)
    assert not isinstance(refused.value, UnknownKey)


def test_a_hash_is_of_value_purpose_and_ring_and_outlives_rotations() -> None:
    number = "+4915100000001"
    found = SEALING.keyed_hash("address", number)
    assert len(found) == 32
    assert found == Sealing(RING.with_new_key().without_keys_before(3)).keyed_hash("address", number)
    others = [
        SEALING.keyed_hash("device", number),
        SEALING.keyed_hash("address", number + "0"),
        Sealing(KeyRing(b"m" * 32, RING.keys)).keyed_hash("address", number),
        hashlib.sha256(number.encode()).digest(),
    ]
    assert len({found, *others}) == 5
    with pytest.raises(ValueError, match="NUL"):
        SEALING.keyed_hash("a\0b", "c")


def test_a_ring_is_read_as_it_was_written_in_lines_or_in_one() -> None:
    ring = KeyRing.new().with_new_key()
    assert KeyRing.parse(ring.text()) == ring
    line = b" ".join(one for one in ring.text().splitlines() if not one.startswith(b"#"))
    assert KeyRing.parse(line) == ring
    assert ring.newest == 2
    assert list(KeyRing.new(7).keys) == [7]


KEY = "A" * 43


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "one `lookup KEY`"),
        (f"lookup {KEY}", "at least one `key NUMBER KEY`"),
        (f"key 1 {KEY}", "one `lookup KEY`"),
        (f"lookup {KEY} lookup {KEY} key 1 {KEY}", "one `lookup KEY`"),
        (f"lookup {KEY} key 1 {KEY} key 1 {KEY}", "key 1 twice"),
        (f"lookup {KEY} key 0 {KEY}", "from 1 to 65535"),
        (f"lookup {KEY} key 65536 {KEY}", "from 1 to 65535"),
        (f"lookup {KEY} key ² {KEY}".replace("²", "x"), "from 1 to 65535"),
        (f"lookup {KEY} key 1 {KEY[1:]}", "32 bytes in Base64"),
        (f"lookup {KEY} key 1 {KEY}AA", "32 bytes in Base64"),
        (f"lookup {KEY} key 1", "32 bytes in Base64"),
        (f"lookup {KEY} key 1 {KEY[:-1]}+", "32 bytes in Base64"),
        (f"lookup {KEY} key 1 {KEY} pepper", "something else"),
        ("lookup ü", "ASCII"),
    ],
)
def test_what_is_no_ring_is_refused_without_showing_it(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says) as refused:
        KeyRing.parse(text.encode())
    assert KEY[:8] not in str(refused.value)


def test_a_ring_keeps_one_key_and_counts_no_further_than_its_numbers() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        RING.without_keys_before(3)
    with pytest.raises(ValueError, match="no ring has more"):
        KeyRing.new(MAX_KEY_ID).with_new_key()


def test_fingerprints_tell_rings_apart_and_hold_no_key() -> None:
    other = KeyRing(b"m" * 32, {1: b"1" * 32, 2: b"3" * 32})
    assert RING.fingerprint() == RING.with_new_key().fingerprint() != other.fingerprint()
    ours, theirs = RING.key_fingerprints(), other.key_fingerprints()
    assert (ours[1] == theirs[1], ours[2] == theirs[2]) == (True, False)
    said: Any = (repr(RING), RING.fingerprint(), ours)
    assert all(one not in str(said) for one in ("llll", "6c6c6c", "1111", "3131"))
