"""The judge of the long run can be lost."""

import pytest

from ops.lab.faults.feeds import run
from ops.lab.faults.feeds.scenario import End
from ops.lab.faults.feeds.scenario import Event as Happening


@pytest.mark.parametrize(
    ("kinds", "again", "lone"),
    [
        (["alert"], False, False),
        (["alert", "update", "cancel"], False, False),
        (["alert", "ended", "alert", "cancel"], False, False),
        (["alert", "alert"], True, False),
        (["cancel"], False, True),
        (["alert", "cancel", "cancel"], False, True),
        (["no_longer_affected"], False, True),
    ],
)
def test_doubles_and_lone_endings_are_seen(kinds: list[str], again: bool, lone: bool) -> None:
    assert run._faults(kinds) == (again, lone)


@pytest.mark.parametrize(
    ("end", "ags", "kinds", "served"),
    [
        (End.CANCEL, "05358008", ["alert", "cancel"], True),
        (End.CANCEL, "05358008", ["alert"], False),
        (End.CANCEL, "05358008", [], False),
        (End.EXPIRY, "05358008", ["alert"], True),
        (End.EXPIRY, "05358008", ["alert", "ended"], False),
        (End.SILENCE, "05358024", [], True),
        (End.SILENCE, "05358024", ["alert"], False),
        (End.SILENCE, "05358024", ["alert", "no_longer_affected"], True),
    ],
)
def test_what_is_missed_is_seen(end: End, ags: str, kinds: list[str], served: bool) -> None:
    event = Happening(1, "dwd", ("05358008",), 0, (), 30, end)
    assert run._is_served(event, ags, kinds) is served
