"""The settings of SMPP gateways."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from channels.sms.contract import SENDER_NUMBER, ContractSettings, require_sender
from channels.sms.delivery_reports import ReportState  # noqa: TC001 - pydantic reads it
from channels.sms.smpp.bindings import BindingPlan
from channels.sms.smpp.carrier import SmppGateway
from channels.sms.smpp.connecting import Centre, parse_centre, tls_context
from channels.sms.smpp.pdu import BindRequest
from channels.sms.smpp.receipts import IdForm, ReceiptColumn, ReceiptForm
from channels.sms.smpp.segments import TON_ALPHANUMERIC, LongText, MessageForm, ValidityForm
from channels.sms.smpp.session import Role, Timing
from channels.sms.smpp.statuses import WORDS, code

PASSWORD_MAX: Final = 8
"""Characters of a password in SMPP 3.4 (section 4.1: nine octets with the NUL at the end)."""
LONG_PASSWORD_MAX: Final = 63

_ROLES: Final = {
    "transceiver": (Role.TRANSCEIVER,),
    "transmitter_and_receiver": (Role.TRANSMITTER, Role.RECEIVER),
    "transmitter": (Role.TRANSMITTER,),
}
_TON_INTERNATIONAL: Final = 1
_NPI_ISDN: Final = 1

Octet = Annotated[int, Field(ge=0, le=255)]
Wait = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]


def _hosts(urls: tuple[str, ...]) -> tuple[str, ...]:
    for url in urls:
        try:
            parse_centre(url)
        except ValueError as error:
            raise ValueError(f"a host {error}") from error
    return urls


def _status(text: str) -> str:
    try:
        number = int(text, 0)
    except ValueError:
        number = -1
    if not 0 < number <= 0xFFFF_FFFF:
        raise ValueError("a command_status is a number such as 0x401")
    return code(number)


Status = Annotated[str, AfterValidator(_status)]


class SmppGatewaySettings(ContractSettings):
    """One SMPP gateway."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    name: str = Field(pattern=r"^[a-z0-9-]{1,32}$")
    hosts: Annotated[tuple[str, ...], AfterValidator(_hosts)] = Field(min_length=1, max_length=8)
    """Where its message centres listen: `smpps://host:port` with TLS, `smpp://host:port` without."""
    system_id: str = Field(pattern=r"^[!-~]{1,15}$")
    password: SecretStr = SecretStr("")
    long_password: bool = Field(default=False, strict=True)
    """Whether the centre takes passwords longer than SMPP 3.4 allows."""
    system_type: str = Field("", pattern=r"^[ -~]{0,12}$")
    addr_ton: Octet = 0
    addr_npi: Octet = 0
    address_range: str = Field("", pattern=r"^[ -~]{0,40}$")
    tls_verify: bool = Field(default=True, strict=True)
    """Whether certificate chain and host name are checked. Without it anybody on the way can read and send."""
    bind: Literal["transceiver", "transmitter_and_receiver", "transmitter"] = "transceiver"
    """`transmitter` alone gets no receipts."""
    sessions: int = Field(1, ge=1, le=16, strict=True)
    """Sessions at each host, of each worker process."""
    sessions_allowed: int | None = Field(None, ge=1, strict=True)
    """Sessions that the contract allows at once, of all processes together: `dispatcher up` refuses to start more."""
    window: int = Field(10, ge=1, le=1000, strict=True)
    """Messages outstanding in each session."""
    sender: Annotated[str, AfterValidator(require_sender)] = "WARNUNG"
    source_ton: Octet | None = None
    source_npi: Octet | None = None
    destination_ton: Octet = 1
    destination_npi: Octet = 1
    plus: bool = Field(default=False, strict=True)
    """Whether numbers are written with the plus sign of E.164."""
    service_type: str = Field("", pattern=r"^[ -~]{0,5}$")
    data_coding: Octet = 0
    """What says that a text is in the GSM alphabet."""
    long_text: LongText = LongText.UDH
    """How several parts are written: `udh`, `sar` or `payload`."""
    validity: ValidityForm = ValidityForm.RELATIVE
    """How the end of a message's validity is written: `relative` or `absolute`."""
    max_parts: int = Field(6, ge=1, le=10, strict=True)
    receipts: bool = Field(default=True, strict=True)
    message_ids: IdForm = IdForm.TEXT
    """How ids in answers and in receipts become the same: `text`, `no_zeros`, `answer_hex`, `receipt_hex`."""
    receipt_states: dict[str, ReportState] = Field(default_factory=dict)
    """The centre's own words for `delivered`, `failed` and `pending`."""
    receipt_columns: tuple[ReceiptColumn, ...] = ()
    """What the columns of receipts separated by commas are: `id`, `state`, `error`, or empty."""
    statuses: dict[Status, Literal["rejected", "rate_limited", "misconfigured", "transient"]] = Field(
        default_factory=dict
    )
    """What the centre's own statuses mean: `{"0x401": "rejected"}`."""
    connect_s: Wait = 10.0
    bind_s: Wait = 10.0
    answer_s: float = Field(60.0, ge=20, le=600, allow_inf_nan=False)
    """Seconds that the answer to a message is waited for; then it is uncertain."""
    enquire_s: float = Field(30.0, ge=5, le=300, allow_inf_nan=False)
    """Seconds of silence at most after which the centre is asked whether it is there."""
    alive_s: Wait = 10.0
    """Seconds that it then has to answer."""
    reconnect_first_s: Wait = 1.0
    reconnect_most_s: Wait = 30.0
    throttle_s: Wait = 2.0
    """Seconds that a session is left alone whose centre asks to slow down."""

    def gateway(self, ca_file: str | None = None) -> SmppGateway:
        """Return the gateway as its carrier uses it. Raises `OSError` for a file of authorities that is none."""
        name_sender = SENDER_NUMBER.fullmatch(self.sender) is None
        return SmppGateway(
            name=self.name,
            plan=self._plan(ca_file),
            form=MessageForm(
                sender=self.sender.removeprefix("+"),
                source_ton=self._or(self.source_ton, TON_ALPHANUMERIC if name_sender else self._ton()),
                source_npi=self._or(self.source_npi, 0 if name_sender else _NPI_ISDN),
                destination_ton=self.destination_ton,
                destination_npi=self.destination_npi,
                plus=self.plus,
                service_type=self.service_type,
                data_coding=self.data_coding,
                long_text=self.long_text,
                validity=self.validity,
                receipts=self.receipts,
            ),
            receipts=ReceiptForm(
                ids=self.message_ids,
                states=tuple((word.lower(), state) for word, state in self.receipt_states.items()),
                columns=self.receipt_columns,
            ),
            max_parts=self.max_parts,
            rate=self.rate,
            account=self.name if self.shared_rate else "",
        )

    def sessions_of(self, workers: int) -> int:
        """Return how many sessions so many worker processes open together."""
        return len(self.hosts) * len(_ROLES[self.bind]) * self.sessions * workers

    def _plan(self, ca_file: str | None) -> BindingPlan:
        return BindingPlan(
            centres=tuple(self._centre(url, ca_file) for url in self.hosts),
            roles=_ROLES[self.bind] * self.sessions,
            bind=BindRequest(
                system_id=self.system_id,
                password=self.password.get_secret_value(),
                system_type=self.system_type,
                addr_ton=self.addr_ton,
                addr_npi=self.addr_npi,
                address_range=self.address_range,
            ),
            window=self.window,
            timing=Timing(
                bind_s=self.bind_s, answer_s=self.answer_s, silence_s=self.enquire_s, alive_s=self.alive_s
            ),
            connect_s=self.connect_s,
            reconnect_first_s=self.reconnect_first_s,
            reconnect_most_s=self.reconnect_most_s,
            throttle_s=self.throttle_s,
            rate=self.rate,
            statuses={int(status, 0): WORDS[word] for status, word in self.statuses.items()},
        )

    def _centre(self, url: str, ca_file: str | None) -> Centre:
        scheme, host, port = parse_centre(url)
        encrypted = scheme == "smpps"
        return Centre(host, port, tls_context(ca_file, verify=self.tls_verify) if encrypted else None)

    def _ton(self) -> int:
        return _TON_INTERNATIONAL if self.sender.startswith("+") else 0

    @staticmethod
    def _or(given: int | None, otherwise: int) -> int:
        return otherwise if given is None else given

    @model_validator(mode="after")
    def _password_can_be_sent(self) -> Self:
        password = self.password.get_secret_value()
        most = LONG_PASSWORD_MAX if self.long_password else PASSWORD_MAX
        if len(password) > most:
            hint = "" if self.long_password else "; long_password allows more where the centre does"
            raise ValueError(f"password: SMPP 3.4 has {most} characters at most, not {len(password)}{hint}")
        if not re.fullmatch("[ -~]*", password):
            raise ValueError("password: only ASCII")
        return self

    @model_validator(mode="after")
    def _pauses_grow(self) -> Self:
        if self.reconnect_most_s < self.reconnect_first_s:
            raise ValueError("reconnect_most_s must be at least reconnect_first_s")
        return self


class SmppSettings(BaseModel):
    """The part of the service's settings that is about SMPP."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    smpp_gateways: tuple[SmppGatewaySettings, ...] = ()
    """JSON list of SMPP 3.4 gateways, see [SMPP](smpp.md): `name`, `hosts` (`["smpps://host:port"]`), `system_id`,
    `password`, `sender`, and what the contract says: `sessions` and `window` (of each worker process), `rate`, and the
    other members that HTTP gateways have for it. Recipients who name no gateway are spread over both lists, by
    weight."""
