"""Write the pages by which people leave without an app: by a link, or by their number, in their own language. Pure."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from dispatcher.pages.assets import LANGUAGES
from dispatcher.pages.shell import direction
from dispatcher.texts.languages import lookup

if TYPE_CHECKING:
    from dispatcher.pages.assets import Assets

_PAGE: Final = """<!doctype html>
<html lang="{language}" dir="{direction}"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>{title}</title><link rel="stylesheet" href="{style}"></head>
<body><header><p id="name">{name}</p></header>
<main><h1>{title}</h1><p>{text}</p>{form}</main></body></html>
"""
_BUTTON: Final = '<form method="post"><button type="submit">{button}</button></form>'
_ASK: Final = """<form method="post" action="{path}?language={language}"><p><label>{label}
<input name="number" type="tel" autocomplete="tel" required></label></p>
<button type="submit">{button}</button></form>"""
_TYPE: Final = """<form method="post" action="{path}/code?language={language}">
<input name="number" type="hidden" value="{number}">
<p><label>{label} <input name="code" inputmode="numeric" autocomplete="one-time-code" required></label></p>
<button type="submit">{button}</button></form>"""

NAMED_MAX: Final = 20
"""How many languages of a browser are looked at."""


def spoken(wanted: str, accepted: str) -> str:
    """Return the language of the page: the one that a link asks for, else the first of those that the browser names
    (RFC 9110 section 12.5.4, in its order) in which there are words, else German.
    """
    named = accepted.split(",", NAMED_MAX)[:NAMED_MAX]
    priority = ",".join([wanted, *(one.partition(";")[0] for one in named)])
    return min(lookup(priority, LANGUAGES), default=LANGUAGES[0])


class LeavingPages:
    """Knows the words of all languages, and where the style lies."""

    def __init__(self, assets: Assets, path: str) -> None:
        """`path` is where a number is given; its code goes to `/code` below."""
        self._assets = assets
        self._path = path

    def page(self, language: str, name: str, form: str = "") -> str:
        """Return the page that says the words of this name, with a form of HTML."""
        return _PAGE.format(
            language=language,
            direction=direction(language),
            title=self._said(language, "leaving_title"),
            name=self._said(language, "home_title"),
            text=self._said(language, name),
            form=form,
            style=f"{self._assets.path}page.css",
        )

    def question(self, language: str) -> str:
        """Return the page that asks whether one wants to leave."""
        button = _BUTTON.format(button=self._said(language, "leaving_button"))
        return self.page(language, "leaving_question", button)

    def asking(self, language: str, name: str) -> str:
        """Return a page that asks for a number."""
        form = _ASK.format(
            path=self._path,
            language=language,
            label=self._said(language, "sms_number"),
            button=self._said(language, "leaving_number_button"),
        )
        return self.page(language, name, form)

    def typing(self, language: str, name: str, number: str) -> str:
        """Return a page that asks for the code that was sent to a number, as it was written."""
        form = _TYPE.format(
            path=self._path,
            language=language,
            number=html.escape(number, quote=True),
            label=self._said(language, "code_label"),
            button=self._said(language, "leaving_button"),
        )
        return self.page(language, name, form)

    def _said(self, language: str, name: str) -> str:
        return html.escape(self._assets.words[language][name], quote=True)
