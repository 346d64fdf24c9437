"""What is shown of a message that waits for a person."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from dispatcher.api.held.bodies import DiscardWanted, ReleaseWanted, held_body, shown_held_body
from dispatcher.api.held.deciding import ShownHeld
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.vocabulary import AlertState
from tests.support.messages import DUEREN, NOW, stored

HELD = replace(stored(), state=AlertState.HELD, held_for="severity, area")


def test_reasons_are_told_one_by_one_and_only_while_it_waits() -> None:
    assert held_body(HELD).held_for == ["severity", "area"]
    place = AffectedMunicipality(DUEREN, "Düren", "geocode", 1.0)
    shown = ShownHeld(
        HELD, [place], "9f" * 32, 3, True, False, {"push/de": b"{}", "text/de": "WARNUNG"}, {}, None, NOW
    )
    body = shown_held_body(shown)
    assert (body.people, body.needs_second_person, body.texts) == (
        3,
        False,
        {"push/de": "{}", "text/de": "WARNUNG"},
    )
    assert [one.ags for one in body.municipalities] == [DUEREN]
    sent = replace(shown, alert=replace(HELD, state=AlertState.ACCEPTED))
    assert shown_held_body(sent).held_for == []


@pytest.mark.parametrize("why", ["", "x" * 501, "zwei\nZeilen"])
def test_a_decision_takes_a_reason_in_one_line(why: str) -> None:
    with pytest.raises(ValidationError):
        DiscardWanted(why=why)
    with pytest.raises(ValidationError):
        ReleaseWanted(target_sha256="9f" * 32, people=0, why=why)
