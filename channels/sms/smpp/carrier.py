"""Carries SMS to one message centre over SMPP."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from os import urandom
from typing import TYPE_CHECKING, Final, Protocol

from channels.base import (
    AccountRefused,
    ChannelDown,
    ChannelFault,
    ChannelMisconfigured,
    DeliveryError,
    Expired,
    GatewayLimits,
    NotMade,
    Permanent,
    RateLimited,
    Receipt,
    Transient,
    Uncertain,
)
from channels.clock import utc_now
from channels.crashes import Proof, is_ours
from channels.sms.channel import LIMITS
from channels.sms.delivery_reports import SentPart
from channels.sms.fitting import compose
from channels.sms.numbers import check_number
from channels.sms.smpp.bindings import Bindings, NoBindError, Stopped, Unwritten
from channels.sms.smpp.receipts import ReceiptForm, answer_key, read_receipt, text_of
from channels.sms.smpp.segments import addressed, messages, validity_period
from channels.sms.smpp.session import NeverAnswered
from channels.sms.smpp.statuses import OK, code, refusal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
    from datetime import datetime

    from channels.base import ChannelError, Endpoint, Notice
    from channels.sms.gsm7 import Sms
    from channels.sms.inbound import InboundText
    from channels.sms.smpp.bindings import BindingFigures, BindingPlan, TextOutcome
    from channels.sms.smpp.pdu import DataMessage, ShortMessage
    from channels.sms.smpp.receipts import CentreReceipt
    from channels.sms.smpp.segments import MessageForm

REFERENCES: Final = 1 << 16
"""How many references there are for what makes parts one text (`sar_msg_ref_num`; a header has an octet of it)."""

WHOLE_TEXT: Final = 0
"""The part of an id that stands for a whole text, however many parts the centre makes of it."""


@dataclass(frozen=True, slots=True)
class SmppGateway:
    """One message centre's account, as its operator configures it."""

    name: str
    plan: BindingPlan
    form: MessageForm
    receipts: ReceiptForm = field(default_factory=ReceiptForm)
    max_parts: int = 6
    rate: float | None = None
    """Parts a second that the contract allows; None: not known."""
    account: str = ""
    """See `GatewayLimits.account`."""


class Journal(Protocol):
    """Keeps what ties receipts to messages: whichever process hears of one, it may be another's message."""

    def sent(self, gateway: str, part: SentPart) -> None:
        """Note a part that was taken."""
        ...

    def received(self, gateway: str, receipt: CentreReceipt, acknowledge: Callable[[int], None]) -> None:
        """Take a receipt, and acknowledge it once it is kept."""
        ...

    def texted(self, gateway: str, text: InboundText, acknowledge: Callable[[int], None]) -> None:
        """Take what was no receipt, as somebody has answered to a warning, and acknowledge it once that is done."""
        ...


class NoJournal:
    """Keeps nothing: for who sends and asks for no receipts."""

    def sent(self, gateway: str, part: SentPart) -> None:
        """Forget it."""

    def received(self, gateway: str, receipt: CentreReceipt, acknowledge: Callable[[int], None]) -> None:
        del gateway, receipt
        acknowledge(OK)

    def texted(self, gateway: str, text: InboundText, acknowledge: Callable[[int], None]) -> None:
        del gateway, text
        acknowledge(OK)


