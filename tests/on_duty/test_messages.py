"""What follows from an attempt to tell somebody."""

from datetime import UTC, datetime, timedelta

import pytest

from channels.base import Consequence, Endpoint
from dispatcher.on_duty.matters import DutyChannel, Occasion
from dispatcher.on_duty.messages import (
    ACCEPTED,
    GAP,
    DueMessages,
    DutyMessage,
    DutyResult,
    Following,
    following,
)

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)


def due(*attempts: int, occasion: Occasion = Occasion.DUE) -> DueMessages:
    messages = tuple(
        DutyMessage(number, occasion, "01A", NOW, tried) for number, tried in enumerate(attempts)
    )
    return DueMessages(Endpoint(7, "+491700000000", {}), "m.keller", DutyChannel.SMS, NOW, messages)


@pytest.mark.parametrize(
    ("answer", "consequence", "follows"),
    [
        (ACCEPTED, None, Following(DutyResult.ACCEPTED, pause=GAP)),
        ("410", Consequence.REMOVE, Following(DutyResult.GONE)),
        ("550", Consequence.REJECT, Following(DutyResult.REFUSED)),
        ("expired", Consequence.EXPIRE, Following(DutyResult.REFUSED)),
        ("503", Consequence.RETRY, Following(DutyResult.AGAIN, timedelta(seconds=5))),
        ("429", Consequence.POSTPONE, Following(DutyResult.AGAIN, timedelta(seconds=5))),
        ("timeout", Consequence.RETRY_UNCERTAIN, Following(DutyResult.AGAIN, timedelta(seconds=5))),
        ("timeout", None, Following(DutyResult.AGAIN, timedelta(seconds=5))),
    ],
)
def test_it_is_tried_until_it_is_accepted_or_can_never_be(
    answer: str, consequence: Consequence | None, follows: Following
) -> None:
    assert following(due(0), answer, consequence) == follows


def test_attempts_lie_further_apart_up_to_a_minute_for_as_long_as_it_takes() -> None:
    waits = [following(due(0, tried), "503", Consequence.RETRY).retry_after for tried in (0, 1, 3, 4, 5000)]
    assert waits == [timedelta(seconds=number) for number in (5, 10, 40, 60, 60)]


def test_a_code_is_tried_some_times_and_holds_up_nothing() -> None:
    code = due(4, occasion=Occasion.CODE)
    assert following(code, "503", Consequence.RETRY).result is DutyResult.REFUSED
    assert following(due(0, occasion=Occasion.CODE), ACCEPTED, None).pause == timedelta()


def test_no_address_is_shown() -> None:
    assert "+49" not in repr(due(0))
