"""Write what the law wants said of an app: who is responsible, what is done with data, how accessible it is. Pure.

They are in German, as what a German public body says in law; what the operator's file has not is said to be missing,
and nothing is made up. The prose lies in `prose/`.
"""

from __future__ import annotations

import html
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from dispatcher.pages.public_bodies import PublicBody

NAMES: Final = ("imprint", "privacy", "accessibility")
"""Their names below the app's address."""
_PROSE: Final = {
    name: Template((Path(__file__).parent / "prose" / f"{name}.html").read_text("utf-8")) for name in NAMES
}
_BY_SMS: Final = (Path(__file__).parent / "prose" / "privacy-sms.html").read_text("utf-8")
_MISSING: Final = "Der Betreiber dieser Warn-App hat hier noch nichts eingetragen."
_STATUS: Final = {
    "full": "Diese Seiten sind mit den Anforderungen vollständig vereinbar.",
    "partial": "Diese Seiten sind wegen der folgenden Ausnahmen mit den Anforderungen teilweise vereinbar.",
    "none": "Diese Seiten sind wegen der folgenden Mängel mit den Anforderungen nicht vereinbar.",
}


class Statement(NamedTuple):
    """A page that is only read."""

    title: str
    main: str
    """HTML."""


def imprint(body: PublicBody | None, contact: str) -> Statement:
    """Return the page that says who is responsible. `contact` is what the record has of the app."""
    title = "Impressum"
    if body is None:
        return _page(title, _missing(contact))
    return _page(
        title,
        _PROSE["imprint"].substitute(
            address=_lines([body.name, *body.address]),
            represented_by=_paragraphs([body.represented_by]),
            reached=_reached(body),
            more=_section("Weitere Angaben", body.more),
        ),
    )


def privacy(body: PublicBody | None, contact: str, kept_days: int, *, by_sms: bool = False) -> Statement:
    """Return the privacy page. `kept_days`: how long what is left of an ended endpoint is kept; `by_sms`: whether a
    number may be given.
    """
    responsible, more, authority = _missing(contact), "", ""
    if body is not None:
        found = body.privacy
        responsible = (
            f"<h2>Verantwortlich</h2>\n{_lines([body.name, *body.address])}{_reached(body)}"
            f"{_section('Datenschutzbeauftragte', found.officer)}"
        )
        more = _section("Weitere Verarbeitung", found.more)
        authority = _section("Rechtsgrundlage", [found.legal_basis]) + _section(
            "Aufsichtsbehörde", found.authority
        )
    prose = _PROSE["privacy"].substitute(
        responsible=responsible,
        kept_days=kept_days,
        by_sms=_BY_SMS if by_sms else "",
        more=more,
        authority=authority,
    )
    return _page("Datenschutz", prose)


def accessibility(body: PublicBody | None, contact: str, name: str) -> Statement:
    """Return the accessibility statement of the app of this name."""
    title = "Erklärung zur Barrierefreiheit"
    if body is None:
        return _page(title, _missing(contact))
    found = body.accessibility
    return _page(
        title,
        _PROSE["accessibility"].substitute(
            body=html.escape(body.name),
            law=html.escape(found.law),
            name=html.escape(name),
            status=_STATUS[found.status],
            barriers=_section("Nicht barrierefreie Inhalte", found.barriers),
            written_on=_day(found.written_on),
            reviewed_on=_day(found.reviewed_on),
            assessed=html.escape(found.assessed),
            reached=_reached(body),
            enforcement=_paragraphs(found.enforcement),
        ),
    )


def _missing(contact: str) -> str:
    return f'<p class="unknown">{_MISSING}</p>' + (_paragraphs([f"Kontakt: {contact}"]) if contact else "")


def _reached(body: PublicBody) -> str:
    email, phone = html.escape(body.email, quote=True), html.escape(body.phone)
    dialled = "".join(sign for sign in body.phone if sign in "+0123456789")
    return (
        f'<p>Telefon: <a href="tel:{dialled}">{phone}</a><br>'
        f'E-Mail: <a href="mailto:{email}">{email}</a></p>\n'
    )


def _page(title: str, main: str) -> Statement:
    back = '<p class="back"><a href="./">Zu den Warnungen</a></p>'
    return Statement(title, f"<h1>{html.escape(title)}</h1>\n{back}\n{main}")


def _section(title: str, texts: Iterable[str]) -> str:
    """Return a section; nothing where it would be empty."""
    paragraphs = _paragraphs(texts)
    return f"<h2>{html.escape(title)}</h2>\n{paragraphs}" if paragraphs else ""


def _paragraphs(texts: Iterable[str]) -> str:
    return "".join(f"<p>{html.escape(text)}</p>\n" for text in texts)


def _lines(texts: Iterable[str]) -> str:
    return f"<p>{'<br>'.join(html.escape(text) for text in texts)}</p>\n"


def _day(day: date) -> str:
    return f"{day:%d.%m.%Y}"
