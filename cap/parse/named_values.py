"""Reads eventCode, parameter and geocode, which are ordered multi-maps, in the form of CAP 1.1 and 1.2 or of 1.0."""

from cap import plaintext
from cap.model import NamedValue
from cap.parse.elements import Element
from cap.parse.fields import Fields
from cap.parse.grammar import Grammar, Model
from cap.parse.problems import quote


def read_named_values(fields: Fields, name: str, grammar: Grammar) -> tuple[NamedValue, ...]:
    """Returns every entry of that element, in order, repeated names included."""
    children = fields.all(name)
    if not children:
        return ()
    model = grammar.named_value
    if model is None:
        return tuple([_from_text(fields, child) for child in children])
    return tuple([_usual(child, model) or _from_elements(fields, child, model) for child in children])


def _usual(child: Element, model: Model) -> NamedValue | None:
    """Reads a name and a value where nothing else is, as thousands of times in one message: a short cut."""
    parts = child.children
    if len(parts) != 2 or child.attributes or (child.text and not child.text.isspace()):
        return None
    first, second = parts
    if (first.tag, second.tag) != model.tags:
        return None
    if first.children or second.children or first.attributes or second.attributes:
        return None
    name = first.text.strip()
    if not name or "<" in name or "&" in name:
        return None
    return NamedValue(name, plaintext.plain(second.text), child.line or None)


def _from_elements(fields: Fields, child: Element, model: Model) -> NamedValue:
    # Where no problem is kept any more nobody asks where it was.
    path = "" if fields.problems.is_full else fields.path_of(child)
    inner = Fields(child, model, path, fields.problems)
    value_child = inner.first("value")
    text = plaintext.plain(inner.raw(value_child)) if value_child is not None else ""
    return NamedValue(inner.required_prose("valueName"), text, child.line or None)


def _from_text(fields: Fields, child: Element) -> NamedValue:
    """Reads CAP 1.0's `NAME=value`."""
    text = fields.raw(child)
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        fields.report("pair-syntax", child, quote(text))
        return NamedValue("", plaintext.plain(text), child.line or None)
    return NamedValue(plaintext.plain(name), plaintext.plain(value), child.line or None)
