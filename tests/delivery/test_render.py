"""What people get to read."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cap
from channels import base
from channels.sms.fitting import compose
from channels.sms.gsm7 import Encoding
from channels.sms.spelling import spelled
from dispatcher.delivery.render import Rendered, collapse_key, render
from dispatcher.model.vocabulary import Kind, Lane, Reason
from dispatcher.texts.content import RecordedMessage
from dispatcher.texts.payload import PAYLOAD_MAX_BYTES
from dispatcher.texts.times import Present
from dispatcher.texts.words.catalogues import CATALOGUES, words_for
from tests.channels.test_characters import is_unseen
from tests.support.messages import HOUR, NOW, InfoPart, Message, stored

BERLIN = ZoneInfo("Europe/Berlin")

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
    now: Any = NOW,
    **changes: Any,
) -> Any:
    found = rendering(*infos, kind=kind, language=language, places=places, now=now, **changes)
    return found and found.notice


def rendering(
    *infos: Any, kind: Any, language: str, places: Any, now: Any = NOW, **changes: Any
) -> Rendered | None:
    source = RecordedMessage(alert_with(*infos), stored(**changes), tuple(places))
    return render(source, kind, language, Present(now, BERLIN))


def document(notice: Any) -> Any:
    return json.loads(notice.payload)


def test_a_warning_is_complete_without_fetching_anything() -> None:
    notice = rendered(GERMAN)
    assert document(notice) == {
        "v": 1,
        "alert": "A",
        "chain": "A",
        "sequence": 0,
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
        "notification": {
            "title": "WARNUNG: Hochwasser an der Rur",
            "body": "Meiden Sie das Ufer.\nGebiet: Düren, Jülich\nGültig bis 22.11. 19:00 Uhr\nLeitstelle Düren",
            "lang": "de-DE",
            "tag": "A",
            "silent": False,
        },
    }
    assert notice.title == "WARNUNG: Hochwasser an der Rur"
    assert (notice.alert_id, notice.language, notice.deadline) == ("A", "de", stored().expires)


def test_with_a_page_it_is_declarative_and_never_waits_for_a_worker() -> None:
    """A relative URL, or none, is refused by a browser that reads the declarative form."""
    source = RecordedMessage(alert_with(GERMAN), stored(), ("Düren",))
    found = render(source, Kind.ALERT, "de", Present(NOW, BERLIN), "https://warnung.example/")
    assert found is not None
    shown = document(found.notice)
    assert (shown["web_push"], shown["notification"]["navigate"]) == (8030, "https://warnung.example/#A")
    assert not {"mutable", "app_badge"} & (shown.keys() | shown["notification"].keys())
    assert "web_push" not in document(rendered(GERMAN))


@pytest.mark.parametrize("status", ["Exercise", "Test"])
def test_an_exercise_says_so_before_all_else(status: str) -> None:
    notice = rendered(GERMAN, status=status)
    shown = document(notice)
    assert shown["title"] == "ÜBUNG/TEST: WARNUNG – ÜBUNG/TEST"
    assert shown["notification"]["title"] == notice.title == "ÜBUNG/TEST: WARNUNG: Hochwasser an der Rur"
    assert rendered(GERMAN, ENGLISH, status=status, language="en").text.startswith("EXERCISE/TEST: WARNING: ")
    assert shown.get("exercise", False) is (status == "Exercise")


LONG_TEXT = "Halten Sie Fenster und Türen geschlossen und meiden Sie das Gebiet an der Rur. " * 80


@pytest.mark.parametrize("language", [*CATALOGUES, "fr"])
@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("text", ["Meiden Sie das Ufer.", LONG_TEXT], ids=["short", "long"])
def test_an_exercise_is_marked_at_both_ends_of_every_text(language: str, kind: Kind, text: str) -> None:
    """Whatever is cut: of a push, of an app's document, of an SMS. One of 70 letters has it at its beginning at least."""
    info = replace(GERMAN, headline=text[:300], instruction=text, description=text)
    source = RecordedMessage(alert_with(info), stored(status="Exercise"), ("Düren", "Jülich"), in_force=None)
    found = render(source, kind, language, Present(NOW, BERLIN), "https://warnung.example/")
    assert found is not None
    notice, mark = found.notice, words_for(language).test
    texts = [notice.text]
    for raw in (notice.payload, notice.document):
        shown = json.loads(raw)
        assert shown["exercise"] is True
        texts += [
            shown[name] for name in ("title", "headline", "instruction", "description") if name in shown
        ]
        screen = shown["notification"]
        texts.append(f"{screen['title']}\n{screen['body']}")
    texts += [compose(notice.lines, parts, notice.language).text for parts in (2, 3, 6)]
    marks = (mark, spelled(mark, notice.language))
    shortest = compose(notice.lines, 1, notice.language)
    assert shortest.text.startswith(marks)
    assert shortest.text.endswith(marks) or shortest.encoding is Encoding.UCS2
    for one in texts:
        assert one.startswith(marks), one[:80]
        assert one.endswith(marks), one[-80:]


