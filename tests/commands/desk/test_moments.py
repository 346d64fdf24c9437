"""Times as they are typed at a desk."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dispatcher.commands.desk.moments import future_moment
from dispatcher.commands.desk.service import WrongCall

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 11, 28, 12, 30, 15, 999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("+2h", "2026-11-28T15:30:15+01:00"),
        ("+90m", "2026-11-28T15:00:15+01:00"),
        ("+90min", "2026-11-28T15:00:15+01:00"),
        ("+1d", "2026-11-29T13:30:15+01:00"),
        ("18:00", "2026-11-28T18:00:00+01:00"),
        (" 7:05 ", "2026-11-29T07:05:00+01:00"),
        ("2026-11-28T18:00", "2026-11-28T18:00:00+01:00"),
        ("2026-11-28 18:00", "2026-11-28T18:00:00+01:00"),
        ("2026-11-28T18:00Z", "2026-11-28T19:00:00+01:00"),
        ("2026-07-01T18:00+02:00", None),
        ("2027-07-01T18:00", "2027-07-01T18:00:00+02:00"),
    ],
)
def test_what_is_typed_is_meant_at_the_desk(text: str, meant: str | None) -> None:
    if meant is None:
        with pytest.raises(WrongCall, match="time_past"):
            future_moment(text, NOW, BERLIN)
    else:
        assert future_moment(text, NOW, BERLIN).isoformat() == meant


@pytest.mark.parametrize(
    "text", ["", "morgen", "2026-11-29", "24:00", "18.00", "+2", "+2w", "2h", "2026-13-01T00:00"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(WrongCall, match=r"^time$"):
        future_moment(text, NOW, BERLIN)


def test_an_hour_is_an_hour_when_the_clock_changes() -> None:
    before = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 for the first time
    assert future_moment("+1h", before, BERLIN) - before == timedelta(hours=1)
