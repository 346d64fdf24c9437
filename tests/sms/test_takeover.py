"""Who goes over to another gateway, and who stays where he may have been reached."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dispatcher.model.vocabulary import TERMINAL_OUTCOMES, UNCERTAIN, State
from dispatcher.sms.routes import Routes
from dispatcher.sms.takeover import takeover

TAKING = Routes(("b", "c"), (1.0, 1.0))
OUTCOMES = [
    State.PENDING,
    State.RETRY,
    State.RETRY | UNCERTAIN,
    State.CLAIMED,
    State.ACCEPTED,
    State.REJECTED,
]


def test_who_was_never_tried_or_certainly_not_taken_goes() -> None:
    found = takeover(range(6), bytes(OUTCOMES), TAKING, 0)
    assert found.moved.keys() == {0, 1}
    assert found.uncertain == frozenset()


def test_of_those_who_may_have_it_no_more_go_than_the_bound_says() -> None:
    assert takeover(range(6), bytes(OUTCOMES), TAKING, 1).uncertain == {2}
    found = takeover(range(6), bytes(OUTCOMES), TAKING, 5)
    assert (set(found.moved), set(found.uncertain)) == ({0, 1, 2, 3}, {2, 3})
    assert takeover(range(6), bytes(OUTCOMES), TAKING, -3).uncertain == frozenset()


STATES = st.sampled_from([state | flag for state in State for flag in (0, UNCERTAIN)])


@given(st.lists(STATES, max_size=60), st.integers(0, 20))
def test_nobody_who_was_answered_moves_and_nobody_who_waits_for_sure_stays(
    outcomes: Any, doubles: int
) -> None:
    found = takeover(range(len(outcomes)), bytes(outcomes), TAKING, doubles)
    assert len(found.uncertain) <= doubles
    for recipient, outcome in enumerate(outcomes):
        if outcome in TERMINAL_OUTCOMES:
            assert recipient not in found.moved
        elif outcome in (State.PENDING, State.RETRY):
            assert recipient in found.moved
        else:
            assert (recipient in found.moved) == (recipient in found.uncertain)
