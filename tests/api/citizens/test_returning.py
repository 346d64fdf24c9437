"""A crowd is told to come back in a row, as fast as it can be served."""

from dispatcher.api.citizens.returning import LEAST_S, LONGEST_S, Returns


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def served(returns: Returns, clock: Clock, turns: int, turn_s: float, *, others_wait: bool = True) -> None:
    for _ in range(turns):
        clock.now += turn_s
        returns.turn_ended(others_wait=others_wait)


def test_each_comes_back_after_the_one_before_and_the_row_grows_with_the_crowd() -> None:
    returns = Returns(Clock())
    told = [returns.next_s(n) for n in range(1000)]
    assert told[0] == LEAST_S + 1
    assert told == sorted(told)
    assert 35 <= told[-1] <= 45, "a hundred turns a second, three for each, and time to spare"


def test_the_row_is_as_long_as_turns_take() -> None:
    clock = Clock()
    returns = Returns(clock)
    served(returns, clock, 500, 0.05)
    assert 170 < [returns.next_s(n) for n in range(1000)][-1] < 180
    clock.now += 1000
    served(returns, clock, 500, 0.002)
    assert [returns.next_s(n) for n in range(1000)][-1] < 15, "who came back is no part of it"


def test_a_pause_in_which_nobody_waited_says_nothing_of_how_long_a_turn_takes() -> None:
    clock = Clock()
    returns = Returns(clock)
    served(returns, clock, 500, 60.0, others_wait=False)
    assert [returns.next_s(n) for n in range(1000)][-1] < 45


def test_nobody_is_told_to_come_back_later_than_in_five_minutes() -> None:
    clock = Clock()
    returns = Returns(clock)
    told = [returns.next_s(n) for n in range(100_000)]
    assert max(told) == LONGEST_S
    clock.now += 60
    assert returns.next_s(0) < LONGEST_S - 50, "there is room at its end as time goes on"


def test_one_address_makes_the_row_no_longer_than_many_phones_behind_it() -> None:
    clock = Clock()
    returns = Returns(clock)
    flood = [returns.next_s("192.0.2.1") for _ in range(10_000)]
    assert flood[-1] < 10
    assert returns.next_s("192.0.2.2") < 10
    clock.now += 60
    assert returns.next_s("192.0.2.1") == LEAST_S + 1