def test_what_is_meant_bears_no_mark() -> None:
    for language in CATALOGUES:
        notice = rendered(GERMAN, ENGLISH, language=language)
        for mark in (words.test for words in CATALOGUES.values()):
            assert mark not in notice.text + notice.payload.decode() + notice.document.decode()


def test_the_text_says_what_to_do_where_and_until_when_in_local_time() -> None:
    assert rendered(GERMAN).text == (
        "WARNUNG: Hochwasser an der Rur\nMeiden Sie das Ufer.\nGebiet: Düren, Jülich\n"
        "Gültig bis 22.11. 19:00 Uhr\nhttps://dueren.example/hochwasser\nLeitstelle Düren"
    )


@pytest.mark.parametrize(
    ("kind", "language", "prefix"),
    [
        (Kind.ALERT, "de", "WARNUNG"),
        (Kind.UPDATE, "de", "AKTUALISIERUNG"),
        (Kind.NO_LONGER_AFFECTED, "de", "FÜR IHREN ORT AUFGEHOBEN"),
        (Kind.CANCEL, "de", "WARNUNG AUFGEHOBEN"),
        (Kind.ALERT, "en", "WARNING"),
        (Kind.UPDATE, "en", "UPDATE"),
        (Kind.NO_LONGER_AFFECTED, "en", "LIFTED FOR YOUR AREA"),
        (Kind.CANCEL, "en", "WARNING CANCELLED"),
        (Kind.ALERT, "tr", "UYARI"),
    ],
)
def test_the_first_word_says_what_it_is(kind: Any, language: str, prefix: str) -> None:
    notice = rendered(GERMAN, ENGLISH, kind=kind, language=language)
    assert notice.title.startswith(f"{prefix}: ")
    assert notice.text.startswith(f"{prefix}: ")
    assert document(notice)["kind"] == kind


@pytest.mark.parametrize(
    ("language", "prefix"), [("de", "ENTWARNUNG"), ("en", "ALL CLEAR"), ("tr", "TEHLİKE GEÇTİ")]
)
def test_only_what_says_that_the_danger_is_over_gives_the_all_clear(language: str, prefix: str) -> None:
    """In every channel's text: the title, an SMS, what an app gets."""
    over = (cap.ResponseType.ALL_CLEAR,)
    by_answer = rendered(
        replace(GERMAN, response_types=over),
        replace(ENGLISH, response_types=over),
        kind=Kind.CANCEL,
        language=language,
    )
    by_record = rendered(GERMAN, ENGLISH, kind=Kind.CANCEL, language=language, reason=Reason.ALL_CLEAR)
    for notice in (by_answer, by_record):
        assert notice.title.startswith(f"{prefix}: ")
        assert notice.text.startswith(f"{prefix}: ")
        assert document(notice)["title"] == prefix
    lapsed = rendered(GERMAN, ENGLISH, kind=Kind.CANCEL, language=language, reason=Reason.LAPSED)
    assert not lapsed.title.startswith(prefix)


