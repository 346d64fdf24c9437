"""What people get to read."""

import json
from dataclasses import replace
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cap
from channels import base
from dispatcher.delivery.render import (
    PAYLOAD_MAX_BYTES,
    choose_info,
    collapse_key,
    render,
    shorten,
    words_for,
)
from dispatcher.model.vocabulary import Kind, Lane
from tests.support.messages import NOW, InfoPart, Message, stored

LOCAL = stored().expires.astimezone(ZoneInfo("Europe/Berlin"))
GERMAN = cap.Info(
    language="de-DE",
    event="Hochwasser",
    headline="Hochwasser an der Rur",
    urgency=cap.Urgency.IMMEDIATE,
    severity=cap.Severity.SEVERE,
    certainty=cap.Certainty.OBSERVED,
    instruction="Meiden Sie das Ufer.",
    description="Der Pegel steigt.",
    sender_name="Leitstelle Düren",
    web="https://dueren.example/hochwasser",
)
ENGLISH = replace(
    GERMAN, language="en-GB", headline="Flood on the Rur", instruction="Keep away from the banks."
)


def alert_with(*infos: Any) -> Any:
    return replace(cap.parse(Message(infos=(InfoPart(),)).xml()).alerts[0], infos=infos)


def rendered(
    *infos: Any,
    kind: Any = Kind.ALERT,
    language: str = "de",
    places: Any = ("Düren", "Jülich"),
    **changes: Any,
) -> Any:
    return render(alert_with(*infos), stored(**changes), kind, language, places, LOCAL)


def document(notice: Any) -> Any:
    return json.loads(notice.payload)


def test_a_warning_is_complete_without_fetching_anything() -> None:
    notice = rendered(GERMAN)
    assert document(notice) == {
        "v": 1,
        "alert": "A",
        "chain": "A",
        "kind": "alert",
        "title": "WARNUNG",
        "headline": "Hochwasser an der Rur",
        "severity": "Severe",
        "urgency": "Immediate",
        "certainty": "Observed",
        "event": "Hochwasser",
        "sender": "Leitstelle Düren",
        "sent": "2026-11-22T12:00:00+00:00",
        "expires": "2026-11-22T18:00:00+00:00",
        "lang": "de-DE",
        "web": "https://dueren.example/hochwasser",
        "instruction": "Meiden Sie das Ufer.",
        "areas": "Düren, Jülich",
        "description": "Der Pegel steigt.",
    }
    assert notice.title == "WARNUNG: Hochwasser an der Rur"
    assert (notice.alert_id, notice.language, notice.deadline) == ("A", "de", stored().expires)


def test_the_text_says_what_to_do_where_and_until_when_in_local_time() -> None:
    assert rendered(GERMAN).text == (
        "WARNUNG: Hochwasser an der Rur\nMeiden Sie das Ufer.\nGebiet: Düren, Jülich\n"
        "Gültig bis 22.11. 19:00 Uhr\nLeitstelle Düren"
    )


@pytest.mark.parametrize(
    ("kind", "language", "prefix"),
    [
        (Kind.ALERT, "de", "WARNUNG"),
        (Kind.UPDATE, "de", "AKTUALISIERUNG"),
        (Kind.NO_LONGER_AFFECTED, "de", "FÜR IHREN ORT AUFGEHOBEN"),
        (Kind.CANCEL, "de", "ENTWARNUNG"),
        (Kind.ALERT, "en", "WARNING"),
        (Kind.UPDATE, "en", "UPDATE"),
        (Kind.NO_LONGER_AFFECTED, "en", "LIFTED FOR YOUR AREA"),
        (Kind.CANCEL, "en", "ALL CLEAR"),
        (Kind.ALERT, "tr", "WARNUNG"),
    ],
)
def test_the_first_word_says_what_it_is(kind: Any, language: str, prefix: str) -> None:
    notice = rendered(GERMAN, ENGLISH, kind=kind, language=language)
    assert notice.title.startswith(f"{prefix}: ")
    assert notice.text.startswith(f"{prefix}: ")
    assert document(notice)["kind"] == kind


@pytest.mark.parametrize("kind", [Kind.NO_LONGER_AFFECTED, Kind.CANCEL])
def test_an_all_clear_repeats_no_instruction_and_no_time(kind: Any) -> None:
    text = rendered(GERMAN, kind=kind).text
    assert "Meiden" not in text
    assert "Gültig" not in text
    assert text.endswith("Leitstelle Düren")


@pytest.mark.parametrize(
    ("wanted", "infos", "chosen"),
    [
        ("en", (GERMAN, ENGLISH), ENGLISH),
        ("de", (ENGLISH, GERMAN), GERMAN),
        ("tr", (ENGLISH, GERMAN), GERMAN),
        ("tr", (replace(GERMAN, language="fr"), ENGLISH), ENGLISH),
        (
            "tr",
            (replace(GERMAN, language="fr"), replace(GERMAN, language="nl")),
            replace(GERMAN, language="fr"),
        ),
        ("de", (ENGLISH, replace(GERMAN, language=None)), replace(GERMAN, language=None)),
        ("de", (replace(GERMAN, language="DE"),), replace(GERMAN, language="DE")),
        ("de", (), None),
    ],
)
def test_the_language_is_the_wanted_one_else_german_else_english_else_the_first(
    wanted: str, infos: tuple[Any, ...], chosen: Any
) -> None:
    assert choose_info(alert_with(*infos), wanted) == chosen


