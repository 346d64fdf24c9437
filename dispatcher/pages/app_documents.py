"""Make all documents of one app, of what the record has of its instance. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from dispatcher.boundaries.outlines import has_map, outlines
from dispatcher.pages import icon, shell, statements
from dispatcher.pages.assets import JSON, LANGUAGES, MAP, STYLE
from dispatcher.pages.shell import AppFrame
from dispatcher.publication.documents import document

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from dispatcher.boundaries.municipalities import Boundaries
    from dispatcher.model.principals import Instance
    from dispatcher.pages.assets import Assets
    from dispatcher.pages.public_bodies import PublicBody
    from dispatcher.pages.statements import Statement
    from dispatcher.publication.documents import Document

HTML: Final = "text/html; charset=utf-8"
ICON_PIXELS: Final = (180, 192, 512)
"""What iOS takes for the home screen, and what Chromium asks of a page that can be installed."""
_LANGUAGE: Final = LANGUAGES[0]


@dataclass(frozen=True, slots=True)
class Presented:
    """What the pages of all apps are made with."""

    boundaries: Boundaries
    assets: Assets
    time_zone: str
    kept_days: int
    """How long what is left of an ended endpoint is kept."""
    bodies: Mapping[str, PublicBody]
    """Who stands behind an app, by the id of its instance."""
    by_sms: Container[str] = frozenset()
    """The apps (ids of instances) on whose page people may subscribe by SMS."""


def app_documents(instance: Instance, given: Presented) -> Mapping[str, Document]:
    """Return the documents by their names below the app's address; the page itself has none."""
    words, assets = given.assets.words[_LANGUAGE], given.assets
    attribution = given.boundaries.provenance.attribution
    spoken = {language: assets.words[language] for language in _spoken_by(instance)}
    app = AppFrame(instance, words, _LANGUAGE, assets.path, attribution, spoken)
    colours = shell.colours(instance.branding)
    pages = {"": shell.app_page(app)} | {
        name: shell.statement_page(app, *said) for name, said in _statements(app, given).items()
    }
    return {
        **{name: document(page.encode(), HTML) for name, page in pages.items()},
        "about.json": document(_json(about(app, given)), JSON),
        "brand.css": document(shell.brand(instance.branding).encode(), STYLE),
        "manifest.webmanifest": document(_json(manifest(app)), "application/manifest+json"),
        "icon.svg": document(icon.svg(*colours).encode(), "image/svg+xml"),
        **{f"icon-{pixels}.png": document(icon.png(*colours, pixels), "image/png") for pixels in ICON_PIXELS},
        "worker.js": assets.worker,
        **_map(app, given),
    }


def _map(app: AppFrame, given: Presented) -> dict[str, Document]:
    drawn = outlines(given.boundaries, app.instance.shown)
    return {} if drawn is None else {MAP: document(_json(drawn), JSON)}


def _statements(app: AppFrame, given: Presented) -> dict[str, Statement]:
    body, contact = given.bodies.get(app.instance.id), app.instance.contact
    return {
        "imprint": statements.imprint(body, contact),
        "privacy": statements.privacy(body, contact, given.kept_days, by_sms=app.instance.id in given.by_sms),
        "accessibility": statements.accessibility(body, contact, shell.name_of(app)),
    }


def _spoken_by(instance: Instance) -> list[str]:
    """Return the languages of the page, the app's own first."""
    return list(dict.fromkeys((*(one for one in instance.languages if one in LANGUAGES), *LANGUAGES)))


def about(app: AppFrame, given: Presented) -> dict[str, object]:
    """Return what the page's script needs to know of the app: its municipalities by name, in what it speaks, the app's
    own languages first, whether it has a map, and whether it warns by SMS.
    """
    instance = app.instance
    spoken = list(app.spoken)
    return {
        "name": shell.name_of(app),
        "names": given.boundaries.names_of(instance.shown),
        "spoken": spoken,
        "texts": {language: f"texts.{language}.json" for language in spoken},
        "time_zone": given.time_zone,
        "map": has_map(given.boundaries, instance.shown),
        "sms": instance.id in given.by_sms,
    }


def manifest(app: AppFrame) -> dict[str, object]:
    """Return what a browser installs the page by (W3C, Web Application Manifest). `id` stays what it is: it says
    whether an installed app is this one.
    """
    colour, _ = shell.colours(app.instance.branding)
    name = shell.name_of(app)
    return {
        "id": f"/app/{app.instance.id}/",
        "start_url": ".",
        "scope": ".",
        "name": name,
        "short_name": name[:30],
        "description": app.words["description"],
        "lang": _LANGUAGE,
        "display": "standalone",
        "background_color": colour,
        "theme_color": colour,
        "icons": [
            {"src": "icon.svg", "sizes": "any", "type": "image/svg+xml"},
            *(
                {
                    "src": f"icon-{pixels}.png",
                    "sizes": f"{pixels}x{pixels}",
                    "type": "image/png",
                    "purpose": purpose,
                }
                for pixels in ICON_PIXELS[1:]
                for purpose in ("any", "maskable")
            ),
        ],
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
