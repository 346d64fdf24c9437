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
from dispatcher.access.principals import actor_name
from dispatcher.console.approvals import number
from dispatcher.console.words import language_name, words_of
from dispatcher.desk_texts.reasons import why_said
from dispatcher.model.desk_time import desk_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

    from dispatcher.boundaries.base_map import BaseMap
    from dispatcher.console.sections import ConsoleSection
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
WITH_MAP: Final = frozenset({"alert", "compose"})
"""The pages that draw a map, to which a base map may belong."""
STATIC: Final[Mapping[str, str]] = {
    "alert.js": "text/javascript; charset=utf-8",
    "compose.js": "text/javascript; charset=utf-8",
    "console.css": "text/css; charset=utf-8",
    "desk.js": "text/javascript; charset=utf-8",
    "map.js": "text/javascript; charset=utf-8",
    "on_duty.js": "text/javascript; charset=utf-8",
    "on_duty_worker.js": "text/javascript; charset=utf-8",
    "passkeys.js": "text/javascript; charset=utf-8",
}
"""The files that pages load, with their media types."""
SHARED: Final = {"map.js": ROOM.parent / "pages" / "static"}
"""Where files lie that the citizens' page loads as well."""


@dataclass(frozen=True, slots=True)
class ConsoleFrame:
    """What all pages have in common."""

    environment: Environment
    language: str
    form_token: str
    zone: tzinfo
    person: str = ""
    """Whoever is signed in."""
    menu: tuple[ConsoleSection, ...] = ()
    """What the menu offers that person."""
    path: str = ""
    """Where the page lies, below the root of its environment: its entry of the menu is marked."""


@cache
def static_file(name: str) -> bytes | None:
    """Return a file that pages load; None for any other name."""
    return (SHARED.get(name, ROOM / "static") / name).read_bytes() if name in STATIC else None


@cache
def version() -> str:
    """Return what changes with the files, so that no browser keeps old ones."""
    digest = sha256()
    for name in STATIC:
        digest.update(static_file(name) or b"")
    return digest.hexdigest()[:16]


def headers_of(template: str, base: BaseMap | None) -> dict[str, str]:
    """Return the headers of a page: one with a map may load the tiles of the base map, if there is one."""
    if base is None or template not in WITH_MAP:
        return dict(HEADERS)
    policy = CONTENT_SECURITY_POLICY.replace("img-src 'self'", f"img-src 'self' {base.origin}")
    return {**HEADERS, "Content-Security-Policy": policy}


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
            menu=frame.menu,
            path=frame.path,
            version=version(),
            when=lambda moment: _when(moment, frame),
            number=lambda count: number(count, frame.language),
            legible=legible,
            language_name=lambda tag: language_name(tag, frame.language),
            named=actor_name,
            because=lambda why: why_said(why, frame.language),
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
