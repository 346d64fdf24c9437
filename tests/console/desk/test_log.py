"""The log of a situation."""

import ast
from dataclasses import replace
from pathlib import Path

import dispatcher
from dispatcher.console.desk.log import SAID_OTHERWISE, log_of
from dispatcher.console.words import WORDS
from dispatcher.model.status import DeedKind, RecipientProgress
from dispatcher.store.audit import AuditLine
from tests.api.approvals.test_bodies import REQUEST
from tests.support.messages import HOUR, NOW, stored

FIRST = replace(stored(), id="A", received_at=NOW, stopped_at=NOW + 5 * HOUR, stopped_by="B")
LAST = replace(FIRST, id="B", received_at=NOW + 5 * HOUR, stopped_at=None, stopped_by=None)
TOLD = RecipientProgress(7, first_accepted_at=NOW + 2 * HOUR, last_accepted_at=NOW + 3 * HOUR)


def test_everything_is_there_in_the_order_of_time() -> None:
    lines = [
        AuditLine(NOW, "source:leitstelle", "alert.accept", "A", {}),
        AuditLine(NOW, "person:m.keller", "alert.accept", "B", {}),
        AuditLine(
            NOW + HOUR, "person:b.lang", "alert.conclude", "A", {"why": "gesehen", "reason": "first_notice"}
        ),
        AuditLine(NOW + HOUR, "person:b.lang", "held.release", "Z", {}),
    ]
    found = log_of([LAST, FIRST], lines, {"A": TOLD})
    assert [(one.alert.id, one.what, one.who, one.said) for one in found] == [
        ("A", "log_received", FIRST.source_id, FIRST.reason),
        ("A", "log_released", "person:b.lang", "gesehen"),
        ("A", "log_first", "", ""),
        ("A", "log_last", "", "7"),
        ("A", "log_stopped", "", "B"),
        ("B", "log_received", "person:m.keller", LAST.reason),
    ]
    assert log_of([FIRST, LAST], reversed(lines), {"A": TOLD}) == found


def test_it_says_who_wrote_it_that_it_waited_and_nobody_where_the_service_acts() -> None:
    asked = replace(REQUEST, alert_id="A", requested_at=NOW)
    line = AuditLine(NOW, "worker", "alert.plan", "A", {})
    found = {one.what: one for one in log_of([FIRST], [line], {}, {"A": asked})}
    assert (found["log_received"].who, found["alert.plan"].who) == (", ".join(asked.authors), "")
    assert found["log_asked"].at == NOW
    at_once = log_of([FIRST], [], {}, {"A": replace(asked, requested_at=FIRST.received_at)})
    assert [one.what for one in at_once][:2] == ["log_received", "log_asked"]
    assert "log_asked" in WORDS
    unasked = log_of([FIRST], [], {}, {"A": replace(asked, is_needed=False)})
    assert "log_asked" not in {one.what for one in unasked}


def test_a_decision_says_which_one() -> None:
    for reason, what in (("discarded", "rejected"), ("drill", "released"), ("superseded", "concluded")):
        line = AuditLine(NOW, "person:b.lang", "alert.conclude", "A", {"reason": reason})
        assert f"log_{what}" in {one.what for one in log_of([FIRST], [line], {})}
        assert f"log_{what}" in WORDS


def test_of_held_sms_the_action_says_why() -> None:
    line = AuditLine(NOW, "worker", "sms.hold", "A", {"why": "budget", "count": 7})
    [found] = [one for one in log_of([FIRST], [line], {}) if one.what == "sms.hold"]
    assert found.said == ""


STEPS = {"f'approval.{step}'": {"approval.remind", "approval.escalate"}}
"""Actions that are put together, as the source has them."""


def written(source: str) -> set[str]:
    """The actions that a source writes to the trail about an alert."""
    found: set[str] = set()
    for call in (one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Call)):
        about = len(call.args) > 3 or any(one.arg == "alert_id" for one in call.keywords)
        if ast.unparse(call.func) != "audit.note" or not about:
            continue
        action = ast.unparse(call.args[2])
        if isinstance(call.args[2], ast.Constant):
            found.add(ast.literal_eval(action))
        else:
            found |= STEPS.get(action) or {DeedKind[action.removeprefix("DeedKind.")].value}
    return found


def test_everything_that_is_written_about_an_alert_has_words() -> None:
    assert written("audit.note(c, by, 'x.y', alert, n=1); audit.note(c, by, 'z')") == {"x.y"}
    assert written("audit.note(c, by, DeedKind.REPLAYED, alert_id=alert)") == {"dead_letters.replay"}
    sources = [path.read_text() for path in Path(dispatcher.__file__).parent.rglob("*.py")]
    actions = {action for source in sources if "audit.note" in source for action in written(source)}
    assert {DeedKind.WITHDRAWN, "approval.escalate", "sms.allow"} <= actions
    assert [one for one in actions - SAID_OTHERWISE - {DeedKind.CONCLUDED} if f"log_{one}" not in WORDS] == []
