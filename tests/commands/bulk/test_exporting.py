"""An export is what an import reads: to import it again changes nothing."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatcher.boundaries.municipalities import Boundaries
from dispatcher.commands.bulk.exporting import ExportResult, export_to
from dispatcher.commands.bulk.line import Known, subscription
from dispatcher.commands.bulk.records import layout_of, members, records
from dispatcher.model.subscriptions import NewSubscription, WatchedArea
from tests.commands.bulk.test_line import Anything
from tests.support.messages import DUEREN, JUELICH

CHANNELS: Any = {"app": Anything()}
KNOWN = Known(CHANNELS, Boundaries.default(), frozenset({"dueren"}), frozenset({"a"}))
POINT = WatchedArea(((50.803, 6.483),), 250.5, (DUEREN,))
FIELD = WatchedArea(((50.8, 6.48), (50.812, 6.48), (50.81, 6.5)), 0.0, (DUEREN,))

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=9)
basis = st.text('abc ,;"äß', min_size=1, max_size=9).map(str.strip).filter(bool)
people = st.builds(
    NewSubscription,
    st.just("app"),
    st.just("https://app.example"),
    texts,
    st.dictionaries(texts.filter(lambda name: name not in {"vapid", "gateway"}), texts, max_size=2)
    | st.just({"vapid": "B" * 22, "gateway": "a"}),
    st.sampled_from([(DUEREN,), (DUEREN, JUELICH)]),
    st.sampled_from(["de", "uk,ru,en", "de-simple"]),
    st.none() | st.just("dueren"),
    st.none() | texts,
    st.sampled_from([(), (POINT,), (POINT, FIELD)]),
    st.none() | basis,
)


async def told(found: list[Any]) -> AsyncIterator[Any]:
    for one in found:
        yield one


def exported(file: Path, found: list[Any]) -> ExportResult:
    async def note(count: int) -> None:
        assert not os.path.exists(file), "first it is noted, then it is there"  # noqa: ASYNC240, PTH110

    return asyncio.run(export_to(file, told(found), lambda what, count: None, note))


@pytest.mark.parametrize("name", ["people.ndjson", "people.csv", "people.parquet"])
def test_what_is_exported_is_read_as_it_was(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    @settings(max_examples=30, database=None)
    @given(st.lists(people, max_size=4))
    def round_trip(found: list[NewSubscription]) -> None:
        file = tmp_path_factory.mktemp("export") / name
        assert exported(file, found) == ExportResult(len(found), 0)
        layout = layout_of(file)
        read = [subscription(members(one, layout), KNOWN) for one in records(file, layout)]
        assert read == found

    round_trip()


def test_what_cannot_be_opened_is_counted_and_not_in_it(tmp_path: Path) -> None:
    one = NewSubscription("app", "", "x", {}, (DUEREN,))
    assert exported(tmp_path / "a.csv", [None, one, None]) == ExportResult(1, 2)
    assert len((tmp_path / "a.csv").read_text().splitlines()) == 2


def test_rows_are_written_in_chunks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dispatcher.commands.bulk.exporting.CHUNK", 2)
    one = NewSubscription("app", "", "x", {}, (DUEREN,))
    assert exported(tmp_path / "a.ndjson", [one] * 5).rows == 5
    assert len((tmp_path / "a.ndjson").read_text().splitlines()) == 5
