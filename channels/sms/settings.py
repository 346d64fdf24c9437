"""The settings of HTTP SMS gateways."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import combinations
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from channels.sms import delivery_reports
from channels.sms.contract import Contract, ContractSettings, GatewayRefused, require_sender, require_usable
from channels.sms.delivery_reports import Proves, ReportFields
from channels.sms.http.flat import WORDS, RequestFields, flat_answers, flat_request, require_fields
from channels.sms.http.profiles import laid_over, profile
from channels.sms.http.provider import BodyKind, SmsGateway
from channels.sms.http.rehearsal import placeholders, rehearse
from channels.sms.http.settings import (
    AnswerRuleSettings,
    ErrorCode,
    HeaderName,
    RequestSettings,
    SmsAnswerSettings,
    ValiditySettings,
    dotted,
    showable,
    within,
)
from channels.sms.http.templates import TextTemplate
from channels.sms.http.validity import Validity, ValidityUnit
from channels.sms.inbound import InboundFields
from channels.sms.meanings import AnswerMeaning
from channels.sms.smpp.settings import SmppGatewaySettings, SmppSettings

Words = Annotated[frozenset[str], AfterValidator(lambda words: frozenset(word.lower() for word in words))]
Secret = Annotated[SecretStr, AfterValidator(showable)]
Dotted = Annotated[str, AfterValidator(dotted)]
SecretName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]


_REPORT_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_.-]*)\}")


def _report_url(url: SecretStr) -> SecretStr:
    """Return an address for reports, which may be empty. Raises `ValueError`."""
    text = url.get_secret_value()
    for name in _REPORT_PLACEHOLDER.findall(text):
        if name != "client_ref":
            raise GatewayRefused(
                f"there is no placeholder {{{name[:40]}}} in it; the only one is {{client_ref}}",
                "has a placeholder that there is not; the only one is {client_ref}",
            )
    return showable(url) if text else url


class CallerSettings(BaseModel):
    """What a gateway shows that calls us."""

    model_config = ConfigDict(extra="forbid")

    secret: Secret = Field(min_length=16)
    """What the gateway must show: as bearer token, as password of Basic, or as `token` in the query."""
    previous_secret: Secret | None = Field(None, min_length=16)
    """The secret before it, which is good until `previous_until`: so that a gateway can be given the new one
    meanwhile."""
    previous_until: AwareDatetime | None = None

    @model_validator(mode="after")
    def _previous_secret_ends(self) -> Self:
        if (self.previous_secret is None) != (self.previous_until is None):
            raise GatewayRefused("previous_secret and previous_until belong together")
        if self.previous_secret == self.secret:
            raise GatewayRefused("previous_secret is the same as secret")
        return self


class SmsInboundSettings(CallerSettings):
    """How a gateway hands on what people send: see `channels.sms.inbound` and `ops/docs/inbound-sms.md`."""

    items: Dotted = ""
    sender: Dotted = "from"
    text: Dotted = "text"

    def inbound_fields(self) -> InboundFields:
        """Return where in what the gateway hands on to look."""
        return InboundFields(self.items, self.sender, self.text)


class SmsReportSettings(CallerSettings):
    """How a gateway reports what became of its messages; see `channels.sms.delivery_reports.ReportFields` and
    `ops/docs/delivery-reports.md`.
    """

    url: Annotated[SecretStr, AfterValidator(_report_url)] = SecretStr("")
    """The address that is sent with each message for the gateway to report to; `{client_ref}` is put in."""
    items: Dotted = ""
    client_ref: Dotted = "client_ref"
    status: Dotted = "status"
    error: Dotted = ""
    delivered: Words = delivery_reports.DELIVERED
    failed: Words = delivery_reports.FAILED
    pending: Words = delivery_reports.PENDING
    part: Dotted = ""
    proves: Proves = Proves.MESSAGE

    def report_fields(self) -> ReportFields:
        """Return where in the gateway's report to look, and what its words mean."""
        return ReportFields(**self.model_dump(exclude={"secret", "previous_secret", "previous_until", "url"}))

    @model_validator(mode="after")
    def _words_mean_one_thing(self) -> Self:
        """Of words in two lists the first counts: so a list of the operator's own may take from a default behind it."""
        lists = (("delivered", self.delivered), ("failed", self.failed), ("pending", self.pending))
        for (name, words), (other, later) in combinations(lists, 2):
            if other in self.model_fields_set and (both := words & later):
                raise GatewayRefused(
                    f"{other}: {min(both)[:40]!r} stands in {name}, too",
                    f"{other}: one of them stands in {name}, too",
                )
        return self


