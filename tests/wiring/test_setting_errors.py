"""What is wrong with a setting is said with its name."""

import pytest

from dispatcher.settings import SettingsError
from dispatcher.wiring.setting_errors import naming_setting


@pytest.mark.parametrize("error", [ValueError("3"), TypeError("3"), OSError("3")])
def test_what_is_wrong_with_a_value_is_said_with_the_settings_name(error: Exception) -> None:
    with pytest.raises(SettingsError, match=r"^WARN_X: 3$") as raised, naming_setting("WARN_X"):
        raise error
    assert raised.value.__cause__ is error


def test_a_mistake_of_ours_stays_one() -> None:
    with pytest.raises(KeyError), naming_setting("WARN_X"):
        raise KeyError("x")
