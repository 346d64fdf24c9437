"""Signed words about how far the chain is."""

import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dispatcher.audit.checkpoint import (
    Checkpoint,
    CheckpointSigner,
    Interval,
    new_private_key,
    of_members,
    public_pem,
)

AT = datetime(2026, 11, 29, 13, 25, 59, 120000, tzinfo=UTC)
SIGNER = CheckpointSigner(b"k" * 32)
SIGNED = SIGNER.sign(5, 1200, b"h" * 32, AT)


def test_what_is_signed_is_the_text_of_the_page_for_auditors() -> None:
    assert SIGNED.text() == (
        b"cap-dispatcher audit checkpoint 1\nnumber: 5\nposition: 1200\nhash: " + b"68" * 32 + b"\n"
        b"at: 2026-11-29T13:25:59.120000Z\nkey: " + SIGNER.key.encode() + b"\n"
    )
    assert SIGNED.is_signed()
    assert of_members(SIGNED.members()) == SIGNED


@pytest.mark.parametrize(
    "change",
    [{"number": 6}, {"position": 1}, {"hash": b"x" * 32}, {"at": AT + timedelta(seconds=1)},
     {"key": CheckpointSigner(b"o" * 32).key}, {"key": "ä"}, {"key": "00"}, {"signature": b""}],
)  # fmt: skip
def test_a_changed_word_is_not_signed(change: Any) -> None:
    kept = {name: getattr(SIGNED, name) for name in Checkpoint.__slots__}
    assert not Checkpoint(**(kept | change)).is_signed()


def test_every_key_is_another_one() -> None:
    assert new_private_key() != new_private_key()


@pytest.mark.processes
@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl")
@pytest.mark.parametrize("text", [SIGNED.text(), SIGNED.text() + b"\n"], ids=["as signed", "changed"])
def test_openssl_verifies_it(tmp_path: Path, text: bytes) -> None:
    for name, content in (("key", public_pem(SIGNER.key)), ("text", text), ("signature", SIGNED.signature)):
        (tmp_path / name).write_bytes(content)
    done = subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key", "-rawin", "-in", "text", "-sigfile",
         "signature"],
        cwd=tmp_path, capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert (done.returncode == 0) == (text == SIGNED.text()), done.stderr


@pytest.mark.parametrize(
    ("position", "last", "minutes", "due"),
    [(0, None, 0, False), (1, None, 0, True), (1200, SIGNED, 999, False), (1201, SIGNED, 4, False),
     (1201, SIGNED, 5, True), (2199, SIGNED, 4, False), (2200, SIGNED, 0, True)],
)  # fmt: skip
def test_a_checkpoint_is_due_after_a_time_or_so_many_entries(
    position: int, last: Checkpoint | None, minutes: int, due: bool
) -> None:
    assert Interval().is_due(position, last, AT + timedelta(minutes=minutes)) is due
