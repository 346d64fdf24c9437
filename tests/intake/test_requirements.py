"""What a submission must fulfil beyond CAP's own rules: each refusal with its list."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import cap
from dispatcher.intake.decide import Decision
from dispatcher.intake.prepare import NAME_MAX, IntakeRules, Message, OnDoubt
from dispatcher.intake.requirements import (
    FINDINGS_MAX,
    NAMED,
    as_error,
    counts_for_quota,
    place_of,
    quota_exceeded,
    reference_findings,
    refusal,
    require_names,
    require_own_reach,
    require_target,
    require_territory,
    target_findings,
)
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.desk_time import desk_time
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.sentences.phrases import Phrase
from dispatcher.model.vocabulary import AUTHENTICITY_DOUBTS, Doubt, Reason
from dispatcher.targeting.outcome import Affected, Match, MatchReason, Unmatched
from tests.support.decisions import END, FIRST, SECOND, known, message, on_record
from tests.support.feed_messages import HOUR, NOW, cancel, update, warning

DUEREN, AACHEN = ("05358008", "Düren"), ("05334002", "Aachen")
RULES = IntakeRules("leitstelle", on_doubt=OnDoubt.REFUSE, territory=("05358",))
ZONE = ZoneInfo("Europe/Berlin")
LOST = Unmatched("circle", "circle 1", "outside the boundary data")


def matched(*places: tuple[str, str], **changes: Any) -> Match:
    affected = tuple(Affected(ags, ags, name, MatchReason.GEOCODE, 1.0) for ags, name in places)
    return Match(affected, **changes)


def area(name: str, *codes: str) -> cap.Area:
    return cap.Area(name, geocodes=tuple(cap.NamedValue("AGS", code) for code in codes))


def targeted(alert: cap.Alert, match: Match) -> Message:
    return replace(message(alert), matched=match)


LONG, FITS = "x" * (NAME_MAX + 1), "x" * NAME_MAX


@pytest.mark.parametrize(
    ("alert", "type_"),
    [
        (replace(warning(), version=cap.Version.V1_1), ProblemType.MALFORMED),
        (warning(sender=LONG), ProblemType.INVALID_CAP),
        (warning(identifier=LONG), ProblemType.INVALID_CAP),
        (replace(warning(), references=(cap.Reference(LONG, "a", NOW),)), ProblemType.INVALID_CAP),
        (replace(warning(), references=(cap.Reference("a", LONG, NOW),)), ProblemType.INVALID_CAP),
    ],
    ids=["CAP 1.1", "sender", "identifier", "sender of a reference", "identifier of a reference"],
)
def test_a_message_of_another_version_or_with_names_that_do_not_fit_is_refused(
    alert: cap.Alert, type_: ProblemType
) -> None:
    with pytest.raises(RequestRefused) as caught:
        require_names(alert)
    assert caught.value.type is type_


def test_names_of_just_the_limit_fit() -> None:
    require_names(
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
        require_target(RULES, targeted(warning(areas=tuple(areas)), match))
    assert caught.value.type is type_


def test_whatever_of_the_area_has_no_target_is_listed() -> None:
    with pytest.raises(RequestRefused) as caught:
        require_target(RULES, targeted(warning(), matched(DUEREN, held=True, unmatched=(LOST, LOST))))
    error, again = caught.value.errors
    assert (
        error
        == again
        == {
            "code": "area-unmatched",
            "severity": "error",
            "path": "/alert/info/area",
            "line": None,
            "message": "circle 1: Outside the boundary data.",
            "message_de": "circle 1: Liegt außerhalb der Gebietsdaten.",
            "kind": "circle",
            "value": "circle 1",
            "reason": LOST.reason,
        }
    )


def test_a_target_within_the_territory_is_taken_whatever_else_did_not_match() -> None:
    require_target(RULES, targeted(warning(), matched(DUEREN, unmatched=(LOST,))))


def test_a_message_without_any_info_is_told_so() -> None:
    with pytest.raises(RequestRefused) as caught:
        require_target(RULES, targeted(replace(warning(), infos=()), matched()))
    assert (caught.value.type, "kein <info>" in caught.value.detail.de) == (ProblemType.NO_AREA, True)


def test_an_end_needs_no_target_and_an_update_does() -> None:
    require_target(RULES, targeted(replace(END, infos=()), matched()))
    require_target(RULES, targeted(END, matched(AACHEN)))
    with pytest.raises(RequestRefused):
        require_target(RULES, targeted(SECOND, matched(AACHEN)))


def test_all_places_beyond_the_territory_are_listed_and_the_first_are_named() -> None:
    places = [(f"053340{number:02}", f"Ort {number}") for number in range(NAMED + 2)]
    with pytest.raises(RequestRefused) as caught:
        require_territory(RULES, [*places, DUEREN], Phrase.AREA_OUTSIDE_TERRITORY)
    listed = caught.value.extra["municipalities"]
    assert listed == [{"ags": ags, "name": name} for ags, name in places]
    detail = caught.value.detail.de
    assert caught.value.detail.en.endswith(f"Ort {NAMED - 1} and 2 more.")
    assert detail.startswith(
        "Bitte aus dem Gebiet nehmen, wofür eine andere Leitstelle zuständig ist: Ort 0, Ort 1, "
    )
    assert detail.endswith(f"Ort {NAMED - 1} und 2 weitere.")


def test_just_as_many_as_are_named_need_no_rest() -> None:
    with pytest.raises(RequestRefused) as caught:
        require_territory(RULES, [AACHEN] * NAMED, Phrase.AREA_OUTSIDE_TERRITORY)
    assert caught.value.detail.de.endswith("Aachen.")
    assert "weitere" not in caught.value.detail.de


def test_what_others_warned_of_beyond_the_territory_is_not_touched_and_each_place_is_named_once() -> None:
    theirs = [AffectedMunicipality(ags, name, "geocode", 1.0) for ags, name in (AACHEN, DUEREN, AACHEN)]
    with pytest.raises(RequestRefused) as caught:
        require_own_reach(RULES, theirs)
    assert caught.value.type is ProblemType.OUTSIDE_TERRITORY
    assert caught.value.extra["municipalities"] == [{"ags": AACHEN[0], "name": AACHEN[1]}]
    require_own_reach(RULES, [theirs[1]])
    require_own_reach(RULES, [])


def test_what_did_not_match_and_what_was_put_right_are_findings_and_no_errors() -> None:
    both = matched(DUEREN, unmatched=(LOST,), notes=("ring repaired",), notes_de=("Ring geflickt",))
    lost, note = target_findings(both, warning())
    assert (lost.code, note.code) == ("target-unmatched", "target-note")
    assert {lost.severity, note.severity} == {cap.Level.WARNING}
    assert lost.message.startswith("circle 1: Outside the boundary data. This one item adds nobody;")
    assert lost.message_de.startswith(
        "circle 1: Liegt außerhalb der Gebietsdaten. Diese eine Angabe fügt niemanden"
    )
    assert (note.message, note.message_de) == ("About the area: ring repaired.", "Zum Gebiet: Ring geflickt.")
    assert target_findings(matched(DUEREN), warning()) == ()


def test_findings_about_an_area_are_bounded_and_their_rest_is_counted() -> None:
    lost = tuple(
        Unmatched("geocode", f"AGS={number:08}", "code not in the boundary data") for number in range(60)
    )
    found = target_findings(matched(DUEREN, unmatched=lost), warning())
    assert len(found) == FINDINGS_MAX + 1
    assert found[-1].message_de == "10 weitere Stellen dieser Art sind nicht aufgeführt."


def test_what_led_nowhere_is_found_in_the_message() -> None:
    """A code in the area that has it; a shape in the area that its label counts, of those that differ."""
    rur, inde = area("Rur", "05358008"), area("Inde", "99999999")
    alert = warning(areas=(rur, inde))
    alert = replace(alert, infos=(alert.infos[0], alert.infos[0]))
    place = "/alert/info[1]/area[2]"
    assert place_of(Unmatched("geocode", "AGS=99999999", "x"), alert)[0] == place
    assert place_of(Unmatched("polygon", 'polygon 1 of area 2 "Inde"', "x"), alert)[0] == place
    assert place_of(Unmatched("area", 'area 2 "Inde"', "x"), alert)[0] == place
    assert place_of(Unmatched("area", "", "x"), alert)[0] == "/alert/info/area"


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


# refusals of what is in doubt


REFUSALS = {
    Doubt.CLOCK: ProblemType.SENT_IN_FUTURE,
    Doubt.LIFETIME: ProblemType.EXPIRES_TOO_LATE,
    Doubt.AREA: ProblemType.AREA_UNMATCHED,
    Doubt.SEVERAL_TEXTS: ProblemType.SEVERAL_TEXTS,
    Doubt.TERRITORY: ProblemType.OUTSIDE_TERRITORY,
    Doubt.IDENTITY: ProblemType.IDENTITY_REUSED,
    Doubt.FOREIGN_REFERENCE: ProblemType.FOREIGN_REFERENCE,
    Doubt.UNKNOWN_REFERENCE: ProblemType.UNKNOWN_REFERENCE,
    Doubt.REFERENCE_REPLACED: ProblemType.REFERENCE_REPLACED,
}


@pytest.mark.parametrize("doubt", REFUSALS)
def test_each_doubt_of_a_centres_message_is_a_problem_of_its_own(doubt: Doubt) -> None:
    refused = refusal(doubt, replace(message(SECOND), latest_end=NOW), known(), ZONE)
    assert refused.type is REFUSALS[doubt]
    assert refused.detail.de != refused.detail.en


def test_the_other_doubts_are_those_of_feeds_alone() -> None:
    """A key proves a centre, and which status and severity go out by themselves is set for feeds only. What waits for a
    second person is not refused, and what is of the other environment is by `require_environment`.
    """
    of_feeds = {Doubt.SIGNATURE, Doubt.SENDER, Doubt.STATUS, Doubt.SEVERITY}
    assert set(Doubt) - set(REFUSALS) == of_feeds | {Doubt.APPROVAL, Doubt.ENVIRONMENT}
    assert set(Doubt) - set(REFUSALS) > AUTHENTICITY_DOUBTS - {Doubt.CLOCK}


def test_each_info_that_holds_for_too_long_is_a_finding_in_both_languages() -> None:
    latest = NOW + HOUR
    infos = tuple(
        replace(FIRST.infos[0], expires=end) for end in (NOW + 2 * HOUR, latest, None, NOW + 3 * HOUR)
    )
    refused = refusal(
        Doubt.LIFETIME, replace(message(replace(FIRST, infos=infos)), latest_end=latest), known(), ZONE
    )
    assert [one["path"] for one in refused.errors] == ["/alert/info[1]/expires", "/alert/info[4]/expires"]
    for one in refused.errors:
        assert one["severity"] == "error"
        end = desk_time(latest, ZONE, "en")
        assert str(one["message"]).endswith(f"the latest end that is possible now is {end}.")
        assert str(one["message_de"]).endswith(f"spätestens möglich ist jetzt {desk_time(latest, ZONE)}.")
    assert desk_time(latest, ZONE) in refused.detail.de
    assert "UTC" not in refused.detail.de


def test_a_refused_reference_is_named() -> None:
    named = f"{FIRST.sender},{FIRST.identifier}"
    assert refusal(Doubt.UNKNOWN_REFERENCE, message(SECOND), known(), ZONE).extra == {"references": [named]}
    other = cap.Reference("other@x.example", "1", NOW)
    foreign = message(replace(SECOND, references=(*SECOND.references, other)))
    refused = refusal(Doubt.FOREIGN_REFERENCE, foreign, known(), ZONE)
    assert refused.extra == {"senders": ["other@x.example"]}
    assert refused.detail.de.endswith("nicht die von other@x.example.")


def test_who_ends_what_was_replaced_is_told_what_to_name_instead() -> None:
    branch = on_record(SECOND, id="second", headline="Sturm in Jülich")
    other, over = on_record(id="other"), on_record(END, id="over", expires=NOW)
    first = on_record(id="first", stopped_by="second")
    state = known(
        named=[first], graph=[first, branch, other, over], replaced={"second": frozenset({"first"})}
    )
    refused = refusal(Doubt.REFERENCE_REPLACED, message(END), state, ZONE)
    assert f"{branch.identifier} (Sturm in Jülich)." in refused.detail.de
    assert refused.extra["in_force"] == [
        {"sender": branch.sender, "identifier": branch.identifier, "sent": branch.sent.isoformat()}
    ]


def test_who_ends_one_branch_hears_which_stay_in_force() -> None:
    first, branch = on_record(id="first"), on_record(SECOND, id="second", headline="Sturm in Jülich")
    state = known(named=[first], graph=[first, branch])
    (found,) = reference_findings(message(END), state)
    assert (found.code, found.severity) == ("still-in-force", cap.Level.WARNING)
    assert found.message.startswith(branch.identifier)
    assert found.message_de.startswith(f"{branch.identifier} (Sturm in Jülich) ")
    assert reference_findings(message(SECOND), state) == ()
    assert reference_findings(message(END), known(named=[first])) == ()


def test_who_updates_what_has_been_replaced_hears_by_what() -> None:
    first, branch = on_record(id="first", stopped_by="second"), on_record(SECOND, id="second")
    state = known(named=[first], graph=[first, branch], replaced={"second": frozenset({"first"})})
    (found,) = reference_findings(message(SECOND), state)
    assert (found.code, found.message.startswith(branch.identifier)) == ("still-in-force", True)


def test_a_reference_that_leads_nowhere_is_named() -> None:
    (found,) = reference_findings(message(END), known())
    assert (found.code, found.message.startswith(FIRST.identifier)) == ("reference-unknown", True)


def test_one_warning_too_many_is_told_when_there_is_room_again() -> None:
    refused = quota_exceeded(600, NOW, NOW + timedelta(minutes=59, seconds=29.5))
    assert (refused.type, refused.status, refused.retry_after_s) == (ProblemType.QUOTA_EXCEEDED, 429, 31)
    assert refused.extra == {"quota": 600}
    assert "nicht angenommen" in refused.detail.de
    assert "in 1 min erneut senden" in refused.detail.de
    assert quota_exceeded(1, NOW, NOW + timedelta(hours=1)).retry_after_s == 1


@pytest.mark.parametrize(
    ("alert", "reason", "counts"),
    [
        (warning(), Reason.FIRST_NOTICE, True),
        (warning(status=cap.Status.EXERCISE), Reason.NOT_ACTUAL, True),
        (update(2, warning()), Reason.UPDATE, False),
        (cancel(2, warning()), Reason.CANCEL, False),
        (cancel(2, warning()), Reason.ALREADY_ENDED, False),
        (warning(), Reason.ALL_CLEAR, False),
    ],
)
def test_what_changes_or_ends_a_warning_counts_for_no_quota(
    alert: cap.Alert, reason: Reason, counts: bool
) -> None:
    assert counts_for_quota(message(alert), Decision(reason, NOW)) is counts
