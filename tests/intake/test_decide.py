"""Every rung of the ladder, in its order."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

import cap
from dispatcher.intake.decide import Decision, decide, effective_expiry, expiry, is_ending, referenced_of
from dispatcher.model.problems import ProblemType, RequestRefused
from dispatcher.model.vocabulary import Reason
from tests.support.messages import HOUR, NOW, SENDER, InfoPart, Message, stored

LIFETIME = 12 * HOUR
MINUTE = timedelta(minutes=1)
FIRST = Message()
UPDATE = FIRST.later("hochwasser-2")
CANCEL = FIRST.later("hochwasser-3", "Cancel", minutes=2)


def alert_of(message: Any) -> Any:
    return cap.parse(message.xml()).alerts[0]


def judged(message: Any, *chain: Any, expires: Any = NOW + HOUR, now: Any = NOW) -> Any:
    alert = alert_of(message)
    return decide(alert, referenced=referenced_of(alert, chain), chain=chain, expires=expires, now=now)


def refused(message: Any, *chain: Any) -> Any:
    with pytest.raises(RequestRefused) as caught:
        judged(message, *chain)
    return caught.value


ON_RECORD = stored()
UPDATED = stored(
    id="B", identifier="hochwasser-2", sent=NOW + MINUTE, reason=Reason.UPDATE, msg_type="Update"
)


def test_a_first_notice_starts_a_chain_of_its_own() -> None:
    assert judged(FIRST) == Decision(Reason.FIRST_NOTICE)


def test_an_update_continues_the_chain_it_refers_to() -> None:
    assert judged(UPDATE, ON_RECORD) == Decision(Reason.UPDATE, ("A",))


def test_a_cancel_ends_the_chain_it_refers_to() -> None:
    assert judged(CANCEL, ON_RECORD, UPDATED) == Decision(Reason.CANCEL, ("A",))


def test_an_update_that_says_nothing_but_all_clear_ends_like_a_cancel() -> None:
    over = replace(
        UPDATE, infos=(InfoPart(response="AllClear"), InfoPart(response="AllClear", language="en"))
    )
    assert judged(over, ON_RECORD) == Decision(Reason.ALL_CLEAR, ("A",))


def test_an_update_that_gives_the_all_clear_in_part_only_goes_on() -> None:
    partly = replace(UPDATE, infos=(InfoPart(response="AllClear"), InfoPart(response="Shelter")))
    assert judged(partly, ON_RECORD).reason is Reason.UPDATE


@pytest.mark.parametrize("word", ["Ack", "Error"])
def test_acknowledgements_and_errors_are_recorded_and_speak_to_nobody(word: str) -> None:
    note = "<note>x</note>"
    assert judged(FIRST.later("ack-1", word, more=note), ON_RECORD).reason is Reason.NOT_A_WARNING


def test_an_acknowledgement_of_a_foreign_message_does_not_join_its_chain() -> None:
    ack = FIRST.later("ack-1", "Ack", sender="other@dueren.example")
    assert judged(ack, ON_RECORD) == Decision(Reason.NOT_A_WARNING)


@pytest.mark.parametrize("sender", [SENDER, "other@dueren.example"])
def test_a_first_alert_that_refers_to_others_starts_a_chain_of_its_own_all_the_same(sender: Any) -> None:
    """What acts on others must say so by its type; else a source could lift another's warning."""
    assert judged(FIRST.later("neu", "Alert", sender=sender), ON_RECORD) == Decision(Reason.FIRST_NOTICE)


@pytest.mark.parametrize("status", ["Exercise", "Test", "System", "Draft"])
@pytest.mark.parametrize("message", [FIRST, UPDATE, CANCEL])
def test_what_is_not_actual_is_never_dispatched(message: Any, status: str) -> None:
    assert judged(replace(message, status=status), ON_RECORD).reason is Reason.NOT_ACTUAL


