"""What every channel does: it sends one notice to many endpoints and says, for each, what the gateway answered.

    DeliveryError                     one endpoint
      Gone           404/410, unregistered        remove the endpoint
      Permanent      400, 413, bad number         dead letter at once
      Expired        deadline passed, not started nothing is owed any more
      Transient      5xx, connect timeout, DNS    retry with back-off until the deadline
        Uncertain    sent, no answer read         retry; the collapse key protects the person
        RateLimited  429, quota                   later: this endpoint, or all behind the gateway
        Unauthorized 401/403 of one endpoint      retry; of many in a row, to whom one key of ours is shown, it stops
          OwnKeyRefused  a key of some alone      retry; nothing follows for others
          OurKeyMissing  we lack the one it takes retry
                                                  the gateway
        Elsewhere    at another gateway by now   retry; it is handed over to that one before
        NotMade      a fault of ours              retry; the gateway was not asked
        AccountRefused of one message             retry; the gateway stops, see `ChannelMisconfigured`
    ChannelError                      all endpoints behind one gateway
      ChannelDown            host unreachable     breaker opens; what was not started goes back
        ChannelFault         an exception of ours breaker opens, probed like one that is down
        GatewayUnknown       not in the settings  the same; others take over
      ChannelMisconfigured   401/403, expired key the gateway stops, a human is called

A channel classifies. It never retries, never waits out a Retry-After, never touches a store. The type of an error says
what follows from it: a new type says all of it, or a test fails.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
    from datetime import datetime


class Consequence(StrEnum):
    """What follows from an endpoint's error for its recipient."""

    REMOVE = "remove"
    """The error is final, and the endpoint is removed."""
    REJECT = "reject"
    """The error is final: a dead letter is kept."""
    EXPIRE = "expire"
    """The error is final, and no attempt was made."""
    RETRY = "retry"
    """The message is sent again after a back-off."""
    RETRY_UNCERTAIN = "retry_uncertain"
    """The message is sent again after a back-off, and the person may have been reached already."""
    POSTPONE = "postpone"
    """The message is sent again once the gateway allows it. This is no attempt: the gateway did not look at the
    message."""

    @property
    def is_attempt(self) -> bool:
        return self not in {Consequence.EXPIRE, Consequence.POSTPONE}


class DeliveryError(Exception):
    """One endpoint did not accept the notice. `code` is short and stable (an HTTP status or a name)."""

    label: ClassVar[str] = "error"
    log_level: ClassVar[int] = logging.WARNING
    """The level at which its first occurrence in a batch is logged. A mass send has thousands, and metrics have their
    sum."""
    consequence: ClassVar[Consequence] = Consequence.REJECT
    gateway_fault: ClassVar[bool] = False
    """Whether the gateway may be in trouble: it is where many recipients in a row fare so, and nobody is accepted."""
    device_absent: ClassVar[bool] = False
    """Whether only a device is missing that may be back at any time: it is waited for until the deadline."""
    is_ours: ClassVar[bool] = False
    """Whether we are to blame, or a key that somebody has to mend: however long that lasts, no subscription ends."""

    def __init__(self, code: str, detail: str = "", *, retry_after: float | None = None) -> None:
        """`detail` is for operators and carries no secret; `retry_after` is in seconds from now."""
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class Gone(DeliveryError):
    """The endpoint does not exist any more."""

    label = "gone"
    log_level = logging.DEBUG  # people change their phones every day
    consequence = Consequence.REMOVE
    gateway_fault = False

    def __init__(
        self, code: str, detail: str = "", *, retry_after: float | None = None, since: datetime | None = None
    ) -> None:
        """`since` is from when on the endpoint is gone, as the gateway says (aware): who was seen there later stays."""
        super().__init__(code, detail, retry_after=retry_after)
        self.since = since


class Permanent(DeliveryError):
    """This notice can never be accepted by this endpoint."""

    label = "permanent"
    log_level = logging.WARNING
    consequence = Consequence.REJECT
    gateway_fault = False


