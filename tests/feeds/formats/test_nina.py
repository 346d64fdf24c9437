"""NINA's lists and messages: bytes to entries, without network or record."""

import json

import pytest

import cap
from dispatcher.feeds.formats.nina import Nina
from tests.support.feed_messages import (
    corpus,
    dashboard_entry,
    listing_body,
    nina_detail,
)

DASHBOARD = "https://nina.example/api31/dashboard/053580000000.json"
MAP = "https://nina.example/api31/mowas/mapData.json"


def test_the_corpus_dashboard_lists_two_warnings_with_what_stands_in_for_them() -> None:
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


def test_the_corpus_warning_is_read_with_its_geometry() -> None:
    name = "nina/mow.DE-HE-KS-SE106-20250313-106-001"
    listing = Nina().listing(listing_body(dashboard_entry("mow.DE-HE-KS-SE106-20250313-106-001")), DASHBOARD)
    (incoming,) = Nina().read(listing.entries[0], (corpus(f"{name}.json"), corpus(f"{name}.geojson")))
    assert incoming.alert.msg_type is cap.MsgType.CANCEL
    assert len(incoming.alert.infos[0].areas[0].polygons) == 25
    assert incoming.geometry


def test_a_warning_without_geometry_is_read_all_the_same() -> None:
    listing = Nina().listing(listing_body(dashboard_entry("mow.DE-NW-DN-W001-20261122-1-000")), DASHBOARD)
    (incoming,) = Nina().read(listing.entries[0], (nina_detail("mow.x"), b""))
    assert incoming.alert.identifier == "mow.x"


def test_the_map_names_no_area_so_the_stand_in_has_none() -> None:
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


def test_a_cancel_in_the_list_is_an_all_clear() -> None:
    (found,) = (
        Nina()
        .listing(
            listing_body(dashboard_entry("mow.DE-NW-DN-W001-20261122-1-002", msg_type="Cancel")), DASHBOARD
        )
        .entries
    )
    assert found.summary.infos[0].response_types == (cap.ResponseType.ALL_CLEAR,)
    assert len(found.summary.references) == 2


def test_the_older_files_hold_whole_messages() -> None:
    body = b"[" + nina_detail("mow.DE-NW-DN-W001-20261122-1-000") + b"]"
    listing = Nina().listing(body, "https://nina.example/bbk.mowas/gefahrendurchsagen.json")
    (incoming,) = Nina().read(listing.entries[0], ())
    assert incoming.alert.infos[0].event == "Gefahrendurchsage"
    assert listing.entries[0].links == ()


def test_one_broken_entry_leaves_the_others() -> None:
    good = dashboard_entry("mow.DE-NW-DN-W001-20261122-1-000")
    evil = dashboard_entry("../../etc/passwd")
    body = json.dumps([good, 7, {"id": 3}, {"id": "mow.y", "payload": []}, evil]).encode()
    listing = Nina().listing(body, DASHBOARD)
    assert [one.key for one in listing.entries] == ["mow.DE-NW-DN-W001-20261122-1-000"]
    assert [one.key for one in listing.broken] == ["entry 2", "entry 3", "mow.y", "../../etc/passwd"]


@pytest.mark.parametrize("body", [b"", b"<html/>", b'{"error": 500}', b"[" * 100_000, b"\xff\xfe"])
def test_an_error_body_is_no_list(body: bytes) -> None:
    with pytest.raises(cap.NotJson):
        Nina().listing(body, DASHBOARD)


def test_a_list_of_more_entries_than_a_continent_has_is_refused() -> None:
    with pytest.raises(cap.LimitExceeded):
        Nina().listing(b"[" + b"0," * 20_000 + b"0]", "https://x.example/dashboard/053580000000.json")
