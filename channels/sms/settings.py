"""The settings of HTTP SMS gateways."""

from __future__ import annotations

import dataclasses
import re
from difflib import get_close_matches
from typing import Annotated, Final, Literal, Self

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
from channels.sms.contract import ContractSettings, require_usable
from channels.sms.delivery_reports import Proves, ReportFields
from channels.sms.http.json_path import CODE, matching
from channels.sms.http.provider import (
    AnswerFields,
    BodyKind,
    Failure,
    RequestFields,
    SmsGateway,
    ValidityUnit,
    parse_failure,
)
from channels.sms.smpp.settings import SmppGatewaySettings, SmppSettings


class SmsAnswerSettings(BaseModel):
    """Where in the gateway's JSON answer to look; see `channels.sms.http.provider.AnswerFields`."""

    model_config = ConfigDict(extra="forbid")

    reference: str = "id"
    success: str = ""
    success_values: frozenset[str] = frozenset({"true", "ok", "success"})
    error: str = ""


def _code(text: str) -> str:
    if not matching(CODE, text):
        raise ValueError("no error code: a word or a number, at most 32 characters and 6 digits")
    return text


ErrorCode = Annotated[str, AfterValidator(_code)]
Meaning = Annotated[Failure, BeforeValidator(parse_failure)]
Words = Annotated[frozenset[str], AfterValidator(lambda words: frozenset(word.lower() for word in words))]


def _showable(secret: SecretStr) -> SecretStr:
    if not re.fullmatch("[!-~](?:[ -~]*[!-~])?", secret.get_secret_value()):
        raise ValueError("only ASCII, without blanks at the ends: a header brings nothing else unchanged")
    return secret


HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]


class SmsReportSettings(BaseModel):
    """How a gateway reports what became of its messages; see `channels.sms.delivery_reports.ReportFields` and
    `ops/docs/delivery-reports.md`.
    """

    model_config = ConfigDict(extra="forbid")

    secret: Annotated[SecretStr, AfterValidator(_showable)] = Field(min_length=16)
    """What the gateway must show: as bearer token, as password of Basic, or as `token` in the query."""
    previous_secret: Annotated[SecretStr, AfterValidator(_showable)] | None = Field(None, min_length=16)
    """The secret before it, which is good until `previous_until`: so that a gateway can be given the new one
    meanwhile."""
    previous_until: AwareDatetime | None = None
    url: SecretStr = SecretStr("")
    """The address that is sent with each message for the gateway to report to; `{client_ref}` is put in."""
    items: str = ""
    client_ref: str = "client_ref"
    status: str = "status"
    error: str = ""
    delivered: Words = delivery_reports.DELIVERED
    failed: Words = delivery_reports.FAILED
    pending: Words = delivery_reports.PENDING
    part: str = ""
    proves: Proves = Proves.MESSAGE

    def report_fields(self) -> ReportFields:
        """Return where in the gateway's report to look, and what its words mean."""
        return ReportFields(**self.model_dump(exclude={"secret", "previous_secret", "previous_until", "url"}))

    @model_validator(mode="after")
    def _previous_secret_ends(self) -> Self:
        if (self.previous_secret is None) != (self.previous_until is None):
            raise ValueError("previous_secret and previous_until belong together")
        if self.previous_secret == self.secret:
            raise ValueError("previous_secret is the same as secret")
        return self


