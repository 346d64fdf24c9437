"""An alert as people read it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

import cap
from cap.formats.view import view

AREA = cap.Area("Nordstadt", geocodes=(cap.NamedValue("ARS", "053580008008"),))
INFO = cap.Info(
    language="de",
    categories=(cap.Category.FIRE, cap.Category.HEALTH),
    event="Brand",
    severity=cap.Severity.SEVERE,
    description="erste Zeile\nzweite",
    expires=datetime(2026, 11, 22, 17, tzinfo=UTC),
    areas=(AREA,),
)
ALERT = cap.Alert(
    "s@x",
    "i-1",
    datetime(2026, 11, 22, 9, tzinfo=UTC),
    cap.Status.ACTUAL,
    cap.MsgType.ALERT,
    cap.Scope.PUBLIC,
    infos=(INFO,),
)


def test_every_line_has_its_label() -> None:
    assert view(ALERT).splitlines() == [
        "Meldung        i-1 von s@x",
        "Gesendet       22.11.2026 09:00:00 +0000",
        "Art            Alert, Actual, Public (CAP 1.2)",
        "",
        "Sprache        de",
        "Ereignis       Brand (Fire, Health)",
        "Dringlichkeit  Unknown",
        "Schwere        Severe",
        "Gewissheit     Unknown",
        "Ende           22.11.2026 17:00:00 +0000",
        "Beschreibung   erste Zeile",
        "               zweite",
        "Gebiet         Nordstadt; ARS 053580008008",
        "",
        "Prüfung        ohne Befund",
    ]


@pytest.mark.parametrize(
    ("area", "line"),
    [
        (cap.Area("", unreadable=2), "ohne Namen; UNLESBARE FORMEN: 2"),
        (replace(AREA, circles=(cap.Circle(50, 6, 1),)), "Nordstadt; Kreise: 1; ARS 053580008008"),
        (replace(AREA, altitude_ft=5.0), "Nordstadt; ARS 053580008008; Höhe 5 Fuß"),
        (replace(AREA, altitude_ft=0.0, ceiling_ft=9.5), "Nordstadt; ARS 053580008008; Höhe 0 bis 9.5 Fuß"),
    ],
)
def test_what_an_area_holds(area: cap.Area, line: str) -> None:
    assert (
        f"Gebiet         {line}" in view(replace(ALERT, infos=(replace(INFO, areas=(area,)),))).splitlines()
    )


def test_findings_are_sentences_for_people() -> None:
    alert = replace(ALERT, sent=None, infos=(replace(INFO, language=None, line=9, expires=None),))
    lines = view(alert).splitlines()
    assert "Gesendet       unlesbar" in lines
    assert "Ende           nicht angegeben" in lines
    assert lines[-1] == "Hinweis        Zeile 9: Keine Sprache angegeben: Der Standard nimmt en-US an."


def test_nothing_in_it_steers_a_terminal() -> None:
    shown = view(replace(ALERT, note="a\x1b[2J", identifier="i\u202e1"))
    assert shown.replace("\n", "").isprintable()
    assert "Hinweis        a\ufffd[2J" in shown
