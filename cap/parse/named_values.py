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
    if grammar.named_value is None:
        return tuple([_from_text(fields, child) for child in children])
    tags = tuple(grammar.named_value.slots)
    return tuple([_from_elements(fields, child, grammar.named_value, tags) for child in children])


def _from_elements(fields: Fields, child: Element, model: Model, tags: tuple[str, ...]) -> NamedValue:
    if _is_usual(child, tags):
        name, value = child.children[0].text.strip(), child.children[1].text.strip()
        if name and "<" not in name and "&" not in name:
            return NamedValue(name, plaintext.plain(value), child.line or None)
    # Where no problem is kept any more nobody asks where it was.
    path = "" if fields.problems.is_full else fields.path_of(child)
    inner = Fields(child, model, path, fields.problems)
    value_child = inner.first("value")
    text = plaintext.plain(inner.raw(value_child)) if value_child is not None else ""
    return NamedValue(inner.required_prose("valueName"), text, child.line or None)


def _is_usual(child: Element, tags: tuple[str, ...]) -> bool:
    """Whether there is a name and a value and nothing else, as thousands of times in one message: a short cut."""
    parts = child.children
    return (
        len(parts) == 2
        and (parts[0].tag, parts[1].tag) == tags
        and not (parts[0].children or parts[1].children)
        and not (child.attributes or parts[0].attributes or parts[1].attributes)
        and not child.text.strip()
    )


def _from_text(fields: Fields, child: Element) -> NamedValue:
    """Reads CAP 1.0's `NAME=value`."""
    text = fields.raw(child)
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        fields.report("pair-syntax", child, quote(text))
        return NamedValue("", plaintext.plain(text), child.line or None)
    return NamedValue(plaintext.plain(name), plaintext.plain(value), child.line or None)
