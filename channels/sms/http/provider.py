"""How one provider's HTTP interface for SMS is spoken to: what goes in, what comes out."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlencode

from channels.base import ChannelMisconfigured, DeliveryError, Permanent, RateLimited, Transient, Uncertain
from channels.http.messages import Answer, header_lines
from channels.sms.http.json_path import CODE, REFERENCE, look_up, matching

if TYPE_CHECKING:
    from channels.sms.gsm7 import Sms

Failure: TypeAlias = type[DeliveryError] | type[ChannelMisconfigured]


class BodyKind(StrEnum):
    """How the request's fields are written."""

    JSON = "json"
    FORM = "form"
    TEXT = "text"
    """The text alone; the other fields are headers, so that no number stands in a log of addresses (Kannel)."""


class ValidityUnit(StrEnum):
    """What the validity is counted in."""

    SECONDS = "s"
    MINUTES = "min"


_CONTENT_TYPES: Final = {
    BodyKind.JSON: "application/json",
    BodyKind.FORM: "application/x-www-form-urlencoded",
    BodyKind.TEXT: "text/plain; charset=UTF-8",
}


@dataclass(frozen=True, slots=True)
class RequestFields:
    """The provider's names for the fields that we send; an empty name leaves the field out."""

    to: str = "to"
    text: str = "text"
    sender: str = "sender"
    client_ref: str = "client_ref"
    validity_s: str = "validity_s"
    encoding: str = ""
    report_url: str = ""
    """The field that tells the provider with each message where to report (`dlr-url`, `StatusCallback`)."""


@dataclass(frozen=True, slots=True)
class AnswerFields:
    """Where in the provider's JSON answer to look: names joined by dots, numbers in lists (`items.0.id`)."""

    reference: str = "id"
    success: str = ""
    """What must be one of `success_values`, for providers that answer 200 with an error inside; empty: the
    status alone counts."""
    success_values: frozenset[str] = frozenset({"true", "ok", "success"})
    """The values of `success` that mean success, in lower case."""
    error: str = ""
    """The path to the provider's error code, to be looked up in `SmsGateway.errors`."""


@dataclass(frozen=True, slots=True)
class SmsGateway:
    """One provider, as its operator configures it."""

    name: str
    url: str
    sender: str
    """What recipients see: up to 11 characters or a number, as agreed with the provider."""
    authorization: str = field(default="", repr=False)
    """The whole Authorization header, such as `Bearer ...`; empty: none."""
    body: BodyKind = BodyKind.JSON
    fields: RequestFields = RequestFields()
    answer: AnswerFields = AnswerFields()
    errors: tuple[tuple[str, Failure], ...] = ()
    """Error codes in a 2xx answer and their meaning. Others are `Transient`: better asked twice than lost."""
    plus: bool = True
    """Whether numbers are written with the plus sign of E.164."""
    max_parts: int = 6
    added: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Headers that are the same for all messages. They may hold a secret."""
    encodings: tuple[tuple[str, str], ...] = ()
    """The provider's own words for `gsm7` and `ucs2`, where it has others."""
    validity_unit: ValidityUnit = ValidityUnit.SECONDS
    report_url: str = field(default="", repr=False)
    """Where the provider reports to, with `{client_ref}` in place of the message's own reference. It may hold a
    secret."""

    def headers(self) -> list[str]:
        """Return the request's headers, equal for all messages."""
        headers = {
            "Content-Type": _CONTENT_TYPES[self.body],
            "Accept": "application/json",
            **dict(self.added),
        }
        if self.authorization:
            headers["Authorization"] = self.authorization
        return header_lines(headers)

    def encode(self, sms: Sms, to: str, client_ref: str, validity_s: int) -> tuple[list[str], bytes]:
        """Return the request's further headers and its body for one recipient."""
        values = self._values(sms, to, client_ref, validity_s)
        if self.body is BodyKind.TEXT:
            values.pop(self.fields.text, None)
            return header_lines({name: str(value) for name, value in values.items()}), sms.text.encode()
        if self.body is BodyKind.FORM:
            return [], urlencode(values).encode("ascii")
        return [], json.dumps(values, ensure_ascii=False).encode()

    def _values(self, sms: Sms, to: str, client_ref: str, validity_s: int) -> dict[str, object]:
        names = self.fields
        in_minutes = self.validity_unit is ValidityUnit.MINUTES
        values: dict[str, object] = {
            names.to: to if self.plus else to.removeprefix("+"),
            names.text: sms.text,
            names.sender: self.sender,
            names.client_ref: client_ref,
            # Rounded down, so that nothing is delivered late; 0 would be over at once.
            names.validity_s: max(validity_s // 60, 1) if in_minutes else validity_s,
            names.encoding: dict(self.encodings).get(sms.encoding.value, sms.encoding.value),
            names.report_url: self.report_url.replace("{client_ref}", client_ref),
        }
        values.pop("", None)
        return values

    def reference(self, answer: Answer) -> str:
        """Return the provider's id in a 2xx answer, empty if there is none.

        Raises the `DeliveryError` or `ChannelMisconfigured` that an error inside stands for.
        """
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError):
            document = None
        if self.answer.success:
            self._check_success(document)
        return matching(REFERENCE, look_up(document, self.answer.reference))

    def _check_success(self, document: Any) -> None:
        value = look_up(document, self.answer.success)
        if value is None:
            raise Uncertain("answer_unreadable")
        if str(value).lower() in self.answer.success_values:
            return
        code = matching(CODE, look_up(document, self.answer.error)) or "gateway_error"
        raise dict(self.errors).get(code, Transient)(code)


def parse_failure(name: object) -> Failure:
    """Return the error type that an operator's word stands for. Raises `ValueError` for what is none of these words."""
    failures: dict[str, Failure] = {
        "permanent": Permanent,
        "transient": Transient,
        "rate_limited": RateLimited,
        "misconfigured": ChannelMisconfigured,
    }
    if not isinstance(name, str) or name not in failures:
        raise ValueError(f"one of {', '.join(failures)}")
    return failures[name]
