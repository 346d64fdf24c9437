"""What an app is told."""

import json
from dataclasses import replace
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cap
from channels.apns import message as apns
from channels.fcm.message import template
from dispatcher.model.alerts import WarningInForce
from dispatcher.model.vocabulary import Kind, Reason
from dispatcher.store.sql import ALSO_REPLACED_MOST
from dispatcher.texts.choice import Chosen
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.notification.declarative import Screen
from dispatcher.texts.notification.in_force import warnings_in_force
from dispatcher.texts.payload import (
    AREAS_BYTES,
    DOCUMENT_MAX_BYTES,
    PAYLOAD_MAX_BYTES,
    payload,
)
from dispatcher.texts.payload import (
    document as full_document,
)
from dispatcher.texts.shortening import as_json
from dispatcher.texts.times import Present
from dispatcher.texts.words.catalogues import CATALOGUES
from dispatcher.texts.words.german import GERMAN
from tests.channels.fcm.test_message import NOTICE, TOKEN
from tests.channels.fcm.test_message import shown as decoded
from tests.support.messages import HOUR, NOW, Message, stored

RECEIPT = b"r" * 24
INFO = cap.Info(
    language="de-DE", event="Hochwasser", headline="Hochwasser an der Rur", instruction="Meiden Sie das Ufer."
)


def document(
    places: Any = ("Düren",),
    kind: Any = Kind.ALERT,
    on_record: Any = None,
    words: Any = GERMAN,
    screen: Any = None,
    **changes: Any,
) -> Any:
    info, record = replace(INFO, **changes), on_record or stored()
    message = RecordedMessage(cap.parse(Message().xml()).alerts[0], record, tuple(places))
    said = content(message, Chosen(info, NOW + HOUR), kind, words, NOW)
    body = payload(said, record, info, "de", screen=screen)
    assert len(body) <= PAYLOAD_MAX_BYTES
    assert on_android(body) == on_iphone(body) == json.loads(body) | {"receipt": RECEIPT.decode()}
    return json.loads(body)


def on_iphone(body: bytes) -> Any:
    """The same by APNs, which shows what a browser shows: all of it, beside the longest document."""
    notice = replace(NOTICE, payload=body, receipt_token=lambda _: RECEIPT)
    payload = json.loads(apns.template(notice, apns.Interruption.CRITICAL).body(RECEIPT))
    shown = json.loads(body).get("notification", {"title": notice.title, "body": notice.text})
    assert payload["aps"]["alert"] == {"title": shown["title"], "body": shown["body"]}
    return payload["notice"]


def on_android(body: bytes) -> Any:
    """What an app reads of the same by FCM, with its receipt, and FCM takes it."""
    notice = replace(NOTICE, payload=body, receipt_token=lambda _: RECEIPT)
    return decoded(template(notice, 3600).body("token", TOKEN, RECEIPT))[1]


def test_what_to_do_comes_before_the_rest_of_a_long_list_and_that_before_the_description() -> None:
    places = [f"Gemeinde {n}" for n in range(300)]
    shown = document(places, instruction="Gehen Sie. " * 400, description="Pegel. " * 400)
    assert shown["areas"].startswith("Gemeinde 0, ")
    assert shown["areas"].endswith(" weitere")
    assert len(shown["areas"]) <= AREAS_BYTES
    assert shown["instruction"].endswith("…")
    assert "description" not in shown
    shown = document(places, instruction="Gehen Sie.", description="Pegel. " * 400)
    assert (shown["instruction"], shown["areas"][-8:]) == ("Gehen Sie.", " weitere")
    assert len(shown["areas"]) > AREAS_BYTES


def test_a_long_list_that_has_room_is_complete() -> None:
    places = [f"Gemeinde {n}" for n in range(60)]
    assert document(places)["areas"] == ", ".join(places)