class SmppCarrier:
    """The carrier of one SMPP gateway."""

    def __init__(
        self,
        gateway: SmppGateway,
        journal: Journal | None = None,
        *,
        now: Callable[[], datetime] = utc_now,
        max_age_s: int = LIMITS.max_age_s,
    ) -> None:
        self.limits = GatewayLimits(gateway.plan.window_in_all, gateway.rate, gateway.account)
        self._gateway = gateway
        self._journal = journal or NoJournal()
        self._now = now
        self._max_age_s = max_age_s
        self.proof = Proof()
        self._bindings: Bindings | None = None
        self._reference = int.from_bytes(urandom(2))

    @property
    def name(self) -> str:
        return self._gateway.name

    def start(self) -> Bindings:
        """Bind, so that the first warning finds it done. A second call changes nothing."""
        if self._bindings is None:
            self._bindings = Bindings(self._gateway.plan, self._inbox)
        return self._bindings

    def figures(self) -> BindingFigures | None:
        """Return what the sessions do now; None before `start`."""
        return self._bindings.figures() if self._bindings else None

    async def send(
        self, notice: Notice, endpoints: Sequence[Endpoint]
    ) -> AsyncGenerator[list[Receipt], None]:
        """Send as `Carrier.send` promises."""
        call = _Call(self, notice, self.start(), iter(endpoints))
        try:
            while call.start_some():
                if receipts := await call.some_done():
                    yield receipts
        finally:
            call.abort()
        if receipts := call.close():
            yield receipts
        if call.error is not None:
            raise call.error

    async def aclose(self) -> None:
        """Unbind."""
        if self._bindings is not None:
            await self._bindings.aclose()

    def text(self, notice: Notice) -> Sms:
        """Return the text of a notice in as many parts as it may have."""
        return compose(notice.lines or notice.text, self._gateway.max_parts, notice.language)

    def parts(self, notice: Notice) -> int:
        """Return into how many parts a text of the notice is split."""
        return len(self.text(notice).parts)

    def messages_to(self, number: str, notice: Notice, sms: Sms) -> Sequence[ShortMessage]:
        """Return the messages for one number, valid until the notice's end. Raises `Expired`."""
        form, now = self._gateway.form, self._now()
        seconds = min(int((notice.deadline - now).total_seconds()), self._max_age_s)
        if seconds < 1:
            raise Expired("deadline")
        self._reference = (self._reference + 1) % REFERENCES
        validity = validity_period(form.validity, now, seconds)
        return addressed(messages(sms, form, self._reference, validity), number, form)

    def note(self, ref: tuple[str, int], number: int, parts: int, message_id: str) -> None:
        """Keep what ties a part's receipt to its recipient."""
        if key := answer_key(message_id, self._gateway.receipts.ids):
            part = number if parts > 1 else WHOLE_TEXT
            self._journal.sent(self._gateway.name, SentPart(key, ref, part))

    def error(self, stopped: Stopped) -> DeliveryError | ChannelMisconfigured:
        """Return what it means that a gateway did not take a text, or a part of it."""
        detail = f"part {stopped.part} of {stopped.parts}" if stopped.parts > 1 else ""
        if isinstance(stopped.outcome, Unwritten):
            return Transient(stopped.outcome.reason.value, detail)  # nobody can have read the whole
        if isinstance(stopped.outcome, NeverAnswered):
            return Uncertain(stopped.outcome.reason.value, detail)
        plan = self._gateway.plan
        error = refusal(stopped.outcome.status, plan.statuses, pause_s=plan.throttle_s, detail=detail)
        if isinstance(error, RateLimited) and stopped.part > 1:
            return Transient(error.code, detail)  # its beginning was taken: that is an attempt
        return error

    def outcome(self, endpoint: Endpoint, found: TextOutcome) -> Receipt:
        """Return the receipt of a text that was taken. Raises the `DeliveryError` or `ChannelMisconfigured` of one that
        was not.
        """
        if isinstance(found, Stopped):
            raise self.error(found)
        return Receipt(endpoint.id, reference=next(filter(None, found.references), ""))

    def _inbox(self, body: ShortMessage | DataMessage, acknowledge: Callable[[int], None]) -> None:
        receipt = read_receipt(body, self._gateway.receipts)
        if receipt is None:
            self._journal.texted(self._gateway.name, text_of(body), acknowledge)
        else:
            self._journal.received(self._gateway.name, receipt, acknowledge)


