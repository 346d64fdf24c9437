"""The ledger's writing side on its own: grouping, order, and the end."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from ops.lab.gateways.journal import Journal


@pytest.fixture
def failures() -> list[Any]:
    return []


async def test_lines_of_one_round_share_a_commit_and_are_answered_after_it(
    tmp_path: Path, failures: list[Any]
) -> None:
    path, seen = tmp_path / "l", []
    journal = Journal(path, failures.append)
    done = asyncio.Event()
    for number in range(100):
        journal.append(b"%d" % number, lambda: seen.append(path.read_bytes().count(b"\n")))
    journal.append(b"last", done.set)
    assert (seen, path.read_bytes()) == ([], b"")
    await asyncio.wait_for(done.wait(), 20)
    assert seen == [101] * 100
    assert (journal.commits, journal.entries) == (1, 101)
    await journal.aclose()


async def test_lines_that_come_during_a_commit_make_the_next_one(tmp_path: Path, failures: list[Any]) -> None:
    path = tmp_path / "l"
    journal = Journal(path, failures.append)
    for number in range(3):
        journal.append(b"a%d" % number, lambda: journal.append(b"again", lambda: None))
    await journal.aclose()
    assert path.read_bytes() == b"a0\na1\na2\nagain\nagain\nagain\n"
    assert journal.commits == 2


async def test_closing_commits_what_waits_and_takes_nothing_more(tmp_path: Path, failures: list[Any]) -> None:
    path, seen = tmp_path / "l", []
    journal = Journal(path, failures.append)
    journal.append(b"one", lambda: seen.append(1))
    await journal.aclose()
    journal.append(b"two", lambda: seen.append(2))
    assert (path.read_bytes(), seen, failures) == (b"one\n", [1], [])


async def test_a_full_disk_is_told_once_and_nothing_is_answered(failures: list[Any]) -> None:
    seen = []
    journal = Journal(Path("/dev/full"), failures.append)
    journal.append(b"one", lambda: seen.append(1))
    await journal.aclose()
    assert seen == []
    assert [type(failure) for failure in failures] == [OSError]