def test_with_all_that_is_bounded_at_its_longest_some_room_is_left_for_what_to_do() -> None:
    moments = {
        "onset": NOW + HOUR,
        "parameters": (cap.NamedValue("eventEndingTime", "2026-11-23T08:00:00+01:00"),),
    }
    names = ["Ö" * 30 for _ in range(300)]
    shown = document(
        names,
        Kind.NO_LONGER_AFFECTED,
        stored(attribution="ü " * 200),
        headline="ä " * 400,
        event="ö " * 200,
        sender_name="ü " * 200,
        web="https://" + "x" * 492,
        language="de-" + "x" * 40,
        instruction="Gehen Sie. " * 100,
        **moments,
    )
    assert len(shown["instruction"].encode()) > 250


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", CATALOGUES)
def test_letters_of_two_bytes_leave_room_for_what_to_do_and_for_until_when(language: str, kind: Kind) -> None:
    """With a screen, other warnings, long names and a text of as many bytes as its letters may have."""
    words = CATALOGUES[language]
    others = [
        WarningInForce(name, "Ш" * 60, "Щ" * 120, "Severe", NOW + HOUR, frozenset({"05358008"}))
        for name in "BCD"
    ]
    screen = Screen(
        Present(NOW, ZoneInfo("Europe/Berlin")),
        "https://warn.example/app/dueren/#01JF0000000000000000000000",
        warnings_in_force("A", ("05358008",), others, NOW),
    )
    shown = document(
        ["Hürtgenwald", "Düren", "Jülich"] * 30,
        kind,
        stored(attribution="Quelle: Kreis Düren", status="Exercise"),
        words,
        screen,
        headline="Пожежа на хімічному заводі " * 4,
        sender_name="Kreis Düren – Leitstelle",
        web="https://dueren.example/brand",
        language=language,
        instruction="Зачиніть вікна й двері, не виходьте надвір. " * 40,
        description="Дим іде на схід. " * 40,
        onset=NOW + HOUR / 2,
    )
    notification = shown["notification"]
    assert notification["title"].startswith(f"{words.test}: ")
    assert len(shown["instruction"].encode()) > 250
    if kind in {Kind.ALERT, Kind.UPDATE}:
        assert len(notification["body"].split("\n", 1)[0]) > 60
        assert "14:00" in notification["body"]


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=50), st.text(max_size=5000))
def test_places_and_end_are_in_it_whatever_is_to_be_done(places: Any, instruction: str) -> None:
    shown = document([f"A{place}" for place in places], instruction=instruction)
    assert shown["areas"]
    assert shown["expires"] == "2026-11-22T13:00:00+00:00"


def test_half_a_link_is_none() -> None:
    assert "web" in document(web="https://x.example/" + "x" * 480)
    assert "web" not in document(web="https://x.example/" + "x" * 490)
    assert "web" not in document(web="https://x.example/a b")


def test_whom_to_ask_is_whole_and_the_first_to_go() -> None:
    contact = "Bürgertelefon 02421 22-0"
    assert document(contact=contact)["contact"] == contact
    assert "contact" not in document(contact="0" * 301)
    full = document(contact=contact, description="Der Pegel steigt. " * 400)
    assert "contact" not in full
    assert full["description"].endswith("…")


def test_what_to_do_is_there_in_words_that_a_program_can_translate() -> None:
    types = (cap.ResponseType.SHELTER, cap.ResponseType.MONITOR, cap.ResponseType.SHELTER)
    pushed, posted = both(response_types=types, contact="02421 22-0")
    assert pushed["response_types"] == posted["response_types"] == ["Shelter", "Monitor"]
    assert pushed["contact"] == posted["contact"] == "02421 22-0"
    assert "response_types" not in document()


KEYS = tuple((f"0535800{n}", f"Gemeinde {n}") for n in range(9))


def both(municipalities: Any = KEYS, **changes: Any) -> Any:
    """What is pushed and what is posted, of the same."""
    info, record = replace(INFO, **changes), stored()
    names = tuple(name for _, name in municipalities)
    message = RecordedMessage(cap.parse(Message().xml()).alerts[0], record, names, municipalities)
    said = content(message, Chosen(info, NOW + HOUR), Kind.ALERT, GERMAN, NOW)
    pushed = payload(said, record, info, "de", municipalities)
    posted = full_document(said, record, info, "de", municipalities)
    assert len(pushed) <= PAYLOAD_MAX_BYTES
    assert len(as_json(posted)) <= DOCUMENT_MAX_BYTES
    return json.loads(pushed), posted


def test_a_push_and_a_callback_speak_one_language() -> None:
    polygon = cap.Polygon(((50.0, 6.0), (50.0, 6.5), (50.5, 6.5), (50.0, 6.0)))
    pushed, posted = both(areas=(cap.Area("x", polygons=(polygon,)),), description="Der Pegel steigt.")
    assert set(posted) - set(pushed) == {"cap", "area_shape"}
    assert all(posted[name] == value for name, value in pushed.items())
    assert pushed["municipalities"][0] == {"ags": "05358000", "name": "Gemeinde 0"}


