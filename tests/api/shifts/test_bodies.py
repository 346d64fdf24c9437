"""What the API shows of a desk that is handed over."""

from dataclasses import replace

import pytest
from pydantic import ValidationError

from dispatcher.access.secret_tokens import new_token
from dispatcher.api.shifts.bodies import ShiftWanted, handover_body
from dispatcher.console.desk.shift import BegunShift, open_matters
from tests.console.desk.test_shift import CONDITION, READING
from tests.support.messages import NOW


def test_what_is_open_is_named_and_counted() -> None:
    begun = [BegunShift("b.lang", NOW, "Pegel steigt", 4)]
    body = handover_body(open_matters(READING, CONDITION), begun)
    assert body.as_of == READING.now
    assert body.model_dump(mode="json", exclude={"as_of"}) == {
        "open": {"count": 4, "held": ["A"], "failing": ["B"], "in_force": ["C"], "silent_feeds": ["mowas"]},
        "shifts": [
            {"at": body.model_dump(mode="json")["as_of"], "by": "b.lang", "note": "Pegel steigt", "open": 4}
        ],
    }


def test_feeds_of_which_nothing_is_known_are_not_handed_over_as_well() -> None:
    matters = open_matters(READING, replace(CONDITION, feeds=None))
    assert handover_body(matters, []).open.silent_feeds is None
    assert matters.as_detail()["silent_feeds"] is None
    assert matters.count == 3


def test_a_form_is_a_token_and_a_note_one_line() -> None:
    assert ShiftWanted(form=new_token()).note == ""
    for wrong in ({"form": "x"}, {"note": "zwei\nZeilen"}, {"note": "x" * 501}, {"who": "x"}):
        with pytest.raises(ValidationError):
            ShiftWanted.model_validate(wrong)