class SmsGatewaySettings(ContractSettings, BaseModel):
    """One HTTP SMS gateway. `fields` and `answer` name the members of the gateway's own JSON, see
    `channels.sms.http.provider.RequestFields` and `AnswerFields`.
    """

    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    url: str
    authorization: SecretStr | None = None
    """The whole Authorization header."""
    sender: str = "WARNUNG"
    body: Literal["json", "form", "text"] = "json"
    """`text`: the text alone, the other fields as headers."""
    fields: dict[str, str] = {}
    headers: dict[HeaderName, Annotated[SecretStr, AfterValidator(_showable)]] = {}
    """Headers that all messages have."""
    encodings: dict[Literal["gsm7", "ucs2"], str] = {}
    """The gateway's own words for the two."""
    validity_unit: Literal["s", "min"] = "s"
    answer: SmsAnswerSettings = SmsAnswerSettings()
    errors: dict[ErrorCode, Meaning] = {}
    """What the gateway's error codes mean that stand at `answer.error` in an answer with 2xx: `permanent`, `transient`,
    `rate_limited` or `misconfigured`. Others are taken for transient.
    """
    plus: bool = True
    max_parts: int = Field(6, ge=1, le=10)
    reports: SmsReportSettings | None = None
    """How the gateway reports; without it no reports are taken."""

    def gateway(self) -> SmsGateway:
        """Return the provider's gateway as the channel uses it."""
        return SmsGateway(
            name=self.name,
            url=self.url,
            authorization=self.authorization.get_secret_value() if self.authorization else "",
            sender=self.sender,
            body=BodyKind(self.body),
            fields=RequestFields(**self.fields),
            answer=AnswerFields(**self.answer.model_dump()),
            errors=tuple(self.errors.items()),
            added=tuple((name, value.get_secret_value()) for name, value in self.headers.items()),
            encodings=tuple(self.encodings.items()),
            validity_unit=ValidityUnit(self.validity_unit),
            plus=self.plus,
            max_parts=self.max_parts,
            report_url=self.reports.url.get_secret_value() if self.reports else "",
        )

    @field_validator("fields")
    @classmethod
    def _fields_are_ours(cls, given: dict[str, str]) -> dict[str, str]:
        ours = [field.name for field in dataclasses.fields(RequestFields)]
        for name in given:
            if name not in ours:
                (nearest,) = get_close_matches(name, ours, n=1, cutoff=0.0)
                raise ValueError(f"there is no field {name}; the nearest is {nearest}")
        return given

    @model_validator(mode="after")
    def _headers_can_be_written(self) -> Self:
        """With `text`, fields are headers: without this the first message would show that one cannot be written."""
        if self.body == "text":
            gateway = self.gateway()
            for name, value in (("sender", gateway.sender), ("reports.url", gateway.report_url)):
                if value and not re.fullmatch("[!-~](?:[ -~]*[!-~])?", value):
                    raise ValueError(
                        f"{name}: only ASCII, without blanks at the ends: it is sent in a header"
                    )
        return self

    @model_validator(mode="after")
    def _errors_can_be_found(self) -> Self:
        if self.errors and not (self.answer.success and self.answer.error):
            raise ValueError("errors need answer.success and answer.error, which say where to look for one")
        return self


def _usable(gateways: tuple[SmsGatewaySettings, ...]) -> tuple[SmsGatewaySettings, ...]:
    require_usable(gateway.contract(gateway.name) for gateway in gateways)
    return gateways


MEMBERS: Final = {
    "sms_gateways": tuple(SmsGatewaySettings.model_fields),
    "answer": tuple(SmsAnswerSettings.model_fields),
    "reports": tuple(SmsReportSettings.model_fields),
    "smpp_gateways": tuple(SmppGatewaySettings.model_fields),
}
"""The names that may stand in a gateway's JSON, by what they stand in."""


class SmsSettings(SmppSettings, BaseModel):
    """The part of the service's settings that is the SMS channel's."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    sms_gateways: Annotated[tuple[SmsGatewaySettings, ...], AfterValidator(_usable)] = ()
    """JSON list of HTTP SMS gateways: `name`, `url`, `authorization`, `sender`, `body` (`json`, `form`, or `text` for
    the text alone and the other fields in headers), `fields`, `headers` (the same for all messages), `encodings`
    (`{"gsm7": "0", "ucs2": "2"}`), `validity_unit` (`s` or `min`), `answer`, `errors`, `plus`, `max_parts`, `reports`
    (see [delivery reports](delivery-reports.md)). `errors` says what error codes in a 2xx answer mean:
    `{"101": "permanent", "9": "rate_limited"}`, each `permanent` (this recipient will never get it), `transient` (try
    again), `rate_limited` (later) or `misconfigured` (nobody gets anything until the operator acts); a code that is not
    there is transient. It needs `answer.success`, where the answer says whether it is an error, and `answer.error`,
    where the code stands. What is agreed with the provider: `rate` (parts of texts a second that the contract allows),
    `shared_rate` (counted for the account, over all our processes), `weight` (the gateway's share of the recipients who
    name none, 1; with 0 it only takes over), `failover_after_s` (after how long without an acceptance others take over,
    60; `null`: never), `price_per_part` and `currency`, `parts_per_alert`, `parts_per_month`."""
