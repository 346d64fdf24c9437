"""By what an attempt counts."""

from dataclasses import replace

import pytest

from dispatcher.model.vocabulary import Environment
from dispatcher.sign_in.allowances import DAY, OF_DEVICE, WINDOW, Claim, Stage, bounds_of

PEPPER = b"pepper"
CLAIM = Claim(Stage.PASSWORD, Environment.LIVE, "m.keller", "192.0.2.1")


def keys(claim: Claim) -> set[bytes]:
    return {bound.key for bound in bounds_of(claim, PEPPER)}


def test_a_known_browser_shares_nothing_with_strangers() -> None:
    known = Claim(Stage.PASSWORD, Environment.LIVE, "m.keller", "192.0.2.1", b"device")
    assert not keys(known) & keys(CLAIM)
    assert [bound.most for bound in bounds_of(known, PEPPER)] == [OF_DEVICE]


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (CLAIM, 4),
        (Claim(Stage.PASSWORD, Environment.LIVE, "m.keller", "192.0.2.2"), 2),  # the person, and all
        (Claim(Stage.PASSWORD, Environment.LIVE, "a.other", "192.0.2.1"), 2),  # the line, and all
        (Claim(Stage.PASSWORD, Environment.LIVE, "a.other", "192.0.2.2"), 1),
        (Claim(Stage.CODE, Environment.LIVE, "m.keller", "192.0.2.1"), 0),
        (Claim(Stage.PASSWORD, Environment.EXERCISE, "m.keller", "192.0.2.1"), 0),
    ],
)
def test_what_others_share(other: Claim, shared: int) -> None:
    assert len(keys(CLAIM) & keys(other)) == shared


def test_a_key_says_nothing_without_the_pepper() -> None:
    assert keys(CLAIM).isdisjoint({bound.key for bound in bounds_of(CLAIM, b"another")})
    assert all(len(key) == 32 for key in keys(CLAIM))


def test_codes_are_guessed_less_often_than_passwords_and_counted_for_a_day() -> None:
    """A code has six digits: with a password's allowance whoever has the password would find one in some months."""
    allowed = [(one.most, one.window) for one in bounds_of(replace(CLAIM, stage=Stage.CODE), PEPPER)]
    assert allowed[2:4] == [(10, WINDOW), (30, DAY)]
    assert len({one.key for one in bounds_of(replace(CLAIM, stage=Stage.CODE), PEPPER)}) == len(allowed)
    known = replace(CLAIM, stage=Stage.CODE, device=b"device")
    assert [(one.most, one.window) for one in bounds_of(known, PEPPER)] == [(OF_DEVICE, WINDOW)]
