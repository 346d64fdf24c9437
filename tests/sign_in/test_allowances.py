"""By what an attempt counts."""

import pytest

from dispatcher.model.vocabulary import Environment
from dispatcher.sign_in.allowances import OF_DEVICE, Claim, bounds_of

PEPPER = b"pepper"
CLAIM = Claim("password", Environment.LIVE, "m.keller", "192.0.2.1")


def keys(claim: Claim) -> set[bytes]:
    return {bound.key for bound in bounds_of(claim, PEPPER)}


def test_a_known_browser_shares_nothing_with_strangers() -> None:
    known = Claim("password", Environment.LIVE, "m.keller", "192.0.2.1", b"device")
    assert not keys(known) & keys(CLAIM)
    assert [bound.most for bound in bounds_of(known, PEPPER)] == [OF_DEVICE]


@pytest.mark.parametrize(
    ("other", "shared"),
    [
        (CLAIM, 4),
        (Claim("password", Environment.LIVE, "m.keller", "192.0.2.2"), 2),  # the person, and all
        (Claim("password", Environment.LIVE, "a.other", "192.0.2.1"), 2),  # the line, and all
        (Claim("password", Environment.LIVE, "a.other", "192.0.2.2"), 1),
        (Claim("code", Environment.LIVE, "m.keller", "192.0.2.1"), 0),
        (Claim("password", Environment.EXERCISE, "m.keller", "192.0.2.1"), 0),
    ],
)
def test_what_others_share(other: Claim, shared: int) -> None:
    assert len(keys(CLAIM) & keys(other)) == shared


def test_a_key_says_nothing_without_the_pepper() -> None:
    assert keys(CLAIM).isdisjoint({bound.key for bound in bounds_of(CLAIM, b"another")})
    assert all(len(key) == 32 for key in keys(CLAIM))
