"""From when on boundary data are old, for persons and for the alarm."""

import re
from datetime import date
from pathlib import Path

from dispatcher.model.health.boundaries_age import BOUNDARIES_OLD, are_old

ALERTS = Path(__file__).parents[3] / "ops" / "prometheus" / "rules" / "alerts.yml"


def test_boundaries_are_old_after_a_year_and_a_half() -> None:
    assert not are_old(date(2025, 1, 1), date(2026, 7, 3))
    assert are_old(date(2025, 1, 1), date(2026, 7, 4))


def test_the_alarm_comes_with_the_same_age() -> None:
    rule = ALERTS.read_text(encoding="utf-8").partition("alert: DispatcherBoundariesOld")[2]
    found = re.search(r"> (\d+) \* 86400", rule)
    assert found
    assert int(found[1]) == BOUNDARIES_OLD.days