@pytest.mark.parametrize("scope", ["Restricted", "Private"])
@pytest.mark.parametrize("message", [FIRST, UPDATE, CANCEL])
def test_what_is_not_public_is_never_dispatched(message: Any, scope: str) -> None:
    assert judged(replace(message, scope=scope), ON_RECORD).reason is Reason.NOT_PUBLIC


@pytest.mark.parametrize(("expires", "reason"), [(NOW, Reason.EXPIRED), (NOW + MINUTE, Reason.FIRST_NOTICE)])
def test_an_expired_message_is_not_dispatched(expires: Any, reason: Any) -> None:
    assert judged(FIRST, expires=expires).reason is reason


@pytest.mark.parametrize("late", [UPDATE, FIRST.later("hochwasser-3", "Cancel", minutes=1)])
def test_what_was_sent_before_a_message_already_here_is_superseded(late: Any) -> None:
    newer = replace(UPDATED, sent=NOW + 5 * MINUTE)
    assert judged(late, ON_RECORD, newer) == Decision(Reason.SUPERSEDED, ("A",))


def test_a_message_of_the_same_instant_is_not_superseded() -> None:
    assert judged(UPDATE, ON_RECORD, replace(UPDATED, identifier="other")).reason is Reason.UPDATE


def test_a_later_message_that_was_not_dispatched_supersedes_nothing() -> None:
    exercise = stored(id="X", identifier="uebung", sent=NOW + HOUR, reason=Reason.NOT_ACTUAL)
    assert judged(UPDATE, ON_RECORD, exercise).reason is Reason.UPDATE


@pytest.mark.parametrize("reason", [Reason.CANCEL, Reason.ALL_CLEAR])
def test_a_second_all_clear_never_happens(reason: Any) -> None:
    ended = replace(UPDATED, reason=reason)
    assert judged(CANCEL, ON_RECORD, ended).reason is Reason.ALREADY_ENDED


def test_a_warning_that_ended_and_was_taken_up_again_may_end_again() -> None:
    ended = replace(UPDATED, reason=Reason.CANCEL)
    again = stored(id="C", identifier="wieder", sent=NOW + MINUTE, reason=Reason.UPDATE)
    assert judged(CANCEL, ON_RECORD, ended, again).reason is Reason.CANCEL


def test_an_update_after_the_end_takes_the_warning_up_again() -> None:
    ended = replace(UPDATED, identifier="ende", reason=Reason.CANCEL)
    assert judged(UPDATE, ON_RECORD, ended).reason is Reason.UPDATE


def test_a_message_without_a_time_is_never_called_superseded() -> None:
    """The strict policy refuses it earlier; the ladder does not fall over it."""
    alert = replace(alert_of(UPDATE), sent=None)
    newer = replace(UPDATED, sent=NOW + HOUR)
    decision = decide(alert, referenced=[ON_RECORD], chain=[ON_RECORD, newer], expires=NOW + HOUR, now=NOW)
    assert decision.reason is Reason.UPDATE


@pytest.mark.parametrize("message", [UPDATE, CANCEL])
def test_nobody_acts_on_what_is_not_known(message: Any) -> None:
    problem = refused(message)
    assert problem.type is ProblemType.UNKNOWN_REFERENCE
    assert problem.extra == {"references": [f"{SENDER},hochwasser-1"]}


@pytest.mark.parametrize("message", [UPDATE, CANCEL, replace(UPDATE, status="Exercise")])
def test_nobody_acts_on_the_messages_of_others(message: Any) -> None:
    foreign = replace(message, sender="other@dueren.example")
    problem = refused(foreign, ON_RECORD)
    assert problem.type is ProblemType.FOREIGN_REFERENCE
    assert problem.extra == {"senders": [SENDER]}


def test_one_foreign_reference_among_own_ones_is_one_too_many() -> None:
    other = replace(FIRST, sender="other@dueren.example")
    problem = refused(replace(UPDATE, references=(FIRST, other)), ON_RECORD)
    assert problem.extra == {"senders": ["other@dueren.example"]}


