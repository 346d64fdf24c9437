"""What is shown of an approval."""

from dataclasses import replace

from dispatcher.api.approvals.bodies import approval_body, shown_body
from dispatcher.intake.four_eyes.deciding import ShownMessage
from dispatcher.model.alerts import AffectedMunicipality
from dispatcher.model.approval.request import ApprovalDecision, ApprovalRequest
from dispatcher.model.vocabulary import AlertState, ApprovalState, Reason
from tests.support.messages import DUEREN, HOUR, NOW

REQUEST = ApprovalRequest(
    alert_id="01JDQ3Z6W8R5K2M4N7P9S1T3V5",
    is_needed=True,
    content_sha256=b"c" * 32,
    people=10_000,
    shown_at=NOW,
    requested_at=NOW,
    authors=("m.keller",),
    alert_state=AlertState.HELD,
    reason=Reason.HELD,
    held_for="severity, approval",
    expires=NOW + HOUR,
)


def test_what_waits_says_why_for_how_many_and_who_cannot_approve_it() -> None:
    body = approval_body(REQUEST, NOW)
    assert (body.state, body.held_for) == (ApprovalState.WAITING, ["severity", "approval"])
    assert (body.people, body.most_recipients, body.authors) == (10_000, 10_200, ["m.keller"])
    assert (body.decision, body.decided_at, body.decided_by) == (None, None, None)


def test_what_is_held_for_its_size_says_so_in_one_sentence() -> None:
    held_for = "audience: 9 recipients are more than was approved (5), twice"
    assert approval_body(replace(REQUEST, held_for=held_for), NOW).held_for == [held_for]


def test_what_is_decided_says_by_whom() -> None:
    decided = replace(
        REQUEST,
        alert_state=AlertState.PLANNED,
        decision=ApprovalDecision.APPROVE,
        decided_at=NOW,
        decided_by="person:b.lang",
    )
    body = approval_body(decided, NOW)
    assert (body.state, body.decided_by) == (ApprovalState.APPROVED, "person:b.lang")


def test_all_that_is_bound_is_shown() -> None:
    places = [AffectedMunicipality(DUEREN, "Düren", "geocode", 1.0)]
    texts: dict[str, str | bytes] = {"text/de": "WARNUNG", "push/de": b"{}"}
    body = shown_body(ShownMessage(REQUEST, places, texts, "9f" * 32, True, NOW))
    assert (body.binding, body.is_as_held) == ("9f" * 32, True)
    assert [place.ags for place in body.municipalities] == [DUEREN]
    assert body.texts == {"text/de": "WARNUNG", "push/de": "{}"}


def test_what_is_not_counted_yet_has_no_number() -> None:
    body = approval_body(replace(REQUEST, people=None), NOW)
    assert (body.people, body.most_recipients) == (None, None)
