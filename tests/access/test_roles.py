"""Roles, the weekly windows of those on call, and territories."""

from datetime import UTC, datetime

import pytest

from dispatcher.access.roles import OnCallWindow, Role, RoleGrant

WEEKEND, NIGHT = "fri 17:00-mon 07:00", "tue 22:00-wed 06:00"


def test_every_role_says_what_it_is_there_for() -> None:
    for role in Role:
        assert role.sentence.endswith("."), role
    assert f"{Role.AUTHOR}" == "author"


@pytest.mark.parametrize("text", [WEEKEND, NIGHT, "mon 08:00-mon 16:30"])
def test_a_window_is_written_as_it_is_read(text: str) -> None:
    assert str(OnCallWindow.parse(text)) == text


def test_capitals_and_blanks_around_are_no_mistake() -> None:
    assert OnCallWindow.parse(" Fri 17:00-Mon 07:00 ") == OnCallWindow.parse(WEEKEND)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fri",
        "fri 17:00",
        "fri 25:00-mon 07:00",
        "fri 24:00-mon 07:00",
        "fr 17:00-mo 07:00",
        "fri 17:60-sat 1:00",
    ],
)
def test_what_is_no_window_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        OnCallWindow.parse(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sat 08:00-sun 24:00", "`mon 00:00`"),
        ("fri 24:00-mon 07:00", "`sat 00:00`"),
        ("fri 25:00-mon 07:00", "no 25:00"),
        ("fri 17:60-mon 07:00", "is written as"),
        ("fr 17:00-mo 07:00", "is written as"),
    ],
)
def test_a_window_that_is_refused_is_told_what_to_write(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        OnCallWindow.parse(text)


def test_a_window_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="for always, leave it out"):
        OnCallWindow.parse("fri 17:00-fri 17:00")


@pytest.mark.parametrize(
    ("window", "utc", "inside"),
    [
        (WEEKEND, "2026-11-27T15:59", False),
        (WEEKEND, "2026-11-27T16:00", True),  # 17:00 in Berlin
        (WEEKEND, "2026-11-29T12:00", True),
        (WEEKEND, "2026-11-30T05:59", True),
        (WEEKEND, "2026-11-30T06:00", False),
        (WEEKEND, "2026-07-03T15:00", True),  # 17:00 in summer, an hour earlier in UTC
        (NIGHT, "2026-12-01T20:59", False),
        (NIGHT, "2026-12-01T21:00", True),
        (NIGHT, "2026-12-02T04:59", True),
        (NIGHT, "2026-12-02T05:00", False),
        ("sun 02:00-sun 03:00", "2026-10-25T00:30", True),  # the hour that comes twice: the first time
        ("sun 02:00-sun 03:00", "2026-10-25T01:30", True),  # and again
        ("sun 02:00-sun 03:00", "2026-03-29T01:30", False),  # the hour that is left out
    ],
)
def test_a_window_is_of_wall_time(window: str, utc: str, inside: bool) -> None:
    moment = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert OnCallWindow.parse(window).holds_at(moment) is inside


@pytest.mark.parametrize(
    ("territory", "ags", "covered"),
    [
        ((), "05334002", True),
        (("05358",), "05358008", True),
        (("05358",), "05334002", False),
        (("05334", "05358"), "05334002", True),
    ],
)
def test_a_role_holds_on_its_territory(territory: tuple[str, ...], ags: str, covered: bool) -> None:
    assert RoleGrant(Role.AUTHOR, territory).covers(ags) is covered
