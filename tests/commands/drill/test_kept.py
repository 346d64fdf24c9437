"""Where drills are kept."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dispatcher.commands.drill.kept import NoDrillError, keep, listed, new_id, prepare, read
from tests.commands.drill.test_report import drill


def test_what_is_kept_is_read_back_and_listed_in_order(tmp_path: Path) -> None:
    ids = [new_id(datetime(2026, month, 1, tzinfo=UTC)) for month in (11, 3)]
    for one in ids:
        page = keep(tmp_path / "drills", drill(id=one), "<p>Bericht</p>")
        assert page.read_text(encoding="utf-8") == "<p>Bericht</p>"
    assert read(tmp_path / "drills", ids[0])["id"] == ids[0]
    assert [one["id"] for one in listed(tmp_path / "drills")] == sorted(ids)
    assert not list((tmp_path / "drills").glob("*.part"))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "[" * 10_000, json.dumps(drill(version=2)), json.dumps(drill(steps=[{"step": "<b>"}]))],
    ids=["empty", "list", "object", "deep", "version", "step"],
)
def test_what_is_no_report_is_passed_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "drill-20261129-140000-0a1b.json").write_text(text)
    with pytest.raises(NoDrillError):
        read(tmp_path, "drill-20261129-140000-0a1b")
    assert listed(tmp_path) == []


@pytest.mark.parametrize("drill_id", ["../secret", "drill-1", "", "drill-20261129-140000-0a1b/../x"])
def test_no_other_file_is_read(tmp_path: Path, drill_id: str) -> None:
    (tmp_path / "secret.json").write_text("{}")
    with pytest.raises(NoDrillError):
        read(tmp_path / "x", drill_id)


def test_a_folder_is_made_and_tried_before_it_is_needed(tmp_path: Path) -> None:
    prepare(tmp_path / "new" / "drills")
    assert list((tmp_path / "new" / "drills").iterdir()) == []
    (tmp_path / "file").touch()
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc")):
        with pytest.raises(OSError, match=r"file|/proc"):
            prepare(folder)
