"""The files that are the same for all apps, each under a name that has the digest of all of them: whoever has one
never asks for it again, and a new version has other names.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

from dispatcher.pages.modules import joined
from dispatcher.publication.documents import document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.publication.documents import Document

PREFIX: Final = "/assets/"
STATIC: Final = Path(__file__).parent / "static"
TEXTS: Final = Path(__file__).parent / "texts"
LANGUAGES: Final = ("de", "de-simple", "en", "ar", "tr", "uk")
"""Those that the page speaks, German first."""
MAP: Final = "outlines.json"
OWN: Final = ("about.json", "brand.css", "manifest.webmanifest", "icon.svg", MAP)
"""What each app has of its own and the page needs without the network, relative to its address."""
SCRIPT, STYLE, JSON = "text/javascript; charset=utf-8", "text/css; charset=utf-8", "application/json"


@dataclass(frozen=True, slots=True)
class Assets:
    """All of them in ready bytes."""

    path: str
    """Where they lie: `/assets/`, the digest, `/`."""
    files: Mapping[str, Document]
    """By name."""
    worker: Document
    """The service worker; each app has it below its own address, which bounds what it may see."""
    words: Mapping[str, Mapping[str, str]]
    """The catalogues, by language."""


@cache
def assets() -> Assets:
    """Return the files of this version."""
    modules = {path.name: path.read_text("utf-8") for path in STATIC.glob("*.js")}
    texts = {f"texts.{language}.json": (TEXTS / f"{language}.json").read_bytes() for language in LANGUAGES}
    contents = {
        "page.js": (joined(modules, "page.js").encode(), SCRIPT),
        "page.css": ((STATIC / "page.css").read_bytes(), STYLE),
        **{name: (body, JSON) for name, body in texts.items()},
    }
    digest = sha256()
    for name, (body, _) in contents.items():
        digest.update(f"{name} {len(body)} ".encode() + body)
    path = f"{PREFIX}{digest.hexdigest()[:16]}/"
    build = {"assets": path, "files": [path + name for name in contents], "own": OWN}
    worker = f"const BUILD = {json.dumps(build)};\n{joined(modules, 'worker.js')}"
    return Assets(
        path=path,
        files={name: document(body, media_type) for name, (body, media_type) in contents.items()},
        worker=document(worker.encode(), SCRIPT),
        words={language: json.loads(texts[f"texts.{language}.json"]) for language in LANGUAGES},
    )