class Expired(DeliveryError):
    """The notice's deadline passed before this endpoint was started; nothing was sent."""

    label = "expired"
    log_level = logging.INFO
    consequence = Consequence.EXPIRE
    gateway_fault = False


class Transient(DeliveryError):
    """The gateway could not take it now, and did not take it."""

    label = "transient"
    log_level = logging.INFO
    consequence = Consequence.RETRY
    gateway_fault = True


class Absent(Transient):
    """No device is there to take it, and the gateway keeps it for none: one that comes back would never hear of it,
    unless it is sent again then. Nothing follows for others behind the gateway.
    """

    label = "absent"
    log_level = logging.DEBUG  # people are away every day
    consequence = Consequence.RETRY
    gateway_fault = False
    device_absent = True


class Uncertain(Transient):
    """The request may have reached the gateway, but no answer was read."""

    label = "uncertain"
    log_level = logging.INFO
    consequence = Consequence.RETRY_UNCERTAIN
    gateway_fault = True


class RateLimited(Transient):
    """The gateway asks us to slow down."""

    label = "rate_limited"
    log_level = logging.INFO
    consequence = Consequence.POSTPONE
    gateway_fault = False


class Unauthorized(Transient):
    """The endpoint does not take our credentials for it. Nothing follows for others behind the gateway, unless many in
    a row refuse a key that all are shown (`GatewayLimits.shared_key`).
    """

    label = "unauthorized"
    log_level = logging.WARNING
    consequence = Consequence.RETRY
    gateway_fault = False


class OwnKeyRefused(Unauthorized):
    """The endpoint does not take a key that only some of those behind the gateway are shown, as one municipality's own:
    however many refuse it, nothing follows for others.
    """

    label = "own_key_refused"
    log_level = logging.WARNING
    consequence = Consequence.RETRY
    gateway_fault = False
    is_ours = True


class OurKeyMissing(Unauthorized):
    """The endpoint takes none of our keys, and names one that is not here. To others it means what any refusal does."""

    label = "our_key_missing"
    log_level = logging.WARNING
    consequence = Consequence.RETRY
    gateway_fault = False
    is_ours = True


class Elsewhere(Transient):
    """The endpoint's address is at another gateway than the call: nothing was sent to either."""

    label = "elsewhere"
    log_level = logging.WARNING
    consequence = Consequence.RETRY
    gateway_fault = False
    is_ours = True


class NotMade(Transient):
    """No request could be made for anybody: a fault of ours. The code is the type of the exception."""

    label = "fault"
    log_level = logging.ERROR
    consequence = Consequence.RETRY
    gateway_fault = False  # `ChannelFault` opens the breaker
    is_ours = True


class AccountRefused(Transient):
    """The gateway refuses us, which it said of this endpoint's message: it was not taken."""

    label = "account_refused"
    log_level = logging.INFO  # `ChannelMisconfigured` is the error
    consequence = Consequence.RETRY
    gateway_fault = True  # `ChannelMisconfigured` stops it
    is_ours = True


class ChannelError(Exception):
    """No endpoint behind this gateway can be reached; those without a receipt were not started."""

    label: ClassVar[str] = "channel_error"
    log_level: ClassVar[int] = logging.WARNING
    """The level at which a pause of the gateway for this reason is logged, once a batch."""
    needs_person: ClassVar[bool] = False
    """Whether waiting mends nothing: the gateway is left alone until a person has mended it."""

    def __init__(self, code: str, detail: str = "", *, gateway: str = "", is_local: bool = False) -> None:
        """`gateway` is the gateway concerned, as `Channel.gateway` names it. `is_local`: this process lacks a session
        with it, and another one may have one.
        """
        super().__init__(f"{code} {detail}".strip())
        self.code = code
        self.detail = detail
        self.gateway = gateway
        self.is_local = is_local


class ChannelDown(ChannelError):
    """The gateway's host cannot be reached."""

    label = "down"
    log_level = logging.WARNING
    needs_person = False


class ChannelFault(ChannelDown):
    """We cannot make a request to this gateway: a fault of ours. The code is the type of the exception."""

    label = "fault"
    log_level = logging.WARNING  # `NotMade` is logged as an error
    needs_person = False  # probed soon: it may have been a first record that was odd


