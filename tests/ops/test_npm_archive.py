"""An archive that is there is not fetched again, and known by its hash."""

import hashlib
from pathlib import Path

from ops.npm_archive import fetched_digest


def test_an_archive_that_is_there_is_only_looked_at(tmp_path: Path) -> None:
    archive = tmp_path / "package.tgz"
    archive.write_bytes(b"as npm left it")
    assert fetched_digest("no-such-package@0", archive) == hashlib.sha256(b"as npm left it").hexdigest()
