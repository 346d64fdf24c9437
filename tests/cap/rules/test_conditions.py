"""The standard's prose, condition by condition."""

import cap
from tests.cap.reading import Message
from tests.cap.rules.breaches import EARLIER, EXPIRES, MSG_TYPE, SCOPE, STATUS, with_references


def test_a_stand_in_for_an_unreadable_word_has_no_consequences(message: Message) -> None:
    (alert,) = cap.parse(message((SCOPE, ""), (MSG_TYPE, ""))).alerts
    assert [finding.code for finding in cap.check(alert)] == ["msg-type-unusable", "scope-unusable"]


def test_an_error_message_without_a_note_is_noticed(message: Message) -> None:
    (alert,) = cap.parse(message(*with_references(EARLIER, msg_type="<msgType>Error</msgType>"))).alerts
    assert [finding.code for finding in cap.check(alert)] == ["note-missing"]


def test_a_note_explains_an_exercise(message: Message) -> None:
    (alert,) = cap.parse(
        message((STATUS, "<status>Exercise</status>"), (SCOPE, SCOPE + "<note>Übung 7</note>"))
    ).alerts
    assert cap.check(alert) == ()


def test_a_cancel_may_have_expired_when_it_is_sent(message: Message) -> None:
    changes = [
        *with_references(EARLIER, msg_type="<msgType>Cancel</msgType>"),
        (EXPIRES, "2026-11-22T10:00:00+01:00</expires>"),
    ]
    (alert,) = cap.parse(message(*changes)).alerts
    assert "expires-before-sent" not in {finding.code for finding in cap.check(alert)}