def test_a_cancel_whose_headline_gives_the_all_clear_gives_it() -> None:
    said = rendered(replace(GERMAN, headline="Entwarnung: Hochwasser"), kind=Kind.CANCEL)
    assert said.title == "ENTWARNUNG: Hochwasser"


@pytest.mark.parametrize("kind", [Kind.NO_LONGER_AFFECTED, Kind.CANCEL])
def test_an_all_clear_repeats_no_instruction_and_no_time(kind: Any) -> None:
    text = rendered(GERMAN, kind=kind).text
    assert "Meiden" not in text
    assert "Gültig" not in text
    assert text.endswith("Leitstelle Düren")


def test_a_cancel_without_any_info_still_says_what_is_over() -> None:
    notice = rendered(kind=Kind.CANCEL)
    assert notice.title == "WARNUNG AUFGEHOBEN: Hochwasser an der Rur"
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


SHORT = replace(
    GERMAN,
    severity=cap.Severity.EXTREME,
    expires=NOW + timedelta(seconds=25),
    headline="Gewitter in Jülich",
    event="Unwetter",
    instruction="Schutz suchen!",
    description="Hagel.",
    web="https://dueren.example/gewitter",
)
LONG = replace(
    GERMAN, severity=cap.Severity.MINOR, expires=NOW + 20 * HOUR, headline="Regen in Jülich", event="Regen"
)


def test_text_end_and_deadline_belong_to_one_info() -> None:
    first = rendered(SHORT, LONG, expires=NOW + 20 * HOUR)
    assert first.title == "WARNUNG: Gewitter in Jülich"
    assert first.deadline == SHORT.expires
    assert "Gültig bis 22.11. 13:00 Uhr" in first.text
    assert document(first)["expires"] == "2026-11-22T12:00:25+00:00"
    then = rendered(SHORT, LONG, expires=NOW + 20 * HOUR, now=NOW + timedelta(seconds=25))
    assert then.title == "WARNUNG: Regen in Jülich"
    assert then.deadline == LONG.expires
    assert document(then)["severity"] == "Minor"
    for word in ("Gewitter", "Unwetter", "Schutz", "Hagel", "gewitter", "Extreme"):
        assert word not in then.text
        assert word not in then.payload.decode()
    assert rendered(SHORT, LONG, expires=NOW + 20 * HOUR, now=NOW + 20 * HOUR) is None


def test_no_info_goes_on_longer_than_the_message() -> None:
    assert rendered(LONG).deadline == NOW + 6 * HOUR
    assert rendered(replace(LONG, expires=None)).deadline == NOW + 6 * HOUR
    assert rendered(replace(LONG, expires=None), now=NOW + 6 * HOUR) is None


@pytest.mark.parametrize("kind", [Kind.CANCEL, Kind.NO_LONGER_AFFECTED, Kind.DELISTED])
def test_an_end_is_told_although_all_that_it_says_has_run_out(kind: Any) -> None:
    notice = rendered(SHORT, kind=kind, now=NOW + HOUR)
    assert notice.title.endswith(": Gewitter in Jülich")
    assert notice.deadline == NOW + 6 * HOUR
    both = rendered(SHORT, LONG, kind=kind, now=NOW + HOUR)
    assert both.title.endswith(": Regen in Jülich")


