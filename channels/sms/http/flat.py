"""The short form of a gateway's settings: a flat request, and an answer whose status, or one member, says all."""

from __future__ import annotations

from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from channels.sms.contract import GatewayRefused
from channels.sms.http.answers import AnswerRule, AnswerTable
from channels.sms.http.patterns import Pattern
from channels.sms.http.provider import BodyKind, RequestTemplate
from channels.sms.http.templates import FormTemplate, JsonTemplate, TextTemplate
from channels.sms.meanings import AnswerMeaning

if TYPE_CHECKING:
    from collections.abc import Mapping

WORDS: Final = {
    "permanent": AnswerMeaning.REJECTED,
    "transient": AnswerMeaning.TRANSIENT,
    "rate_limited": AnswerMeaning.RATE_LIMITED,
    "misconfigured": AnswerMeaning.MISCONFIGURED,
}
"""What an error code can mean in `errors`."""
SUCCESS: Final = frozenset({"true", "ok", "success"})
_ACCEPTING: Final = frozenset(range(200, 300))


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


def require_fields(given: Mapping[str, str]) -> None:
    """Raise `ValueError` for a field that there is not, with the nearest that there is."""
    ours = [field.name for field in fields(RequestFields)]
    for name in given:
        if name not in ours:
            (nearest,) = get_close_matches(name, ours, n=1, cutoff=0.0)
            raise GatewayRefused(
                f"there is no field {name}; the nearest is {nearest}",
                f"has a field that there is not; there are {', '.join(ours)}",
            )


def flat_request(kind: BodyKind, named: RequestFields) -> RequestTemplate:
    """Return the template of a flat request: JSON, a form, or the text with all else in headers."""
    pairs = {
        named.to: "{to}",
        named.text: "{text}",
        named.sender: "{sender}",
        named.client_ref: "{client_ref}",
        named.validity_s: "{validity}",
        named.encoding: "{encoding}",
        named.report_url: "{report_url}",
    }
    pairs.pop("", None)
    if kind is BodyKind.JSON:
        return RequestTemplate(kind, JsonTemplate.parse(pairs))
    if kind is BodyKind.FORM:
        return RequestTemplate(kind, FormTemplate.parse(pairs))
    pairs.pop(named.text, None)
    return RequestTemplate(kind, TextTemplate.parse("{text}"), headers=FormTemplate.parse(pairs))


def flat_answers(
    reference: str,
    success: str,
    success_values: frozenset[str],
    error: str,
    errors: Mapping[str, AnswerMeaning],
) -> AnswerTable:
    """Return the table of an answer in which `success` says whether it is one, and `error` which error else. Codes that
    `errors` does not know are transient: better asked twice than lost. Without `success` the status alone counts.
    """
    if not success:
        accepted = AnswerRule(AnswerMeaning.ACCEPTED, "2xx", _ACCEPTING)
        return AnswerTable((accepted,), reference, error=error)
    words = tuple(_literally(word) for word in sorted(success_values))
    rules = [AnswerRule(AnswerMeaning.ACCEPTED, "answer.success", _ACCEPTING, success, words)]
    for code, means in errors.items():
        rules.append(AnswerRule(means, f"errors.{code}", _ACCEPTING, error, (_literally(code),), code=code))
    rules.append(
        AnswerRule(
            AnswerMeaning.TRANSIENT, "an error without a meaning", _ACCEPTING, success, code="gateway_error"
        )
    )
    rules.append(
        AnswerRule(AnswerMeaning.UNCERTAIN, "no answer.success", _ACCEPTING, code="answer_unreadable")
    )
    return AnswerTable(tuple(rules), reference, error=error)


def _literally(text: str) -> Pattern:
    return Pattern(text, (text.lower(),))
