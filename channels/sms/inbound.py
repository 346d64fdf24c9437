"""Reads texts that people send back to a gateway, and tells who wants no more SMS.

A gateway hands them on by HTTP, in the query, as a form or as JSON, as its operator configures it; a message centre by
deliver_sm or data_sm. Number and text are personal data: they stand in no error and no repr.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from channels.sms.delivery_reports import REPORTS_MAX, UnreadableReport, form_of, items_of
from channels.sms.http.json_path import look_up

if TYPE_CHECKING:
    from collections.abc import Mapping

STOPS: Final = frozenset(
    {
        *("STOP", "STOPP", "ENDE", "ABMELDEN"),
        *("DUR", "DURDUR", "IPTAL", "İPTAL"),
        *("СТОП", "КІНЕЦЬ", "СКАСУВАТИ"),
        *("قف", "توقف", "إيقاف", "ايقاف", "إلغاء", "الغاء"),
    }
)
"""The words, in any case, that a text consists of by which somebody wants no more SMS: in the languages of our notices,
as a phone's keyboard may have no Latin letters."""
TEXT_MAX: Final = 40
"""Characters of a text that are looked at: one of the words, and what people put around it."""
_AROUND: Final = " \t\r\n\0.!,;:\"'„“”‚‘’»«،؛"


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text that somebody sent. Without a sender or a text it says nothing."""

    sender: str = field(repr=False)
    """As the gateway writes it."""
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class InboundFields:
    """Where in what a gateway hands on to look. What the body lacks is looked for in the request's query."""

    items: str = ""
    """The path to a list of texts; empty: the body is one text, or a list of them."""
    sender: str = "from"
    text: str = "text"


def says_stop(text: str) -> bool:
    """Whether a text is one of the words and nothing else: who writes a sentence with one in it may mean another thing,
    and the end of warnings is no guess.
    """
    return len(text) <= TEXT_MAX and text.strip(_AROUND).upper() in STOPS


def read_inbound(
    fields: InboundFields, media_type: str, body: bytes, query: bytes
) -> tuple[InboundText, ...]:
    """Return the texts in a request, in their order. An empty body leaves it to the query. Raises `UnreadableReport`
    for a body that is neither JSON nor a form, or too much of either.
    """
    parameters = form_of(query)
    items = items_of(fields.items, media_type, body) if body else [{}]
    if len(items) > REPORTS_MAX:
        raise UnreadableReport("too_many")
    return tuple(
        InboundText(*(_value(item, parameters, path) for path in (fields.sender, fields.text)))
        for item in items
    )


def _value(item: Any, parameters: Mapping[str, str], path: str) -> str:
    # A form's names may have dots in them.
    found = item[path] if isinstance(item, dict) and path in item else look_up(item, path)
    if found is None:
        found = parameters.get(path)
    return str(found) if isinstance(found, (str, int)) else ""
