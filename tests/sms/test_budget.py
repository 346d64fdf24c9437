"""What a budget holds, and where the rest goes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from channels.sms.contract import Contract
from dispatcher.sms.budget import Load, Placement, Spent, placed, room


def load(number: int, people: int, gateway: str = "a", *, unstoppable: bool = False) -> Load:
    return Load(number, gateway, people, {"a": 1, "b": 2, "spare": 1}, unstoppable)


def test_the_narrower_limit_counts() -> None:
    assert room(Contract("a"), Spent(10, 10)) is None
    assert room(Contract("a", parts_per_alert=100), Spent(30, 500)) == 70
    assert room(Contract("a", parts_per_alert=100, parts_per_month=510), Spent(30, 500)) == 10
    assert room(Contract("a", parts_per_month=400), Spent(0, 500)) == 0


def test_as_many_as_fit_go_and_the_others_to_the_next() -> None:
    contracts = [
        Contract("spare", weight=0, parts_per_month=60),
        Contract("a", parts_per_alert=100),
        Contract("b", parts_per_alert=71),
    ]
    found = placed([load(1, 80), load(2, 80), load(3, 50)], contracts, {})
    assert found == [
        Placement(1, "a", 80),
        Placement(2, "a", 20),
        Placement(2, "b", 35),
        Placement(2, "spare", 25),
        Placement(3, "spare", 35),
        Placement(3, None, 15),
    ]


def test_nobody_loses_the_place_at_the_own_gateway_to_another_s() -> None:
    contracts = [Contract("a", parts_per_alert=10), Contract("b", parts_per_alert=40)]
    found = placed([load(1, 15), load(2, 20, "b")], contracts, {})
    assert found == [Placement(1, "a", 10), Placement(1, None, 5), Placement(2, "b", 20)]


def test_an_extreme_warning_is_never_stopped_but_uses_what_is_there_first() -> None:
    contracts = [Contract("a", parts_per_alert=10), Contract("b", parts_per_alert=70)]
    found = placed([load(1, 30, unstoppable=True), load(2, 30, unstoppable=True)], contracts, {})
    assert found == [
        Placement(1, "a", 10),
        Placement(1, "b", 20),
        Placement(2, "a", 15),
        Placement(2, "b", 15),
    ]


def test_what_was_spent_before_counts() -> None:
    contracts = [Contract("a", parts_per_month=100)]
    assert placed([load(1, 10)], contracts, {"a": Spent(0, 100)}) == [Placement(1, None, 10)]
    assert placed([load(1, 10)], contracts, {"a": Spent(0, 90)}) == [Placement(1, "a", 10)]
    assert placed([load(1, 0)], contracts, {}) == []


@given(
    st.lists(st.tuples(st.integers(0, 50), st.sampled_from("ab")), max_size=10),
    st.integers(0, 200),
    st.integers(0, 200),
    st.booleans(),
)
def test_budgets_are_used_to_the_full_and_exceeded_only_by_what_nobody_may_stop(
    batches: Any, a: int, b: int, unstoppable: Any
) -> None:
    contracts = [Contract("a", parts_per_alert=a), Contract("b", parts_per_month=b)]
    loads = [load(n, people, gateway, unstoppable=unstoppable) for n, (people, gateway) in enumerate(batches)]
    found = placed(loads, contracts, {})
    for one in loads:
        assert sum(there.people for there in found if there.batch_id == one.batch_id) == one.people
    going = {name: sum(one.people for one in found if one.gateway == name) for name in ("a", "b", None)}
    assert unstoppable or (going["a"] <= a and 2 * going["b"] <= b)
    total = sum(one.people for one in loads)
    assert going[None] == (0 if unstoppable else max(0, total - a - b // 2))
    # One large batch for each gateway says the same as many small ones.
    large = [
        load(n, sum(one.people for one in loads if one.gateway == name), name, unstoppable=unstoppable)
        for n, name in enumerate("ab")
    ]
    whole = placed(large, contracts, {})
    assert going == {name: sum(one.people for one in whole if one.gateway == name) for name in going}


def test_nobody_pays_for_an_app_and_no_app_for_anybody() -> None:
    own = Contract("own:dueren", weight=0, parts_per_alert=5, own=True)
    contracts = [Contract("a", parts_per_alert=10), own]
    mine = Load(2, "own:dueren", 8, {"a": 1, "own:dueren": 1})
    found = placed([load(1, 15), mine], contracts, {})
    assert found == [
        Placement(1, "a", 10),
        Placement(1, None, 5),
        Placement(2, "own:dueren", 5),
        Placement(2, None, 3),
    ]
