"""What processes take from the settings is checked before anything is opened."""

from pathlib import Path
from typing import Any

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.check import check_settings

MISTAKES: dict[str, dict[str, Any]] = {
    "WARN_ALLOWED_ORIGINS": {"allowed_origins": frozenset({"gatway=http://10.0.0.5"})},
    "WARN_OUTBOUND_CA_FILE": {"outbound_ca_file": Path("/nowhere")},
    "WARN_VAPID_KEY": {"vapid_key": Path("/dev/null")},
    "WARN_DUTY_SMS_GATEWAY": {"duty_sms_gateway": "nobody"},
    "WARN_BASE_MAP_ATTRIBUTION": {"base_map_tiles": "https://karte.example/{z}/{x}/{y}.png"},
    "REDIS_URL": {"redis_url": "http://h/0"},
    "pepper": {},
    "feeds.toml": {"feeds": Path("/nowhere/feeds.toml")},
}


@pytest.mark.parametrize("said", MISTAKES)
def test_what_processes_take_from_the_settings_is_checked_at_once(
    tmp_path: Path, boundaries: Boundaries, said: str
) -> None:
    assert check_settings(Settings(data_dir=tmp_path), boundaries) == ()
    assert not list(tmp_path.iterdir()), "nothing is made before the record was asked"
    if said == "pepper":
        (tmp_path / "keys").mkdir()
        (tmp_path / "keys" / "pepper").write_bytes(b"")
    with pytest.raises(SettingsError, match=said):
        check_settings(Settings(data_dir=tmp_path, **MISTAKES[said]), boundaries)
