"""Requests by template: texts and JSON in which names in braces stand for what is known of a message.

`{{` and `}}` are braces. A member or an item that names something which is not there, such as an address for reports
where there is none, is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from string import Formatter
from typing import Any, Final, Self, TypeAlias

from channels.sms.contract import GatewayRefused

Value: TypeAlias = str | int | None
Values: TypeAlias = Mapping[str, Value]

DEPTH_MAX: Final = 16
"""Levels of a JSON template: more than any provider's request has."""
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class TextTemplate:
    """A text with names in braces."""

    pieces: tuple[tuple[str, str], ...]
    """Each a literal text and the name that follows it, which is empty at the end."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raise `ValueError` for braces that do not belong together, and for what is no text."""
        _require_text(text)
        try:
            parsed = list(Formatter().parse(text))
        except ValueError as error:
            raise GatewayRefused(f"{error}; write {{{{ or }}}} for a brace") from None
        pieces = []
        for literal, name, spec, conversion in parsed:
            if name is not None and (not name or spec or conversion):
                raise GatewayRefused("a placeholder is a name in braces, such as {to}")
            pieces.append((literal, name or ""))
        return cls(tuple(pieces))

    @classmethod
    def literal(cls, text: str) -> Self:
        """Return a template that is `text` as it stands, braces and all."""
        return cls(((text, ""),))

    @property
    def names(self) -> frozenset[str]:
        return frozenset(name for _, name in self.pieces if name)

    def fill(self, values: Values) -> Value:
        """Return the text; None where one of its names stands for nothing. A name alone keeps its type."""
        if len(self.pieces) == 1 and not self.pieces[0][0] and self.pieces[0][1]:
            return values[self.pieces[0][1]]
        filled = []
        for literal, name in self.pieces:
            filled.append(literal)
            if name:
                value = values[name]
                if value is None:
                    return None
                filled.append(str(value))
        return "".join(filled)


@dataclass(frozen=True, slots=True)
class FormTemplate:
    """Names and their texts: a form, a query, headers."""

    members: tuple[tuple[str, TextTemplate], ...] = ()

    @classmethod
    def parse(cls, members: Mapping[str, str]) -> Self:
        """Raise `ValueError`, beginning with the member's name."""
        return cls(tuple((name, _parsed(name, text)) for name, text in members.items()))

    @property
    def names(self) -> frozenset[str]:
        return frozenset().union(*(template.names for _, template in self.members))

    def fill(self, values: Values) -> dict[str, str]:
        filled = ((name, template.fill(values)) for name, template in self.members)
        return {name: str(value) for name, value in filled if value is not None}


NO_MEMBERS: Final = FormTemplate()


@dataclass(frozen=True, slots=True)
class JsonTemplate:
    """A JSON document in which texts are templates."""

    node: Any
    """As JSON is read, with a `TextTemplate` in place of each text."""
    names: frozenset[str]

    @classmethod
    def parse(cls, document: Any) -> Self:
        """Raise `ValueError`, beginning with the path of what is wrong."""
        names: set[str] = set()
        return cls(_compiled(document, "", names), frozenset(names))

    def fill(self, values: Values) -> Any:
        filled = _filled(self.node, values)
        return {} if filled is _ABSENT else filled


def path_of(name: str, node: Any) -> str | None:
    """Return where in a template a placeholder stands, each step after a dot; None where it does not."""
    if isinstance(node, TextTemplate):
        return "" if name in node.names else None
    if isinstance(node, FormTemplate):
        node = dict(node.members)
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    found = ((step, path_of(name, member)) for step, member in members)
    return next((f".{step}{rest}" for step, rest in found if rest is not None), None)


def _require_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise GatewayRefused("has half of a surrogate pair in it, which no request can bring") from None


def _parsed(where: str, text: str) -> TextTemplate:
    try:
        return TextTemplate.parse(text)
    except GatewayRefused as error:
        raise GatewayRefused(f"{where}: {error}", error.shown) from None


def _compiled(node: Any, where: str, names: set[str]) -> Any:
    if where.count(".") >= DEPTH_MAX:
        sentence = f"nested deeper than {DEPTH_MAX} levels"
        raise GatewayRefused(f"{where[1:]}: {sentence}", sentence)
    if isinstance(node, str):
        template = _parsed(where[1:] or "template", node)
        names |= template.names
        return template
    if isinstance(node, dict):
        for name in node:
            _require_text(name)
        return {name: _compiled(value, f"{where}.{name}", names) for name, value in node.items()}
    if isinstance(node, list):
        return [_compiled(item, f"{where}.{place}", names) for place, item in enumerate(node)]
    if isinstance(node, float) and not isfinite(node):
        raise GatewayRefused(
            f"{where[1:] or 'template'}: {node} is no number of JSON", "has a number that JSON does not know"
        )
    return node


def _filled(node: Any, values: Values) -> Any:
    if isinstance(node, TextTemplate):
        value = node.fill(values)
        return _ABSENT if value is None else value
    if isinstance(node, dict):
        members = ((name, _filled(value, values)) for name, value in node.items())
        return {name: value for name, value in members if value is not _ABSENT}
    if isinstance(node, list):
        return [value for item in node if (value := _filled(item, values)) is not _ABSENT]
    return node
