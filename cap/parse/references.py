"""Reads `references` (§3.2.1): the earlier messages that a message acts on."""

import re
from collections.abc import Iterator
from typing import Final

from cap import lexical
from cap.model import Reference
from cap.parse.elements import Element
from cap.parse.fields import Fields
from cap.parse.problems import quote
from cap.vocabulary import Version

_NINA_ID: Final = re.compile(r"(?:mow|dwd|kat|biw|lhp|pol)\.[^\s,]+")


def read_references(fields: Fields) -> tuple[Reference, ...]:
    """Returns every message referred to, in order; a malformed reference is reported and keeps its identifier."""
    text, child = fields.token("references"), fields.first("references")
    if text is None or child is None:
        return ()
    tokens = text.split()
    fields.bound("references", len(tokens), fields.problems.limits.max_references, child)
    if fields.problems.version is Version.V1_0:
        return tuple(_old(fields, child, token) for token in tokens)
    if _is_columns(tokens):
        fields.report("reference-syntax", child, quote(text))
        return tuple(_columns(text))
    return tuple(_triplet(fields, child, token) for token in tokens)


def _triplet(fields: Fields, child: Element, token: str) -> Reference:
    """Reads `sender,identifier,sent`."""
    parts = token.split(",")
    if len(parts) != 3:
        fields.report("reference-syntax", child, quote(token))
        return Reference("", _likeliest(parts), None)
    sender, identifier, time = parts
    sent, code = lexical.timestamp(time)
    if not sender or not identifier or code not in (None, "time-far"):
        fields.report("reference-syntax", child, quote(token))
    return Reference(sender, identifier, sent)


def _likeliest(parts: list[str]) -> str:
    """Guesses the identifier of a token that is not a triplet: the second of several parts, the whole of one."""
    return parts[1] if len(parts) > 1 and parts[1] else parts[0]


def _old(fields: Fields, child: Element, token: str) -> Reference:
    """Reads CAP 1.0's `identifier/sender`; identifiers may hold slashes, senders do not."""
    identifier, slash, sender = token.rpartition("/")
    if not slash:
        fields.report("reference-syntax", child, quote(token))
        return Reference("", token, None)
    return Reference(sender, identifier, None)


def _is_columns(tokens: list[str]) -> bool:
    """Recognises a damaged form seen from NINA: all senders, a comma, all identifiers, a comma, all times."""
    joined = " ".join(tokens)
    return joined.count(",") == 2 and len(tokens) > 1 and bool(_NINA_ID.search(joined))


def _columns(text: str) -> Iterator[Reference]:
    senders, identifiers, times = (column.split() for column in text.split(","))
    aligned = len(senders) == len(identifiers) == len(times)
    for index, identifier in enumerate(identifiers):
        sent = lexical.timestamp(times[index])[0] if aligned else None
        yield Reference(senders[index] if aligned else "", identifier, sent)
