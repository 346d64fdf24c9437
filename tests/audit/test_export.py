"""An export is verified without the record, and shows what was done to it."""

import json
import re
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dispatcher.audit.checkpoint import Checkpoint, CheckpointSigner
from dispatcher.audit.entry import GENESIS, AuditEntry, ChainLink, entry_hash
from dispatcher.audit.export import (
    End,
    Head,
    end_line,
    head_line,
    item_line,
    read_anchor,
    read_line,
    verify_export,
)
from tests.support import documents

AT = datetime(2026, 11, 29, tzinfo=UTC)
SIGNER = CheckpointSigner(b"k" * 32)


def _links(count: int, actor: str = "operator:Jülich\n") -> list[ChainLink]:
    links: list[ChainLink] = []
    for place in range(1, count + 1):
        entry = AuditEntry(str(place), "7", "2026-11-29T00:00:00.000000Z", actor, "x", None, "{}")
        previous = links[-1].hash if links else GENESIS
        links.append(ChainLink(place, place, previous, entry_hash(place, previous, entry), entry))
    return links


LINKS = _links(4)
CHECKPOINTS = [SIGNER.sign(n, place, LINKS[place - 1].hash, AT) for n, place in ((1, 2), (2, 4))]
ITEMS: list[ChainLink | Checkpoint] = [*LINKS[:2], CHECKPOINTS[0], *LINKS[2:], CHECKPOINTS[1]]
LINES = [
    head_line([SIGNER.key], AT),
    *map(item_line, ITEMS),
    end_line(End(4, 4, LINKS[-1].hash, 3)),
]


def test_an_export_that_nobody_touched_is_sound() -> None:
    found = verify_export(LINES, [SIGNER.key], CHECKPOINTS)
    assert found.verdict.sound
    assert (found.verdict.entries, found.verdict.checkpoints, found.verdict.anchored) == (4, 2, 2)
    assert (found.unchained, found.keys) == (3, (SIGNER.key,))
    assert verify_export(LINES).verdict.sound, "by the key that it names itself"


def test_the_program_of_the_page_for_auditors_verifies_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (program,) = re.findall(r"```python\n(.*?)```", documents.page("audit.md"), re.DOTALL)
    file = tmp_path / "trail.ndjson"
    monkeypatch.setattr(sys, "argv", ["", str(file)])
    file.write_bytes(b"".join(LINES))
    exec(program, {})
    file.write_bytes(b"".join(LINES).replace(b"operator", b"nobody", 1))
    with pytest.raises(AssertionError):
        exec(program, {})


def faults(lines: list[bytes], **options: Any) -> list[tuple[str, int]]:
    return [(one.fault.value, one.position) for one in verify_export(lines, **options).verdict.findings]


def edited(line: bytes, **changes: Any) -> bytes:
    return json.dumps(json.loads(line) | changes).encode() + b"\n"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([*LINES[:2], LINES[2].replace(b"operator", b"nobody"), *LINES[3:]], [("edited", 2)]),
        ([*LINES[:2], *LINES[4:]], [("deleted", 2), ("deleted", 4)]),
        (LINES[:-1], [("truncated", 4)]),
        ([*LINES[:-3], LINES[-1]], [("truncated", 3)]),
        ([*LINES[:-2], LINES[-2][:-9] + b"\n", LINES[-1]], [("unreadable", 4)]),
        ([*LINES[:-1], LINES[-1][:-1]], [("truncated", 4), ("unreadable", 4)]),
        ([*LINES, LINES[1]], [("unreadable", 4)]),
        (LINES[1:], [("unreadable", 0), ("forged", 2), ("forged", 4), ("deleted", 1)]),
        ([], [("unreadable", 0), ("truncated", 0)]),
        ([b"\xff\n", *LINES[1:]], [("unreadable", 0), ("forged", 2), ("forged", 4)]),
    ],
)  # fmt: skip
def test_what_is_done_to_an_export_is_named(lines: list[bytes], expected: Any) -> None:
    assert sorted(faults(lines)) == sorted(expected)


def test_an_export_by_another_key_is_not_believed() -> None:
    other = CheckpointSigner(b"o" * 32)
    assert faults(LINES, keys=[other.key]) == [("forged", 2), ("forged", 4), ("forged", 4)]


def test_an_export_whose_chain_was_computed_anew_is_not_believed_by_known_keys() -> None:
    """Its checkpoints are left out, or stand where nothing is compared with them."""
    links = _links(4, "operator:nobody")
    entries, end = [*map(item_line, links)], end_line(End(4, 4, links[-1].hash, 0))
    assert faults([LINES[0], *entries, end], keys=[SIGNER.key]) == [("forged", 4)]
    aside = [LINES[0], *entries, *map(item_line, CHECKPOINTS[:1]), end]
    assert faults(aside, keys=[SIGNER.key]) == [("reordered", 2), ("forged", 4)]
    assert faults(aside) == [("reordered", 2)]


def test_an_anchors_file_is_read_line_by_line_and_each_checkpoint_once() -> None:
    lines = [one.line() for one in CHECKPOINTS]
    assert read_anchor([*lines, lines[0], lines[1][:20] + b"\n"]) == (CHECKPOINTS, [4])
    assert read_anchor(LINES) == (CHECKPOINTS, []), "an export is an anchor, too"
    assert read_anchor([lines[0][:-1]]) == ([], [1]), "what was cut off is not there"


@pytest.mark.parametrize(
    "line",
    [
        b"[]\n", b"{}\n", b"\n", b"nothing\n", b'{"type":"x"}\n',
        edited(LINES[0], version=2),
        edited(LINES[1], hash="00"), edited(LINES[1], position="1"), edited(LINES[1], position=True),
        edited(LINES[1], entry={}), edited(LINES[1], entry={**json.loads(LINES[1])["entry"], "id": 1}),
        edited(CHECKPOINTS[0].line(), number=0), edited(CHECKPOINTS[0].line(), at="2026-11-29"),
        edited(CHECKPOINTS[0].line(), at="2026-11-29T00:00:00"), edited(CHECKPOINTS[0].line(), signature="00"),
        b"[" * 200_000 + b"\n", edited(LINES[0], keys=["\ud800"]),
        edited(LINES[1], entry={**json.loads(LINES[1])["entry"], "actor": "\ud800"}),
        edited(LINES[1], position=2**63), edited(CHECKPOINTS[0].line(), position=2**63),
        edited(CHECKPOINTS[0].line(), at="0001-01-01T00:00:00+14:00"),
        edited(CHECKPOINTS[0].line(), key="\ud800"),
    ],
)  # fmt: skip
def test_what_is_no_line_of_an_export_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):
        read_line(line)
    found = verify_export([LINES[0], line, *LINES[1:]]).verdict.findings
    assert [one.sentence for one in found] == ["position 0: line 2 does not belong here"]


def test_every_line_is_read_as_it_was_written() -> None:
    assert read_line(LINES[0]) == Head((SIGNER.key,))
    assert read_line(LINES[1]) == LINKS[0]
    gone = LINKS[0]._replace(entry=None)
    assert read_line(item_line(gone)) == gone
    assert isinstance(read_line(LINES[3]), Checkpoint)
    assert read_line(LINES[-1]) == End(4, 4, LINKS[-1].hash, 3)
