"""Checkpoints outside of the record."""

import asyncio
import json
import os
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels.http.addresses import AddressPolicy
from dispatcher.audit.checkpoint import CheckpointSigner
from dispatcher.audit.export import read_anchor
from dispatcher.worker.audit.anchors import AnchorRefused, FileAnchor, WebhookAnchor
from tests.channels.conftest import authority, ca_file, client_for  # noqa: F401 - fixtures
from tests.channels.far_side import answer, far_side, reset

SIGNER = CheckpointSigner(b"k" * 32)
CHECKPOINTS = [SIGNER.sign(n, n, bytes(32), datetime(2026, 11, 29, tzinfo=UTC)) for n in (1, 2)]


async def test_lines_are_appended_and_one_that_was_cut_off_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "anchor.ndjson"
    anchor = FileAnchor(path)
    await anchor.put(CHECKPOINTS[0])
    assert path.read_bytes() == CHECKPOINTS[0].line()
    with path.open("ab") as file:
        file.write(CHECKPOINTS[1].line()[:50])
    await anchor.put(CHECKPOINTS[1])
    assert read_anchor(path.read_bytes().splitlines(keepends=True)) == (CHECKPOINTS, [2])


@pytest.mark.parametrize("name", ["nowhere/anchor.ndjson", ""])
async def test_what_cannot_be_written_is_refused_with_a_code(tmp_path: Path, name: str) -> None:
    with pytest.raises(AnchorRefused) as refused:
        await FileAnchor(tmp_path / name).put(CHECKPOINTS[0])
    assert refused.value.code in {"file_no_such_file_or_directory", "file_is_a_directory"}


async def test_a_file_that_hangs_is_refused_and_holds_one_thread(tmp_path: Path) -> None:
    """A pipe that is full takes nothing until somebody reads."""
    path = tmp_path / "anchor.ndjson"
    os.mkfifo(path)
    pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    try:
        with suppress(BlockingIOError):
            while os.write(pipe, bytes(4096)):
                pass
        anchor = FileAnchor(path, timeout_s=0.01)
        writing = set()
        for _ in range(3):
            with pytest.raises(AnchorRefused) as refused:
                await anchor.put(CHECKPOINTS[0])
            assert refused.value.code == "file_timeout"
            writing.add(anchor._writing)
        (hung,) = writing
        assert hung is not None
        with suppress(BlockingIOError):
            while os.read(pipe, 4096):
                pass
        await asyncio.wait([hung])
    finally:
        os.close(pipe)


async def test_a_webhook_gets_the_line_and_answers_with_success(client_for: Callable[..., Any]) -> None:  # noqa: F811
    async with far_side(answer(204)) as far:
        client = client_for(far.origin)
        anchor = WebhookAnchor(f"{far.origin}/x?token=GEHEIM", client, AddressPolicy(frozenset({far.origin})))
        await anchor.put(CHECKPOINTS[0])
        (seen,) = far.seen
        assert (seen.method, seen.headers["content-type"]) == ("POST", "application/json")
        assert json.loads(seen.body) == CHECKPOINTS[0].members()


@pytest.mark.parametrize(
    ("reaction", "code"), [(answer(503), "http_503"), (answer(302), "http_302"), (reset, "reset")]
)
async def test_one_that_does_not_take_it_is_named_by_a_code(
    client_for: Callable[..., Any],  # noqa: F811
    reaction: Any,
    code: str,
) -> None:
    async with far_side(reaction) as far:
        anchor = WebhookAnchor(
            f"{far.origin}/", client_for(far.origin), AddressPolicy(frozenset({far.origin}))
        )
        with pytest.raises(AnchorRefused) as refused:
            await anchor.put(CHECKPOINTS[0])
        assert refused.value.code == code


async def test_an_address_that_is_not_exempt_is_not_asked(client_for: Callable[..., Any]) -> None:  # noqa: F811
    async with far_side(answer(204)) as far:
        anchor = WebhookAnchor(f"{far.origin}/", client_for(far.origin), AddressPolicy(frozenset()))
        with pytest.raises(AnchorRefused):
            await anchor.put(CHECKPOINTS[0])
        assert far.seen == []
