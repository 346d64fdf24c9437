"""How long a gateway usually takes."""

import pytest

from dispatcher.delivery.health.answer_times import LEAST_S, MOST_S, NOTES, TIMES, AnswerTimes


def after(*seconds: float) -> float:
    times = AnswerTimes()
    for one in seconds:
        times.note(one)
    return times.usual_s


def test_of_a_gateway_of_which_nothing_is_known_little_silence_is_unusual() -> None:
    assert AnswerTimes().usual_s == LEAST_S


def test_it_is_learnt_from_what_half_of_the_answers_took() -> None:
    assert after(0.2) == pytest.approx(TIMES * 0.2)
    assert after(0.9, 0.2, 0.3) == pytest.approx(TIMES * 0.3)
    assert after(*[0.2] * NOTES, *[0.5] * NOTES) == pytest.approx(TIMES * 0.5), "and from the last ones alone"


def test_who_is_slow_and_answered_one_by_one_does_not_outweigh_those_who_are_answered_together() -> None:
    times = AnswerTimes()
    for _ in range(3):
        times.note(0.05, 60)
        for second in range(40):
            times.note(1.0 + second)
    assert times.usual_s == pytest.approx(TIMES * 0.05)


@pytest.mark.parametrize(("seconds", "usual"), [(0.001, LEAST_S), (60.0, MOST_S)])
def test_it_is_bounded(seconds: float, usual: float) -> None:
    assert after(*[seconds] * 50) == usual
