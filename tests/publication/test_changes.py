"""What has changed is told once at each place, as what it is there."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.publication.changes import ChangeKind, changes_between, key_of, shown_in
from dispatcher.publication.in_force import PublicInForce
from dispatcher.publication.places import PlaceKind, PublicPlace
from tests.support.messages import DUEREN, HOUR, JUELICH, NOW, InfoPart, Message
from tests.support.publication import found, warned

NEW, UPDATED, ENDED = ChangeKind
AACHEN = "05334002"


def told(before: PublicInForce, after: PublicInForce, key: str = DUEREN) -> list[tuple[Any, ...]]:
    """What whoever listens at a place is told."""
    return [
        (one.kind, one.warning.stored.id, one.replaces or one.ended_by)
        for one in changes_between(shown_in(before), shown_in(after), after)
        if key in one.keys
    ]


def test_a_warning_begins_and_ends_where_it_is() -> None:
    nothing, one = found(), found(warned("A", DUEREN))
    assert told(nothing, one) == [(NEW, "A", None)]
    assert told(nothing, one, "05358") == told(nothing, one, "") == [(NEW, "A", None)]
    assert told(nothing, one, JUELICH) == told(nothing, one, "05334") == []
    assert told(one, nothing) == [(ENDED, "A", None)]
    assert told(one, one) == []


def test_one_that_takes_the_place_of_another_is_an_update_where_both_are() -> None:
    before = found(warned("A", DUEREN, JUELICH))
    after = found(warned("A", DUEREN, JUELICH, stopped_by="B"), warned("B", DUEREN, AACHEN))
    assert told(before, after) == told(before, after, "05358") == told(before, after, "")
    assert told(before, after) == [(UPDATED, "B", ("A",))]
    assert told(before, after, JUELICH) == [(ENDED, "A", "B")]
    assert told(before, after, AACHEN) == told(before, after, "05334") == [(NEW, "B", None)]


def test_an_end_names_the_message_that_ended_it() -> None:
    after = found(warned("A", stopped_by="CANCEL"))
    assert told(found(warned("A")), after) == [(ENDED, "A", "CANCEL")]


def test_what_has_come_and_gone_in_between_is_passed_over() -> None:
    after = found(warned("A", stopped_by="B"), warned("B", stopped_by="C"), warned("C"))
    assert told(found(warned("A")), after) == [(UPDATED, "C", ("A",))]
    ended = found(warned("A", stopped_by="B"), warned("B", stopped_by="CANCEL"))
    assert told(found(warned("A")), ended) == [(ENDED, "A", "CANCEL")]


def test_messages_that_stop_one_another_are_no_trap() -> None:
    after = found(warned("A", stopped_by="B"), warned("B", stopped_by="A"))
    [(kind, alert_id, _)] = told(found(warned("A")), after)
    assert (kind, alert_id) == (ENDED, "A")


def test_several_that_one_replaces_are_one_update() -> None:
    before = found(warned("A"), warned("B"))
    after = found(warned("A", stopped_by="C"), warned("B", stopped_by="C"), warned("C"))
    [(kind, alert_id, replaced)] = told(before, after)
    assert (kind, alert_id, set(replaced)) == (UPDATED, "C", {"A", "B"})


def test_one_that_says_something_else_by_the_time_is_updated() -> None:
    infos = (
        InfoPart(headline="Sturm", lifetime=HOUR),
        InfoPart(headline="Regen", lifetime=3 * HOUR),
    )
    one = warned("A", message=Message(infos=infos), expires=NOW + 3 * HOUR)
    before, same, after = (found(one, now=NOW + timedelta(hours=hours)) for hours in (0, 0.5, 2))
    assert told(before, same) == []
    assert told(before, after) == [(UPDATED, "A", None)]


def test_one_that_says_something_else_in_one_language_is_updated_in_that_one() -> None:
    """The English text runs out an hour before the German one: lists in English have the German one from then on."""
    infos = (
        InfoPart(language="de", headline="Sturm", lifetime=3 * HOUR),
        InfoPart(language="en", headline="Storm", lifetime=HOUR),
    )
    one = warned("A", message=Message(infos=infos), expires=NOW + 3 * HOUR)
    before, after = found(one), found(one, now=NOW + 2 * HOUR)
    [change] = changes_between(shown_in(before), shown_in(after), after)
    assert (change.kind, change.languages) == (UPDATED, ("en",))
    [replaced] = changes_between(shown_in(found(warned("B"))), shown_in(before), before)[1:]
    assert (replaced.kind, replaced.languages) == (NEW, ("de", "en"))


def test_what_has_run_out_is_gone_with_all_its_infos() -> None:
    one = warned("A", message=Message(infos=(InfoPart(lifetime=HOUR),)), expires=NOW + 3 * HOUR)
    assert told(found(one), found(one, now=NOW + 2 * HOUR)) == [(ENDED, "A", None)]


@pytest.mark.parametrize(
    ("kind", "key", "expected"),
    [
        (PlaceKind.MUNICIPALITY, DUEREN, DUEREN),
        (PlaceKind.DISTRICT, "05358", "05358"),
        (PlaceKind.EVERYWHERE, "x", ""),
    ],
)
def test_every_place_has_a_key(kind: PlaceKind, key: str, expected: str) -> None:
    assert key_of(PublicPlace(kind, key, "", "", ())) == expected
