"""Judge what is filled in, field by field. Pure."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import cap
from channels.characters import legible
from dispatcher.templates.faults import fault
from dispatcher.templates.template import FieldKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cap import Finding
    from dispatcher.templates.template import Template, TemplateField

_NUMBER: Final = re.compile(r"[-−]?[0-9]{1,12}(?:[.,][0-9]{1,6})?", re.ASCII)
_TIME: Final = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)
SHOWN_NAME: Final = 40
"""Characters of a name that a caller has made up, in an answer."""


def checked_values(template: Template, given: Mapping[str, str]) -> tuple[dict[str, str], list[Finding]]:
    """Return what is set into the texts, by the name of the field, and what is wrong with what was given. Blanks at
    both ends of a value are cut off; one that is empty then is not filled in.
    """
    values = {name: stripped for name, value in given.items() if (stripped := value.strip())}
    faults = [
        fault("value-unknown", f"values/{name[:SHOWN_NAME]}") for name in given if name not in template.fields
    ]
    for name, field in template.fields.items():
        if name in values:
            faults += _faults(f"values/{name}", field, values[name])
        elif field.required:
            faults.append(fault("value-missing", f"values/{name}"))
    said = {
        name: with_unit(template.fields[name], values[name]) for name in template.fields if name in values
    }
    return said, faults


def with_unit(field: TemplateField, value: str) -> str:
    """Return a value as it is read."""
    return f"{value} {field.unit}" if field.unit else value


def is_legible(text: str) -> bool:
    """Whether every character is seen, or is a blank or a line break, and may stand in XML."""
    return legible(text) == text and "\ufffe" not in text and "\uffff" not in text


def _faults(path: str, field: TemplateField, value: str) -> Iterator[Finding]:
    if len(value) > field.longest:
        yield fault("value-long", path, characters=len(value), most=field.longest)
        return
    if not is_legible(value) or "\n" in value:
        yield fault("value-unseen", path)
    elif cap.plain(value) != value:
        yield fault("value-markup", path)
    else:
        yield from _of_kind(path, field, value)


def _of_kind(path: str, field: TemplateField, value: str) -> Iterator[Finding]:
    if field.kind is FieldKind.NUMBER:
        yield from _number(path, field, value)
    elif field.kind is FieldKind.TIME and not _TIME.fullmatch(value):
        yield fault("value-time", path)
    elif field.kind is FieldKind.PLACE and not any(sign.isalpha() for sign in value):
        yield fault("value-place", path)


def _number(path: str, field: TemplateField, value: str) -> Iterator[Finding]:
    if not _NUMBER.fullmatch(value):
        yield fault("value-number", path)
        return
    number = Decimal(value.replace(",", ".").replace("−", "-"))
    if (field.least is not None and number < Decimal(str(field.least))) or (
        field.most is not None and number > Decimal(str(field.most))
    ):
        least = "-∞" if field.least is None else f"{field.least:g}"
        most = "∞" if field.most is None else f"{field.most:g}"
        yield fault("value-range", path, least=least, most=most)
