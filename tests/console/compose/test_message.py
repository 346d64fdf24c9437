"""The message of a draft: valid CAP whatever is written, or which field is wrong."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cap
from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.console.compose.draft import LANGUAGES, Draft, DraftText, read_draft
from dispatcher.console.compose.following import RESPONSES
from dispatcher.console.compose.message import (
    CERTAINTIES,
    LONGEST,
    SEVERITIES,
    URGENCIES,
    ComposeContext,
    Composed,
    composed,
    field_of,
)
from tests.support.messages import DUEREN, JUELICH, SENDER
from tests.support.templates import VALUES, template

ZONE = ZoneInfo("Europe/Berlin")
SENT = datetime(2026, 11, 28, 12, 0, tzinfo=ZONE)
AROUND = ComposeContext(Boundaries.default(), ZONE, SENT, (SENDER,), is_exercise=False)
TEXT = DraftText("Hochwasser", "Hochwasser an der Rur", "Die Rur steigt.", "Meiden Sie das Ufer.")
DRAFT = Draft(
    identifier="lagetisch-1",
    category="Geo",
    severity="Severe",
    urgency="Immediate",
    certainty="Observed",
    expires="2026-11-28T18:00",
    texts={"de": TEXT},
    picked=(DUEREN,),
)


def made(around: ComposeContext = AROUND, **changes: Any) -> Composed:
    return composed(replace(DRAFT, **changes), around)


def faults(found: Composed) -> set[str]:
    return {one.field for one in found.faults}


def test_lines_that_are_not_understood_are_named_where_it_is_said() -> None:
    [fault] = made(places="Jülich\nNideggn\nA1\nB2\nC3").faults
    assert "Zeile 2 „Nideggn“ (gemeint: Nideggen?), Zeile 3 „A1“" in fault.said.de
    assert fault.said.de.endswith("(+ 1).")
    assert "line 2 “Nideggn” (meant: Nideggen?)" in fault.said.en


def test_the_message_says_what_was_written() -> None:
    found = made(places="Jülich", response="Avoid", sender_name="Kreis Düren").alert
    assert found is not None
    (info,) = found.infos
    assert (found.sender, found.identifier, found.sent) == (SENDER, "lagetisch-1", SENT)
    assert (found.status, found.msg_type, found.note) == (cap.Status.ACTUAL, cap.MsgType.ALERT, None)
    assert (info.event, info.headline, info.description, info.instruction) == (
        TEXT.event,
        TEXT.headline,
        TEXT.description,
        TEXT.instruction,
    )
    assert info.expires == datetime(2026, 11, 28, 18, 0, tzinfo=ZONE)
    (area,) = info.areas
    assert area.area_desc == "Düren, Jülich"
    assert [code.value for code in area.geocodes] == [DUEREN, JUELICH]


def test_municipalities_and_shapes_are_areas_beside_each_other_in_each_language() -> None:
    found = made(
        shapes="Kreis 50.8,6.48 2 km\nStreifen 50.8,6.4 50.9,6.5 1 km",
        imported='{"type": "Polygon", "coordinates": [[[6.4, 50.8], [6.5, 50.8], [6.5, 50.9], [6.4, 50.8]]]}',
        area="Rauchwolke",
        texts={"de": TEXT, "en": TEXT},
    ).alert
    assert found is not None
    german, english = found.infos
    assert german.areas == english.areas
    assert [area.area_desc for area in german.areas] == ["Düren", "Rauchwolke", "Rauchwolke"]
    assert cap.check(found) == ()


def test_an_exercise_is_one() -> None:
    found = made(replace(AROUND, is_exercise=True)).alert
    assert found is not None
    assert (found.status, found.note) == (cap.Status.EXERCISE, "Übung")
    assert cap.check(found) == ()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"texts": {}}, "headline-de"),
        ({"texts": {"en": TEXT}}, "headline-de"),
        ({"texts": {"de": replace(TEXT, instruction="")}}, "instruction-de"),
        ({"texts": {"de": TEXT, "tr": DraftText(headline="x")}}, "event-tr"),
        ({"texts": {"de": replace(TEXT, headline="x" * 161)}}, "headline-de"),
        ({"texts": {"de": replace(TEXT, description="<b>x</b>")}}, "description-de"),
        ({"texts": {"de": replace(TEXT, description="a &amp; b")}}, "description-de"),
        ({"severity": ""}, "severity"),
        ({"severity": "Unknown"}, "severity"),
        ({"urgency": "Past"}, "urgency"),
        ({"category": "x"}, "category"),
        ({"response": "AllClear"}, "response"),
        ({"expires": ""}, "expires"),
        ({"expires": "x"}, "expires"),
        ({"expires": "9999-12-31T23:59"}, "expires"),
        ({"expires": "2026-11-28T12:00"}, "expires"),
        ({"expires": "2026-11-28T18:00+01:00"}, "expires"),
        ({"sender": "somebody@else.example"}, "sender"),
        ({"sender_name": "<i>x</i>"}, "sender_name"),
        ({"picked": ()}, "places"),
        ({"places": "Atlantis"}, "places"),
        ({"shapes": "x"}, "shapes"),
        ({"imported": "x"}, "imported"),
        ({"area": "x" * 201}, "area"),
    ],
)
def test_what_is_wrong_is_said_of_its_field_and_there_is_no_message(changes: Any, field: str) -> None:
    found = made(**changes)
    assert (found.alert, field in faults(found)) == (None, True), found.faults


@given(
    st.lists(st.text(), min_size=4, max_size=4),
    st.sampled_from([language for language in LANGUAGES if language != "de"]),
    st.sampled_from(SEVERITIES),
    st.sampled_from(URGENCIES),
    st.sampled_from(CERTAINTIES),
    st.sampled_from([*RESPONSES, ""]),
    st.booleans(),
)
def test_whatever_is_written_a_message_has_no_error_and_reads_back_as_it_is(  # noqa: PLR0917
    said: list[str], language: str, severity: str, urgency: str, certainty: str, response: str, exercise: bool
) -> None:
    names = ("event", "headline", "description", "instruction")
    typed = {f"{name}-{language}": text for name, text in zip(names, said, strict=True)}
    written = {f"{name}-de": getattr(TEXT, name) for name in names}
    draft = replace(
        DRAFT,
        texts=read_draft(typed | written).texts,
        severity=severity,
        urgency=urgency,
        certainty=certainty,
        response=response,
        shapes="Kreis 50.8,6.48 2 km",
    )
    found = composed(draft, replace(AROUND, is_exercise=exercise))
    if found.alert is None:
        assert all(field.endswith(f"-{language}") for field in faults(found)), found.faults
        return
    (again,) = cap.parse(cap.render(found.alert)).alerts
    assert again == found.alert
    assert not [one for one in cap.check(again) if one.severity is cap.Level.ERROR]
    assert all(len(getattr(text, name)) <= LONGEST[name] for text in draft.texts.values() for name in names)


WORDS = st.lists(
    st.sampled_from(
        ["Wasser", "Rur", "steigt", "Keller", "5", "m,", "Ufer!", "(A", "4)", "&", "<", ">", "„x“"]
    ),
    min_size=1,
)


@given(st.lists(WORDS.map(" ".join).map(lambda text: text[:100].strip()), min_size=4, max_size=4))
def test_the_check_finds_nothing_in_what_people_write(said: list[str]) -> None:
    found = made(texts={"de": DraftText(*said)}).alert
    assert found is not None
    assert cap.check(cap.parse(cap.render(found)).alerts[0]) == ()


def test_a_template_is_filled_with_the_areas_of_the_form() -> None:
    around = replace(AROUND, template=template(), version=4)
    found = composed(
        replace(
            DRAFT, texts={}, values=VALUES, shapes="Kreis 50.8,6.48 2 km", urgency="Expected", certainty=""
        ),
        around,
    ).alert
    assert found is not None
    assert found.codes == ("template:hochwasser/4",)
    assert found.infos[0].headline == "Hochwasser: Jülich"
    assert all(len(info.areas) == 2 for info in found.infos)
    preset = composed(
        replace(DRAFT, texts={}, values=VALUES, picked=(), expires="", certainty="", urgency=""), around
    )
    assert preset.alert is not None
    assert preset.alert.infos[0].areas[0].area_desc == "Rurtal"
    wrong = composed(replace(DRAFT, texts={}, values={"pegel": "x"}, severity="Minor", certainty=""), around)
    assert faults(wrong) == {"value-ort", "value-pegel", "severity"}


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/alert/info[2]/headline", "headline-en"),
        ("/alert/info/instruction", "instruction-de"),
        ("/alert/info[1]/area[2]/polygon", "places"),
        ("/alert/info[1]/expires", "expires"),
        ("/alert/info[1]/severity", "severity"),
        ("/alert/info[1]/responseType", "response"),
        ("/alert/info[9]/headline", ""),
        ("/alert/info[1]/parameter", ""),
        ("/alert/references", ""),
        ("values/ort", "value-ort"),
        ("", ""),
    ],
)
def test_an_element_of_the_message_is_led_back_to_its_field(path: str, field: str) -> None:
    assert field_of(path, ["de", "en"]) == field
