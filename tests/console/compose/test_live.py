"""A draft that somebody is still writing, and the map to draw on."""

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest

import cap
from dispatcher.boundaries.base_map import BaseMap
from dispatcher.console.compose.draft import Draft, DraftKind, DraftText
from dispatcher.console.compose.live import map_of, stand_in
from dispatcher.console.compose.message import ComposeContext, ReadWhere, composed
from dispatcher.console.compose.places import ReadPlaces
from dispatcher.console.compose.shapes import ReadShapes
from tests.console.compose.test_following import around, form, sent
from tests.console.compose.test_message import AROUND, DRAFT
from tests.support.messages import DUEREN
from tests.support.templates import template

DISTRICT_MAP_BYTES = 300_000
"""What the map of a district may have when it is sent."""


def completed(draft: Draft, context: ComposeContext) -> cap.Alert | None:
    return stand_in(draft, context, composed(draft, context).where)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"texts": {"de": DraftText(headline="x" * 500), "tr": DraftText(event="<b>x</b>")}},
        {"severity": "Minor", "urgency": "x"},
        {"places": "Atlantis", "shapes": "Kreis 50.8,6.48 2 km\nKreis 50"},
        {"sender": "x", "area": "y" * 500, "expires": "1999-01-01T00:00"},
    ],
)
def test_whatever_is_missing_it_is_known_whom_it_would_reach(changes: Any) -> None:
    draft = replace(Draft(identifier="entwurf", picked=(DUEREN,)), **changes)
    found = completed(draft, AROUND)
    assert found is not None
    codes = [code.value for area in found.infos[0].areas for code in area.geocodes]
    assert codes == [DUEREN]
    assert found.infos[0].severity == changes.get("severity", "Severe")
    assert len(found.infos[0].areas) == 1 + ("shapes" in changes)


@pytest.mark.parametrize("changes", [{}, {"places": "Atlantis"}, {"shapes": "x"}, {"imported": "x"}])
def test_without_a_place_it_is_not(changes: Any) -> None:
    assert completed(replace(Draft(identifier="entwurf"), **changes), AROUND) is None


def test_a_template_and_a_follow_up_are_completed_too() -> None:
    filled = replace(AROUND, template=template(), version=1)
    found = completed(Draft(identifier="entwurf", template="hochwasser", severity="Minor"), filled)
    assert found is not None
    assert found.infos[0].severity is cap.Severity.SEVERE, "the template has no other"
    earlier = sent()
    assert completed(replace(form(earlier), texts={}), around(earlier)) is not None
    ending = Draft(identifier="entwurf", kind=DraftKind.ALL_CLEAR, texts={"de": DraftText(description="<b>")})
    assert completed(ending, around(earlier)) is not None


def test_what_was_read_once_is_not_read_again() -> None:
    draft = Draft(identifier="entwurf", places="Atlantis", shapes="Kreis")
    where = ReadWhere(ReadPlaces((DUEREN,)), ReadShapes(circles=(cap.Circle(50.8, 6.48, 2.0),)))
    found = stand_in(draft, AROUND, where)
    assert found is not None
    municipality, drawn = found.infos[0].areas
    assert [code.value for code in municipality.geocodes] == [DUEREN]
    assert drawn.circles == where.shapes.circles


def test_the_map_of_a_district_is_small_and_says_whose_data_it_is() -> None:
    found = map_of(AROUND.boundaries, ["05358"])
    assert found is not None
    assert set(found) == {"bounds", "places", "names", "attribution", "tiles"}
    assert not found["tiles"], "nobody else is asked for anything"
    assert found["names"][DUEREN] == "Düren"
    assert len(gzip.compress(json.dumps(found).encode())) <= DISTRICT_MAP_BYTES
    assert map_of(AROUND.boundaries, []) is None
    base = BaseMap("https://karten.example/{z}/{x}/{y}.png", "© Kreis Düren")
    based = map_of(AROUND.boundaries, ["05358"], base)
    assert based is not None
    assert based["tiles"] == base.tiles(found["bounds"])
    assert based["attribution"] == f"{found['attribution']} © Kreis Düren"
    assert DRAFT.kind is DraftKind.ALERT