def _meaning(word: object) -> AnswerMeaning:
    if not isinstance(word, str) or word not in WORDS:
        raise GatewayRefused(f"one of {', '.join(WORDS)}")
    return WORDS[word]


ErrorMeaning = Annotated[AnswerMeaning, BeforeValidator(_meaning)]


class SmsGatewaySettings(ContractSettings, BaseModel):
    """One HTTP SMS gateway: a provider's `profile` and what is the operator's own; or all of it, by `request` and
    `answer.rules`, or in the short form by `body`, `fields`, `answer` and `errors`.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    profile: str = ""
    """A profile of `ops/docs/sms-gateways.md`; all other members are laid over it."""
    url: str
    secrets: dict[SecretName, Secret] = {}
    """What `{secret.NAME}` stands for, and, as Basic authentication writes it, `{basic.USER.PASSWORD}`."""
    request: RequestSettings | None = None
    authorization: SecretStr | None = None
    """The whole Authorization header."""
    sender: Annotated[str, AfterValidator(require_sender)] = "WARNUNG"
    body: Literal["json", "form", "text"] = "json"
    """`text`: the text alone, the other fields as headers."""
    fields: dict[str, str] = {}
    headers: dict[HeaderName, Secret] = {}
    """Headers that all messages have."""
    encodings: dict[Literal["gsm7", "ucs2"], str] = {}
    """The gateway's own words for the two."""
    validity: ValiditySettings | None = None
    validity_unit: Literal["s", "min"] = "s"
    answer: SmsAnswerSettings = SmsAnswerSettings()
    errors: dict[ErrorCode, ErrorMeaning] = {}
    """What the gateway's error codes mean that stand at `answer.error` in an answer with 2xx: `permanent`, `transient`,
    `rate_limited` or `misconfigured`. Others are taken for transient.
    """
    plus: bool = Field(default=True, strict=True)
    max_parts: int = Field(6, ge=1, le=10, strict=True)
    reports: SmsReportSettings | None = None
    """How the gateway reports; without it no reports are taken."""
    inbound: SmsInboundSettings | None = None
    """How the gateway hands on what people send; without it nothing is taken."""

    def gateway(self) -> SmsGateway:
        """Return the provider's gateway as the channel uses it."""
        answer = self.answer
        added = dict(self.headers)
        if self.authorization:
            added["Authorization"] = self.authorization
        return SmsGateway(
            name=self.name,
            url=within("url", TextTemplate, self.url) if self.request else TextTemplate.literal(self.url),
            request=self.request.template()
            if self.request
            else flat_request(BodyKind(self.body), RequestFields(**self.fields)),
            answers=answer.table()
            if answer.rules
            else flat_answers(
                answer.reference, answer.success, answer.success_values, answer.error, self.errors
            ),
            constants={
                "sender": self.sender,
                **placeholders({name: one.get_secret_value() for name, one in self.secrets.items()}),
            },
            added=tuple((name, value.get_secret_value()) for name, value in added.items()),
            encodings=tuple(self.encodings.items()),
            validity=self.validity.validity()
            if self.validity
            else Validity(ValidityUnit(self.validity_unit)),
            plus=self.plus,
            max_parts=self.max_parts,
            report_url=self.reports.url.get_secret_value() if self.reports else "",
        )

    @model_validator(mode="before")
    @classmethod
    def _laid_over_the_profile(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("profile") == "":
            raise GatewayRefused("profile: is empty; leave it out where there is none")
        if isinstance(given, Mapping) and isinstance(name := given.get("profile", ""), str) and name:
            return laid_over(profile(name), given)
        return given

    @field_validator("fields")
    @classmethod
    def _fields_are_ours(cls, given: dict[str, str]) -> dict[str, str]:
        require_fields(given)
        return given

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if self.request and (wrong := self.model_fields_set & {"body", "fields"}):
            raise GatewayRefused(f"{min(wrong)}: belongs to the form without request; request says the same")
        if self.validity and "validity_unit" in self.model_fields_set:
            raise GatewayRefused("validity_unit: says the same as validity.unit")
        if self.request and not self.answer.rules:
            raise GatewayRefused(
                'answer.rules: missing beside request; {"status": "2xx", "means": "accepted"} where the status alone '
                "counts"
            )
        if self.errors and self.answer.rules:
            raise GatewayRefused("errors: belongs to the form without answer.rules; a rule says the same")
        if self.errors and not (self.answer.success and self.answer.error):
            raise GatewayRefused(
                "errors need answer.success and answer.error, which say where to look for one"
            )
        return self

    @model_validator(mode="after")
    def _requests_can_be_made(self) -> Self:
        """Make one: without this the first warning would show that it cannot be."""
        rehearse(self.gateway(), self.secrets.keys(), profile(self.profile).secrets if self.profile else ())
        return self


def _usable(gateways: tuple[SmsGatewaySettings, ...]) -> tuple[SmsGatewaySettings, ...]:
    require_usable(gateway.contract(gateway.name) for gateway in gateways)
    return gateways


def _names(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items())


MEMBERS: Final = {
    "sms_gateways": _names(SmsGatewaySettings),
    "answer": _names(SmsAnswerSettings),
    "rules": _names(AnswerRuleSettings),
    "request": _names(RequestSettings),
    "validity": _names(ValiditySettings),
    "reports": _names(SmsReportSettings),
    "inbound": _names(SmsInboundSettings),
    "smpp_gateways": _names(SmppGatewaySettings),
}
"""The names that may stand in a gateway's JSON, by what they stand in."""


class SmsSettings(SmppSettings, BaseModel):
    """The part of the service's settings that is the SMS channel's."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sms_gateways: Annotated[tuple[SmsGatewaySettings, ...], AfterValidator(_usable)] = ()
    """JSON list of HTTP SMS gateways, each by a provider's `profile` or by settings of its own: see
    [SMS gateways](sms-gateways.md). Members: `name`, `profile`, `url`, `secrets`, `sender`, `request` (`method`,
    `query`, `headers`, and as body `json`, `form` or `text`), `answer` (`rules`, `reference`, `reference_text`,
    `error`), `validity` (`unit`, `at_least_s`, `at_most_s`, `format`, `zone`), `encodings`
    (`{"gsm7": "0", "ucs2": "2"}`), `plus`, `max_parts`, `headers` (the same for all messages), `authorization`,
    `reports` (see [delivery reports](delivery-reports.md)), `inbound` (see [inbound SMS](inbound-sms.md)). The short
    form of a flat request has `body` (`json`, `form`, or `text` for the text alone and the other fields in headers),
    `fields` and `validity_unit` (`s` or `min`) in place of `request` and `validity`, and `answer.success`,
    `answer.success_values` and `errors` in place of `answer.rules`: `{"101": "permanent", "9": "rate_limited"}`, each
    `permanent`, `transient`, `rate_limited` or `misconfigured`; a code that is not there is transient. What is agreed
    with the provider: `rate` (parts of texts a second that the contract allows), `shared_rate` (counted for the
    account, over all our processes), `weight` (the gateway's share of the recipients who name none, 1; with 0 it only
    takes over), `failover_after_s` (after how long without an acceptance others take over, 60; `null`: never),
    `price_per_part` and `currency`, `parts_per_alert`, `parts_per_month`."""

    def sms_contracts(self) -> dict[str, Contract]:
        """Return what is agreed with the providers of all gateways, by the gateway's name."""
        over_http = {item.name: item.contract(item.name) for item in self.sms_gateways}
        return over_http | {item.name: item.contract(item.name) for item in self.smpp_gateways}
