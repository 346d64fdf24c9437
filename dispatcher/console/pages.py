"""Fill the templates of the console. Pure: what a page shows it is given, and every value is escaped."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import segno
from jinja2 import Environment as Templates
from jinja2 import FileSystemLoader, StrictUndefined

from channels.characters import legible
from dispatcher.console.approvals import number
from dispatcher.console.words import words_of
from dispatcher.model.desk_time import desk_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from dispatcher.model.vocabulary import Environment

ROOM: Final = Path(__file__).parent
CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types"
)
"""Only files of this service, in no frame, and no markup out of a text."""
HEADERS: Final[Mapping[str, str]] = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), "
    "publickey-credentials-create=(self), publickey-credentials-get=(self)",
    # Not `no-referrer`: browsers would send forms with `Origin: null`, which is held against the console's own.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
STATIC: Final[Mapping[str, str]] = {
    "console.css": "text/css; charset=utf-8",
    "on_duty.js": "text/javascript; charset=utf-8",
    "on_duty_worker.js": "text/javascript; charset=utf-8",
    "passkeys.js": "text/javascript; charset=utf-8",
}
"""The files that pages load, with their media types."""


@dataclass(frozen=True, slots=True)
class ConsoleFrame:
    """What all pages have in common."""

    environment: Environment
    language: str
    form_token: str
    zone: tzinfo
    person: str = ""
    """Whoever is signed in."""
    has_approvals: bool = False
    """Whether that person may read what waits for a second one."""


@cache
def static_file(name: str) -> bytes | None:
    """Return a file that pages load; None for any other name."""
    return (ROOM / "static" / name).read_bytes() if name in STATIC else None


@cache
def version() -> str:
    """Return what changes with the files, so that no browser keeps old ones."""
    digest = sha256()
    for name in STATIC:
        digest.update(static_file(name) or b"")
    return digest.hexdigest()[:16]


def page(template: str, frame: ConsoleFrame, **values: Any) -> str:
    """Return a page. Raises `jinja2.UndefinedError` where a template names what it was not given."""
    words = words_of(frame.language)
    return (
        _templates()
        .get_template(f"{template}.html")
        .render(
            t=words,
            environment=frame.environment.value,
            root=root_of(frame.environment),
            language=frame.language,
            form_token=frame.form_token,
            signed_in=frame.person,
            has_approvals=frame.has_approvals,
            version=version(),
            when=lambda moment: _when(moment, frame),
            number=lambda count: number(count, frame.language),
            legible=legible,
            **values,
        )
    )


def root_of(environment: Environment) -> str:
    """Return where the console of an environment lies."""
    return f"/console/{environment.value}"


def drawn(text: str) -> str:
    """Return a QR code as an SVG element, in ink on white with the quiet zone that readers need."""
    return segno.make(text, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass="qr", omitsize=False
    )


def _when(moment: datetime, frame: ConsoleFrame) -> str:
    return desk_time(moment, frame.zone, frame.language)


@cache
def _templates() -> Templates:
    return Templates(
        loader=FileSystemLoader(ROOM / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
