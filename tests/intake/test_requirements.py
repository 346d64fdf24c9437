"""What a submission must fulfil beyond CAP's own rules: each refusal with its list."""

from dataclasses import replace
from typing import Any

import pytest

import cap
from dispatcher.access.principals import Principal, of_source
from dispatcher.intake.requirements import (
    NAME_MAX,
    NAMED,
    as_error,
    require_one_text,
    require_own_reach,
    require_target,
    require_territory,
    target_findings,
)
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.principals import Source
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.targeting.outcome import Affected, Match, MatchReason, Unmatched
from tests.support.feed_messages import NOW, warning

DUEREN, AACHEN = ("05358008", "Düren"), ("05334002", "Aachen")
PRINCIPAL: Principal = of_source(Source("leitstelle", "Leitstelle", frozenset(), ("05358",)))
LOST = Unmatched("circle", "circle 1", "outside the boundary data")


def matched(*places: tuple[str, str], **changes: Any) -> Match:
    affected = tuple(Affected(ags, ags, name, MatchReason.GEOCODE, 1.0) for ags, name in places)
    return Match(affected, **changes)


def area(name: str, *codes: str) -> cap.Area:
    return cap.Area(name, geocodes=tuple(cap.NamedValue("AGS", code) for code in codes))


def two_texts() -> cap.Alert:
    info = warning().infos[0]
    return replace(
        warning(),
        infos=(replace(info, areas=(area("a", "05358008"),)), replace(info, areas=(area("b", "05358024"),))),
    )


LONG, FITS = "x" * (NAME_MAX + 1), "x" * NAME_MAX


@pytest.mark.parametrize(
    ("alert", "type_"),
    [
        (replace(warning(), version=cap.Version.V1_1), ProblemType.MALFORMED),
        (warning(sender=LONG), ProblemType.INVALID_CAP),
        (warning(identifier=LONG), ProblemType.INVALID_CAP),
        (replace(warning(), references=(cap.Reference(LONG, "a", NOW),)), ProblemType.INVALID_CAP),
        (replace(warning(), references=(cap.Reference("a", LONG, NOW),)), ProblemType.INVALID_CAP),
        (two_texts(), ProblemType.SEVERAL_TEXTS),
    ],
    ids=["CAP 1.1", "sender", "identifier", "sender of a reference", "identifier of a reference", "texts"],
)
def test_a_message_that_cannot_be_told_as_one_is_refused(alert: cap.Alert, type_: ProblemType) -> None:
    with pytest.raises(RequestRefused) as caught:
        require_one_text(alert)
    assert caught.value.type is type_


def test_names_of_just_the_limit_fit() -> None:
    require_one_text(
        replace(warning(sender=FITS, identifier=FITS), references=(cap.Reference(FITS, FITS, NOW),))
    )


@pytest.mark.parametrize(
    ("areas", "match", "type_"),
    [
        ([], matched(DUEREN), ProblemType.NO_AREA),
        ([area("x")], matched(DUEREN, held=True, unmatched=(LOST,)), ProblemType.AREA_UNMATCHED),
        ([area("x")], matched(), ProblemType.AREA_UNMATCHED),
        ([area("x")], matched(DUEREN, AACHEN), ProblemType.OUTSIDE_TERRITORY),
    ],
)
def test_a_message_without_a_target_of_its_own_is_refused(
    areas: list[cap.Area], match: Match, type_: ProblemType
) -> None:
    with pytest.raises(RequestRefused) as caught:
        require_target(PRINCIPAL, areas, match)
    assert caught.value.type is type_


def test_whatever_of_the_area_has_no_target_is_listed() -> None:
    with pytest.raises(RequestRefused) as caught:
        require_target(PRINCIPAL, [area("x")], matched(DUEREN, held=True, unmatched=(LOST, LOST)))
    assert caught.value.errors == ({"kind": "circle", "value": "circle 1", "reason": LOST.reason},) * 2


def test_a_target_within_the_territory_is_taken_whatever_else_did_not_match() -> None:
    require_target(PRINCIPAL, [area("x")], matched(DUEREN, unmatched=(LOST,)))


def test_all_places_beyond_the_territory_are_listed_and_the_first_are_named() -> None:
    places = [(f"053340{number:02}", f"Ort {number}") for number in range(NAMED + 2)]
    with pytest.raises(RequestRefused) as caught:
        require_territory(PRINCIPAL, [*places, DUEREN], "Das Gebiet reicht")
    listed = caught.value.extra["municipalities"]
    assert listed == [{"ags": ags, "name": name} for ags, name in places]
    detail = caught.value.detail
    assert detail.startswith("Das Gebiet reicht über die Zuständigkeit hinaus: Ort 0, Ort 1, ")
    assert detail.endswith(f"Ort {NAMED - 1} und 2 weitere.")


def test_just_as_many_as_are_named_need_no_rest() -> None:
    with pytest.raises(RequestRefused) as caught:
        require_territory(PRINCIPAL, [AACHEN] * NAMED, "Das Gebiet reicht")
    assert caught.value.detail.endswith("Aachen.")
    assert "weitere" not in caught.value.detail


def test_what_others_warned_of_beyond_the_territory_is_not_touched_and_each_place_is_named_once() -> None:
    theirs = [AffectedMunicipality(ags, name, "geocode", 1.0) for ags, name in (AACHEN, DUEREN, AACHEN)]
    with pytest.raises(RequestRefused) as caught:
        require_own_reach(PRINCIPAL, theirs)
    assert caught.value.type is ProblemType.OUTSIDE_TERRITORY
    assert caught.value.extra["municipalities"] == [{"ags": AACHEN[0], "name": AACHEN[1]}]
    require_own_reach(PRINCIPAL, [theirs[1]])
    require_own_reach(PRINCIPAL, [])


def test_what_did_not_match_and_what_was_put_right_are_findings_and_no_errors() -> None:
    lost, note = target_findings(matched(DUEREN, unmatched=(LOST,), notes=("ring repaired",)))
    assert (lost.code, note.code) == ("target-unmatched", "target-note")
    assert {lost.severity, note.severity} == {cap.Level.WARNING}
    assert lost.message == "circle circle 1: outside the boundary data; nobody is warned on its account."
    assert lost.message_de.startswith("circle 1 trifft keine bekannte Gemeinde")
    assert (note.message, note.message_de) == ("ring repaired", "Zum Gebiet: ring repaired.")
    assert target_findings(matched(DUEREN)) == ()


def test_a_finding_is_an_error_of_the_problem_with_its_place() -> None:
    finding = cap.Finding(
        code="a", severity=cap.Level.ERROR, path="/alert", line=3, message="m", message_de="d"
    )
    assert as_error(finding) == {
        "code": "a",
        "severity": "error",
        "path": "/alert",
        "line": 3,
        "message": "m",
        "message_de": "d",
    }