def test_keys_are_all_there_or_none_and_never_at_the_cost_of_what_to_do() -> None:
    pushed, posted = both(tuple((f"{n:08}", f"Gemeinde {n}") for n in range(60)))
    assert ("municipalities" in pushed, len(posted["municipalities"])) == (False, 60)
    pushed, posted = both(tuple((f"{n:08}", f"Gemeinde {n}") for n in range(11_000)))
    assert "municipalities" not in pushed
    assert "municipalities" not in posted
    pushed, _ = both(instruction="Gehen Sie. " * 400)
    assert "municipalities" not in pushed
    assert pushed["instruction"].endswith("…")


@given(st.text(max_size=9_000), st.text(max_size=9_000), st.integers(0, 200))
def test_a_document_keeps_its_bounds(instruction: str, description: str, corners: int) -> None:
    ring = tuple((50 + n / 1234567, 6 + n / 1234567) for n in range(corners + 3))
    both(
        tuple((f"{n:08}", "Ö" * 30) for n in range(corners)),
        headline="ä " * 400,
        event="ö " * 200,
        sender_name="ü " * 200,
        web="https://" + "x" * 492,
        instruction=instruction,
        description=description,
        areas=(cap.Area("x", polygons=(cap.Polygon((*ring, ring[0])),)),),
    )


PAGE = "https://warnung.example/" + "x" * 96
OTHER_CHAINS = {f"{number:026}": (1 << 52) + number for number in range(ALSO_REPLACED_MOST)}
NEWEST = list(OTHER_CHAINS.items())[::-1]
NASTY = st.text(st.sampled_from('a ä世😀\u0627\u202e"\\\n'), max_size=30).map(lambda text: text * 40)


def on_screen(
    info: cap.Info, record: Any, municipalities: Any, kind: Any, others: Any = (), link: str = PAGE
) -> tuple[Any, Any]:
    """What is pushed and what is posted where a phone shows it by itself, with these other warnings beside it."""
    keys = tuple(ags for ags, _ in municipalities)
    own = WarningInForce(record.id, "", "", str(info.severity), record.expires, frozenset(keys))
    warnings = [*([own] if kind in {Kind.ALERT, Kind.UPDATE} else []), *others]
    found = warnings_in_force(record.id, keys, warnings, NOW)
    names = tuple(name for _, name in municipalities)
    message = RecordedMessage(
        cap.parse(Message().xml()).alerts[0], record, names, municipalities, in_force=found
    )
    said = content(message, Chosen(info, NOW + HOUR), kind, GERMAN, NOW)
    screen = Screen(Present(NOW, UTC), f"{link}#{record.id}" if link else "", found)
    pushed = payload(said, record, info, "de", municipalities, screen)
    posted = full_document(said, record, info, "de", municipalities, screen)
    assert len(pushed) <= PAYLOAD_MAX_BYTES
    assert len(as_json(posted)) <= DOCUMENT_MAX_BYTES
    return json.loads(pushed), posted


@given(
    texts=st.lists(NASTY, min_size=7, max_size=7),
    other=NASTY,
    places=st.integers(0, 60),
    touched=st.integers(0, 60),
    kind=st.sampled_from(Kind),
)
def test_it_fits_with_all_that_a_phone_shows_whatever_the_texts_are(
    texts: Any, other: str, places: int, touched: int, kind: Any
) -> None:
    headline, event, instruction, description, sender, web, name = texts
    municipalities = tuple((f"{n:08}", f"{n}{name[:60]}") for n in range(places))
    beside = WarningInForce(
        "B" * 26, other, other, "Extreme", NOW + HOUR, frozenset(f"{n:08}" for n in range(touched))
    )
    info = replace(
        INFO,
        headline=headline,
        event=event,
        instruction=f"Weg! {instruction}",
        description=description,
        sender_name=sender,
        web=web,
        onset=NOW + HOUR,
        parameters=(cap.NamedValue("eventEndingTime", "2026-11-23T08:00:00+01:00"),),
    )
    record = stored(
        id="A" * 26, thread="A" * 26, attribution=sender, sequence=1 << 52, also_replaces=OTHER_CHAINS
    )
    pushed, posted = on_screen(info, record, municipalities, kind, [beside] if touched else [])
    shown = pushed["notification"]
    assert pushed["web_push"] == posted["web_push"] == 8030
    ended = kind is Kind.CANCEL
    assert shown["title"].startswith(GERMAN.prefix[kind]) or (
        ended and shown["title"].startswith(GERMAN.withdrawn)
    )
    assert shown["navigate"] == f"{PAGE}#{record.id}"
    assert posted["also_replaces"] == OTHER_CHAINS
    assert list(pushed["also_replaces"].items()) in (NEWEST, NEWEST[:2])
    assert pushed["instruction"].startswith("Weg!")
    for name in ("active", "gravest"):
        assert (pushed["in_force"][name] is None) == (posted["in_force"][name] is None)
    assert pushed["in_force"]["active"] == posted["in_force"]["active"]
    assert (pushed["sequence"], pushed["expires"]) == (1 << 52, "2026-11-22T13:00:00+00:00")
    if kind in {Kind.ALERT, Kind.UPDATE}:
        assert "Weg!" in shown["body"]
        assert "22.11. 13:00" in shown["body"]


