"""What is promised of a message that was accepted."""

from dispatcher.api.schemas.accepted import accepted_body
from dispatcher.intake.submission import Accepted
from tests.api.schemas.values import FINDING, FINDING_BODY, LOST_BODY, MATCHED, PLACE, PLACE_BODY, on_record


def test_a_promise_names_places_repairs_and_findings() -> None:
    body = accepted_body(Accepted(on_record(), (PLACE,), (FINDING,), repeated=True, matched=MATCHED))
    document = body.model_dump()
    assert document.pop("alert")["id"] == "A"
    assert document == {
        "repeated": True,
        "sent_to_people": True,
        "over": None,
        "merged_into_alert": None,
        "sent_instead": [],
        "withdrawn": [],
        "second_person": None,
        "municipalities": [PLACE_BODY],
        "unmatched": [LOST_BODY],
        "notes": ["ring repaired"],
        "notes_de": ["Ring geflickt"],
        "findings": [FINDING_BODY],
    }
