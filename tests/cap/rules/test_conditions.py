"""The standard's prose, condition by condition."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import cap
from cap.rules.conditions import conditions
from tests.cap.reading import Message
from tests.cap.rules.breaches import EARLIER, EXPIRES, MSG_TYPE, SCOPE, STATUS, with_references


def test_a_stand_in_for_an_unreadable_word_has_no_consequences(message: Message) -> None:
    (alert,) = cap.parse(message((SCOPE, ""), (MSG_TYPE, ""))).alerts
    assert [finding.code for finding in cap.check(alert)] == ["msg-type-unusable", "scope-unusable"]


def test_an_error_message_without_a_note_is_noticed(message: Message) -> None:
    (alert,) = cap.parse(message(*with_references(EARLIER, msg_type="<msgType>Error</msgType>"))).alerts
    assert [finding.code for finding in cap.check(alert)] == ["note-missing"]


def test_a_note_explains_an_exercise(message: Message) -> None:
    (alert,) = cap.parse(
        message((STATUS, "<status>Exercise</status>"), (SCOPE, SCOPE + "<note>Übung 7</note>"))
    ).alerts
    assert cap.check(alert) == ()


def test_a_cancel_may_have_expired_when_it_is_sent(message: Message) -> None:
    changes = [
        *with_references(EARLIER, msg_type="<msgType>Cancel</msgType>"),
        (EXPIRES, "2026-11-22T10:00:00+01:00</expires>"),
    ]
    (alert,) = cap.parse(message(*changes)).alerts
    assert "expires-before-sent" not in {finding.code for finding in cap.check(alert)}


SENT_AT = datetime(2026, 11, 22, 9, tzinfo=UTC)
BEFORE = cap.Reference("s@x.example", "i-0", SENT_AT - timedelta(hours=1))
AREA = cap.Area("a", geocodes=(cap.NamedValue("ARS", "053580008008"),))
INFO = cap.Info(language="de", areas=(AREA,))
ALERT = cap.Alert(
    "s@x.example", "i-1", SENT_AT, cap.Status.ACTUAL, cap.MsgType.ALERT, cap.Scope.PUBLIC, infos=(INFO,)
)


def at(hour: int) -> datetime:
    return SENT_AT + timedelta(hours=hour)


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({}, []),
        ({"identifier": "i 1"}, ["identifier-characters"]),
        ({"sender": "s,x"}, ["sender-characters"]),
        ({"scope": cap.Scope.RESTRICTED}, ["restriction-missing"]),
        ({"scope": cap.Scope.RESTRICTED, "restriction": "Dienst"}, []),
        ({"restriction": "Dienst"}, ["restriction-unused"]),
        ({"scope": cap.Scope.PRIVATE}, ["addresses-missing"]),
        ({"scope": cap.Scope.PRIVATE, "addresses": ("a",)}, []),
        ({"msg_type": cap.MsgType.UPDATE}, ["references-missing"]),
        ({"msg_type": cap.MsgType.UPDATE, "references": (BEFORE,)}, []),
        ({"references": (BEFORE,)}, ["references-unneeded"]),
        (
            {"msg_type": cap.MsgType.UPDATE, "references": (cap.Reference("s@x.example", "i-1", SENT_AT),)},
            ["reference-self"],
        ),
        (
            {"msg_type": cap.MsgType.UPDATE, "references": (replace(BEFORE, sent=at(1)),)},
            ["reference-postdated"],
        ),
        ({"msg_type": cap.MsgType.UPDATE, "references": (BEFORE, BEFORE)}, ["reference-repeated"]),
        ({"status": cap.Status.EXERCISE}, ["note-missing"]),
        ({"status": cap.Status.EXERCISE, "note": "Übung"}, []),
        ({"infos": ()}, ["info-missing"]),
        ({"infos": (), "msg_type": cap.MsgType.CANCEL, "references": (BEFORE,)}, []),
    ],
)
def test_conditions_of_the_alert(changes: dict[str, Any], codes: list[str]) -> None:
    assert [problem.code for problem in conditions(replace(ALERT, **changes))] == codes


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"language": None}, ["language-missing"]),
        ({"language": None, "lines": {"language": 3}}, []),
        ({"headline": "x" * 160}, []),
        ({"headline": "x" * 161}, ["headline-long"]),
        ({"web": "https://kreis.example"}, []),
        ({"web": "kreis.example"}, ["uri-relative"]),
        ({"areas": ()}, ["area-missing"]),
        ({"event": "R\u0430uch"}, ["text-mixed-script"]),
        ({"expires": at(0)}, ["expires-before-sent"]),
        ({"expires": at(1)}, []),
        ({"expires": at(2), "onset": at(2)}, []),
        ({"expires": at(2), "onset": at(3)}, ["expires-before-onset"]),
        ({"expires": at(2), "effective": at(2)}, ["expires-before-effective"]),
    ],
)
def test_conditions_of_an_info(changes: dict[str, Any], codes: list[str]) -> None:
    alert = replace(ALERT, infos=(replace(INFO, **changes),))
    assert [problem.code for problem in conditions(alert)] == codes


@pytest.mark.parametrize(
    ("resource", "codes"),
    [
        (cap.Resource("k", uri="https://kreis.example/k.png"), []),
        (cap.Resource("k"), ["resource-no-content"]),
        (cap.Resource("k", uri="k.png"), ["uri-relative"]),
        (cap.Resource("k", uri="k.png", deref_uri="AAAA"), []),
        (cap.Resource("k", deref_uri="AA\n AA"), []),
        (cap.Resource("k", deref_uri="AAA"), ["resource-deref-uri"]),
        (cap.Resource("k", uri="urn:k", digest="0aF" * 13 + "9"), []),
        (cap.Resource("k", uri="urn:k", digest="0aF" * 13), ["resource-digest"]),
        (cap.Resource("k", "image/png", uri="urn:k"), []),
        (cap.Resource("k", "Bild", uri="urn:k"), ["resource-mime-type"]),
        (cap.Resource("k", size=0, uri="urn:k"), []),
        (cap.Resource("k", size=-1, uri="urn:k"), ["resource-size"]),
    ],
)
def test_conditions_of_a_resource(resource: cap.Resource, codes: list[str]) -> None:
    alert = replace(ALERT, infos=(replace(INFO, resources=(resource,)),))
    found = list(conditions(alert))
    assert [problem.code for problem in found] == codes
    assert all(problem.path.startswith("/alert/info[1]/resource[1]") for problem in found)


@pytest.mark.parametrize(
    ("area", "codes"),
    [
        (replace(AREA, altitude_ft=0, ceiling_ft=0), []),
        (replace(AREA, ceiling_ft=9), ["ceiling-without-altitude"]),
        (replace(AREA, altitude_ft=9, ceiling_ft=8), ["ceiling-below-altitude"]),
        (cap.Area("a"), ["area-desc-only"]),
        (cap.Area("a", unreadable=1), []),
        (cap.Area("a", circles=(cap.Circle(50, 6, 1),)), []),
    ],
)
def test_conditions_of_an_area(area: cap.Area, codes: list[str]) -> None:
    alert = replace(ALERT, infos=(replace(INFO, areas=(AREA, area)),))
    found = list(conditions(alert))
    assert [problem.code for problem in found] == codes
    assert all(problem.path.startswith("/alert/info[1]/area[2]") for problem in found)


def test_a_problem_stands_at_its_element_or_else_at_the_one_around_it() -> None:
    info = replace(INFO, web="kreis.example", line=9, areas=())
    known, unknown = (
        list(conditions(replace(ALERT, infos=(replace(info, lines=lines),)))) for lines in ({"web": 12}, {})
    )
    assert [(problem.path, problem.line) for problem in known] == [
        ("/alert/info[1]/web", 12),
        ("/alert/info[1]", 9),
    ]
    assert [problem.line for problem in unknown] == [9, 9]
