"""Who goes by which gateway, as values."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.sms.contract import Contract
from dispatcher.sms.routes import NO_ROUTES, Routes, chosen, portions, routes, shares

A, B, SPARE = Contract("a"), Contract("b", weight=3), Contract("spare", weight=0)
PEOPLE = range(4000)


def test_recipients_are_spread_by_weight_and_keep_their_gateway() -> None:
    found = routes([A, B, SPARE])
    taken = Counter(chosen(found, one) for one in PEOPLE)
    assert taken.keys() == {"a", "b"}
    assert taken["a"] == pytest.approx(1000, rel=0.1)
    assert [chosen(found, one) for one in PEOPLE] == [chosen(found, one) for one in PEOPLE]


def test_when_a_gateway_goes_only_its_own_move() -> None:
    three = [A, B, Contract("c", weight=2)]
    before, after = routes(three), routes(three, {"c"})
    for one in PEOPLE:
        gateway = chosen(before, one)
        assert chosen(after, one) == gateway or gateway == "c"


def test_whoever_names_a_gateway_has_it_while_it_is_there() -> None:
    assert chosen(routes([A, B, SPARE]), 1, "spare") == "spare"
    assert {chosen(routes([A, B, SPARE], {"a"}), one, "a") for one in PEOPLE[:50]} == {"b"}
    assert chosen(routes([A]), 1, "gone") == "a"


def test_what_only_takes_over_does_when_no_other_is_left() -> None:
    assert routes([A, B, SPARE], {"a", "b"}) == Routes(("spare",), (1.0,))
    assert routes([A, B, SPARE], {"a"}) == Routes(("b", "spare"), (3.0, 0.0))
    assert routes([A, B], {"a", "b"}) == Routes(("a", "b"), (1.0, 3.0)), "where none is left, all are tried"
    assert routes([]) == NO_ROUTES


@given(st.lists(st.floats(0, 1000), min_size=1, max_size=5), st.integers(0, 100_000))
def test_shares_lose_nobody(weights: Any, people: int) -> None:
    found = routes([Contract(f"g{n}", weight=weight) for n, weight in enumerate(weights)])
    assert sum(shares(found, people).values()) == people


def test_without_gateways_nobody_has_a_share() -> None:
    assert shares(NO_ROUTES, 10) == {}
    assert shares(routes([A, B]), 10) == {"a": 3, "b": 7}


def test_those_who_name_a_gateway_have_it_and_the_others_are_spread() -> None:
    found = routes([A, B, SPARE])
    assert shares(found, 100, {"a": 50, "spare": 10, "": 20, "gone": 20}) == {"a": 60, "b": 30, "spare": 10}
    assert shares(found, 10, {"spare": 1}) == {"spare": 10}
    assert shares(found, 50, {"a": 50, "spare": 10, "": 40}) == {"a": 30, "b": 15, "spare": 5}, "a sample"


@given(
    st.integers(0, 5000),
    st.dictionaries(st.sampled_from(["", "a", "b", "spare", "gone"]), st.integers(0, 5000)),
)
def test_nobody_is_lost_whatever_is_named(people: int, wanted: Any) -> None:
    found = shares(routes([A, B, SPARE]), people, wanted)
    assert sum(found.values()) == people
    assert min(found.values(), default=0) >= 0


OWN_GATEWAY = Contract("own:dueren", weight=0, own=True)


def test_an_apps_own_gateway_takes_who_has_it_and_takes_over_from_nobody() -> None:
    found = routes([A, OWN_GATEWAY, SPARE])
    assert found == Routes(("a", "spare", "own:dueren"), (1.0, 0.0, 0.0))
    assert chosen(found, 1, "own:dueren") == "own:dueren"
    assert {chosen(found, one) for one in PEOPLE[:50]} == {"a"}
    assert routes([A, OWN_GATEWAY, SPARE], {"a"}) == Routes(("spare", "own:dueren"), (1.0, 0.0))
    out = routes([A, OWN_GATEWAY], {"own:dueren"})
    assert chosen(out, 1, "own:dueren") == "a", "while it is out the operator's take its people"


@given(st.integers(0, 10_000), st.dictionaries(st.sampled_from("abcd"), st.integers(0, 50)))
def test_portions_lose_nobody_and_are_off_by_less_than_one(people: int, by: Any) -> None:
    found = portions(people, by)
    counted = sum(by.values())
    assert sum(found.values()) == (people if counted else 0)
    assert all(
        abs(found.get(name, 0) - people * number / counted) < 1 for name, number in by.items() if counted
    )
