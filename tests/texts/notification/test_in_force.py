"""What is in force where a notice is read."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cap
from dispatcher.model.alerts import WarningInForce
from dispatcher.texts.choice import Chosen
from dispatcher.texts.notification.in_force import (
    HEADLINE_BYTES,
    InForceSummary,
    member,
    named,
    other_warnings,
    warnings_in_force,
)
from dispatcher.texts.shortening import as_json
from dispatcher.texts.words.english import ENGLISH
from dispatcher.texts.words.german import GERMAN
from tests.support.messages import DUEREN, HEIMBACH, HOUR, JUELICH, NOW

SEVERITIES = ("Extreme", "Severe", "Moderate", "Minor", "Unknown")


def warning(
    alert_id: str, *places: str, severity: str = "Severe", headline: str = "Sturm", event: str = "Wind"
) -> WarningInForce:
    return WarningInForce(alert_id, event, headline, severity, NOW + HOUR, frozenset(places))


def found(places: Sequence[str], *warnings: WarningInForce) -> InForceSummary:
    return warnings_in_force("A", places, warnings, NOW)


def said(places: Sequence[str], *warnings: WarningInForce, room: int = 400) -> Any:
    return member(found(places, *warnings), "A", room)


def test_one_number_stands_for_all_places_where_it_is_right_in_all_of_them() -> None:
    both = (DUEREN, JUELICH)
    assert said(both, warning("A", *both), warning("B", *both, severity="Minor")) == {
        "as_of": "2026-11-22T12:00:00.000+00:00",
        "active": 2,
        "gravest": {"alert": "A", "severity": "Severe"},
    }


def test_the_gravest_is_named_where_it_is_another_and_of_equals_it_is_the_notices_own() -> None:
    shown = said((DUEREN,), warning("B", DUEREN), warning("A", DUEREN))
    assert shown["gravest"] == {"alert": "A", "severity": "Severe"}
    shown = said((DUEREN,), warning("A", DUEREN), warning("B", DUEREN, severity="Extreme"))
    assert shown["gravest"] == {
        "alert": "B",
        "severity": "Extreme",
        "headline": "Sturm",
        "expires": "2026-11-22T13:00:00+00:00",
    }


def test_where_places_differ_the_number_stands_beside_them_the_largest_group_first() -> None:
    three = (DUEREN, HEIMBACH, JUELICH)
    shown = said(three, warning("A", *three), warning("B", HEIMBACH, severity="Extreme"))
    assert (shown["active"], shown["gravest"]) == (None, None)
    assert shown["places"] == [
        {"active": 1, "severity": "Severe", "municipalities": [DUEREN, JUELICH]},
        {"active": 2, "severity": "Extreme", "municipalities": [HEIMBACH]},
    ]


def test_after_an_end_what_goes_on_is_counted() -> None:
    assert (said((DUEREN,))["active"], said((DUEREN,))["gravest"]) == (0, None)
    assert said((DUEREN,), warning("B", DUEREN))["active"] == 1
    shown = said((DUEREN, JUELICH), warning("B", JUELICH))
    assert shown["places"][0] == {"active": 0, "severity": None, "municipalities": [DUEREN]}


def test_of_no_place_nothing_is_said() -> None:
    assert (said(())["active"], said(())["gravest"]) == (None, None)
    assert "places" not in said((), warning("B", DUEREN))


@given(
    st.integers(0, 60),
    st.lists(
        st.tuples(st.sampled_from(SEVERITIES), st.sets(st.integers(0, 60)), st.text(max_size=60)), max_size=8
    ),
    st.integers(0, 900),
)
def test_no_number_is_wrong_of_any_place_and_none_that_does_not_fit_is_given(
    size: int, drawn: list[tuple[str, set[int], str]], room: int
) -> None:
    places = [f"{n:08}" for n in range(size)]
    warnings = [
        warning("A" if n == 0 else str(n), *(f"{one:08}" for one in where), severity=how, headline=text)
        for n, (how, where, text) in enumerate(drawn)
    ]
    shown = said(places, *warnings, room=room)
    listed = {ags: group for group in shown.get("places", []) for ags in group["municipalities"]}
    assert len(as_json(shown.get("places", []))) <= max(room, 2)
    assert set(listed) <= set(places)
    for ags in places:
        here = [one for one in warnings if ags in one.municipalities]
        gravest = min((SEVERITIES.index(one.severity) for one in here), default=None)
        numbers = {shown["active"], listed[ags]["active"] if ags in listed else None} - {None}
        assert numbers <= {len(here)}
        if shown["gravest"]:
            assert SEVERITIES.index(shown["gravest"]["severity"]) == gravest
        if ags in listed and here:
            assert SEVERITIES.index(listed[ags]["severity"]) == gravest


@pytest.mark.parametrize(
    ("warnings", "german", "english"),
    [
        ([warning("A", DUEREN)], "", ""),
        (
            [warning("A", DUEREN), warning("B", DUEREN)],
            "Für Ihren Ort gilt weiterhin: Sturm",
            "Still in force for your place: Sturm",
        ),
        (
            [warning("B", DUEREN), warning("C", DUEREN, severity="Extreme", headline="Hagel")],
            "Für Ihren Ort gelten weiterhin 2 andere Warnungen, die schwerste: Hagel",
            "2 other warnings are still in force for your place, the gravest: Hagel",
        ),
        (
            [warning("B", JUELICH)],
            "",
            "",
        ),
    ],
)
def test_other_warnings_are_told_in_words(warnings: Any, german: str, english: str) -> None:
    told = found((DUEREN,), *[one for one in warnings if DUEREN in one.municipalities])
    assert (other_warnings(told, GERMAN)[0], other_warnings(told, ENGLISH)[0]) == (german, english)


def test_where_places_differ_no_number_is_told() -> None:
    told = found((DUEREN, JUELICH), warning("B", JUELICH))
    assert other_warnings(told, GERMAN) == (
        "An manchen Orten gelten weiterhin andere Warnungen",
        "Andere Warnungen gelten weiter",
    )
    same_number = found((DUEREN, JUELICH), warning("B", JUELICH), warning("C", DUEREN))
    assert other_warnings(same_number, GERMAN)[0] == "Andere Warnungen gelten weiter"
    assert other_warnings(None, GERMAN) == ("", "")


def test_another_warning_has_the_name_that_people_know() -> None:
    other = warning("B", headline="Warnung: Sturm")
    english = Chosen(cap.Info(headline="Warning - Storm"), NOW + timedelta(hours=1))
    assert named(other, english, ENGLISH).headline == "Storm"
    assert named(other, None, GERMAN).headline == "Sturm"
    assert named(warning("B", headline="", event=""), None, GERMAN).headline == "Gefahr ohne nähere Angabe"
    long = found((DUEREN,), warning("B", DUEREN, headline="ä " * 400))
    assert len(other_warnings(long, GERMAN)[0].encode()) < HEADLINE_BYTES + 50
