"""Who had no final state when the record was saved is in doubt after a restore."""

from dataclasses import replace

import pytest

from dispatcher.delivery.work.after_restore import after_restore
from dispatcher.model.retry_policy import DEFAULT_POLICY, ResendUncertain
from dispatcher.model.vocabulary import UNCERTAIN, State

ENDED = (State.ACCEPTED, State.GONE, State.EXPIRED, State.DEAD | UNCERTAIN)
OPEN = (State.PENDING, State.CLAIMED, State.RETRY)


def after(*outcomes: int, policy: ResendUncertain = ResendUncertain.EXTREME, **how: bool) -> list[int]:
    how = {"collapses": False, "extreme": False} | how
    return list(after_restore(bytes(outcomes), replace(DEFAULT_POLICY, resend_uncertain=policy), **how))


@pytest.mark.parametrize("collapses", [True, False])
def test_what_has_ended_stays_as_it_is(collapses: bool) -> None:
    assert after(*ENDED, collapses=collapses, extreme=True) == list(ENDED)


def test_what_a_device_shows_once_is_sent_again() -> None:
    assert after(*OPEN, collapses=True, policy=ResendUncertain.NEVER) == [state | UNCERTAIN for state in OPEN]


def test_an_sms_is_sent_again_as_the_policy_says() -> None:
    again, given_up = [state | UNCERTAIN for state in OPEN], [State.DEAD | UNCERTAIN] * 3
    assert after(*OPEN) == given_up
    assert after(*OPEN, extreme=True) == again
    assert after(*again, extreme=True) == given_up, "in doubt before: it may have come twice already"
    assert after(*OPEN, policy=ResendUncertain.ALWAYS) == again
    assert after(*OPEN, policy=ResendUncertain.NEVER, extreme=True) == given_up
