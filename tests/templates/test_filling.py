"""A filled template is a CAP message that says what was given, whatever that is."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cap
from dispatcher.templates.filling import Circumstances, area_of, fill, text_faults
from tests.support.templates import VALUES, template

SENT = datetime(2026, 11, 29, 12, tzinfo=UTC)
AROUND = Circumstances("leitstelle@dueren.example", "w-1", SENT)
HOUR = timedelta(hours=1)


def filled(values: dict[str, str] = VALUES, **around: Any) -> cap.Alert:
    made = fill(template(), values, replace(AROUND, **around))
    assert made.alert is not None, made.faults
    return made.alert


def refused(values: dict[str, str] = VALUES, **around: Any) -> list[tuple[str, str]]:
    made = fill(template(), values, replace(AROUND, **around))
    assert made.alert is None
    return [(one.path, one.code) for one in made.faults]


def test_every_language_says_it_with_what_the_template_presets() -> None:
    alert = filled(version=3, sender_name="Leitstelle")
    assert [info.language for info in alert.infos] == ["de", "de-simple", "en"]
    first = alert.infos[0]
    assert first.headline == "Hochwasser: Jülich"
    assert first.description == "Die Rur steigt. Der Pegel steht bei 520 cm. Keller laufen voll."
    assert (first.severity, first.urgency, first.expires) == ("Severe", "Expected", SENT + 6 * HOUR)
    assert (first.areas[0].area_desc, len(first.areas[0].geocodes)) == ("Rurtal", 2)
    assert (alert.status, alert.codes, alert.note) == ("Actual", ("template:hochwasser/3",), None)
    assert first.event_codes == (cap.NamedValue("list", "code"),)


def test_what_is_optional_may_be_left_out() -> None:
    alert = filled({"ort": "Jülich"})
    assert [info.description for info in alert.infos] == [
        "Die Rur steigt. Keller laufen voll.",
        "Es gibt Hochwasser.\nKeller sind voll.",
        "The Rur is rising. Cellars fill up.",
    ]


def test_an_exercise_is_one_by_its_status_and_says_so_in_its_note() -> None:
    alert = filled(is_exercise=True)
    assert (alert.status, alert.note, alert.codes) == ("Exercise", "Übung", ())


def test_other_choices_are_taken_where_the_template_allows_them() -> None:
    area = cap.Area("Kreuzau", geocodes=(cap.NamedValue("AGS", "05358028"),))
    alert = filled(severity=cap.Severity.EXTREME, expires=SENT + 24 * HOUR, area=area)
    assert {info.severity for info in alert.infos} == {"Extreme"}
    assert {info.areas for info in alert.infos} == {(area,)}
    assert refused(severity=cap.Severity.MINOR) == [("severity", "choice")]
    assert refused(urgency=cap.Urgency.PAST) == [("urgency", "choice")]
    assert refused(certainty=cap.Certainty.UNKNOWN) == [("certainty", "choice")]


@pytest.mark.parametrize("expires", [SENT, SENT - HOUR, SENT + 24 * HOUR + timedelta(seconds=1)])
def test_it_ends_when_the_template_allows_it(expires: datetime) -> None:
    assert refused(expires=expires) == [("expires", "expires")]


def test_without_an_area_there_is_no_message() -> None:
    bare = template(municipalities=[], area="")
    assert area_of(bare, AROUND) is None
    assert [one.code for one in fill(bare, VALUES, AROUND).faults] == ["area-missing"]


def test_all_faults_are_said_at_once() -> None:
    assert refused({"pegel": "hoch", "x": "y"}, severity=cap.Severity.MINOR) == [
        ("values/x", "value-unknown"),
        ("values/ort", "value-missing"),
        ("values/pegel", "value-number"),
        ("severity", "choice"),
    ]


def test_nothing_that_people_would_not_see_as_it_stands_is_in_it() -> None:
    area = cap.Area("Rur\x01tal", geocodes=(cap.NamedValue("AGS", "05358008"),))
    assert refused(sender="a\x01b", sender_name="Kreis\ufffe", area=area) == [
        ("sender", "text-unseen"),
        ("sender_name", "text-unseen"),
        ("area", "text-unseen"),
    ]
    assert refused(sender_name="<b>Kreis</b>") == [("sender_name", "text-markup")]


def test_what_cap_refuses_is_refused() -> None:
    assert ("/alert/sender", "sender-characters") in refused(sender="a b")


def test_words_and_a_value_that_make_markup_together_are_refused() -> None:
    joined = template(texts__de__headline="Hochwasser <b{ort}>")
    assert fill(joined, {"ort": "x"}, AROUND).alert is not None
    assert [one.code for one in fill(joined, {"ort": "r"}, AROUND).faults] == ["text-markup"]
    found = [
        one.code for one in text_faults("", {"headline": "x <br> y", "event": "a\u200bb", "other": "fine"})
    ]
    assert found == ["text-markup", "text-unseen"]


@given(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=45),
    st.sampled_from(["520", "0,5"]),
)
def test_no_value_is_lost_or_evaluated_whatever_it_is(ort: str, pegel: str) -> None:
    """It is refused, or it stands in every text that names it, also when the message is read again."""
    made = fill(template(), {"ort": ort, "pegel": pegel}, AROUND)
    if made.alert is None:
        assert {one.path for one in made.faults} <= {"values/ort"}
        return
    again = cap.parse(cap.render(made.alert)).alerts[0]
    value = ort.strip()
    assert [info.headline for info in again.infos] == [
        f"Hochwasser: {value}",
        f"Achtung Hochwasser: {value}",
        f"Flood: {value}",
    ]
    assert again.infos[0].instruction == f"Meiden Sie das Ufer bei {value}."
    assert all(f"{pegel} cm" in str(info.description) for info in again.infos)
    assert cap.is_valid(cap.check(again, cap.STRICT))
