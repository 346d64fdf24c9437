"""The boundary data that the settings name."""

from pathlib import Path

import pytest

from dispatcher.boundaries.municipalities import PILOT, Boundaries
from dispatcher.settings import Settings, SettingsError
from dispatcher.wiring.boundaries import load_boundaries, municipality_names


def test_without_a_word_it_is_what_comes_with_the_program(boundaries: Boundaries) -> None:
    assert load_boundaries(Settings()).sha256 == boundaries.sha256
    assert municipality_names(Settings()) == boundaries.names()


def test_what_cannot_be_read_is_said_with_the_settings_name(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    for wrong in (load_boundaries, municipality_names):
        with pytest.raises(SettingsError, match=r"^WARN_BOUNDARIES: "):
            wrong(Settings(boundaries=nowhere))
    with pytest.raises(SettingsError, match=r"^WARN_REGISTRIES: "):
        load_boundaries(Settings(registries=(nowhere,)))


def test_a_bundle_is_read_once_and_again_once_its_file_is_another(tmp_path: Path) -> None:
    bundle, newer = tmp_path / "own.bundle", tmp_path / "newer.bundle"
    for file in (bundle, newer):
        file.write_bytes(PILOT.read_bytes())
    first = load_boundaries(Settings(boundaries=bundle))
    assert load_boundaries(Settings(boundaries=bundle)).border is first.border
    newer.replace(bundle)
    assert load_boundaries(Settings(boundaries=bundle)).border is not first.border
