"""What people read on their devices."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ops.lab.world.devices import COLUMNS, closed, lines_of, order
from ops.lab.world.ledger import Entry

BERLIN = ZoneInfo("Europe/Berlin")
DOCUMENT = {
    "v": 1,
    "title": "WARNUNG",
    "headline": "Hochwasser",
    "areas": "Düren",
    "instruction": "Meiden Sie das Ufer. " * 20,
    "sender": "Leitstelle",
    "expires": "2026-11-28T18:23:30+00:00",
}


def entry(channel: str, text: str) -> Entry:
    return Entry(
        channel=channel,
        recipient="r",
        accepted=True,
        status=201,
        wall_ns=1,
        mono_ns=1,
        process=1,
        number=1,
        port=1,
        text=text,
    )


def test_an_sms_says_of_how_many_parts_it_is() -> None:
    assert lines_of(entry("sms", "WARNUNG: Sturm\nGebiet: Titz"), BERLIN) == [
        "SMS (1 part, 27 characters, gsm7)",
        "WARNUNG: Sturm",
        "Gebiet: Titz",
    ]
    assert lines_of(entry("sms", "ł" * 71), BERLIN)[0] == "SMS (2 parts, 71 characters, ucs2)"


def test_a_notification_has_its_headline_first_and_local_time() -> None:
    lines = lines_of(entry("webpush", json.dumps(DOCUMENT)), BERLIN)
    assert lines[0] == "Push notification (encrypted for this browser alone)"
    assert lines[1:3] == ["WARNUNG: Hochwasser", "Düren"]
    assert lines[-1] == "Leitstelle, gültig bis 28.11.2026 19:23 MEZ"


@pytest.mark.parametrize(
    ("family", "said"), [("fcm", "by FCM"), ("apns", "by APNs"), ("unifiedpush", "by UnifiedPush (encrypted")]
)
def test_the_heading_says_by_what_it_came(family: str, said: str) -> None:
    heading, *_ = lines_of(entry(family, json.dumps(DOCUMENT)), BERLIN)
    assert said in heading
    assert "browser" not in heading
    assert len(heading) <= COLUMNS


@pytest.mark.parametrize(
    ("in_force", "line"),
    [
        ({"active": 2}, "Warnungen in Kraft: 2"),
        ({"active": 0}, "Warnungen in Kraft: 0"),
        ({"active": None}, "Warnungen in Kraft: je nach Ort verschieden"),
    ],
)
def test_a_phone_shows_what_else_is_in_force_and_no_number_where_it_differs(in_force: Any, line: str) -> None:
    lines = lines_of(entry("webpush", json.dumps(DOCUMENT | {"in_force": in_force})), BERLIN)
    assert lines[-2] == line


def test_of_one_message_an_end_comes_after_a_warning() -> None:
    kinds = [("update", 1), ("no_longer_affected", 1), ("alert", 2), ("cancel", 2)]
    places = [order({"kind": kind, "sequence": number}) for kind, number in kinds]
    assert places == sorted(places)


def test_what_a_notice_ends_beside_its_own_chain_is_at_its_end() -> None:
    assert closed({"also_replaces": {"N": 5}}) == {"N": order({"kind": "cancel", "sequence": 5})}
    assert closed({}) == {}


def test_an_app_gets_json() -> None:
    lines = lines_of(entry("app", json.dumps(DOCUMENT)), BERLIN)
    assert lines[1:4] == ["v: 1", 'title: "WARNUNG"', 'headline: "Hochwasser"']


@pytest.mark.parametrize("channel", ["webpush", "app", "sms"])
def test_no_line_is_too_long_and_none_controls_the_terminal(channel: Any) -> None:
    texts = {**DOCUMENT, "headline": "\x1b[2Jgone", "areas": "x" * 200}
    text = "\x1b[2J" + "wort " * 60 if channel == "sms" else json.dumps(texts)
    lines = lines_of(entry(channel, text), BERLIN)
    assert max(map(len, lines)) <= COLUMNS
    assert not any("\x1b" in line for line in lines)


def test_an_entry_without_a_text_is_an_error() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        lines_of(entry("webpush", ""), BERLIN)
