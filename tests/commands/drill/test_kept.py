"""Where drills are kept."""

import json
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from dispatcher.commands.drill.kept import NoDrillError, keep, listed, new_id, prepare, read
from tests.commands.drill.test_report import drill


def test_what_is_kept_is_read_back_and_listed_in_order(tmp_path: Path) -> None:
    began = [datetime(2026, month, 1, tzinfo=UTC) for month in (11, 3)]
    ids = [new_id(one) for one in began]
    for one, at in zip(ids, began, strict=True):
        page = keep(tmp_path / "drills", drill(id=one, began_at=at.isoformat()), "<p>Bericht</p>")
        assert page.read_text(encoding="utf-8") == "<p>Bericht</p>"
    assert read(tmp_path / "drills", ids[0])["id"] == ids[0]
    assert [one["id"] for one in listed(tmp_path / "drills")] == sorted(ids)
    assert not list((tmp_path / "drills").glob("*.part"))


def test_an_id_shows_the_clock_on_the_wall_and_the_list_goes_by_time(tmp_path: Path) -> None:
    """In the night in which the hour from two to three comes twice."""
    zone = ZoneInfo("Europe/Berlin")
    began = [datetime(2026, 10, 25, 0, 50, tzinfo=UTC), datetime(2026, 10, 25, 1, 10, tzinfo=UTC)]
    ids = [new_id(one.astimezone(zone)) for one in began]
    assert [one[:21] for one in ids] == ["drill-20261025-025000", "drill-20261025-021000"]
    for one, at in zip(ids, began, strict=True):
        keep(tmp_path, drill(id=one, began_at=at.astimezone(zone).isoformat()), "")
    keep(tmp_path, drill(id="drill-20261101-000000-0000", began_at="gestern"), "")
    assert [one["id"] for one in listed(tmp_path)] == ["drill-20261101-000000-0000", *ids]


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
