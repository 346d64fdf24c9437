"""Bytes of a source to entries, without network or record."""

import json
import os
import zipfile
from datetime import UTC, datetime, timedelta

import pytest

import cap
from dispatcher.feeds.formats import folder as folder_module
from dispatcher.feeds.formats.dates import read_date
from dispatcher.feeds.formats.document import Document
from dispatcher.feeds.formats.dwd import Dwd
from dispatcher.feeds.formats.folder import MAX_FILES, Folder
from dispatcher.feeds.formats.index import Index
from dispatcher.feeds.formats.nina import Nina
from tests.feeds.material import (
    NOW,
    archive,
    corpus,
    dashboard_entry,
    dwd_id,
    listing_body,
    nina_detail,
    warning,
)

DASHBOARD = "https://nina.example/api31/dashboard/053580000000.json"
MAP = "https://nina.example/api31/mowas/mapData.json"
ATOM = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">
<id>x</id><title>x</title><updated>2026-11-22T12:00:00+00:00</updated>{}</feed>"""


def entry(*links, id_="1", expires="", updated="2026-11-22T12:00:00+00:00"):
    tail = f"<cap:expires>{expires}</cap:expires>" if expires else ""
    return f"<entry><id>{id_}</id><title>t</title><updated>{updated}</updated>{''.join(links)}{tail}</entry>"


# DWD


def test_the_corpus_archive_holds_three_warnings():
    listing = Dwd().listing(corpus("dwd/Z_CAP_C_EDZW_LATEST_PVW_STATUS_PREMIUMDWD_COMMUNEUNION_MUL.zip"), "")
    alerts = [incoming.alert for entry in listing.entries for incoming in Dwd().read(entry, ())]
    assert [alert.msg_type for alert in alerts] == ["Update", "Update", "Alert"]
    assert all(len(alert.infos) == 8 for alert in alerts)
    assert not listing.broken


def test_an_empty_archive_says_that_nothing_is_in_force():
    assert Dwd().listing(archive(), "").entries == ()


@pytest.mark.parametrize("body", [b"", b"<html>Service Unavailable</html>", b"PK\x03\x04 truncated", b"\x00"])
def test_what_is_no_archive_says_nothing(body):
    with pytest.raises(cap.CapError):
        Dwd().listing(body, "")


def test_a_truncated_archive_says_nothing():
    with pytest.raises(cap.CapError):
        Dwd().listing(archive(warning(1), warning(2))[:-100], "")


def test_one_broken_member_leaves_the_others(tmp_path):
    body = bytearray(archive(warning(1), warning(2)))
    with zipfile.ZipFile(tmp_path / "x.zip", "w"):
        pass
    start = body.index(b"PK\x03\x04", 10)
    body[start + 200 : start + 240] = b"\x00" * 40
    listing = Dwd().listing(bytes(body), "")
    assert [one.key for one in listing.entries] == [f"{dwd_id(1)}.xml"]
    assert [one.key for one in listing.broken] == [f"{dwd_id(2)}.xml"]


def test_a_member_that_is_no_warning_fails_alone():
    listing = Dwd().listing(archive(warning(1), extra=[("x.xml", b"<nothing/>")]), "")
    assert len(listing.entries) == 2
    with pytest.raises(cap.NotCap):
        Dwd().read(listing.entries[1], ())


# NINA


def test_the_corpus_dashboard_lists_two_warnings_with_what_stands_in_for_them():
    listing = Nina().listing(corpus("nina/dashboard-sample.json"), DASHBOARD)
    first, second = listing.entries
    assert first.key == "mow.DE-BW-S-SE018-20211102-18-001"
    assert first.links[0] == f"https://nina.example/api31/warnings/{first.key}.json"
    assert first.links[1].endswith(".geojson")
    assert first.summary.sender == "DE-BW-S-SE018"
    assert first.summary.msg_type is cap.MsgType.UPDATE
    assert [one.identifier for one in first.summary.references] == ["mow.DE-BW-S-SE018-20211102-18-000"]
    assert first.summary.infos[0].headline.startswith("Corona-Verordnung")
    assert first.summary.infos[0].areas[0].geocodes == (cap.NamedValue("ARS", "053580000000"),)
    assert second.expires.year == 3021
    assert second.summary.infos[0].severity is cap.Severity.MINOR


def test_the_corpus_warning_is_read_with_its_geometry():
    name = "nina/mow.DE-HE-KS-SE106-20250313-106-001"
    listing = Nina().listing(listing_body(dashboard_entry("mow.DE-HE-KS-SE106-20250313-106-001")), DASHBOARD)
    (incoming,) = Nina().read(listing.entries[0], (corpus(f"{name}.json"), corpus(f"{name}.geojson")))
    assert incoming.alert.msg_type is cap.MsgType.CANCEL
    assert len(incoming.alert.infos[0].areas[0].polygons) == 25
    assert incoming.geometry


def test_a_warning_without_geometry_is_read_all_the_same():
    listing = Nina().listing(listing_body(dashboard_entry("mow.DE-NW-DN-W001-20261122-1-000")), DASHBOARD)
    (incoming,) = Nina().read(listing.entries[0], (nina_detail("mow.x"), b""))
    assert incoming.alert.identifier == "mow.x"


def test_the_map_names_no_area_so_the_stand_in_has_none():
    item = {
        "id": "lhp.HOCHWASSER.NW",
        "version": 3,
        "startDate": "2026-11-22T12:00:00+01:00",
        "severity": "Severe",
        "urgency": "Immediate",
        "type": "Alert",
        "i18nTitle": {"en": "Flood"},
        "transKeys": {"event": "BBK-EVC-001"},
    }
    (found,) = Nina().listing(listing_body(item), MAP).entries
    assert found.links[0] == "https://nina.example/api31/warnings/lhp.HOCHWASSER.NW.json"
    assert found.summary.sender == "warnung.bund.de"
    assert found.summary.infos[0].headline == "Flood"
    assert found.summary.infos[0].areas[0].geocodes == ()
    undated = item | {"startDate": "gestern"}
    assert Nina().listing(listing_body(undated), MAP).entries[0].summary is None


def test_a_cancel_in_the_list_is_an_all_clear():
    (found,) = (
        Nina()
        .listing(
            listing_body(dashboard_entry("mow.DE-NW-DN-W001-20261122-1-002", msg_type="Cancel")), DASHBOARD
        )
        .entries
    )
    assert found.summary.infos[0].response_types == (cap.ResponseType.ALL_CLEAR,)
    assert len(found.summary.references) == 2


def test_the_older_files_hold_whole_messages():
    body = b"[" + nina_detail("mow.DE-NW-DN-W001-20261122-1-000") + b"]"
    listing = Nina().listing(body, "https://nina.example/bbk.mowas/gefahrendurchsagen.json")
    (incoming,) = Nina().read(listing.entries[0], ())
    assert incoming.alert.infos[0].event == "Gefahrendurchsage"
    assert listing.entries[0].links == ()


def test_one_broken_entry_leaves_the_others():
    good = dashboard_entry("mow.DE-NW-DN-W001-20261122-1-000")
    evil = dashboard_entry("../../etc/passwd")
    body = json.dumps([good, 7, {"id": 3}, {"id": "mow.y", "payload": []}, evil]).encode()
    listing = Nina().listing(body, DASHBOARD)
    assert [one.key for one in listing.entries] == ["mow.DE-NW-DN-W001-20261122-1-000"]
    assert [one.key for one in listing.broken] == ["entry 2", "entry 3", "mow.y", "../../etc/passwd"]


@pytest.mark.parametrize("body", [b"", b"<html/>", b'{"error": 500}', b"[" * 100_000, b"\xff\xfe"])
def test_an_error_body_is_no_list(body):
    with pytest.raises(cap.NotJson):
        Nina().listing(body, DASHBOARD)


# Atom and RSS


def test_the_corpus_index_links_to_a_message():
    body = corpus("international/au-bom-en.rss.xml")
    (found,) = Index().listing(body, "https://severeweather.wmo.int/v2/rss.xml").entries
    assert found.key.startswith("https://severeweather.wmo.int/v2/cap-alerts/au-bom-en/2026/")
    assert found.expires == datetime(2026, 1, 1, 16, 0, tzinfo=UTC)
    with pytest.raises(cap.NotCap):
        Index().read(found, (body,))


def test_a_link_is_chosen_by_its_media_type_and_may_be_relative():
    body = ATOM.format(
        entry(
            '<link rel="alternate" type="text/html" href="https://elsewhere.example/page"/>',
            '<link rel="related" type="application/cap+xml" href="cap/1.xml"/>',
        )
    ).encode()
    (found,) = Index().listing(body, "https://feeds.example/list/atom.xml").entries
    assert found.links == ("https://feeds.example/list/cap/1.xml",)


def test_entries_whose_ids_collide_are_two_messages():
    links = ['<link href="https://x.example/en.xml"/>', '<link href="https://x.example/fr.xml"/>']
    body = ATOM.format("".join(entry(link) for link in links)).encode()
    assert len(Index().listing(body, "https://x.example/").entries) == 2


def test_several_entries_for_one_message_are_over_when_the_last_is():
    link = "<link href='/a.xml'/>"

    def one(updated, expires):
        return entry(link, updated=updated, expires=expires)

    def found(*entries):
        (joined,) = Index().listing(ATOM.format("".join(entries)).encode(), "https://x.example/").entries
        return joined

    long = one("2026-11-22T11:00:00Z", "2026-11-22T18:00:00Z")
    short = one("2026-11-22T11:30:00Z", "2026-11-22T11:45:00Z")
    for joined in (found(long, short), found(short, long)):
        assert joined.expires == datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
        assert joined.version == "2026-11-22T11:00:00Z|2026-11-22T11:30:00Z"
    assert found(long, short, one("2026-11-22T11:30:00Z", "soon")).expires is None


@pytest.mark.parametrize(
    "text", ["2026/11/22 下午 1:00:00", "Sun, 22 Nov 2026 13:00:00", "2026-11-22T13:00:00"]
)
def test_an_end_without_zone_is_the_latest_that_it_can_be(text):
    body = ATOM.format(entry("<link href='/a.xml'/>", expires=text)).encode()
    (found,) = Index().listing(body, "https://x.example/").entries
    assert found.expires == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def test_an_entry_that_leads_nowhere_is_kept_aside():
    body = ATOM.format(entry() + entry('<link href="file:///etc/passwd"/>')).encode()
    listing = Index().listing(body, "https://x.example/")
    assert listing.entries == ()
    assert [one.key for one in listing.broken] == ["entry 1", "entry 2"]


def test_an_index_without_entries_says_that_nothing_is_in_force():
    assert Index().listing(ATOM.format("").encode(), "https://x.example/").entries == ()


@pytest.mark.parametrize(
    "body",
    [
        b"<rss/>",
        b"<rss version='2.0'/>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'><error>x</error></feed>",
    ],
)
def test_a_hollow_feed_says_nothing(body):
    with pytest.raises(cap.CapError):
        Index().listing(body, "https://x.example/")


def test_an_empty_channel_says_that_nothing_is_in_force():
    body = b"<rss version='2.0'><channel><title>t</title></channel></rss>"
    assert Index().listing(body, "https://x.example/").entries == ()


def test_an_index_is_no_single_message():
    body = ATOM.format(entry('<link href="/a.xml"/>')).encode()
    with pytest.raises(cap.NotCap, match="index"):
        Document().listing(body, "https://x.example/")


def test_messages_within_the_feed_need_no_link():
    content = f'<content type="text/xml">{cap.render(warning(1)).decode().partition("?>")[2]}</content>'
    body = ATOM.format(entry(content)).encode()
    listing = Index().listing(body, "https://x.example/")
    (incoming,) = Index().read(listing.entries[0], ())
    assert incoming.alert.identifier == dwd_id(1)


def test_a_message_behind_a_link_is_kept_as_it_came():
    body = cap.render(warning(1))
    (found,) = Index().listing(ATOM.format(entry('<link href="/1"/>')).encode(), "https://x.example/").entries
    (incoming,) = Index().read(found, (body,))
    assert incoming.original == body


def test_a_feed_in_a_wrong_encoding_is_still_read():
    body = ATOM.format(entry('<link href="/1"/>')).replace("<title>t", "<title>Stürme").encode("latin-1")
    (found,) = Index().listing(body, "https://x.example/").entries
    assert found.expires is None


@pytest.mark.parametrize("body", [b"", b"<ServiceExceptionReport/>", b"Internal Server Error", b"<feed"])
def test_what_is_no_feed_says_nothing(body):
    with pytest.raises(cap.CapError):
        Index().listing(body, "https://x.example/")


# one document, a folder


def test_a_single_message_and_a_container_of_colliding_ones():
    body = cap.render(warning(1))
    (found,) = Document().listing(body, "").entries
    assert Document().read(found, ())[0].original == body
    inner = cap.render(warning(1)).decode().partition("?>")[2]
    other = cap.render(warning(1, headline="anders")).decode().partition("?>")[2]
    listing = Document().listing(f"<alerts>{inner}{other}{inner}</alerts>".encode(), "")
    assert [one.key.rpartition(",")[2] for one in listing.entries] == [
        NOW.isoformat(),
        f"{NOW.isoformat()}#2",
    ]


def test_a_folder_holds_files_and_archives(tmp_path):
    (tmp_path / "a.cap").write_bytes(cap.render(warning(1)))
    (tmp_path / "b.zip").write_bytes(archive(warning(2)))
    (tmp_path / "c.json").write_bytes(nina_detail("mow.x"))
    (tmp_path / "d.zip").write_bytes(b"PK\x03\x04")
    (tmp_path / "readme.txt").write_text("nothing")
    (tmp_path / "below.xml").mkdir()
    (tmp_path / "link.xml").symlink_to(tmp_path / "a.cap")
    (tmp_path / "huge.xml").write_bytes(b" " * 3_000_000)
    folder = Folder(tmp_path)
    listing = folder.scan()
    assert [one.key for one in listing.entries] == ["a.cap", f"b.zip!{dwd_id(2)}.xml", "c.json"]
    assert [(one.key, one.code) for one in listing.broken] == [
        ("d.zip", "not-xml"),
        ("huge.xml", "too-large"),
        ("link.xml", "unreadable-file"),
    ]
    read = [folder.read(one, ())[0].alert.identifier for one in listing.entries]
    assert read == [dwd_id(1), dwd_id(2), "mow.x"]
    assert MAX_FILES > 1000


def test_a_file_that_cannot_be_read_leaves_the_others(tmp_path):
    (tmp_path / "a.cap").write_bytes(cap.render(warning(1)))
    (tmp_path / ".b.xml").write_bytes(b"<alert>still being writ")
    (tmp_path / "gone.xml").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "pipe.xml")
    listing = Folder(tmp_path).scan()
    assert [one.key for one in listing.entries] == ["a.cap", "pipe.xml"]
    assert [one.key for one in listing.broken] == ["gone.xml"]
    with pytest.raises(cap.CapError):
        Folder(tmp_path).read(listing.entries[1], ())


def test_files_beyond_the_limit_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "MAX_FILES", 2)
    for number in range(5):
        (tmp_path / f"{number}.xml").write_bytes(cap.render(warning(number)))
    listing = Folder(tmp_path).scan()
    assert [one.key for one in listing.entries] == ["0.xml", "1.xml"]
    assert [one.detail for one in listing.broken] == ["3 files beyond the 2 that are read"]


def test_a_file_can_be_handed_to_the_folder(tmp_path):
    folder = Folder(tmp_path)
    assert folder.listing(archive(warning(1)), "https://x/stat.zip").entries[0].key.startswith("stat.zip!")
    assert folder.listing(cap.render(warning(1)), "").entries[0].key == "file"


def test_a_folder_that_is_not_there_says_nothing(tmp_path):
    with pytest.raises(OSError):
        Folder(tmp_path / "gone").scan()


# dates


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-01-12T22:00:00+08:00", datetime(2026, 1, 12, 14, 0, tzinfo=UTC)),
        ("Mon, 12 Jan 2026 22:00:00 +0800", datetime(2026, 1, 12, 14, 0, tzinfo=UTC)),
        ("2026/1/12 下午 10:00:00", datetime(2026, 1, 12, 22, 0, tzinfo=UTC)),
        ("2026/1/12 上午 12:30:00", datetime(2026, 1, 12, 0, 30, tzinfo=UTC)),
        ("2026/1/12 10:00 PM", datetime(2026, 1, 12, 22, 0, tzinfo=UTC)),
        ("2026/1/12 10:00", datetime(2026, 1, 12, 10, 0, tzinfo=UTC)),
        ("Mon, 12 Jan 2026 22:00:00 -0000", datetime(2026, 1, 12, 22, 0, tzinfo=UTC)),
        ("2026/13/45 10:00", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates_in_every_format_that_feeds_use(text, expected):
    found = read_date(text)
    assert found == expected
    assert found is None or found.utcoffset() is not None


def test_dates_agree_with_the_clock():
    assert read_date(NOW.isoformat()) - NOW == timedelta(0)
