"""How long a gateway usually takes."""

import pytest

from dispatcher.delivery.health.answer_times import INITIAL_S, LEAST_S, MOST_S, AnswerTimes


def after(*seconds: float) -> float:
    times = AnswerTimes()
    for one in seconds:
        times.note(one)
    return times.usual_s


def test_before_anything_is_known_a_second_is_usual() -> None:
    assert AnswerTimes().usual_s == INITIAL_S


def test_it_is_learnt_from_answers_as_tcp_learns_it() -> None:
    """RFC 6298 section 2: SRTT + 4 RTTVAR."""
    assert after(0.2) == pytest.approx(0.2 + 4 * 0.1)
    assert after(0.2, 0.4) == pytest.approx(0.225 + 4 * (0.75 * 0.1 + 0.25 * 0.2))
    assert after(*[0.2] * 100) == pytest.approx(0.2)


@pytest.mark.parametrize(("seconds", "usual"), [(0.001, LEAST_S), (60.0, MOST_S)])
def test_it_is_bounded(seconds: float, usual: float) -> None:
    assert after(*[seconds] * 50) == usual
