"""STAT archives of the DWD: bytes to entries, without network or record."""

import zipfile
from pathlib import Path

import pytest

import cap
from dispatcher.feeds.formats.dwd import Dwd
from tests.support.feed_messages import (
    archive,
    corpus,
    dwd_id,
    warning,
)


def entry(*links: str, id_: str = "1", expires: str = "", updated: str = "2026-11-22T12:00:00+00:00") -> str:
    tail = f"<cap:expires>{expires}</cap:expires>" if expires else ""
    return f"<entry><id>{id_}</id><title>t</title><updated>{updated}</updated>{''.join(links)}{tail}</entry>"


def test_the_corpus_archive_holds_three_warnings() -> None:
    listing = Dwd().listing(corpus("dwd/Z_CAP_C_EDZW_LATEST_PVW_STATUS_PREMIUMDWD_COMMUNEUNION_MUL.zip"), "")
    alerts = [incoming.alert for entry in listing.entries for incoming in Dwd().read(entry, ())]
    assert [alert.msg_type for alert in alerts] == ["Update", "Update", "Alert"]
    assert all(len(alert.infos) == 8 for alert in alerts)
    assert not listing.broken


def test_an_empty_archive_says_that_nothing_is_in_force() -> None:
    assert Dwd().listing(archive(), "").entries == ()


@pytest.mark.parametrize("body", [b"", b"<html>Service Unavailable</html>", b"PK\x03\x04 truncated", b"\x00"])
def test_what_is_no_archive_says_nothing(body: bytes) -> None:
    with pytest.raises(cap.CapError):
        Dwd().listing(body, "")


def test_a_truncated_archive_says_nothing() -> None:
    with pytest.raises(cap.CapError):
        Dwd().listing(archive(warning(1), warning(2))[:-100], "")


def test_one_broken_member_leaves_the_others(tmp_path: Path) -> None:
    body = bytearray(archive(warning(1), warning(2)))
    with zipfile.ZipFile(tmp_path / "x.zip", "w"):
        pass
    start = body.index(b"PK\x03\x04", 10)
    body[start + 200 : start + 240] = b"\x00" * 40
    listing = Dwd().listing(bytes(body), "")
    assert [one.key for one in listing.entries] == [f"{dwd_id(1)}.xml"]
    assert [one.key for one in listing.broken] == [f"{dwd_id(2)}.xml"]


def test_a_member_that_is_no_warning_fails_alone() -> None:
    listing = Dwd().listing(archive(warning(1), extra=[("x.xml", b"<nothing/>")]), "")
    assert len(listing.entries) == 2
    with pytest.raises(cap.NotCap):
        Dwd().read(listing.entries[1], ())
