"""The settings of an HTTP gateway that say how it is spoken to: its request by template, its answers by rules."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from channels.sms.contract import GatewayRefused
from channels.sms.http.answers import AnswerRule, AnswerTable
from channels.sms.http.flat import SUCCESS
from channels.sms.http.json_path import CODE, matching
from channels.sms.http.patterns import Pattern
from channels.sms.http.provider import BodyKind, RequestTemplate
from channels.sms.http.templates import FormTemplate, JsonTemplate, TextTemplate
from channels.sms.http.validity import Validity, ValidityUnit
from channels.sms.meanings import AnswerMeaning

_STATUS: Final = re.compile(r"([1-5])xx|([1-5][0-9]{2})(?:-([1-5][0-9]{2}))?")
_BRACKETS: Final = re.compile(r"\[([0-9]{1,9}|\*)\]")
_NO_STEP: Final = re.compile(r"\*|-[0-9]+")
PATH_MAX: Final = 200
VALIDITY_MAX_S: Final = 366 * 86_400
"""Seconds: no network keeps an SMS for a year, and what is longer may be no date any more."""


def showable(secret: SecretStr) -> SecretStr:
    """Return a secret that a header can bring. Raises `ValueError`."""
    if not secret.get_secret_value():
        raise GatewayRefused("is empty")
    if not re.fullmatch("[!-~](?:[ -~]*[!-~])?", secret.get_secret_value()):
        raise GatewayRefused("only ASCII, without blanks at the ends: a header brings nothing else unchanged")
    return secret


def _code(text: str) -> str:
    if not matching(CODE, text):
        raise GatewayRefused("no error code: a word or a number, at most 32 characters and 6 digits")
    return text


def dotted(text: str) -> str:
    """Return a path that is not written as JSONPath, whose stars and steps from the end lead nowhere here. Raises
    `ValueError` with the form that is meant.
    """
    if _BRACKETS.search(text) or text.startswith("$."):
        right = _BRACKETS.sub(r".\1", text).removeprefix("$").strip(".")
        sentence = "paths have dots and no brackets"
        raise GatewayRefused(f"{sentence}: {_right(right)[:100]}", sentence)
    if any(_NO_STEP.fullmatch(step) for step in text.split(".")):
        sentence = "paths have numbers from 0 for items of a list, and no stars"
        raise GatewayRefused(f"{sentence}: {_right(text)[:100]}", sentence)
    return text


def _right(path: str) -> str:
    """Return a path with the first item where it says any, or one from the end; the list itself where that is all."""
    steps = ["0" if _NO_STEP.fullmatch(step) else step for step in path.removesuffix(".*").split(".")]
    return ".".join(steps)


def _path(text: str) -> str:
    dotted(text)
    if text and (len(text) > PATH_MAX or not all(step and step == step.strip() for step in text.split("."))):
        raise GatewayRefused("no path, which is names joined by dots, numbers in lists: items.0.id")
    return text


def _several(value: Any) -> Any:
    """Return what may be one or a list as a list of texts; numbers and truth values as JSON writes them."""
    many = value if isinstance(value, (list, tuple)) else [value]
    return [
        str(one).lower() if isinstance(one, bool) else str(one) if isinstance(one, int) else one
        for one in many
    ]


def _statuses(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        found = _STATUS.fullmatch(text)
        if not found or (found[3] and found[3] < found[2]):
            sentence = "no status, such as 200, 2xx or 400-499"
            raise GatewayRefused(f"{text[:20]!r} is {sentence}", sentence)
    return texts


def _patterns(texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        Pattern.parse(text)
    return texts


def _star(text: str) -> str:
    if text and text.count("*") != 1:
        raise GatewayRefused("needs one * for the id, such as ID: *")
    return text


ErrorCode = Annotated[str, AfterValidator(_code)]
Path = Annotated[str, AfterValidator(_path)]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
Statuses = Annotated[tuple[str, ...], BeforeValidator(_several), AfterValidator(_statuses)]
Patterns = Annotated[tuple[str, ...], BeforeValidator(_several), AfterValidator(_patterns)]


class AnswerRuleSettings(BaseModel):
    """One row of the table of a gateway's answers; see `channels.sms.http.answers.AnswerRule`."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    means: AnswerMeaning
    status: Statuses = ()
    path: Path = ""
    values: Patterns = Field((), alias="is")
    text: Patterns = ()
    code: ErrorCode | Literal[""] = ""
    about: str = Field("", max_length=200)
    """What it says, for whoever reads the table."""
    source: str = ""
    """The profile's source of it; empty: unverified."""
    name: str = ""

    @model_validator(mode="after")
    def _fits_something(self) -> Self:
        if not (self.status or self.path or self.text):
            raise GatewayRefused("fits every answer: name a status, a path or a text")
        if self.values and not self.path:
            raise GatewayRefused("is: needs path, which says where to look")
        return self

    def rule(self, place: int) -> AnswerRule:
        """Return the row; `place` is its number in the operator's list."""
        name = self.name or f"answer.rules.{place}"
        return AnswerRule(
            means=self.means,
            name=f"{name} ({self.about})" if self.about else name,
            statuses=_numbers(self.status),
            path=self.path,
            values=tuple(Pattern.parse(text) for text in self.values),
            texts=tuple(Pattern.parse(text) for text in self.text),
            code=self.code,
            label=name,
        )