class GatewayUnknown(ChannelDown):
    """This process has no such gateway: a plan may be older than the settings, or younger than what it knows."""

    label = "unknown_gateway"
    log_level = logging.WARNING
    needs_person = False  # others take over


class ChannelMisconfigured(ChannelError):
    """The gateway refuses us: our key, our contract, our configuration."""

    label = "misconfigured"
    log_level = logging.ERROR
    needs_person = True


class Urgency(StrEnum):
    """RFC 8030 section 5.3, which every push transport maps onto its own scale."""

    VERY_LOW = "very-low"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Cut(StrEnum):
    """How a line may be cut, by a channel that has no room for all of its shortest wording."""

    NEVER = "never"
    SENTENCES = "sentences"
    """The line is the first to be cut: at the end of a sentence, keeping those with a telephone number."""
    WORDS = "words"
    """The line is the last to be cut, at a word."""
    END = "end"
    """The line is whole and the last one, whatever else is cut: that all of it is an exercise."""
    SPARE = "spare"
    """The line takes the room that is left of the parts which the others need, at the end of a sentence; it needs no
    part more, and no other line gives way to it."""


class Line(NamedTuple):
    """One line of a notice's text, and what may become of it where the whole is too long."""

    text: str
    shorter: tuple[str, ...] = ()
    """Other wordings, each shorter than the one before; an empty one leaves the line out."""
    cut: Cut = Cut.NEVER
    same: bool = False
    """Whether every wording says the same, so that a shorter one loses nothing."""
    least: str = ""
    """What a line that is cut at words begins with and keeps, before all lines but the last that have wordings of the
    `same`: whether it is a warning, and that it is an exercise, come before when it begins."""
    said_before: bool = False
    """Whether lines before it say the gist in a language that the reader knows better: of a line that is cut at
    sentences only the first one and the telephone numbers are worth a part then."""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message, rendered once for one language, ready to be sent to any number of endpoints."""

    alert_id: str
    """Our id of the message, as shown by the API: at most 26 characters, different for every Update and Cancel.
    A client reference for a gateway that drops repeats is made of this and the endpoint's id, so that only a
    second hand-over of the very same message is a repeat."""
    collapse_key: str
    """What makes messages replace one another: at most 32 characters of the URL-safe Base64 alphabet (RFC 8030 section
    5.4), equal for all messages of one chain, so that an Update or a repeated send replaces what a person has not seen
    yet."""
    title: str
    text: str
    """Complete plain text for a channel that shows only text."""
    payload: bytes
    """The UTF-8 JSON document for an app: self-sufficient, at most 2,700 bytes."""
    language: str
    """The primary subtag of the language that the message's own words are in."""
    urgency: Urgency
    deadline: datetime
    """Aware instant after which nothing may be handed over any more."""
    lines: tuple[Line, ...] = ()
    """The lines of `text`, for a channel that must shorten it; without them it is cut at the end."""
    document: bytes = b""
    """The same document with all that `payload` has no room for, for a channel that carries 20,000 bytes; without it
    there is `payload`."""
    message: bytes = field(default=b"", repr=False)
    """The signed CAP message itself, for endpoints that take it in place of the document; empty where none of those
    that it is sent to does."""
    receipt_token: Callable[[int], bytes] | None = field(default=None, compare=False, repr=False)
    """Returns the token, 24 characters of ASCII, that an endpoint's device posts back as its receipt, by the endpoint's
    id; None where none is asked for."""


FORM: Final = "form"
"""The member of an endpoint's keys that says in which form it takes a notice."""
CAP_FORM: Final = "cap"


