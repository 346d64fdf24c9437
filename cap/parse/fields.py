"""Reads one composite element's children as values: structure first, then one accessor per kind of content.

A deviation from the grammar is reported, never raised; the value is then the safest one that can be read.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias, TypeVar

from cap import lexical, plaintext
from cap.errors import LimitExceeded
from cap.parse.elements import Element
from cap.parse.grammar import DECISIVE, Model, Slot
from cap.parse.problems import ProblemCollector, quote
from cap.vocabulary import Category, Certainty, ResponseType, Status, Version

Word = TypeVar("Word", bound=StrEnum)

Number: TypeAlias = tuple[float | None, str | None]
"""What `lexical.decimal` returns."""

_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_HINTS: Final = frozenset({f"{_XSI} schemaLocation", f"{_XSI} noNamespaceSchemaLocation"})
# The characters and parts of a URI: RFC 3986 §3 (scheme, authority, path, query, fragment), and RFC 3987's letters
# beyond ASCII.
_CHARACTER: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2}|[^\x00-\x7f\s])"
_URI: Final = re.compile(
    rf"(?:[A-Za-z][A-Za-z0-9+.-]*:(?://\[[0-9A-Fa-f:.]+\])?(?:{_CHARACTER}|[:/])*+|(?:{_CHARACTER}*+(?:/(?:{_CHARACTER}|[:/])*+)?))"
    rf"(?:\?(?:{_CHARACTER}|[:/?])*+)?(?:#(?:{_CHARACTER}|[:/?])*+)?"
)
_SCHEME: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
# Schemes that only show or reach something. Any other (javascript, data, file, ...) must not be offered for a tap.
_OFFERED: Final = frozenset(
    {"http", "https", "mailto", "tel", "sms", "ftp", "ftps", "urn", "geo", "cid", "tag"}
)
# Spellings of a time that XML Schema's dateTime allows and CAP 1.2 forbids.
_STYLES: Final = frozenset({"time-zulu", "time-fraction"})
# The words that each version does not have yet.
_NEWER: Final[dict[Version, frozenset[StrEnum]]] = {
    Version.V1_2: frozenset(),
    Version.V1_1: frozenset({ResponseType.AVOID, ResponseType.ALL_CLEAR}),
    Version.V1_0: frozenset({Status.DRAFT, Category.CBRNE, Certainty.OBSERVED}),
}
_ESSENTIAL: Final = frozenset({"identifier", "sender", "sent", "status", "msgType", "scope"})


class Fields:
    """The children of one element, sorted by name; the constructor reports every breach of the model."""

    __slots__ = ("_first", "_numbers", "_several", "element", "lines", "path", "problems")

    def __init__(self, element: Element, model: Model, path: str, problems: ProblemCollector) -> None:
        self.element = element
        self.path = path
        self.problems = problems
        self._first: dict[str, Element] = {}
        self.lines: dict[str, int] = {}  # of the first child of each name
        self._several: dict[str, list[Element]] = {}  # of the names that occur more than once
        self._numbers: dict[int, str] | None = None
        self._sort(model)
        if element.text and not element.text.isspace():
            problems.add("text-unexpected", path, element.line, quote(element.text))
        if element.attributes:
            report_attributes(element, path, problems)

    def _sort(self, model: Model) -> None:
        first, lines, slots, last = self._first, self.lines, model.slots, 0
        for child in self.element.children:
            slot = slots.get(child.tag)
            if slot is None:
                self._unexpected(child)
                continue
            name = slot.name
            if slot.position < last:
                self.report("element-order", child, name)
            else:
                last = slot.position
            if name in first:
                self._again(slot, child)
            else:
                first[name] = child
                lines[name] = child.line
        for name in model.required:
            if name not in first:
                self._missing(name)

    def _again(self, slot: Slot, child: Element) -> None:
        """Keeps a child that is not the first of its name; a second one that may not be there is reported."""
        siblings = self._several.get(slot.name)
        if siblings is not None:
            siblings.append(child)
            return
        self._several[slot.name] = [self._first[slot.name], child]
        if slot.once:
            code = "decisive-repeated" if slot.name in DECISIVE else "element-repeated"
            self.report(code, child, slot.name)

    def _unexpected(self, child: Element) -> None:
        if (
            self.problems.is_full
        ):  # a body may consist of them, and looking for a name costs as much as all the rest
            self.problems.drop()
        else:
            self.report("element-unexpected", child, child.local)

    def _missing(self, name: str) -> None:
        if name not in _ESSENTIAL:  # those are reported with their own codes where they are read
            self.problems.add("element-missing", self.path, self.element.line, name)

    # where things stand

    def all(self, name: str) -> list[Element]:
        child = self._first.get(name)
        return [] if child is None else self._several.get(name) or [child]

    def first(self, name: str) -> Element | None:
        return self._first.get(name)

    def path_of(self, child: Element) -> str:
        """Returns the path of one of this element's children, numbered where it has siblings of its name."""
        if self._numbers is None:
            self._numbers = _numbers(self.element)
        return f"{self.path}/{child.local}{self._numbers.get(id(child), '')}"

    def report(self, code: str, child: Element, detail: str = "") -> None:
        if self.problems.is_full:
            self.problems.drop()
        else:
            self.problems.add(code, self.path_of(child), child.line, detail)

    def report_missing(self, code: str, name: str, detail: str) -> None:
        """Reports a problem of a child that may not even be there."""
        child = self.first(name)
        self.problems.add(code, f"{self.path}/{name}", (child or self.element).line, detail)

    # contents

    def raw(self, child: Element) -> str:
        """Returns a leaf's text. Markup inside a leaf is reported, its text kept in reading order."""
        if child.children:
            inner = child.children[0]
            path = f"{self.path_of(child)}/{inner.local}"
            self.problems.add("element-unexpected", path, inner.line, inner.local)
            return _flatten(child)
        if child.attributes:
            report_attributes(child, self.path_of(child), self.problems)
        return child.text

    def token(self, name: str) -> str | None:
        """Returns a text that machines compare, as written but for outer blanks. None if absent or empty."""
        child = self.first(name)
        if child is None:
            return None
        text = self.raw(child).strip()
        if not text:
            self.report("element-empty", child, name)
        return text or None

    def tokens(self, name: str) -> tuple[str, ...]:
        return tuple(text for child in self.all(name) if (text := self.raw(child).strip()))

    def prose(self, name: str) -> str | None:
        """Returns a text that people read, as plain text. None if absent or empty."""
        child = self.first(name)
        return self.prose_of(child) if child is not None else None

    def prose_of(self, child: Element) -> str | None:
        raw = self.raw(child)
        self.bound("characters", len(raw), self.problems.limits.max_text, child)
        text = plaintext.plain(raw)
        if text != raw.strip():
            self.report("html-in-text", child, child.local)
        if not text:
            self.report("element-empty", child, child.local)
        return text or None

    def required_prose(self, name: str) -> str:
        child = self.first(name)
        if child is None:
            return ""
        raw = self.raw(child)
        text = plaintext.plain(raw)
        if not text:
            self.report("text-empty", child, name)
        elif text != raw.strip():
            self.report("html-in-text", child, name)
        self.bound("characters", len(text), self.problems.limits.max_text, child)
        return text

    def time(self, name: str, *, ends: bool = False) -> datetime | None:
        child = self.first(name)
        if child is None:
            return None
        text = self.raw(child)
        value, code = lexical.timestamp(text, ends=ends)
        if code:
            old = (
                self.problems.version is not Version.V1_2 and code in _STYLES and lexical.is_schema_time(text)
            )
            self.report("time-style" if old else code, child, f"{name} {quote(text)}")
        return value

    def number(self, name: str, known: dict[str, Number] | None = None) -> float | None:
        """Returns a decimal; None if absent or not a number. `known` keeps what each text was, where texts repeat."""
        child = self._first.get(name)
        if child is None:
            return None
        text = self.raw(child)
        known = {} if known is None else known
        found = known.get(text)
        if found is None:
            found = known[text] = lexical.decimal(text)
        value, code = found
        if code:
            self._report_number(code, child, text)
        return value

    def integer(self, name: str) -> int | None:
        """Returns a whole number; None if absent or not one."""
        child = self.first(name)
        if child is None:
            return None
        text = self.raw(child)
        value, code = lexical.integer(text)
        if code:
            self._report_number(code, child, text)
        return value

    def _report_number(self, code: str, child: Element, text: str) -> None:
        self.report(code, child, f"{child.local} {quote(text)}")

    def uri(self, name: str) -> str | None:
        """Returns a URI that people may be offered. None if absent, empty, malformed, or of a scheme that acts."""
        child = self.first(name)
        text = self.token(name)
        if child is None or text is None:
            return None
        if not _URI.fullmatch(text):
            self.report("uri-invalid", child, quote(text))
            return None
        scheme = _SCHEME.match(text)
        if scheme and scheme.group(1).lower() not in _OFFERED:
            self.report("uri-scheme", child, quote(text))
            return None
        return text

    def word(self, child: Element, words: Mapping[str, Word]) -> Word | None:
        """Returns a word of a closed vocabulary, whatever its case and blanks; None if it is none of them."""
        text = self.raw(child)
        word = words.get(text)
        if word is None:
            folded = "".join(text.split()).casefold()
            word = next((word for spelling, word in words.items() if spelling.casefold() == folded), None)
            if word is not None:
                self.report("enum-spelling", child, f"{child.local} {quote(text)}")
        if word is not None and word in _NEWER[self.problems.version]:
            self.report("enum-version", child, f"{child.local} {quote(word)}")
        return word

    def bound(self, what: str, count: int, most: int, at: Element) -> None:
        """Raises LimitExceeded if `count` is above `most`."""
        if count > most:
            raise LimitExceeded(
                f"More than {most} {what} in one {at.local} (line {at.line}).",
                f"Mehr als {most} in {at.local} (Zeile {at.line}).",
                at.line or None,
            )


def report_attributes(element: Element, path: str, problems: ProblemCollector) -> None:
    for name in element.attributes or ():
        if name not in _HINTS:
            problems.add("attribute-unexpected", path, element.line, name.rpartition(" ")[2])


def _numbers(element: Element) -> dict[int, str]:
    """Numbers every child that has siblings of its name, all at once: thousands may be asked for."""
    counts: dict[str, int] = {}
    numbers = {}
    for child in element.children:
        counts[child.tag] = counts.get(child.tag, 0) + 1
        numbers[id(child)] = f"[{counts[child.tag]}]"
    return {id(child): numbers[id(child)] for child in element.children if counts[child.tag] > 1}


def _flatten(element: Element) -> str:
    """Returns the text of an element and all inside it, in document order. The reader bounds the depth."""
    parts, start = [], 0
    for child in element.children:
        parts += [element.text[start : child.offset], _flatten(child)]
        start = child.offset
    return "".join([*parts, element.text[start:]])