def test_a_notice_is_right_until_its_end_or_until_it_begins() -> None:
    begins = NOW + HOUR
    ahead = rendering(replace(GERMAN, onset=begins), kind=Kind.ALERT, language="de", places=())
    assert ahead is not None
    assert ahead.until == begins
    begun = rendering(replace(GERMAN, onset=begins), kind=Kind.ALERT, language="de", places=(), now=begins)
    assert begun is not None
    assert begun.until == begun.notice.deadline == NOW + 6 * HOUR
    ending = rendering(SHORT, LONG, kind=Kind.CANCEL, language="de", places=())
    assert ending is not None
    assert ending.until == SHORT.expires


@pytest.mark.parametrize("name", ["onset", "effective"])
def test_text_and_payload_say_when_it_begins(name: str) -> None:
    tomorrow = replace(GERMAN, expires=NOW + 34 * HOUR, **{name: NOW + 26 * HOUR})
    notice = rendered(tomorrow, expires=NOW + 34 * HOUR)
    assert "\nBeginn 23.11. 15:00 Uhr\nGültig bis 23.11. 23:00 Uhr\n" in notice.text
    assert document(notice)["onset"] == "2026-11-23T14:00:00+00:00"
    english = rendered(tomorrow, expires=NOW + 34 * HOUR, language="en")
    assert "\nBegins 2026-11-23 15:00\nValid until 2026-11-23 23:00\n" in english.text


def test_what_has_begun_is_not_announced() -> None:
    for begins in (NOW, NOW - HOUR):
        notice = rendered(replace(GERMAN, onset=begins, effective=NOW + HOUR))
        assert "Beginn" not in notice.text
        assert "onset" not in document(notice)
    assert "Beginn" not in rendered(replace(GERMAN, onset=NOW + HOUR), kind=Kind.CANCEL).text


def test_the_events_own_end_is_told_where_it_is_another() -> None:
    ends = cap.NamedValue("eventEndingTime", "2026-11-23T08:00:00+01:00")
    notice = rendered(replace(GERMAN, parameters=(ends,)))
    assert "\nVoraussichtliches Ende 23.11. 08:00 Uhr\nGültig bis 22.11. 19:00 Uhr\n" in notice.text
    assert document(notice)["ends"] == "2026-11-23T07:00:00+00:00"
    other = replace(LONG, severity=cap.Severity.UNKNOWN, parameters=(ends,))
    assert "ends" not in document(rendered(GERMAN, other))


def test_the_message_is_in_the_language_of_its_words() -> None:
    assert rendered(GERMAN, language="tr").language == "de"
    assert rendered(GERMAN, ENGLISH, language="en").language == "en"


def test_the_place_is_never_what_is_left_out_of_a_payload() -> None:
    places = [f"Gemeinde {n}" for n in range(200)]
    shown = document(rendered(replace(GERMAN, instruction="Gehen Sie. " * 400), places=places))
    assert shown["areas"].startswith("Gemeinde 0, Gemeinde 1")
    assert shown["areas"].endswith(" weitere")
    assert shown["instruction"].startswith("Gehen Sie.")


@given(
    texts=st.lists(ANY_TEXT, min_size=8, max_size=8),
    places=st.lists(st.text(max_size=60), max_size=20),
    kind=st.sampled_from(Kind),
)
def test_nothing_that_controls_a_device_reaches_one(texts: Any, places: Any, kind: Any) -> None:
    headline, event, instruction, description, sender_name, web, language, credit = texts
    info = cap.Info(
        headline=headline,
        event=event,
        instruction=instruction,
        description=description,
        sender_name=sender_name,
        web=web,
        language=language,
    )
    for infos in ((info,), ()):
        notice = rendered(
            *infos, kind=kind, places=places, headline=headline, event=event, attribution=credit, sender=event
        )
        shown = [notice.title, notice.text.replace("\n", ""), *(line.text for line in notice.lines)]
        shown += [value for value in document(notice).values() if isinstance(value, str)]
        assert not [text for text in shown if any(map(is_unseen, text.replace("\n", "")))]
        assert "\n" not in notice.title
        assert notice.text == "\n".join(line.text for line in notice.lines)
        assert notice.title == notice.lines[0].text
