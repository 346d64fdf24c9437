"""What an app is told."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import cap
from dispatcher.model.vocabulary import Kind
from dispatcher.texts.choice import Chosen
from dispatcher.texts.content import RecordedMessage, content
from dispatcher.texts.german import GERMAN
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
from tests.support.messages import HOUR, NOW, Message, stored

INFO = cap.Info(
    language="de-DE", event="Hochwasser", headline="Hochwasser an der Rur", instruction="Meiden Sie das Ufer."
)


def document(places: Any = ("Düren",), kind: Any = Kind.ALERT, on_record: Any = None, **changes: Any) -> Any:
    info, record = replace(INFO, **changes), on_record or stored()
    message = RecordedMessage(cap.parse(Message().xml()).alerts[0], record, tuple(places))
    said = content(message, Chosen(info, NOW + HOUR), kind, GERMAN, NOW)
    body = payload(said, record, info, "de")
    assert len(body) <= PAYLOAD_MAX_BYTES
    return json.loads(body)


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


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=50), st.text(max_size=5000))
def test_places_and_end_are_in_it_whatever_is_to_be_done(places: Any, instruction: str) -> None:
    shown = document([f"A{place}" for place in places], instruction=instruction)
    assert shown["areas"]
    assert shown["expires"] == "2026-11-22T13:00:00+00:00"


def test_half_a_link_is_none() -> None:
    assert "web" in document(web="https://x.example/" + "x" * 480)
    assert "web" not in document(web="https://x.example/" + "x" * 490)
    assert "web" not in document(web="https://x.example/a b")


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