def test_a_common_warning_has_all_of_it_both_ways_and_the_description_too() -> None:
    municipalities = tuple((f"053580{n:02}", f"Gemeinde {n}") for n in range(15))
    info = replace(
        INFO,
        severity=cap.Severity.SEVERE,
        instruction="Meiden Sie das Ufer. Fahren Sie nicht durch Unterführungen. Helfen Sie Nachbarn. " * 3,
        description="Der Pegel der Rur steigt seit dem Morgen. " * 6,
        sender_name="Leitstelle Kreis Düren",
        web="https://kreis.example/rur",
    )
    other = WarningInForce(
        "B" * 26,
        "Sturm",
        "Sturmböen bis 100 km/h",
        "Moderate",
        NOW + HOUR,
        frozenset(a for a, _ in municipalities),
    )
    pushed, _ = on_screen(info, stored(id="A" * 26, thread="A" * 26), municipalities, Kind.ALERT, [other])
    assert pushed["instruction"] == (info.instruction or "").strip()
    assert pushed["description"] == (info.description or "").strip()
    assert "Sturmböen bis 100 km/h" in pushed["notification"]["body"]
    assert (pushed["in_force"]["active"], pushed["in_force"]["gravest"]) == (
        2,
        {"alert": "A" * 26, "severity": "Severe"},
    )


def test_an_all_clear_names_what_goes_on_and_counts_it() -> None:
    other = WarningInForce("B" * 26, "Sturm", "Sturm", "Severe", NOW + HOUR, frozenset({"05358008"}))
    pushed, _ = on_screen(
        INFO, stored(reason=Reason.ALL_CLEAR), (("05358008", "Düren"),), Kind.CANCEL, [other], link=""
    )
    assert (pushed["title"], pushed["in_force"]["active"]) == ("ENTWARNUNG", 1)
    assert "Für Ihren Ort gilt weiterhin: Sturm" in pushed["notification"]["body"]
    assert not {"web_push", "navigate"} & (pushed.keys() | pushed["notification"].keys())
    alone, _ = on_screen(INFO, stored(), (("05358008", "Düren"),), Kind.CANCEL)
    assert alone["in_force"] == {"as_of": "2026-11-22T12:00:00.000+00:00", "active": 0, "gravest": None}
    assert "weiter" not in alone["notification"]["body"]


def test_with_a_screen_and_all_that_is_bounded_at_its_longest_some_room_is_left_for_what_to_do() -> None:
    municipalities = tuple((f"{n:08}", "Ö" * 30) for n in range(300))
    info = replace(
        INFO,
        headline="ä " * 400,
        event="ö " * 200,
        sender_name="ü " * 200,
        web="https://" + "x" * 492,
        language="de-" + "x" * 40,
        instruction="Gehen Sie. " * 100,
        onset=NOW + HOUR,
        parameters=(cap.NamedValue("eventEndingTime", "2026-11-23T08:00:00+01:00"),),
    )
    record = stored(
        id="A" * 26, thread="A" * 26, attribution="ü " * 200, sequence=1 << 52, also_replaces=OTHER_CHAINS
    )
    everywhere = frozenset(ags for ags, _ in municipalities)
    other = WarningInForce("B" * 26, "x", "ä " * 400, "Extreme", NOW + HOUR, everywhere)
    pushed, _ = on_screen(info, record, municipalities, Kind.ALERT, [other])
    assert len(pushed["instruction"].encode()) > 250
    assert pushed["in_force"]["gravest"]["headline"]
    assert pushed["areas"].endswith(" weitere")
    assert pushed["attribution"]