def _numbers(statuses: tuple[str, ...]) -> frozenset[int]:
    numbers: set[int] = set()
    for text in statuses:
        found = _STATUS.fullmatch(text)
        assert found is not None, "the settings have checked it"  # noqa: S101 - for the type checker
        first = int(found[1]) * 100 if found[1] else int(found[2])
        last = first + 99 if found[1] else int(found[3] or first)
        numbers |= set(range(first, last + 1))
    return frozenset(numbers or range(100, 600))


class SmsAnswerSettings(BaseModel):
    """Where in the gateway's answer to look, and what is found there means: by `rules`, or for the short form by
    `success`.
    """

    model_config = ConfigDict(extra="forbid")

    reference: Path = "id"
    reference_text: Annotated[str, AfterValidator(_star)] = Field("", max_length=100)
    error: Path = ""
    rules: tuple[AnswerRuleSettings, ...] = Field((), max_length=200)
    success: Path = ""
    """What must be one of `success_values`, for providers that answer 200 with an error inside; empty: the
    status alone counts."""
    success_values: frozenset[str] = SUCCESS
    """The values of `success` that mean success, in lower case."""

    @model_validator(mode="after")
    def _rules_can_decide(self) -> Self:
        if not self.rules:
            return self
        if self.success:
            raise GatewayRefused("success belongs to the form without rules; a rule says the same")
        rules = [item.rule(place) for place, item in enumerate(self.rules)]
        if all(rule.means is not AnswerMeaning.ACCEPTED for rule in rules):
            raise GatewayRefused(
                'rules: none says which answer means accepted; {"status": "2xx", "means": "accepted"} does where the '
                "status alone counts"
            )
        for place, rule in enumerate(rules):
            # An own rule about one answer may say otherwise than the profile's about it: that is what it is for.
            laid_under = bool(self.rules[place].name)
            earlier = [
                one
                for one, item in zip(rules[:place], self.rules, strict=False)
                if not (laid_under and not item.name and one.names_an_answer)
            ]
            if hiding := next((one for one in earlier if one.hides(rule)), None):
                raise GatewayRefused(
                    f"rules: {rule.name} can never decide, because {hiding.name} does before it",
                    f"rules.{place}: can never decide, because one before it does",
                )
        return self

    def table(self) -> AnswerTable:
        """Return the table that the rules are."""
        return AnswerTable(
            rules=tuple(item.rule(place) for place, item in enumerate(self.rules)),
            reference=self.reference,
            reference_text=self.reference_text,
            error=self.error,
        )


class RequestSettings(BaseModel):
    """How a gateway's request is written; see `channels.sms.http.templates`. One of `json`, `form` and `text` is the
    body, unless the method is GET.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    method: Literal["POST", "GET"] = "POST"
    query: dict[str, str] = {}
    headers: dict[HeaderName, str] = {}
    document: Any = Field(None, alias="json")
    form: dict[str, str] | None = None
    text: str | None = None

    @model_validator(mode="after")
    def _has_one_body(self) -> Self:
        bodies = [
            name
            for name, one in (("json", self.document), ("form", self.form), ("text", self.text))
            if one is not None
        ]
        if self.method == "GET" and bodies:
            raise GatewayRefused(f"{bodies[0]}: a GET has no body; use query")
        if self.method == "POST" and len(bodies) != 1:
            raise GatewayRefused(
                f"needs one of json, form and text, and has {' and '.join(bodies) or 'none'}"
            )
        self.template()
        return self

    def template(self) -> RequestTemplate:
        """Return the template. Raises `ValueError`, beginning with the member."""
        query, headers = (
            within("query", FormTemplate, self.query),
            within("headers", FormTemplate, self.headers),
        )
        if self.document is not None:
            return RequestTemplate(BodyKind.JSON, within("json", JsonTemplate, self.document), query, headers)
        if self.form is not None:
            return RequestTemplate(BodyKind.FORM, within("form", FormTemplate, self.form), query, headers)
        if self.text is not None:
            return RequestTemplate(BodyKind.TEXT, within("text", TextTemplate, self.text), query, headers)
        return RequestTemplate(BodyKind.NONE, None, query, headers)


def within(member: str, kind: Any, given: Any) -> Any:
    """Return a template of this kind. Raises `GatewayRefused`, beginning with the member."""
    try:
        return kind.parse(given)
    except GatewayRefused as error:
        sentence = f"{member}.{error}" if kind is not TextTemplate else f"{member}: {error}"
        raise GatewayRefused(sentence, f"{member}: {error.shown}") from None


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        raise GatewayRefused("no time zone such as Europe/Berlin or UTC") from None
    return name


class ValiditySettings(BaseModel):
    """How a gateway is told until when a message is good; see `channels.sms.http.validity.Validity`."""

    model_config = ConfigDict(extra="forbid")

    unit: ValidityUnit = ValidityUnit.SECONDS
    at_least_s: int = Field(1, ge=1, le=VALIDITY_MAX_S, strict=True)
    at_most_s: int | None = Field(None, ge=1, le=VALIDITY_MAX_S, strict=True)
    format: str = Field("%Y-%m-%dT%H:%M:%SZ", max_length=60)
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"

    @model_validator(mode="after")
    def _tells_a_time(self) -> Self:
        self.validity()
        return self

    def validity(self) -> Validity:
        return Validity(self.unit, self.at_least_s, self.at_most_s, self.format, ZoneInfo(self.zone))
