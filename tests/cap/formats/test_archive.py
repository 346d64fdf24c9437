"""Zip archives: members in order, bounded, damaged ones reported."""

import contextlib
import io
import time
import zipfile
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cap
from cap.formats.archive import Member, is_zip, members
from tests.cap.archives import packed, patched

LIMITS = cap.Limits(max_bytes=1_000)


def test_members_come_in_order_and_folders_are_left_out() -> None:
    assert list(members(packed(a=b"1", b=b"2"), LIMITS)) == [
        Member("folder/a.xml", b"1"),
        Member("folder/b.xml", b"2"),
    ]


def test_a_member_that_grows_too_large_is_cut_off() -> None:
    bomb, small = members(packed(a=b"0" * 10_000_000, b=b"2"), LIMITS)
    assert isinstance(bomb.content, cap.TooLarge)
    assert small.content == b"2"


def test_an_encrypted_member_is_reported() -> None:
    data = bytearray(packed(a=b"1"))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.rindex(signature) + offset
        data[place] |= 1
    (member,) = members(bytes(data), LIMITS)
    assert isinstance(member.content, cap.NotXml)


def test_a_damaged_member_is_reported() -> None:
    data = bytearray(packed(a=b"abcdefgh" * 10))
    place = data.rindex(b"folder/a.xml", 0, data.rindex(b"PK\x01\x02")) + len("folder/a.xml")
    data[place : place + 4] = b"\xff\xff\xff\xff"
    (member,) = members(bytes(data), LIMITS)
    assert isinstance(member.content, cap.NotXml)


def test_too_many_members_are_refused() -> None:
    with pytest.raises(cap.LimitExceeded):
        list(members(packed(**{f"m{n}": b"" for n in range(20_001)}), LIMITS))


def test_a_huge_archive_is_refused_unopened() -> None:
    with pytest.raises(cap.TooLarge):
        list(members(b"PK\x03\x04" + b"\0" * (64 * 1024 * 1024), LIMITS))


def test_an_archive_is_known_by_its_first_bytes() -> None:
    assert is_zip(packed())
    assert is_zip(b"PK\x05\x06" + bytes(18))  # an archive without members
    assert not is_zip(b"<alert/>")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_packed_in_another_way_is_not_unpacked(method: int) -> None:
    """Only of the two usual ways is known how much comes of a few bytes before it has come."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr("a.xml", b"0" * 500)
        archive.writestr("b.xml", b"1", zipfile.ZIP_STORED)
    refused, stored = members(data.getvalue(), LIMITS)
    assert isinstance(refused.content, cap.NotXml)
    assert stored.content == b"1"


def test_members_too_large_together_are_refused_before_any_is_unpacked() -> None:
    """One that says that it is too large by itself does not count: nothing of it is unpacked."""
    limits = cap.Limits(max_bytes=40 * 1024 * 1024)
    fits = packed(a=b"1" * (32 * 1024 * 1024), b=b"2" * (32 * 1024 * 1024))
    assert [len(member.content) for member in members(fits, limits) if isinstance(member.content, bytes)]
    over = patched(fits, 24, (32 * 1024 * 1024 + 1).to_bytes(4, "little"))
    with pytest.raises(cap.LimitExceeded):
        next(members(over, limits))


def test_a_member_that_says_less_than_it_holds_is_not_unpacked_beyond(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was counted before is all that may come of it, in pieces of zipfile's 4,096 bytes."""
    came = 0
    decompress = zipfile._get_decompressor  # type: ignore[attr-defined]

    class Counting:
        def __init__(self, method: int) -> None:
            self._inner = decompress(method)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._inner, name)

        def decompress(self, data: bytes, most: int) -> bytes:
            nonlocal came
            found: bytes = self._inner.decompress(data, most)
            came += len(found)
            return found

    monkeypatch.setattr(zipfile, "_get_decompressor", Counting)
    lying = patched(packed(a=b"0" * 900_000), 24, (10).to_bytes(4, "little"))
    (member,) = members(lying, cap.Limits())
    assert isinstance(member.content, cap.NotXml)
    assert 0 < came <= 4_096


def test_members_that_share_bytes_are_refused() -> None:
    first = packed(a=b"1" * 100, b=b"2" * 100)
    at = first.index(b"PK\x03\x04", first.index(b"a.xml") - 40)
    with pytest.raises(cap.NotXml, match="share"):
        next(members(patched(first, 42, at.to_bytes(4, "little")), LIMITS))


def test_a_member_that_reaches_into_the_directory_is_refused() -> None:
    data = patched(packed(a=b"1"), 20, (200).to_bytes(4, "little"))
    with pytest.raises(cap.NotXml, match="directory"):
        next(members(data, LIMITS))


@pytest.mark.no_cover  # tracing would be what it measures
def test_the_directory_is_counted_and_not_asked_how_long_it_is() -> None:
    """Reading it as a whole takes seconds; it stops at the first member too many."""
    data = packed(a=b"1")
    start, end = data.rindex(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    entry = data[start:end]
    directory = entry * 200_000
    tail = bytearray(data[end:])
    tail[12:16] = len(directory).to_bytes(4, "little")
    started = time.process_time()
    with pytest.raises(cap.LimitExceeded):
        next(members(data[:start] + directory + bytes(tail), LIMITS))
    assert time.process_time() - started < 1.0


def test_a_directory_of_64_bits_is_refused() -> None:
    """It would say another size and place than the end that was looked at."""
    data = packed(a=b"1")
    end = data.rindex(b"PK\x05\x06")
    with pytest.raises(cap.NotXml):
        next(members(data[:end] + b"PK\x06\x07" + bytes(16) + data[end:], LIMITS))


def test_a_comment_holds_no_second_end() -> None:
    data = packed(a=b"1")
    end = data.rindex(b"PK\x05\x06")
    comment = b"PK\x05\x06" + bytes(18)
    commented = data[: end + 20] + len(comment).to_bytes(2, "little") + comment
    assert list(members(commented, LIMITS)) == []
    plain = data[: end + 20] + (5).to_bytes(2, "little") + b"hello"
    assert [member.content for member in members(plain, LIMITS)] == [b"1"]


@given(st.binary(max_size=200), st.integers(0, 400), st.integers(0, 255))
def test_a_damaged_archive_raises_nothing_else(tail: bytes, at: int, value: int) -> None:
    data = bytearray(packed(a=b"abc" * 20, b=b"1"))
    data[at % len(data)] = value
    for body in (bytes(data), bytes(data) + tail, bytes(data)[: at % len(data)] + tail):
        with contextlib.suppress(cap.CapError):
            assert all(isinstance(member.content, bytes | cap.CapError) for member in members(body, LIMITS))
