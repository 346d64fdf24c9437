"""What the record knows of an alert, summed up for people: who is owed it, and what ended it."""

from datetime import timedelta

import pytest

from dispatcher.model.status import (
    Over,
    OverReason,
    Owed,
    Pause,
    RecipientGroup,
    bounded,
    merged,
    over,
    owed_recipients,
    progress_of,
)
from dispatcher.model.vocabulary import Reason, State
from tests.support.messages import HOUR, NOW, stored

LATER = NOW + timedelta(minutes=3)
GATEWAY = ("sms", "seven")


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        (Reason.CANCEL, OverReason.CANCELLED),
        (Reason.ALL_CLEAR, OverReason.ENDED),
        (Reason.LAPSED, OverReason.ENDED),
        (Reason.UPDATE, OverReason.REPLACED),
        (Reason.FIRST_NOTICE, OverReason.REPLACED),
        (Reason.NO_LONGER_LISTED, OverReason.DELISTED),
    ],
)
def test_what_stopped_it_says_why_it_is_over(reason: Reason, why: OverReason) -> None:
    stopper = stored(id="B", reason=reason)
    found = over(stored(stopped_by="B", stopped_at=LATER), stopper, NOW)
    assert found == Over(why, "B", LATER)


def test_it_is_over_with_its_validity_and_not_before() -> None:
    alert = stored(expires=NOW + HOUR)
    assert over(alert, None, NOW) is None
    assert over(alert, None, NOW + HOUR) == Over(OverReason.EXPIRED, None, NOW + HOUR)
    assert over(stored(reason=Reason.CANCEL), None, NOW + 99 * HOUR) is None, "an end does not end"


def test_every_recipient_is_accepted_or_waits_or_has_failed() -> None:
    groups = [RecipientGroup(*GATEWAY, state, 2**n) for n, state in enumerate(State)]
    progress = progress_of(groups, {})
    assert progress.recipients == sum(2**n for n in range(len(State)))
    reached = (State.ACCEPTED, State.DELIVERED, State.DISPLAYED)
    assert progress.accepted == sum(2 ** list(State).index(state) for state in reached)
    assert owed_recipients(progress.waiting) == 1 + 2 + 4
    assert progress.gone == 2 ** list(State).index(State.GONE), "counted among the failed, and apart"
    assert progress.quiet_past_end == 2 ** list(State).index(State.QUIET_PAST_END), "so are those"
    assert {line.reason for line in progress.failed} == {
        "gone",
        "rejected",
        "expired",
        "superseded",
        "dead",
        "quiet_past_end",
    }


def test_who_waits_is_told_why_and_until_when() -> None:
    pauses = {GATEWAY: Pause("down", LATER)}
    retry = RecipientGroup(*GATEWAY, State.RETRY, 3, "transient", "503", NOW)
    assert progress_of([retry], {}).waiting == (Owed(*GATEWAY, "transient", "503", 3, NOW),)
    assert progress_of([retry], pauses).waiting == (Owed(*GATEWAY, "transient", "503", 3, LATER),)
    fresh = RecipientGroup(*GATEWAY, State.PENDING, 2)
    assert progress_of([fresh], {}).waiting == (Owed(*GATEWAY, "queued", "", 2),)
    assert progress_of([fresh], pauses).waiting == (Owed(*GATEWAY, "down", "", 2, LATER),)
    sending = RecipientGroup(*GATEWAY, State.CLAIMED, 1)
    assert progress_of([sending], pauses).waiting[0].reason == "in_flight"


def test_equal_lines_are_one_with_the_earliest_attempt() -> None:
    lines = [Owed(*GATEWAY, "transient", "503", 1, LATER), Owed(*GATEWAY, "transient", "503", 2, NOW)]
    more = [Owed(*GATEWAY, "queued", "", 9), Owed(*GATEWAY, "transient", "503", 4)]
    assert merged([*lines, *more]) == [
        Owed(*GATEWAY, "queued", "", 9),
        Owed(*GATEWAY, "transient", "503", 7, NOW),
    ]


def test_a_long_list_is_cut_and_leaves_nobody_out() -> None:
    lines = [Owed(channel, f"https://{n}.example", "gone", "410", 1) for n in range(40) for channel in "ab"]
    short = bounded(lines, 10)
    assert owed_recipients(short) == owed_recipients(lines)
    assert [(one.channel, one.reason) for one in short[10:]] == [("a", "others"), ("b", "others")]
    assert bounded(lines, 80) == tuple(lines)


def test_who_failed_again_and_again_is_not_said_to_be_refused() -> None:
    """As in the list of dead letters: the label, where it is the reason."""
    groups = [
        RecipientGroup("webpush", "push.example", state, 1, label, "507")
        for state, label in [
            (State.REJECTED, "lasting"),
            (State.REJECTED, "permanent"),
            (State.EXPIRED, "lasting"),
        ]
    ]
    found = progress_of(groups, {}).failed
    assert {line.reason for line in found} == {"lasting", "rejected", "expired"}
