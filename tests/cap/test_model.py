"""Values: equal by what they say, not by where they stood."""

from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

import cap
from cap.findings import Problem

SENT = datetime(2026, 11, 22, 9, tzinfo=UTC)
RING = ((50.0, 6.0), (51.0, 6.0), (51.0, 7.0), (50.0, 6.0))
AREA = cap.Area("Nordstadt", polygons=(cap.Polygon(RING),))
ALERT = cap.Alert(
    "s@x.example",
    "i-1",
    SENT,
    cap.Status.ACTUAL,
    cap.MsgType.ALERT,
    cap.Scope.PUBLIC,
    infos=(cap.Info(areas=(AREA,)),),
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            ALERT,
            replace(ALERT, line=9, lines={"sent": 3}, problems=(Problem("time-zulu", "/alert/sent", 3),)),
        ),
        (ALERT, replace(ALERT, version=cap.Version.V1_0, signatures=2)),
        (ALERT.infos[0], replace(ALERT.infos[0], line=9, lines={"event": 3})),
        (AREA, replace(AREA, line=9, lines={"areaDesc": 3})),
        (AREA.polygons[0], cap.Polygon(RING, 9)),
        (cap.Circle(1, 2, 3), cap.Circle(1, 2, 3, 9)),
        (cap.NamedValue("a", "b"), cap.NamedValue("a", "b", 9)),
        (cap.Resource("Karte"), cap.Resource("Karte", line=9, lines={"uri": 3})),
    ],
    ids=lambda value: type(value).__name__,
)
def test_place_and_spelling_take_no_part_in_equality(one: object, other: object) -> None:
    assert one == other


@pytest.mark.parametrize(
    "changed",
    [
        replace(ALERT, sender="t@x.example"),
        replace(ALERT, sent=None),
        replace(ALERT, status=cap.Status.TEST),
        replace(ALERT, infos=()),
        replace(ALERT, infos=(replace(ALERT.infos[0], areas=(replace(AREA, unreadable=1),)),)),
    ],
)
def test_content_does(changed: cap.Alert) -> None:
    assert changed != ALERT


def test_identities_compare_instants() -> None:
    west = SENT.astimezone(timezone(timedelta(hours=-5)))
    assert ALERT.identity == cap.Identity("s@x.example", "i-1", west)
    assert hash(ALERT.identity) == hash(replace(ALERT, sent=west).identity)


def test_areas_come_in_the_order_of_the_document() -> None:
    first, second, third = (cap.Area(name) for name in "abc")
    alert = replace(ALERT, infos=(cap.Info(areas=(first, second)), cap.Info(), cap.Info(areas=(third,))))
    assert list(alert.areas()) == [first, second, third]


def test_values_do_not_change() -> None:
    with pytest.raises(FrozenInstanceError):
        ALERT.sender = "t@x.example"  # type: ignore[misc]


def test_packed_content_is_not_shown() -> None:
    assert "geheim" not in repr(cap.Resource("Karte", deref_uri="geheim"))


def test_a_documents_findings_are_those_of_the_strict_policy() -> None:
    document = cap.Document((), (Problem("feed-link-missing", "/feed/entry[1]", 3),), "atom")
    (finding,) = document.findings
    assert (finding.code, finding.severity, finding.path, finding.line) == (
        "feed-link-missing",
        cap.Level.ERROR,
        "/feed/entry[1]",
        3,
    )
