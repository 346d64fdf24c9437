"""The European meteorological services in common terms."""

import cap
from cap.profiles import facts
from tests.cap.profiles.alerts import alert, codes, named


def message(level: str = "2; yellow; Moderate", kind: str = "1; wind") -> cap.Alert:
    pairs = named(("awareness_level", level), ("awareness_type", kind))
    return alert(infos=(cap.Info(parameters=pairs),))


def test_facts() -> None:
    found = facts(message())
    assert found.hazards == named(("METEOALARM", "1"))
    assert not found.not_a_warning
    assert codes(message()) == []


def test_green_is_no_warning() -> None:
    assert facts(message("1; green; Minor")).not_a_warning


def test_broken_parameters_are_reported() -> None:
    assert codes(message("yellow", "1")) == ["profile-parameter", "profile-parameter"]
    assert facts(message("yellow", "")).hazards == ()