def test_one_known_reference_is_enough() -> None:
    unknown = replace(FIRST, identifier="never-seen")
    assert judged(replace(UPDATE, references=(unknown, FIRST)), ON_RECORD).chains == ("A",)


def test_references_are_compared_by_sender_identifier_and_instant() -> None:
    reference = alert_of(UPDATE)
    same = ON_RECORD
    other_time = stored(id="B", sent=NOW - HOUR)
    other_sender = stored(id="C", sender="other@dueren.example")
    other_identifier = stored(id="D", identifier="sturm-1")
    assert referenced_of(reference, [same, other_time, other_sender, other_identifier]) == [same]


def test_a_reference_without_a_time_means_every_message_of_that_name() -> None:
    alert = alert_of(UPDATE)
    alert = replace(alert, references=tuple(replace(one, sent=None) for one in alert.references))
    older = stored(id="B", sent=NOW - HOUR)
    assert referenced_of(alert, [ON_RECORD, older]) == [ON_RECORD, older]


def test_a_reference_in_another_time_zone_is_the_same_instant() -> None:
    text = UPDATE.xml().replace(
        b"hochwasser-1,2026-11-22T12:00:00+00:00", b"hochwasser-1,2026-11-22T13:00:00+01:00"
    )
    assert text != UPDATE.xml()
    assert referenced_of(cap.parse(text).alerts[0], [ON_RECORD]) == [ON_RECORD]


def test_chains_come_in_the_order_of_the_record_each_once() -> None:
    sturm = Message("sturm-1")
    both = replace(UPDATE, references=(FIRST, sturm, UPDATE))
    chain = (ON_RECORD, replace(UPDATED, chain_id="A"), stored(id="S", identifier="sturm-1", chain_id="S"))
    assert judged(replace(both, identifier="neu"), *chain).chains == ("A", "S")


@pytest.mark.parametrize(
    ("lifetimes", "expected"),
    [
        ((2 * HOUR,), NOW + 2 * HOUR),
        ((2 * HOUR, 5 * HOUR), NOW + 5 * HOUR),
        ((None,), NOW + HOUR + LIFETIME),
        ((2 * HOUR, None), NOW + HOUR + LIFETIME),
        ((48 * HOUR, None), NOW + 48 * HOUR),
        ((), NOW + HOUR + LIFETIME),
    ],
)
def test_a_message_ends_with_the_last_of_its_infos_or_after_the_default_lifetime(
    lifetimes: tuple[Any, ...], expected: Any
) -> None:
    """NOW + HOUR is when it is received: the default lifetime counts from there."""
    infos = tuple(InfoPart(lifetime=lifetime) for lifetime in lifetimes)
    assert expiry(alert_of(Message(infos=infos)), NOW + HOUR, LIFETIME) == expected


@pytest.mark.parametrize(
    ("message", "ending"),
    [
        (FIRST, False),
        (UPDATE, False),
        (CANCEL, True),
        (replace(CANCEL, infos=()), True),
        (replace(UPDATE, infos=()), False),
        (replace(UPDATE, infos=(InfoPart(response="AllClear"),)), True),
        (replace(FIRST, infos=(InfoPart(response="AllClear"),)), False),
    ],
)
def test_only_a_cancel_and_an_all_clear_update_end(message: Any, ending: bool) -> None:
    assert is_ending(alert_of(message)) is ending


def test_a_cancel_that_expires_when_it_is_sent_lives_as_long_as_what_it_ends() -> None:
    told = [stored(expires=NOW + HOUR), stored(id="B", expires=NOW + 3 * HOUR)]
    over = replace(alert_of(FIRST).infos[0], expires=NOW - HOUR)
    cancel = replace(alert_of(CANCEL), infos=(over,))
    assert effective_expiry(cancel, told, NOW, LIFETIME) == NOW + 3 * HOUR
    assert effective_expiry(cancel, [], NOW, LIFETIME) == NOW - HOUR
    update = replace(alert_of(UPDATE), infos=(over,))
    assert effective_expiry(update, told, NOW, LIFETIME) == NOW - HOUR
