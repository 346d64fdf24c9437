"""One key signs, the next one is published before it does, and none is missed when it ends."""

from datetime import timedelta
from typing import Any

import pytest

from dispatcher.access.signing_plan import (
    AHEAD,
    DUE,
    SigningKey,
    SigningState,
    current,
    next_signs_from,
    published,
    state,
)
from tests.support.messages import NOW

DAY = timedelta(days=1)


def key(name: str, *, begins: float = -1, ends: float = 700, **more: Any) -> SigningKey:
    """A key that signs from so many days after now, with a certificate until so many."""
    return SigningKey(name, name.encode(), NOW + begins * DAY, NOW + ends * DAY, **more)


OLD, PRESENT, NEXT = key("old", begins=-400, ends=330), key("present"), key("next", begins=7, ends=737)
ENDED, STOLEN = key("ended", begins=-800, ends=0), key("stolen", begins=0, revoked_at=NOW)
ALL = [STOLEN, ENDED, OLD, NEXT, PRESENT]


def test_the_last_one_that_began_signs_and_all_good_ones_are_published() -> None:
    assert current(ALL, NOW) == PRESENT
    assert current(ALL, NOW + 7 * DAY) == NEXT
    assert current([STOLEN, ENDED, NEXT], NOW) is None
    assert published(ALL, NOW) == (NEXT, PRESENT, OLD)
    states = [state(one, ALL, NOW) for one in ALL]
    assert states == [
        SigningState.REVOKED,
        SigningState.OVER,
        SigningState.BEFORE,
        SigningState.NEXT,
        SigningState.SIGNS,
    ]


@pytest.mark.parametrize(
    ("keys", "due"),
    [
        ([], NOW),
        ([STOLEN], NOW),
        ([ENDED], NOW),
        ([NEXT], NOW),  # nobody signs until then
        ([PRESENT], None),
        ([key("late", ends=DUE / DAY + 0.1)], None),
        ([key("late", ends=DUE / DAY)], NOW + AHEAD),
        ([key("last", ends=2)], NOW + DAY),  # half of what is left
        ([key("late", ends=10), NEXT], None),
        ([key("late", ends=10), STOLEN], NOW + 5 * DAY),
    ],
)
def test_a_new_one_is_due_before_nobody_could_sign(keys: list[SigningKey], due: Any) -> None:
    assert next_signs_from(keys, NOW) == due
