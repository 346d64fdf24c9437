"""The manifest says what is in a backup, and a restored record is held against it."""

from datetime import UTC, datetime

import pytest

from dispatcher.backup.manifest import (
    BackupError,
    BackupFile,
    ChainHead,
    Contents,
    Manifest,
    differences,
    read_manifest,
)

HEAD = ChainHead(7, "ab" * 32)
CONTENTS = Contents("0051", {"alert": 2, "batch": 30}, HEAD)
MANIFEST = Manifest(
    "backup-20261130T120000Z",
    datetime(2026, 11, 30, 12, 0, tzinfo=UTC),
    "1.0",
    "18.6",
    CONTENTS,
    {"record.dump": BackupFile(5, "00")},
)


def test_it_is_read_as_it_was_written() -> None:
    assert read_manifest(MANIFEST.text()) == MANIFEST


@pytest.mark.parametrize(
    "text", [b"", b"{}", b"[1]", MANIFEST.text()[:-20], MANIFEST.text().replace(b": 5", b': "5"')]
)
def test_what_is_none_is_refused_with_a_sentence(text: bytes) -> None:
    with pytest.raises(BackupError, match=r"manifest\.json is no manifest of a backup"):
        read_manifest(text)


def test_a_newer_format_is_for_a_newer_program() -> None:
    newer = MANIFEST.text().replace(b'"format": 1', b'"format": 2').replace(b'"1.0"', b'"9.0"')
    with pytest.raises(BackupError, match=r"format 2, written by 9\.0"):
        read_manifest(newer)


def test_the_same_has_no_differences() -> None:
    assert list(differences(CONTENTS, CONTENTS)) == []


def test_each_difference_is_named() -> None:
    found = Contents("0050", {"alert": 1, "other": 4}, None)
    assert list(differences(CONTENTS, found)) == [
        "the schema is 0050, and was 0051",
        "table alert has 1 row, and had 2 rows",
        "table batch has no rows, as there is no such table, and had 30 rows",
        "table other has 4 rows, and had no rows, as there is no such table",
        "the audit trail ends at no position, and ended at position 7 (abababababab)",
    ]
