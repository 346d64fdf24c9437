"""Hold what stands in the form in which a warning is written, as it was typed. Nothing of it is judged here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from channels.characters import legible, one_line
from dispatcher.templates.template import FIELD_NAME, TEXTS
from dispatcher.texts.words.catalogues import CATALOGUES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

LANGUAGES: Final = tuple(CATALOGUES)
"""The languages of the service, German first."""
FIELDS_MAX: Final = 1_000
"""Fields of the form: a box for each municipality of a region, and texts in some more languages than ours."""
BODY_BYTES: Final = 768 * 1024
"""Of the form: 256 kB of an imported area, whose brackets and quotes have three bytes each."""
TYPED_MAX: Final = 5_000
"""Characters of a text that are kept, of which fewer are allowed: whoever has pasted too much cuts it here."""
NAMED_MAX: Final = 40
"""Characters of the id of an alert or of a template that are looked at: no id is longer."""
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9.-]{1,80}", re.ASCII)
_AGS: Final = re.compile(r"place-([0-9]{8})", re.ASCII)
_VALUE: Final = re.compile(f"value-({FIELD_NAME})", re.ASCII)
_TEXT: Final = re.compile(rf"({'|'.join(TEXTS)})-([A-Za-z]{{2,3}}(?:-[A-Za-z0-9]{{2,8}}){{0,3}})", re.ASCII)
_NOT_XML: Final = re.compile("[\ufffe\uffff]")


class DraftKind(StrEnum):
    """What is written."""

    ALERT = "alert"
    UPDATE = "update"
    """It replaces a warning that was sent."""
    ALL_CLEAR = "all-clear"


@dataclass(frozen=True, slots=True)
class DraftText:
    """The texts in one language, by their elements of CAP."""

    event: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing is written."""
        return not any((self.event, self.headline, self.description, self.instruction))


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody has written so far."""

    identifier: str = ""
    """Of the message that this becomes, from the first page on: pressed twice it is one message."""
    kind: DraftKind = DraftKind.ALERT
    of: str = ""
    """The alert of record, by id, that it replaces or ends."""
    template: str = ""
    version: int | None = None
    values: Mapping[str, str] = field(default_factory=dict)
    sender: str = ""
    sender_name: str = ""
    category: str = ""
    response: str = ""
    severity: str = ""
    urgency: str = ""
    certainty: str = ""
    expires: str = ""
    """In the time of the desk, as a browser's field has it: `2026-11-28T18:00`."""
    texts: Mapping[str, DraftText] = field(default_factory=dict)
    picked: tuple[str, ...] = ()
    """AGS."""
    places: str = ""
    area: str = ""
    shapes: str = ""
    imported: str = ""

    def fields(self) -> Iterator[tuple[str, str]]:
        """Yield what stands in the form, as `read_draft` reads it."""
        yield from (
            (name, value)
            for name, value in (
                ("draft", self.identifier),
                ("kind", self.kind.value),
                ("of", self.of),
                ("template", self.template),
                ("version", "" if self.version is None else str(self.version)),
                *((name, str(getattr(self, name))) for name in _LINES + _PASTED),
                *((f"value-{name}", value) for name, value in self.values.items()),
            )
            if value
        )
        for language, text in self.texts.items():
            yield from ((f"{one}-{language}", value) for one in TEXTS if (value := getattr(text, one)))
        yield from ((f"place-{ags}", "on") for ags in self.picked)


_LINES: Final = (
    "sender",
    "sender_name",
    "category",
    "response",
    "severity",
    "urgency",
    "certainty",
    "expires",
    "area",
)
_PASTED: Final = ("places", "shapes", "imported")


def read_draft(fields: Mapping[str, str]) -> Draft:
    """Return what a form holds. What nobody sees is taken out of texts; other fields stay as they were typed."""
    version = fields.get("version", "")
    kind = fields.get("kind", "")
    identifier = fields.get("draft", "")
    return Draft(
        identifier=identifier if _IDENTIFIER.fullmatch(identifier) else "",
        kind=DraftKind(kind) if kind in set(DraftKind) else DraftKind.ALERT,
        of=one_line(fields.get("of", "")[:NAMED_MAX]),
        template=one_line(fields.get("template", "")[:NAMED_MAX]),
        version=int(version) if version.isascii() and version.isdigit() and len(version) < 7 else None,
        values={
            found[1]: said
            for found, value in _matching(_VALUE, fields)
            if (said := one_line(value[:TYPED_MAX]))
        },
        **{name: one_line(fields.get(name, "")[:TYPED_MAX]) for name in _LINES},
        texts=_texts(fields),
        picked=tuple(found[1] for found, _ in _matching(_AGS, fields)),
        **{name: legible(fields.get(name, "")).strip("\n") for name in _PASTED},
    )


def cleaned(text: str) -> str:
    """Return a text without what nobody sees, and without blanks at its ends."""
    return _NOT_XML.sub("", legible(text[:TYPED_MAX])).strip()


def _texts(fields: Mapping[str, str]) -> dict[str, DraftText]:
    written: dict[str, dict[str, str]] = {}
    for found, value in _matching(_TEXT, fields):
        is_line = found[1] in {"event", "headline"}
        written.setdefault(found[2], {})[found[1]] = (
            " ".join(cleaned(value).split()) if is_line else cleaned(value)
        )
    texts = {language: DraftText(**said) for language, said in written.items()}
    return {one: texts[one] for one in _ordered(texts) if not texts[one].is_blank}


def _ordered(languages: Iterable[str]) -> list[str]:
    known = set(languages)
    return [one for one in LANGUAGES if one in known] + sorted(known.difference(LANGUAGES))


def _matching(pattern: re.Pattern[str], fields: Mapping[str, str]) -> Iterator[tuple[re.Match[str], str]]:
    return ((found, value) for name, value in fields.items() if (found := pattern.fullmatch(name)))
