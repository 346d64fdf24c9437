"""When a recipient is given up whose attempts all fail alike."""

import math

import pytest

from dispatcher.delivery.health.lasting import AT_ONCE_S, Streak, is_lasting
from dispatcher.model.retry_policy import LastingPolicy

POLICY = LastingPolicy(attempts=5, after_s=60, alone_s=600)


@pytest.mark.parametrize(
    ("attempts", "seconds", "accepted_s", "lasting"),
    [
        pytest.param(5, 60, 1, True, id="others were just accepted"),
        pytest.param(5, 60, 60, True, id="others were accepted a minute ago"),
        pytest.param(4, 9999, 1, False, id="too few attempts"),
        pytest.param(99, 59, 1, False, id="too soon"),
        pytest.param(99, 300, 301, False, id="nobody was sent to since: the gateway may have failed"),
        pytest.param(9, 600, 600, True, id="others were accepted when it began, and it went on for long"),
        pytest.param(9, 600, 600 + AT_ONCE_S, True, id="just before it began"),
        pytest.param(99, 9999, 9999 + AT_ONCE_S + 1, False, id="nobody was accepted since before it began"),
        pytest.param(99, 9999, math.inf, False, id="nothing is known of others"),
    ],
)
def test_only_what_others_do_not_share_lasts(
    attempts: int, seconds: float, accepted_s: float, lasting: bool
) -> None:
    assert is_lasting(Streak(attempts, seconds), accepted_s, POLICY) is lasting
