"""How one provider's HTTP interface for SMS is spoken to: what goes in, and the table of what comes out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import quote, urlencode

from channels.http.addresses import MAX_URL_CHARACTERS
from channels.http.messages import header_lines
from channels.sms.http.templates import (
    NO_MEMBERS,
    FormTemplate,
    JsonTemplate,
    TextTemplate,
    Values,
    path_of,
)
from channels.sms.http.validity import IN_SECONDS, Validity

if TYPE_CHECKING:
    from datetime import datetime

    from channels.sms.gsm7 import Sms
    from channels.sms.http.answers import AnswerTable

PLACEHOLDERS: Final = ("to", "text", "client_ref", "validity", "encoding", "report_url")
"""The placeholders that are another with each message; `sender` and secrets are the gateway's."""
_LONGEST_REFERENCE: Final = "0" * 26 + "-" + "9" * 18
_LONGEST_NUMBER: Final = "+" + "9" * 15


class BodyKind(StrEnum):
    """How the request's body is written."""

    JSON = "json"
    FORM = "form"
    TEXT = "text"
    NONE = "none"
    """A GET: all is in the query and the headers."""


_CONTENT_TYPES: Final = {
    BodyKind.JSON: "application/json",
    BodyKind.FORM: "application/x-www-form-urlencoded",
    BodyKind.TEXT: "text/plain; charset=UTF-8",
}


@dataclass(frozen=True, slots=True)
class RequestTemplate:
    """One provider's request."""

    kind: BodyKind
    body: JsonTemplate | FormTemplate | TextTemplate | None = None
    query: FormTemplate = NO_MEMBERS
    headers: FormTemplate = NO_MEMBERS

    @property
    def names(self) -> frozenset[str]:
        body = self.body.names if self.body is not None else frozenset()
        return body | self.query.names | self.headers.names

    def place_of(self, name: str) -> str:
        """Return where in the settings' `request` a placeholder stands."""
        body = self.body.node if isinstance(self.body, JsonTemplate) else self.body
        for member, template in (("query", self.query), ("headers", self.headers), (self.kind.value, body)):
            if (path := path_of(name, template)) is not None:
                return member + path
        return self.kind.value


class Outgoing(NamedTuple):
    """One request, made for one recipient."""

    url: str
    headers: list[str]
    body: bytes
    get: bool


@dataclass(frozen=True, slots=True)
class SmsGateway:
    """One provider, as its operator configures it."""

    name: str
    url: TextTemplate = field(repr=False)
    """It may hold a secret."""
    request: RequestTemplate
    answers: AnswerTable
    constants: Values = field(repr=False)
    """What placeholders stand for that are the same in all messages: `sender`, what recipients see (up to 11 characters
    or a number, as agreed with the provider), and secrets."""
    added: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Headers that are the same for all messages. They may hold a secret."""
    plus: bool = True
    """Whether numbers are written with the plus sign of E.164."""
    max_parts: int = 6
    encodings: tuple[tuple[str, str], ...] = ()
    """The provider's own words for `gsm7` and `ucs2`, where it has others; an empty one leaves it out."""
    validity: Validity = IN_SECONDS
    report_url: str = field(default="", repr=False)
    """Where the provider reports to, with `{client_ref}` in place of the message's own reference. It may hold a
    secret."""

    def headers(self) -> list[str]:
        """Return the request's headers that are equal for all messages."""
        given = {name.lower() for name, _ in self.request.headers.members} | {
            name.lower() for name, _ in self.added
        }
        own = {"Accept": "application/json"}
        if self.request.kind in _CONTENT_TYPES:
            own["Content-Type"] = _CONTENT_TYPES[self.request.kind]
        headers = {name: value for name, value in own.items() if name.lower() not in given}
        return header_lines(headers | dict(self.added))

    def outgoing(
        self, sms: Sms, to: str, client_ref: str, validity_s: int, now: datetime, common: list[str]
    ) -> Outgoing:
        """Return the request for one recipient; `common` are the gateway's `headers`. `now` is aware.

        Raises `ValueError` where a value cannot stand in a header.
        """
        values = self._values(sms, to, client_ref, validity_s, now)
        request = self.request
        own = request.headers.fill(values) if request.headers.members else {}
        headers = [*common, *header_lines(own)] if own else common
        return Outgoing(self._address(values), headers, self._body(values), request.kind is BodyKind.NONE)

    def fits(self, sms: Sms, now: datetime) -> bool:
        """Return whether an address can hold the text: with GET it is a part of it."""
        if "text" not in self.request.query.names:
            return True
        values = self._values(sms, _LONGEST_NUMBER, _LONGEST_REFERENCE, 1 << 30, now)
        return len(self._address(values)) <= MAX_URL_CHARACTERS

    def _values(self, sms: Sms, to: str, client_ref: str, validity_s: int, now: datetime) -> Values:
        word = dict(self.encodings).get(sms.encoding.value, sms.encoding.value)
        return {
            **self.constants,
            "to": to if self.plus else to.removeprefix("+"),
            "text": sms.text,
            "client_ref": client_ref,
            "validity": self.validity.told(validity_s, now),
            "encoding": word or None,
            "report_url": self.report_url.replace("{client_ref}", client_ref) or None,
        }

    def _address(self, values: Values) -> str:
        url = str(self.url.fill(values))
        query = self.request.query.fill(values)
        if not query:
            return url
        return f"{url}{'&' if '?' in url else '?'}{urlencode(query, quote_via=quote, safe='')}"

    def _body(self, values: Values) -> bytes:
        body = self.request.body
        if isinstance(body, JsonTemplate):
            return json.dumps(body.fill(values), ensure_ascii=False).encode()
        if isinstance(body, FormTemplate):
            return urlencode(body.fill(values)).encode("ascii")
        return str(body.fill(values) or "").encode() if body is not None else b""
