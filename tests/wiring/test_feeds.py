"""The feeds of the settings."""

from pathlib import Path

import pytest

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.feeds import load_feeds


def test_a_territory_where_nobody_lives_is_a_mistake(tmp_path: Path) -> None:
    file = tmp_path / "feeds.toml"
    settings = Settings(data_dir=tmp_path, feeds=file)
    for territory, fits in (("05358", True), ("5358", False), ("", False)):
        file.write_text(f"[[feed]]\nname = 'a'\nadapter = 'push'\nterritory = ['{territory}']")
        if fits:
            assert len(load_feeds(settings, Boundaries.default())) == 1
        else:
            with pytest.raises(SettingsError, match="territory"):
                load_feeds(settings, Boundaries.default())