class Endpoint(NamedTuple):
    """Where one recipient is reached. A tuple: one is made for each message.

    `address` and `keys` are personal data: never logged, never in errors.
    """

    id: int
    """The recipient's number in the record; opaque outside."""
    address: str
    """A URL, a phone number in E.164, ..."""
    keys: Mapping[str, str]
    """What the channel needs besides the address: `p256dh` and `auth`, a callback's secret, ..."""

    @property
    def takes_message(self) -> bool:
        """Whether it takes the CAP message, and not a document that was made of it."""
        return self.keys.get(FORM) == CAP_FORM

    @property
    def is_legible(self) -> bool:
        """Whether it could be read; one that could not, for want of a key, has no address and is sent to nobody."""
        return bool(self.address)


class Receipt(NamedTuple):
    """What the gateway answered for one endpoint. Accepted is not delivered. A tuple: one is made for each message."""

    endpoint_id: int
    error: DeliveryError | None = None
    reference: str = ""
    """The gateway's own id of the accepted message, where it names one."""
    parts: int = 0
    """How many parts the accepted text was split into, where gateways charge for parts."""

    @property
    def accepted(self) -> bool:
        return self.error is None


@dataclass(frozen=True, slots=True)
class ChannelLimits:
    """What the far side allows; each channel states the source beside its own value."""

    batch: int
    """The most endpoints that make sense in one call of `send`."""
    payload_bytes: int
    concurrency: int
    """Requests in flight per process at a gateway of which the channel knows no more."""
    max_age_s: int
    """The longest a gateway keeps an undelivered message; the deadline is capped by it."""


@dataclass(frozen=True, slots=True)
class GatewayLimits:
    """What one gateway takes."""

    concurrency: int
    """Requests in flight per process. A call of `send` keeps within it; calls that run at the same time are kept within
    it together by their caller."""
    rate: float | None = None
    """What may leave in a second, in the units of `Channel.units`; None: not known beforehand."""
    account: str = ""
    """The name of the account that the gateway counts, whichever of our processes sends: they share its rate, declared
    or learnt. Empty: there is none, and each process has the gateway's limits for itself."""
    shared_key: bool = False
    """Whether one key of ours is shown for all endpoints, although one may refuse it alone (`Unauthorized`): refusals
    of many in a row are about us."""
    limits_endpoints: bool = False
    """Whether it may limit one endpoint alone (a topic, a webhook): then one that is told to wait waits for itself, and
    the gateway is left alone only where many are told so in a row."""
    ends_failing: bool = True
    """Whether a subscription that fails at one alert after another is ended: not where one stands for a whole town."""


class Channel(Protocol):
    """The contract, which `tests/contract/` runs against every channel.

    `send` is for endpoints behind one gateway, which the plan has decided. One whose address is elsewhere by now is
    refused (`Elsewhere`), and nothing is sent to it there.

    `send` yields exactly one receipt per endpoint, in any order, as answers come in: what became known together in one
    list, never an empty one. One bad endpoint never hurts another. It raises only `ChannelDown` or
    `ChannelMisconfigured`, and only after the receipts of all that it had started; endpoints without a receipt were
    then not started. Closing the generator stops it: nothing more is started, requests in flight are dropped (their
    outcome is unknown to the caller). Without memory it may raise `MemoryError`, and then nothing is known of an
    endpoint without a receipt.
    """

    @property
    def name(self) -> str:
        """Registry key and metric label."""
        ...

    @property
    def limits(self) -> ChannelLimits: ...

    @property
    def collapses(self) -> bool:
        """Whether the second of two equal messages replaces the first for the person, by collapse key or id."""
        ...

    def check(self, endpoint: Endpoint) -> None:
        """Return whether `endpoint` can be used at all, at subscription time. Raises `Permanent`."""
        ...

    def gateway(self, endpoint: Endpoint) -> str:
        """Return the gateway behind which the endpoint lies: an origin or a configured name; a metric label."""
        ...

    def gateway_limits(self, gateway: str) -> GatewayLimits:
        """Return what the gateway takes, by its name."""
        ...

    def units(self, notice: Notice, gateway: str) -> int:
        """Return for how many a message of the notice counts in the gateway's rate: the parts of an SMS, else 1."""
        ...

    def send(
        self, notice: Notice, gateway: str, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        """Send the notice to endpoints that are all behind `gateway`, by its name."""
        ...

    async def aclose(self) -> None: ...