def test_of_several_of_one_language_the_gravest_then_the_most_urgent_is_shown() -> None:
    minor = replace(GERMAN, severity=cap.Severity.MINOR)
    later = replace(GERMAN, urgency=cap.Urgency.FUTURE)
    assert choose_info(alert_with(minor, later, GERMAN), "de") == GERMAN


def test_a_cancel_without_any_info_still_says_what_is_over() -> None:
    notice = rendered(kind=Kind.CANCEL)
    assert notice.title == "ENTWARNUNG: Hochwasser an der Rur"
    assert document(notice)["event"] == "Hochwasser"
    assert document(notice)["lang"] == "de"


def test_the_event_stands_in_for_a_headline() -> None:
    assert rendered(replace(GERMAN, headline=None)).title == "WARNUNG: Hochwasser"


def test_places_instruction_and_sender_are_left_out_where_there_are_none() -> None:
    bare = replace(GERMAN, instruction=None, sender_name=None, web=None, description=None)
    notice = rendered(bare, places=())
    assert notice.text == "WARNUNG: Hochwasser an der Rur\nGültig bis 22.11. 19:00 Uhr"
    assert not {"instruction", "areas", "description", "web"} & document(notice).keys()
    assert document(notice)["sender"] == "leitstelle@dueren.example"


@pytest.mark.parametrize(
    ("lane", "urgency"),
    [
        (Lane.FLASH, base.Urgency.HIGH),
        (Lane.PRIORITY, base.Urgency.HIGH),
        (Lane.ROUTINE, base.Urgency.NORMAL),
    ],
)
def test_only_routine_may_wait_for_the_phone_to_wake(lane: Any, urgency: Any) -> None:
    assert rendered(GERMAN, lane=lane).urgency is urgency


def test_all_messages_of_a_chain_collapse_into_one_and_chains_do_not() -> None:
    keys = [rendered(GERMAN, id=one, thread=chain).collapse_key for one, chain in ("AX", "BX", "CY")]
    assert keys[0] == keys[1] != keys[2]
    assert len(collapse_key("x" * 26)) == 32


ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=4000) | st.builds(
    "{}{}".format,
    st.text('ä😀"\\ \n\x01', max_size=4),
    st.sampled_from(["😀", '"', "wort ", " ", "\x01"]).map(lambda c: c * 3000),
)


@given(
    texts=st.lists(ANY_TEXT, min_size=7, max_size=7),
    places=st.lists(st.text(max_size=60), max_size=200),
    kind=st.sampled_from(Kind),
)
def test_the_payload_fits_whatever_the_texts_are(texts: Any, places: Any, kind: Any) -> None:
    headline, event, instruction, description, sender_name, web, language = texts
    info = cap.Info(
        language=language,
        headline=headline,
        event=event,
        instruction=instruction,
        description=description,
        sender_name=sender_name,
        web=web,
    )
    for infos in ((info,), ()):
        notice = rendered(
            *infos, kind=kind, places=places, headline=headline, event=event, sender=sender_name
        )
        assert len(notice.payload) <= PAYLOAD_MAX_BYTES
        assert document(notice)["kind"] == kind


def test_what_is_most_worth_knowing_is_kept_longest() -> None:
    long = replace(GERMAN, instruction="Gehen Sie. " * 400, description="Pegel. " * 400)
    shown = document(rendered(long))
    assert shown["instruction"].startswith("Gehen Sie.")
    assert shown["instruction"].endswith("…")
    assert "description" not in shown


@given(ANY_TEXT, st.integers(-10, 5000))
def test_a_shortened_text_fits_is_a_beginning_and_ends_in_an_ellipsis(text: Any, room: Any) -> None:
    short = shorten(text, room)
    assert len(json.dumps(short, ensure_ascii=False).encode()) - 2 <= max(0, room)
    assert short == text or not short or (short.endswith("…") and short[:-1].strip() in text)


@pytest.mark.parametrize(
    ("room", "short"), [(100, "Meiden Sie das Ufer."), (16, "Meiden Sie…"), (10, "Meiden…"), (3, ""), (0, "")]
)
def test_text_is_cut_at_a_word(room: int, short: str) -> None:
    assert shorten("Meiden Sie das Ufer.", room) == short


def test_a_language_without_words_of_its_own_gets_the_german_ones() -> None:
    assert words_for("tr") is words_for("de")
    assert NOW.tzinfo is UTC


def test_a_feeds_credit_is_shown_once_and_bounded() -> None:
    credit = "Deutscher Wetterdienst, CC BY 4.0"
    notice = rendered(GERMAN, attribution=credit)
    assert notice.text.endswith(f"\n{credit}")
    assert document(notice)["attribution"] == credit
    same = rendered(GERMAN, attribution="Leitstelle Düren")
    assert same.text.count("Leitstelle Düren") == 1
    assert len(rendered(GERMAN, attribution=credit * 200).payload) <= PAYLOAD_MAX_BYTES


def test_a_warning_that_its_source_lists_no_longer_says_why_and_gives_no_all_clear() -> None:
    notice = rendered(GERMAN, kind=Kind.DELISTED)
    assert notice.text == "NICHT MEHR GEFÜHRT: Hochwasser an der Rur\nDer Pegel steigt.\nLeitstelle Düren"