class _Call:
    """One call of `send`."""

    def __init__(
        self, carrier: SmppCarrier, notice: Notice, bindings: Bindings, todo: Iterator[Endpoint]
    ) -> None:
        self.error: ChannelError | None = None
        """Why nothing more is started; what was not started gets no receipt."""
        self._pause: RateLimited | None = None
        """Why nothing more is started; what was not started gets this."""
        self._carrier = carrier
        self._notice = notice
        self._bindings = bindings
        self._todo = todo
        self._running: set[asyncio.Task[Receipt | None]] = set()
        self._receipts: list[Receipt] = []
        self._made = False
        self._crashed: list[tuple[int, str]] = []
        self._text: Sms | None = None

    def start_some(self) -> bool:
        """Start as many as may be under way; returns whether any is."""
        while len(self._running) < self._carrier.limits.concurrency:
            endpoint = next(self._todo, None)
            if endpoint is None:
                break
            if self._pause is not None:
                self._receipts.append(Receipt(endpoint.id, self._pause))
            elif self.error is None:
                self._running.add(asyncio.create_task(self._send(endpoint)))
        return bool(self._running)

    async def some_done(self) -> list[Receipt]:
        """Return the receipts of those that are done, as soon as some are."""
        done, self._running = await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        receipts, self._receipts = self._receipts, []
        return receipts + [receipt for task in done if (receipt := task.result())]

    def close(self) -> list[Receipt]:
        """Return what is left to say now that nothing is under way."""
        kinds, proof = [kind for _, kind in self._crashed], self._carrier.proof
        if not kinds:
            return self._receipts
        if not is_ours(kinds, made=self._made, proven=proof.given):
            return self._receipts + [
                Receipt(number, Permanent(kind, "unusable record")) for number, kind in self._crashed
            ]
        proof.given = False
        detail = "no message could be made"
        self.error = self.error or ChannelFault(kinds[0], detail, gateway=self._carrier.name)
        return self._receipts + [Receipt(number, NotMade(kind, detail)) for number, kind in self._crashed]

    def abort(self) -> None:
        for task in self._running:
            task.cancel()

    async def _send(self, endpoint: Endpoint) -> Receipt | None:
        """Send to one endpoint; returns its receipt, None where there is none yet, or it was not started."""
        carrier = self._carrier
        try:
            found = await self._submit(endpoint)
            self._made = carrier.proof.given = True  # what was answered, or was not, could be made
            parts = len(self._text.parts) if self._text else 0
            return carrier.outcome(endpoint, found)._replace(parts=parts)
        except DeliveryError as error:
            if isinstance(error, RateLimited):
                self._pause = RateLimited(error.code, "not started", retry_after=error.retry_after)
            return Receipt(endpoint.id, error)
        except ChannelMisconfigured as error:
            self.error = ChannelMisconfigured(error.code, error.detail, gateway=carrier.name)
            return Receipt(endpoint.id, AccountRefused(error.code, "refused"))
        except NoBindError as error:
            self.error = self.error or _unbound(error, carrier.name)
        except MemoryError:
            raise
        except Exception as crash:  # noqa: BLE001 - one odd record, or everybody's: `close` decides
            self._crashed.append((endpoint.id, type(crash).__name__))
        return None

    async def _submit(self, endpoint: Endpoint) -> TextOutcome:
        check_number(endpoint.address)
        carrier = self._carrier
        reference = (self._notice.alert_id, endpoint.id)

        def make() -> Sequence[ShortMessage]:
            if self._text is None:
                self._text = carrier.text(self._notice)
            return carrier.messages_to(endpoint.address, self._notice, self._text)

        def on_part(part: int, parts: int, message_id: str) -> None:
            carrier.note(reference, part, parts, message_id)

        return await self._bindings.send(endpoint.address, make, on_part)


def _unbound(error: NoBindError, gateway: str) -> ChannelDown | ChannelMisconfigured:
    end = error.end
    kind = ChannelMisconfigured if error.needs_person else ChannelDown
    said = code(end.status) if end.status else end.code.value
    return kind(said, end.detail or end.code.value, gateway=gateway, is_local=True)
