"""Zip archives: members in order, bounded, damaged ones reported."""

import pytest

import cap
from cap.formats.archive import Member, is_zip, members
from tests.cap.archives import packed

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
