"""Rows are checked in chunks of bounded size, here or in processes beside."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from dispatcher.commands.bulk import checker
from dispatcher.commands.bulk.checker import CheckOrders, checked, chunks
from dispatcher.commands.bulk.records import FileFormat, FileLayout, Record
from dispatcher.store.imports.endpoint_import import Staged
from tests.support.messages import DUEREN
from tests.support.sealed import ADDRESSES, RING

GOOD = b'{"channel": "app", "address": "https://a.example/%d", "places": ["%s"], "keys": {"secret": "%s"}}\n'
SECRET = b"whsec_c2VjcmV0IG9mIHRoZSB0ZXN0cyBhbmQgbG9uZw=="
ORDERS = CheckOrders(FileLayout(FileFormat.NDJSON), RING, RING.newest, frozenset(), "consent")


def rows(count: int) -> list[Record]:
    made = [GOOD % (number, DUEREN.encode(), SECRET) for number in range(count)]
    made[1] = b"{\n"
    return [Record(number + 1, number * 200, 200, data) for number, data in enumerate(made)]


def test_chunks_are_bounded_in_rows_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "CHUNK_ROWS", 2)
    monkeypatch.setattr(checker, "CHUNK_BYTES", 10)
    sizes = [1, 1, 1, 10, 1]
    found = chunks(Record(number, 0, size, b"x" * size) for number, size in enumerate(sizes))
    assert [[one.line for one in chunk] for chunk in found] == [[0, 1], [2, 3], [4]]
    assert list(chunks([])) == []


async def gathered(found: AsyncGenerator[Staged, None]) -> list[Staged]:
    return [one async for one in found]


@pytest.mark.processes
@pytest.mark.parametrize("beside", [False, True])
async def test_rows_are_sealed_and_bad_ones_named_in_the_order_of_the_file(
    env: Any, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    monkeypatch.setattr(checker, "CHUNK_ROWS", 2)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    found = await gathered(checked(rows(5), ORDERS, beside=beside))
    assert [(one.line, one.position, len(one.rows), len(one.refused)) for one in found] == [
        *((2, 400, 1, 1), (4, 800, 2, 0), (5, 1000, 1, 0))
    ]
    assert found[0].refused == [(2, 200, 200, "not a subscription: no JSON")]
    line, channel, _, sealed, address_hash = found[0].rows[0][:5]
    assert (line, channel) == (1, "app")
    [opened] = ADDRESSES.endpoints([(1, sealed, address_hash, None, None)]).values()
    assert opened.address == "https://a.example/0"
