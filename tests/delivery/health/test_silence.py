"""How many more are sent to beside those who are not answered."""

import heapq
import math
import random
from dataclasses import replace
from typing import Any

import pytest

from dispatcher.delivery.health.answer_times import AnswerTimes
from dispatcher.delivery.health.silence import QUIET_SHARE, AwaitedSlice, Room, room
from dispatcher.delivery.leased_batch import evenly

USUAL_S = 0.1
QUIET_S = QUIET_SHARE * USUAL_S
MOST = 100
SLICE = AwaitedSlice(MOST, 40, left_at=5.0, heard_at=5.02)
"""60 of a hundred were answered."""
QUIET_AT = 5.02 + QUIET_S + 0.001


def found(*unanswered: AwaitedSlice, accepted_at: float = 5.01, now: float = QUIET_AT) -> Room:
    return room(unanswered, MOST, accepted_at, USUAL_S, now)


def test_where_nobody_is_unanswered_a_whole_slice_leaves() -> None:
    assert found() == Room(MOST)


def test_beside_slices_that_are_quiet_the_next_leaves_until_three_slices_places_are_taken() -> None:
    assert found(SLICE) == Room(MOST)
    other = replace(SLICE, count=60, left_at=5.005)
    assert found(SLICE, *[other] * 3) == Room(80)
    assert found(*[other] * 5).recipients == 0


@pytest.mark.parametrize(
    ("one", "accepted_at"),
    [
        pytest.param(replace(SLICE, heard_at=QUIET_AT - QUIET_S / 2), 5.01, id="it is being answered"),
        pytest.param(replace(SLICE, count=MOST), 5.01, id="none of it was answered"),
        pytest.param(replace(SLICE, heard_at=math.inf), 5.01, id="its answers are being written down"),
        pytest.param(replace(SLICE, count=0), 5.01, id="all were answered: it is judged first"),
        pytest.param(
            replace(SLICE, count=67), 5.01, id="less than a third was answered: the gateway is slow"
        ),
        pytest.param(replace(SLICE, fresh=False), 5.01, id="retries are waited for"),
        pytest.param(SLICE, 4.99, id="nobody was accepted since it left"),
        pytest.param(SLICE, -math.inf, id="nobody was ever accepted"),
    ],
)
def test_else_the_next_slice_waits_and_looks_again_soon(one: AwaitedSlice, accepted_at: float) -> None:
    waits = found(one, accepted_at=accepted_at)
    assert (waits.recipients, waits.overdue) == (0, False)
    assert 0.001 < waits.look_s <= QUIET_S


def test_who_has_waited_for_longer_than_usual_rests() -> None:
    assert found(SLICE, accepted_at=4.99, now=5.2) == Room(0, USUAL_S, overdue=True)
    later = replace(SLICE, left_at=5.15, heard_at=5.15)
    assert not found(SLICE, later, accepted_at=4.99, now=5.2).overdue


def test_silent_is_who_is_older_than_usual_and_of_whom_nothing_is_heard() -> None:
    def silent(now: float, accepted_at: float = 5.01, **changes: Any) -> bool:
        return replace(SLICE, **changes).is_silent(accepted_at, USUAL_S, now)

    assert silent(5.101)
    assert silent(5.101, heard_at=5.0), "nobody of it was answered, and others are accepted"
    assert not silent(5.099)
    assert not silent(5.101, heard_at=5.1)
    assert not silent(5.101, heard_at=math.inf)
    assert not silent(5.101, fresh=False)
    assert not silent(9.0, accepted_at=4.99), "the gateway is silent as a whole"


def sent(recipients: int, hanging: float, seconds: float, dies_at: float = math.inf) -> tuple[float, int]:
    """Send a batch to a gateway that answers within `seconds`, but never this share, and from `dies_at` on nobody. By a
    clock of its own. Returns when the last was accepted, and how many were asked after it had died.
    """
    chance, now, accepted_at, after = random.Random(3), 0.0, -math.inf, 0
    order, times = list(evenly(recipients)), AnswerTimes()
    answers: list[tuple[float, int]] = []
    awaited: dict[int, AwaitedSlice] = {}
    while order or answers:
        usual_s = times.usual_s
        awaited = {
            n: one for n, one in awaited.items() if one.count and not one.is_silent(accepted_at, usual_s, now)
        }
        next_room = room(list(awaited.values()), MOST, accepted_at, usual_s, now)
        if order and next_room.recipients:
            chosen, order = order[: next_room.recipients], order[next_room.recipients :]
            awaited[len(order)] = AwaitedSlice(len(chosen), len(chosen), now, now)
            after += len(chosen) * (now >= dies_at)
            for one in chosen:
                at = now + seconds * (0.2 + 0.8 * chance.random())
                if one >= hanging * recipients and at < dies_at:
                    heapq.heappush(answers, (at, len(order)))
            continue
        due = answers[0][0] if answers else math.inf
        if due == math.inf and now > dies_at + 30:
            break
        now = min(due, now + next_room.look_s) if order else due
        while answers and answers[0][0] <= now:
            at, n = heapq.heappop(answers)
            accepted_at = at
            if n in awaited:
                before = awaited[n]
                awaited[n] = replace(before, count=before.count - 1, heard_at=at)
                times.note(at - before.left_at)
    return accepted_at, after


@pytest.mark.parametrize("seconds", [0.03, 0.1, 0.5])
@pytest.mark.parametrize("recipients", [250, 1000])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.4])
def test_who_hangs_delays_the_others_by_little(seconds: float, recipients: int, share: float) -> None:
    assert sent(recipients, share, seconds)[0] <= 1.2 * sent(recipients, 0.0, seconds)[0]


@pytest.mark.parametrize("hanging", [0.0, 0.4])
def test_a_gateway_that_falls_silent_as_a_whole_is_given_one_more_slice_at_most(hanging: float) -> None:
    assert sent(1000, hanging, 0.1, dies_at=0.15)[1] <= MOST
