"""One run at a time has a directory to itself."""

from pathlib import Path

import pytest

from ops.lab.world.own_directory import OutError, owned


def test_an_earlier_run_is_removed_and_a_running_one_is_not(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    (out / "population").mkdir(parents=True)
    (out / "summary.json").touch()
    with owned(out, "population"):
        assert list(out.iterdir()) == []
        with pytest.raises(OutError, match="another run"), owned(out, "population"):
            pass
    with owned(out, "population"):
        pass


def test_what_is_no_run_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "thesis.txt").touch()
    with pytest.raises(OutError, match="something else"), owned(tmp_path / "demo", "population"):
        pass
    assert (tmp_path / "demo" / "thesis.txt").exists()
