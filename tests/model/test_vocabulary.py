"""The service's vocabulary."""

from dispatcher.model.vocabulary import Lane, State


def test_lanes_overtake_in_their_order() -> None:
    assert [lane.rank for lane in (Lane.FLASH, Lane.PRIORITY, Lane.ROUTINE, Lane.EXERCISE)] == [0, 1, 2, 3]


def test_terminal_states_are_those_in_which_nothing_more_is_owed() -> None:
    assert {state for state in State if not state.terminal} == {State.PENDING, State.CLAIMED, State.RETRY}
