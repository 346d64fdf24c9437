"""What is written of a trail is all of it, as it is."""

from pathlib import Path
from typing import Any

import pytest

from dispatcher.access.principals import Actor
from dispatcher.audit.export import End, Head, read_line
from dispatcher.commands.audit.exporting import write
from tests.support.audit import chained, noted


async def test_every_place_stands_in_its_line(pool: Any, tmp_path: Path) -> None:
    await chained(pool, "a", "b")
    await noted(pool, "c")
    file = tmp_path / "trail.ndjson"
    end = await write(pool, file, Actor("operator:anna"))
    head, *links, last = map(read_line, file.read_bytes().splitlines(keepends=True))
    assert isinstance(head, Head)
    assert [(link.position, link.entry.action) for link in links] == [(1, "a"), (2, "b")]
    assert last == end == End(2, 2, links[-1].hash, 1)


async def test_a_file_that_is_there_is_left_and_nothing_is_noted(pool: Any, tmp_path: Path) -> None:
    file = tmp_path / "trail.ndjson"
    file.write_text("x")
    with pytest.raises(FileExistsError):
        await write(pool, file, Actor("operator:anna"))
    assert file.read_text() == "x"
    assert await pool.fetchval("SELECT count(*) FROM audit") == 0
