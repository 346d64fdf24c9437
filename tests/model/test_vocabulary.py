"""The service's vocabulary."""

import pytest

from dispatcher.access.keys import AUTHENTICATES, KeyKind, environment_of_key
from dispatcher.access.kinds import PrincipalKind
from dispatcher.access.permissions import GRANTS
from dispatcher.model.vocabulary import API_PREFIX, Environment, Lane, State, environment_of_path


def test_lanes_overtake_in_their_order() -> None:
    assert [lane.rank for lane in (Lane.FLASH, Lane.PRIORITY, Lane.ROUTINE, Lane.EXERCISE)] == [0, 1, 2, 3]


def test_terminal_states_are_those_in_which_nothing_more_is_owed() -> None:
    assert {state for state in State if not state.terminal} == {State.PENDING, State.CLAIMED, State.RETRY}


# environments

LIVE, EXERCISE = Environment.LIVE, Environment.EXERCISE


@pytest.mark.parametrize(
    ("path", "environment"),
    [
        ("/exercise/v1/alerts", EXERCISE),
        ("/exercise/v1/alerts/preview", EXERCISE),
        ("/v1/alerts", LIVE),
        ("/", LIVE),
        ("", LIVE),
        ("/exercise", LIVE),
        ("/exercise/v1", LIVE),
        ("/exercise/v10/alerts", LIVE),
        ("//exercise/v1/alerts", LIVE),
        ("/v1/../exercise/v1/alerts", LIVE),
        ("/EXERCISE/v1/alerts", LIVE),
    ],
)
def test_what_is_not_below_the_prefix_of_exercises_is_live(path: str, environment: Environment) -> None:
    assert environment_of_path(path) is environment


def test_one_kind_of_keys_is_for_exercises_and_only_sources_have_it() -> None:
    assert [kind for kind in KeyKind if environment_of_key(kind) is EXERCISE] == [KeyKind.EXERCISE]
    assert AUTHENTICATES[KeyKind.EXERCISE] == {PrincipalKind.SOURCE}


def test_every_route_of_exercises_has_its_twin_with_the_same_permission() -> None:
    by_path = {str(route): row.permission for row in GRANTS for route in row.routes}
    exercises = [entrance for entrance in by_path if API_PREFIX[EXERCISE] in entrance]
    assert len(exercises) == 19
    for entrance in exercises:
        assert by_path[entrance] is by_path[entrance.replace(API_PREFIX[EXERCISE], API_PREFIX[LIVE])]
