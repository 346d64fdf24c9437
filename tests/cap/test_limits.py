"""Limits: every one of them is kept."""

from collections.abc import Sequence
from dataclasses import fields, replace

import pytest

import cap
from cap.errors import CapError, LimitExceeded, TooLarge
from cap.limits import Limits
from tests.cap.reading import Change, Message, codes

REFERENCES = ("</scope>", "</scope><references>a,b,2026-11-22T08:00:00+01:00</references>")
# limit -> a value that the changed message exceeds, and with which error
EXCEEDED: dict[str, tuple[int, Sequence[Change], type[CapError]]] = {
    "max_bytes": (1_000, [], TooLarge),
    "max_depth": (4, [], LimitExceeded),
    "max_elements": (10, [], LimitExceeded),
    "max_attributes": (0, [("<info>", '<info id="1">')], LimitExceeded),
    "max_namespaces": (1, [("<info>", '<info xmlns:a="urn:a">')], LimitExceeded),
    "max_name": (20, [], LimitExceeded),
    "max_infos": (0, [], LimitExceeded),
    "max_resources": (0, [], LimitExceeded),
    "max_areas": (0, [], LimitExceeded),
    "max_vertices": (3, [], LimitExceeded),
    "max_references": (0, [REFERENCES], LimitExceeded),
    "max_text": (10, [], LimitExceeded),
}
ELSEWHERE = {"max_alerts", "max_problems"}  # the two tests below


@pytest.mark.parametrize("name", EXCEEDED)
def test_one_above_a_limit_is_refused(message: Message, name: str) -> None:
    value, changes, error = EXCEEDED[name]
    data = message(*changes)
    assert len(cap.parse(data).alerts) == 1
    with pytest.raises(error):
        cap.parse(data, replace(Limits(), **{name: value}))


def test_one_alert_above_the_limit_is_refused(message: Message) -> None:
    body = message().partition(b"?>")[2]
    data = b"<alerts>" + body * 2 + b"</alerts>"
    assert len(cap.parse(data, Limits(max_alerts=2)).alerts) == 2
    with pytest.raises(LimitExceeded):
        cap.parse(data, Limits(max_alerts=1))


def test_alerts_that_cannot_be_read_count_too() -> None:
    data = b"<alerts>" + b"<content>&lt;alert </content>" * 3 + b"</alerts>"
    assert len(cap.parse(data, Limits(max_alerts=3)).problems) == 4  # and that there is none
    with pytest.raises(LimitExceeded):
        cap.parse(data, Limits(max_alerts=2))


def test_one_entry_above_the_limit_is_refused() -> None:
    data = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry/><entry/></feed>'
    assert len(cap.parse(data, Limits(max_alerts=2)).entries) == 2
    with pytest.raises(LimitExceeded):
        cap.parse(data, Limits(max_alerts=1))


def test_problems_of_a_container_above_the_limit_are_counted() -> None:
    data = b'<feed xmlns="http://www.w3.org/2005/Atom"><entry/></feed>'
    assert len(cap.parse(data).problems) == 8
    found = cap.parse(data, Limits(max_problems=2)).problems
    assert [(one.code, one.detail) for one in found[2:]] == [
        ("problems-truncated", "5"),
        ("feed-without-alert", ""),
    ]


def test_namespaces_that_have_ended_do_not_count() -> None:
    data = b"<alerts>" + b'<a xmlns="urn:a"/>' * 10 + b"</alerts>"
    assert cap.parse(data, Limits(max_namespaces=1)).alerts == ()
    with pytest.raises(LimitExceeded):
        cap.parse(b'<alerts><a xmlns="urn:a"><b xmlns="urn:b"/></a></alerts>', Limits(max_namespaces=1))


def test_one_problem_above_the_limit_is_counted(message: Message) -> None:
    (alert,) = cap.parse(message(("<info>", "<info><a/><b/>")), Limits(max_problems=1)).alerts
    assert codes(alert) == ["problems-truncated", "element-unexpected"]


def test_every_limit_is_tried() -> None:
    assert {*EXCEEDED, *ELSEWHERE} == {field.name for field in fields(Limits)}
