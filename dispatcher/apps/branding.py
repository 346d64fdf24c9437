"""Judge how an app presents itself: two colours that can be told apart, a logo, languages, whom to ask."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from dispatcher.model.principals import Branding, Instance

CONTRAST_MIN: Final = 4.5
"""Contrast that text needs at least: WCAG 2.2, success criterion 1.4.3, level AA."""
LANGUAGES_MAX: Final = 16
NAME_MAX: Final = 200
CONTACT_MAX: Final = 200
LOGO_MAX: Final = 2048
"""Characters of a logo's URL, as of any other that the service keeps."""
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
"""A tag as BCP 47 writes it, as far as its form goes."""
_LOGO: Final = re.compile(
    r"https://[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+/[!-~]*"
)


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (`#rrggbb`), 1 to 21: WCAG 2.2, "contrast ratio"."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of a colour of sRGB, 0 to 1: WCAG 2.2, "relative luminance"."""
    red, green, blue = (_linear(int(colour[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(share: float) -> float:
    return share / 12.92 if share <= 0.04045 else float(((share + 0.055) / 1.055) ** 2.4)


def wrong_branding(branding: Branding) -> str:
    """Return a sentence for what is wrong with a branding; nothing if all is right."""
    colours = (branding.colour, branding.text_colour)
    if any(colours) and not all(colours):
        return "give both colours, or none: whether the text can be read depends on both"
    for colour in filter(None, colours):
        if not _COLOUR.fullmatch(colour):
            return f"no colour such as #00457c: {colour}"
    if any(colours) and (found := contrast(*colours)) < CONTRAST_MIN:
        return (
            f"{branding.text_colour} on {branding.colour} has a contrast of {found:.2f}; text needs "
            f"{CONTRAST_MIN} (WCAG 2.2, 1.4.3)"
        )
    if branding.logo and not (_LOGO.fullmatch(branding.logo) and len(branding.logo) <= LOGO_MAX):
        return f"a logo is a plain https URL with a path, of at most {LOGO_MAX} characters"
    return ""


def wrong_profile(instance: Instance) -> str:
    """Return a sentence for what is wrong with what an instance says of itself; nothing if all is right."""
    for language in instance.languages:
        if not _LANGUAGE.fullmatch(language):
            return f"no language such as de, en or de-simple (BCP 47): {language}"
    if not 1 <= len(set(instance.languages)) == len(instance.languages) <= LANGUAGES_MAX:
        return f"an app has one to {LANGUAGES_MAX} languages, each once"
    if len(instance.name) > NAME_MAX or not instance.name.isprintable():
        return f"a name is one line of at most {NAME_MAX} characters"
    if len(instance.contact) > CONTACT_MAX or not instance.contact.isprintable():
        return f"a contact is one line of at most {CONTACT_MAX} characters"
    return wrong_branding(instance.branding)
