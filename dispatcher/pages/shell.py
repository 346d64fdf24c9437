"""Write the pages of an app: the one that a script fills, and those that are only read. Pure.

Nothing in them is from another host, and nothing runs that is not a file of ours. Until the script has run, and where
it does not, the page says that nothing is known: an empty page would be read as "no warnings".
"""

from __future__ import annotations

import html
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Final

from dispatcher.texts.languages import is_right_to_left

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dispatcher.model.principals import Branding, Instance

COLOUR: Final = "#1f3a5f"
TEXT_COLOUR: Final = "#ffffff"
"""Of an app that has no colours of its own."""
_PAGE: Final = Template((Path(__file__).parent / "page.html").read_text("utf-8"))
_FRAME: Final = ("skip", "start", "settings", "imprint", "privacy", "accessibility")
"""The words around what a page says."""
_LOADING: Final = Template("""<h1>$title</h1>
<p id="loading">$loading</p>
<div id="unknown" hidden>
$unknown
</div>
<noscript>
$without_script
</noscript>""")
_TOOLS: Final = (
    '<div class="tools"><div id="tools"></div></div>\n<p id="live" class="out-of-sight" role="alert"></p>'
)

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types worker"
)
"""Only files of this service; no markup from a text, not even by a mistake of ours. `worker`: the one address that a
script makes, of the service worker."""
HEADERS: Final = (
    (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(self), microphone=(), payment=(), usb=()"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def colours(branding: Branding) -> tuple[str, str]:
    """Return the colour behind text and that of the text."""
    return (branding.colour, branding.text_colour) if branding.colour else (COLOUR, TEXT_COLOUR)


@dataclass(frozen=True, slots=True)
class AppFrame:
    """What all pages of one app have in common."""

    instance: Instance
    words: Mapping[str, str]
    language: str
    assets: str
    """Where the files lie that all apps share."""
    attribution: str
    """Of the boundary data."""
    spoken: Mapping[str, Mapping[str, str]]
    """The words of all languages that the page speaks, the app's own first."""


def name_of(app: AppFrame) -> str:
    """Return what the app is called: by its instance's name."""
    return app.instance.name or app.words["home_title"]


def app_page(app: AppFrame) -> str:
    """Return the page that the script fills."""
    words = app.words
    main = _LOADING.substitute(
        title=_text(words["home_title"]),
        loading=_text(words["loading"]),
        unknown=_in_each_language(app, "nothing_loaded"),
        without_script=_in_each_language(app, "without_script"),
    )
    return _PAGE.substitute(
        _frame(app),
        home="",
        title=" – ".join(dict.fromkeys((_text(words["home_title"]), _text(name_of(app))))),
        scripts=f'<script type="module" src="{app.assets}page.js"></script>',
        tools=_TOOLS,
        main=main,
    )


def _in_each_language(app: AppFrame, name: str) -> str:
    """Return what has to be said where no script runs that knows the person's language."""
    return "\n".join(
        f'<p class="unknown" lang="{language}" dir="{direction(language)}">{_text(words[name])}</p>'
        for language, words in app.spoken.items()
    )


def statement_page(app: AppFrame, title: str, main: str) -> str:
    """Return a page that is only read. `main` is HTML of ours."""
    return _PAGE.substitute(
        _frame(app),
        home="./",
        title=f"{_text(title)} – {_text(name_of(app))}",
        scripts="",
        tools="",
        main=main,
    )


def _frame(app: AppFrame) -> dict[str, str]:
    return {
        "lang": app.language,
        "dir": direction(app.language),
        "instance": _text(app.instance.id),
        "assets": app.assets,
        "colour": colours(app.instance.branding)[0],
        "name": _text(name_of(app)),
        "description": _text(app.words["description"]),
        "attribution": _text(app.attribution),
        **{one: _text(app.words[one]) for one in _FRAME},
    }


def direction(language: str) -> str:
    """Return how text in this language runs, as HTML has it."""
    return "rtl" if is_right_to_left(language) else "ltr"


def brand(branding: Branding) -> str:
    """Return the style sheet with the app's colours."""
    colour, text_colour = colours(branding)
    return f":root {{ --brand: {colour}; --on-brand: {text_colour}; }}\n"


def _text(text: str) -> str:
    return html.escape(text, quote=True)
