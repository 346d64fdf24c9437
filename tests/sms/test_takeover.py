"""Who goes over to another gateway, and who stays where he may have been reached."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from channels.sms.contract import Contract
from dispatcher.model.vocabulary import TERMINAL_OUTCOMES, UNCERTAIN, State
from dispatcher.sms.takeover import takeover

CONTRACTS = [Contract("a"), Contract("b"), Contract("c")]
OUT = {"a"}
OUTCOMES = [
    State.PENDING,
    State.RETRY,
    State.RETRY | UNCERTAIN,
    State.CLAIMED,
    State.ACCEPTED,
    State.REJECTED,
]


def test_who_was_never_tried_or_certainly_not_taken_goes() -> None:
    found = takeover(range(6), bytes(OUTCOMES), CONTRACTS, OUT, 0)
    assert found.moved.keys() == {0, 1}
    assert found.uncertain == frozenset()


def test_of_those_who_may_have_it_no_more_go_than_the_bound_says() -> None:
    assert takeover(range(6), bytes(OUTCOMES), CONTRACTS, OUT, 1).uncertain == {2}
    found = takeover(range(6), bytes(OUTCOMES), CONTRACTS, OUT, 5)
    assert (set(found.moved), set(found.uncertain)) == ({0, 1, 2, 3}, {2, 3})
    assert takeover(range(6), bytes(OUTCOMES), CONTRACTS, OUT, -3).uncertain == frozenset()


STATES = st.sampled_from([state | flag for state in State for flag in (0, UNCERTAIN)])


@given(st.lists(STATES, max_size=60), st.integers(0, 20))
def test_nobody_who_was_answered_moves_and_nobody_who_waits_for_sure_stays(
    outcomes: Any, doubles: int
) -> None:
    found = takeover(range(len(outcomes)), bytes(outcomes), CONTRACTS, OUT, doubles)
    assert len(found.uncertain) <= doubles
    for recipient, outcome in enumerate(outcomes):
        if outcome in TERMINAL_OUTCOMES:
            assert recipient not in found.moved
        elif outcome in (State.PENDING, State.RETRY):
            assert recipient in found.moved
        else:
            assert (recipient in found.moved) == (recipient in found.uncertain)


def test_they_go_in_order_as_far_as_budgets_have_room() -> None:
    waiting = bytes([State.PENDING] * 10)
    found = takeover(range(10), waiting, CONTRACTS, OUT, 0, {"b": 2, "c": 3})
    assert [*found.moved] == [0, 1, 2, 3, 4]
    assert Counter(found.moved.values()) == {"b": 2, "c": 3}
    beside = takeover(range(10), waiting, CONTRACTS, OUT, 0, {"b": 2})
    assert Counter(beside.moved.values()) == {"b": 2, "c": 8}, "the other one has no budget"
    assert takeover(range(10), waiting, CONTRACTS, OUT, 0, {"b": 0, "c": 0}).moved == {}


def test_one_that_only_takes_over_does_so_when_the_others_budgets_are_used_up() -> None:
    spare = [*CONTRACTS[:2], Contract("spare", weight=0)]
    found = takeover(range(5), bytes(5), spare, OUT, 0, {"b": 2})
    assert [*found.moved.values()] == ["b", "b", "spare", "spare", "spare"]


def test_nobody_goes_to_a_doubtful_one_while_another_has_room_even_one_that_only_takes_over() -> None:
    spare = [*CONTRACTS[:2], Contract("spare", weight=0)]
    found = takeover(range(5), bytes(5), spare, OUT, 0, doubtful={"a", "b"})
    assert set(found.moved.values()) == {"spare"}
    found = takeover(range(5), bytes(5), spare, OUT, 0, {"spare": 2}, doubtful={"b"})
    assert [*found.moved.values()] == ["spare", "spare", "b", "b", "b"]
    found = takeover(range(5), bytes(5), CONTRACTS, OUT, 0, doubtful={"b", "c"})
    assert set(found.moved.values()) <= {"b", "c"}
    assert len(found.moved) == 5


def test_an_apps_own_gateway_hands_over_and_takes_over_from_nobody() -> None:
    contracts = [Contract("a"), Contract("own:dueren", weight=0, own=True)]
    waiting = bytes([State.PENDING] * 3)
    assert takeover(range(3), waiting, contracts, {"a"}, 0).moved == {}
    assert set(takeover(range(3), waiting, contracts, {"own:dueren"}, 0).moved.values()) == {"a"}
