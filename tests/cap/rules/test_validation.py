"""Findings of whole messages: none in a valid one, all at once in others."""

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

import cap
from cap.findings import Problem
from cap.profiles import check_profiles
from tests.cap.reading import Change, Message
from tests.cap.rules.breaches import (
    SCOPE,
    STATUS,
    with_references,
)


def test_the_valid_message_breaks_none(message: Message) -> None:
    (alert,) = cap.parse(message()).alerts
    assert cap.check(alert, cap.STRICT) == cap.check(alert, cap.LENIENT) == ()
    assert list(check_profiles(alert)) == []


def test_findings_come_in_the_order_of_lines(message: Message) -> None:
    (alert,) = cap.parse(
        message(("50.81,6.50 1.5", "x"), (STATUS, ""), ("<event>", "<event> &lt;b&gt;"))
    ).alerts
    lines = [finding.line or 0 for finding in cap.check(alert)]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    "changes",
    [
        [("karte.png</uri>", "karte.png</uri><derefUri>iVBO\n Rw0K</derefUri>")],
        [("https://kreis.example/karte.png</uri>", "karte.png</uri><derefUri>iVBORw0=</derefUri>")],
        [("karte.png</uri>", f"karte.png</uri><digest>{'0aF' * 13}9</digest>")],
        [("karte.png</uri>", "karte.png</uri><digest>2jmj7l5rSw0yVb/vlWAYkK/YBwk=</digest>")],
        [("image/png", "text/html; charset=UTF-8")],
        [(SCOPE, SCOPE + '<addresses>"A B" c</addresses>')],
        with_references("a@b,c,9999-12-31T23:59:59-00:00", msg_type="<msgType>Ack</msgType>"),
    ],
    ids=lambda changes: changes[-1][1][-40:],
)
def test_what_the_standard_allows_is_no_error(message: Message, changes: Sequence[Change]) -> None:
    (alert,) = cap.parse(message(*changes)).alerts
    errors = {finding.code for finding in cap.check(alert) if finding.severity is cap.Level.ERROR}
    assert errors <= {"reference-postdated"}


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ([("KDN-2026-0042", "\n    KDN-2026-0042\n  ")], "identifier-characters"),
        ([("leitstelle@kreis.example", " leitstelle@kreis.example")], "sender-characters"),
        ([("https://kreis.example/karte.png", "karte.png")], "uri-relative"),
        ([("image/png", " ")], "text-empty"),
    ],
)
def test_a_repair_of_white_space_or_a_missing_part_is_never_silent(
    message: Message, changes: Sequence[Change], code: str
) -> None:
    (alert,) = cap.parse(message(*changes)).alerts
    assert [finding.code for finding in cap.check(alert)] == [code]
    assert not cap.is_valid(cap.check(alert))
    assert cap.is_valid(cap.check(alert, cap.LENIENT))
    assert (alert.sender, alert.identifier) == ("leitstelle@kreis.example", "KDN-2026-0042")


def test_what_reading_noticed_and_what_the_prose_demands_are_one_list() -> None:
    alert = cap.Alert(
        "s@x.example",
        "i-1",
        datetime(2026, 11, 22, 9, tzinfo=UTC),
        cap.Status.ACTUAL,
        cap.MsgType.CANCEL,
        cap.Scope.PUBLIC,
        problems=(Problem("time-zulu", "/alert/sent", 5), Problem("element-order", "/alert/code", 2)),
        line=1,
        lines={"references": 3},
    )
    assert [(finding.code, finding.line) for finding in cap.check(alert)] == [
        ("element-order", 2),
        ("references-missing", 3),
        ("time-zulu", 5),
    ]


def test_a_container_is_judged_by_the_same_policies() -> None:
    document = cap.Document((), (Problem("feed-link-missing", "/feed/entry[1]", 3),), "atom")
    for policy, level in ((cap.STRICT, cap.Level.ERROR), (cap.LENIENT, cap.Level.WARNING)):
        assert [finding.severity for finding in cap.check_container(document, policy)] == [level]
