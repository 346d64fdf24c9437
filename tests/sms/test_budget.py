"""What a budget holds, and where the rest goes."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from channels.sms.contract import Contract
from dispatcher.sms.budget import Load, Placement, Spent, placed, room


def load(number: int, parts: int, *, unstoppable: bool = False) -> Load:
    return Load(number, "a", {"a": parts, "b": 2 * parts, "spare": parts}, unstoppable)


def test_the_narrower_limit_counts() -> None:
    assert room(Contract("a"), Spent(10, 10)) is None
    assert room(Contract("a", parts_per_alert=100), Spent(30, 500)) == 70
    assert room(Contract("a", parts_per_alert=100, parts_per_month=510), Spent(30, 500)) == 10
    assert room(Contract("a", parts_per_month=400), Spent(0, 500)) == 0


def test_what_has_no_room_goes_whole_to_the_next() -> None:
    contracts = [
        Contract("spare", weight=0, parts_per_month=60),
        Contract("a", parts_per_alert=100),
        Contract("b", parts_per_alert=70),
    ]
    found = placed([load(1, 80), load(2, 30), load(3, 50), load(4, 20), load(5, 40)], contracts, {})
    assert found == [
        Placement(1, "a"),
        Placement(2, "b"),
        Placement(3, "spare"),
        Placement(4, "a"),
        Placement(5, None),
    ]


def test_an_extreme_warning_is_never_stopped_but_uses_what_is_there_first() -> None:
    contracts = [Contract("a", parts_per_alert=10), Contract("b", parts_per_alert=70)]
    found = placed([load(1, 30, unstoppable=True), load(2, 30, unstoppable=True)], contracts, {})
    assert found == [Placement(1, "b"), Placement(2, "a")]


def test_what_was_spent_before_counts() -> None:
    contracts = [Contract("a", parts_per_month=100)]
    assert placed([load(1, 10)], contracts, {"a": Spent(0, 91)}) == [Placement(1, None)]
    assert placed([load(1, 10)], contracts, {"a": Spent(0, 90)}) == [Placement(1, "a")]


@given(st.lists(st.integers(0, 50), max_size=10), st.integers(0, 200), st.integers(0, 200), st.booleans())
def test_no_budget_is_exceeded_but_by_what_nobody_may_stop(
    sizes: Any, a: int, b: int, unstoppable: Any
) -> None:
    contracts = [Contract("a", parts_per_alert=a), Contract("b", parts_per_month=b)]
    loads = [load(n, size, unstoppable=unstoppable) for n, size in enumerate(sizes)]
    found = placed(loads, contracts, {})
    assert [one.batch_id for one in found] == list(range(len(sizes)))
    used = {
        name: sum(loads[one.batch_id].parts[name] for one in found if one.gateway == name) for name in "ab"
    }
    assert unstoppable or (used["a"] <= a and used["b"] <= b)
    assert not unstoppable or all(one.gateway for one in found)
